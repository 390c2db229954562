"""A standing call in which streams are proposed: Alice's middleware, and a bare peer that answers as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from support.call_scene import CallScene, Peer, call_scene
from support.text_stream import text_line, text_streams

from blinkq.sip.events import ReinviteReceived
from blinkq.sipsimple.session import Session

__all__ = ["ProposalScene", "proposal_scene"]

_SHOWN = {
    "GotProposal": ("originator",), "GotAcceptProposal": ("originator",), "GotRejectProposal": ("originator", "code", "reason"),
    "HadProposalFailure": ("originator", "failure_reason"), "DidRenegotiateStreams": ("originator", "action"),
    "DidProcessTransaction": ("originator", "method", "code"), "DidChangeHoldState": ("originator", "on_hold", "partial"),
    "WillEnd": ("originator",), "DidEnd": ("originator", "end_reason"), "GotProvisionalResponse": ("code",),
}  # fmt: skip


class ProposalScene:
    """``session`` and ``bob`` in a call with sound; ``TextStream`` is a registered class of somebody else."""

    def __init__(self, scene: CallScene, session: Session, bob: Peer, text_stream: Any) -> None:
        self.scene, self.session, self.bob, self.TextStream = scene, session, bob, text_stream
        self.audio = session.streams[0]
        self._begin = len(scene.recorder.seen)
        self.received: Any = None
        bob.on_event = lambda event: None

    def text(self, trouble: str = "") -> Any:
        stream = self.TextStream(self.scene.account)
        stream.trouble = trouble
        return stream

    def on_reinvite(self, act: Callable[[Any], None]) -> None:
        """What the peer does with each re-INVITE."""
        self.bob.on_event = lambda event: act(event.invitation) if isinstance(event, ReinviteReceived) else None

    def answers(self, *lines: bytes, audio: str = "sendrecv", port: int = 4000) -> None:
        """The peer answers re-INVITEs with its sound and these lines."""
        self.on_reinvite(lambda invitation: self.bob.do(invitation.accept_reinvite, self.sdp(*lines, audio=audio, port=port)))

    def sdp(self, *lines: bytes, audio: str = "sendrecv", port: int = 4000, version: int = 2) -> bytes:
        return self.bob.sdp(audio, port=port, version=version) + b"".join(lines)

    @property
    def peer_invitation(self) -> Any:
        return next(iter(self.bob.endpoint.agent.invitations))  # type: ignore[attr-defined]  # the real agent

    def offers(self, *lines: bytes, audio: str = "sendrecv", port: int = 4000, version: int = 2) -> None:
        """The peer sends a re-INVITE with its sound and these lines."""
        self.bob.do(self.peer_invitation.reinvite, self.sdp(*lines, audio=audio, port=port, version=version))

    @property
    def told(self) -> list[tuple[object, ...]]:
        """The session's notifications since the call stood, with what is short of their data."""
        lines = []
        for notification in self.scene.recorder.seen[self._begin :]:
            if notification.sender is self.session:
                name = notification.name.removeprefix("SIPSession")
                lines.append((name, *(getattr(notification.data, key) for key in _SHOWN.get(name, ()))))
        return lines

    def data(self, name: str) -> Any:
        return self.scene.recorder.last(f"SIPSession{name}")

    async def until(self, name: str, count: int = 1) -> Any:
        return await self.scene.until(f"SIPSession{name}", count)

    async def settle(self, seconds: float = 1.0) -> None:
        await self.scene.settle(seconds)

    async def with_text(self, trouble: str = "") -> Any:
        """Add a text stream that the peer accepts."""
        stream = self.text()
        self.answers(text_line())
        self.session.add_stream(stream)
        await self.until("DidRenegotiateStreams")
        stream.trouble = trouble
        await self.settle()
        self._begin = len(self.scene.recorder.seen)
        return stream


@asynccontextmanager
async def proposal_scene() -> AsyncIterator[ProposalScene]:
    """A call that stands."""
    async with call_scene() as scene:
        with text_streams() as text_stream:
            session, bob = await scene.connected()
            yield ProposalScene(scene, session, bob, text_stream)
            session.end()
            await scene.settle(3)
            assert session.state == "terminated"
