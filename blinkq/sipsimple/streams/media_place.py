"""MediaPlace: where we are to be reached for one RTP stream, as an m= line of ours says it."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.sdp.description import Attribute, Connection
from blinkq.sdp.ice import IceDescription

__all__ = ["MediaPlace"]


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """Ports and addresses for RTP and RTCP; ``address`` "" is that of the whole description. ``ice`` is what there is to say about it."""

    port: int
    rtcp_port: int
    address: str = ""
    rtcp_address: str = ""
    ice: IceDescription | None = None

    @property
    def connection(self) -> Connection | None:
        """The c= line of the stream, None where that of the session counts."""
        return Connection.of(self.address) if self.address else None

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """a=rtcp (RFC 3605), where it is not the next port, and the lines about ICE."""
        lines: list[Attribute] = []
        if self.rtcp_address and self.rtcp_address != self.address:
            lines.append(Attribute("rtcp", f"{self.rtcp_port} {Connection.of(self.rtcp_address)}"))
        elif self.rtcp_port != self.port + 1:
            lines.append(Attribute("rtcp", str(self.rtcp_port)))
        return (*lines, *(self.ice.attributes() if self.ice is not None else ()))

    @staticmethod
    def is_said_by(name: str) -> bool:
        """Whether ``attributes`` are where a line ``name`` comes from: it is said anew with every description."""
        return name in _NAMES


_NAMES = frozenset({"rtcp", "ice-ufrag", "ice-pwd", "candidate", "remote-candidates", "end-of-candidates", "ice-mismatch"})
