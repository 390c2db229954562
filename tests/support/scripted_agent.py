"""A core in the place of the SIP agent that sends what it is told and remembers what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from blinkq.sip.hop import Flow, Hop
from blinkq.sip.outputs import Transmit

__all__ = ["ScriptedAgent", "message"]


def message(text: str, body: bytes = b"") -> bytes:
    """A SIP request whose subject is ``text``; enough for framing."""
    head = f"OPTIONS sip:x@example.com SIP/2.0\r\nSubject: {text}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class ScriptedAgent:
    """``received`` is (bytes, flow), ``failed`` is (hop or flow, error)."""

    received: list[tuple[bytes, Flow]] = field(default_factory=list)
    failed: list[tuple[Hop | Flow, str]] = field(default_factory=list)
    outputs: list[object] = field(default_factory=list)

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        self.received.append((data, flow))

    def flow_failed(self, path: Hop | Flow, error: str, now: float) -> None:
        self.failed.append((path, error))

    def emit(self, *outputs: object, now: float) -> None:
        self.outputs.extend(outputs)

    def send(self, data: bytes, path: Hop | Flow, now: float) -> None:
        self.outputs.append(Transmit(data, hop=path) if isinstance(path, Hop) else Transmit(data, flow=path))

    def tick(self, now: float) -> None:
        pass

    def deadline(self) -> float | None:
        return None

    def drain(self) -> list[object]:
        outputs, self.outputs = self.outputs, []
        return outputs
