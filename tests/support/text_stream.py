"""A stream type from outside BlinkQ, written from the specification's text alone: lines of text, which a test carries by hand.

    with text_streams() as TextStream:
        session.add_stream(TextStream(account))

It is registered while the context lasts. ``asked`` remembers what the session wanted; ``trouble`` makes a stream misbehave.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zope.interface import implementer

from blinkq.base.catalogue import post
from blinkq.sipsimple.core import FrozenSDPSession, SDPAttribute, SDPMediaStream
from blinkq.sipsimple.streams import IMediaStream, InvalidStreamError, MediaStreamRegistrar, MediaStreamRegistry

__all__ = ["text_line", "text_streams"]


def text_line(port: int = 7000, direction: str = "sendrecv", transport: str = "TCP") -> bytes:
    """The m= line of a peer that speaks text."""
    return f"m=text {port} {transport} t140\r\na={direction}\r\n".encode()


@implementer(IMediaStream)
class _TextStream:
    hold_supported = True

    def __init__(self, account: Any) -> None:
        self.account = account
        self.asked: list[str] = []
        self.trouble = ""  # the method that fails ("initialize", "start"), never comes back ("no start") or raises ("raise start")
        self.on_hold_by_local = self.on_hold_by_remote = False
        self.port = 6000
        self.peer_port: int | None = None

    @property
    def on_hold(self) -> bool:
        return self.on_hold_by_local or self.on_hold_by_remote

    @classmethod
    def new_from_sdp(cls, account: Any, remote_sdp: FrozenSDPSession, stream_index: int) -> Any:
        media = remote_sdp.media[stream_index]
        if media.media != "text":
            return None
        if media.transport != "TCP":
            raise InvalidStreamError("text goes over TCP only")
        return cls(account)

    def get_local_media(self, for_offer: bool) -> SDPMediaStream:
        self.asked.append("offer" if for_offer else "answer")
        if self.trouble == "raise media":
            raise RuntimeError("no media")
        direction = "sendonly" if self.on_hold_by_local else "sendrecv"
        if not for_offer and self.on_hold_by_remote:
            direction = "recvonly"
        return SDPMediaStream("text", self.port, "TCP", formats=["t140"], attributes=[SDPAttribute(direction, "")])

    def initialize(self, session: Any, direction: str) -> None:
        self._do("initialize", f"initialize {direction}", "MediaStreamDidInitialize")

    def start(self, local_sdp: FrozenSDPSession, remote_sdp: FrozenSDPSession, stream_index: int) -> None:
        self._take(remote_sdp, stream_index)
        self._do("start", f"start {stream_index}", "MediaStreamDidStart")

    def validate_update(self, remote_sdp: FrozenSDPSession, stream_index: int) -> bool:
        if self.trouble == "raise validate":
            raise RuntimeError("cannot tell")
        return remote_sdp.media[stream_index].transport == "TCP"

    def update(self, local_sdp: FrozenSDPSession, remote_sdp: FrozenSDPSession, stream_index: int) -> None:
        self.asked.append(f"update {stream_index}")
        if self.trouble == "raise update":
            raise RuntimeError("lost the thread")
        self._take(remote_sdp, stream_index)

    def hold(self) -> None:
        self.asked.append("hold")
        self.on_hold_by_local = True

    def unhold(self) -> None:
        self.asked.append("unhold")
        self.on_hold_by_local = False

    def deactivate(self) -> None:
        self.asked.append("deactivate")

    def end(self) -> None:
        self.asked.append("end")
        post("MediaStreamWillEnd", self)
        post("MediaStreamDidEnd", self)

    def _take(self, remote_sdp: FrozenSDPSession, index: int) -> None:
        self.peer_port = remote_sdp.media[index].port
        self.on_hold_by_remote = remote_sdp.media[index].direction in ("sendonly", "inactive") and not self.on_hold_by_local

    def _do(self, method: str, asked: str, done: str) -> None:
        self.asked.append(asked)
        if self.trouble == f"raise {method}":
            raise RuntimeError(f"{method} broke")
        if self.trouble == method:
            post("MediaStreamDidFail", self, reason=f"{method} failed")
        elif self.trouble != f"no {method}":
            post(done, self)


@contextmanager
def text_streams() -> Iterator[Any]:
    """The class, registered by the middleware's metaclass as an application would have it."""

    class TextStream(_TextStream, metaclass=MediaStreamRegistrar):
        type = "text"
        priority = 5

    try:
        yield TextStream
    finally:
        MediaStreamRegistry.discard(TextStream)
