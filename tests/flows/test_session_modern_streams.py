"""A stream type written for later editions of the middleware: made of a session, its m= line made of what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.call_scene import call_scene, flow
from support.text_stream import text_line, text_streams

from blinkq.sipsimple.core import FrozenSDPSession, SDPMediaStream
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import MediaStreamRegistry

BEGINNING = b"v=0\r\no=- 7 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"


@pytest.fixture
def modern() -> Iterator[Any]:
    with text_streams() as text_stream:
        MediaStreamRegistry.discard(text_stream)

        class ModernStream(text_stream):  # type: ignore[misc]  # a class made for the test
            type = "modern"

            def __init__(self) -> None:
                super().__init__(None)

            @classmethod
            def new_from_sdp(cls, session: Session, remote_sdp: FrozenSDPSession, stream_index: int) -> Any:
                if remote_sdp.media[stream_index].media != "text":
                    return None
                stream = cls()
                stream.made_for = session.account
                return stream

            def get_local_media(self, remote_sdp: FrozenSDPSession | None = None, index: int = 0) -> SDPMediaStream:
                if remote_sdp is not None:
                    self.asked.append(f"answer {remote_sdp.media[index].port}")
                return super().get_local_media(remote_sdp is None)

        try:
            yield ModernStream
        finally:
            MediaStreamRegistry.discard(ModernStream)


@flow
async def test_it_offers(modern: Any) -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.answers()
        stream = modern()
        s.call(bob, streams=[stream])
        await s.settle()
        assert stream.asked[:2] == ["initialize outgoing", "offer"]
        assert bob.offer().media[0].media == "text"


@flow
async def test_it_answers(modern: Any) -> None:
    async with call_scene() as s:
        session, _bob = await s.incoming(BEGINNING + text_line(7777))
        (stream,) = session.proposed_streams or ()
        assert type(stream) is modern
        assert stream.made_for is s.account
        session.accept([stream])
        await s.until("SIPSessionDidStart")
        assert "answer 7777" in stream.asked
        assert stream.peer_port == 7777
