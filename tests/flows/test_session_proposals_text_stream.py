"""A stream type from outside BlinkQ: registered, offered in a call of its own, accepted, held, updated, ended."""

from __future__ import annotations

from typing import Any

from support.call_scene import call_scene, flow
from support.text_stream import text_line, text_streams
from zope.interface.verify import verifyClass

from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived, ReinviteReceived
from blinkq.sipsimple.streams import AudioStream, IMediaStream, MediaStreamRegistry

BEGINNING = b"v=0\r\no=- 7 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"


def test_the_registrar_registers_it_before_audio() -> None:
    with text_streams() as text_stream:
        classes = list(MediaStreamRegistry())
        assert classes.index(text_stream) < classes.index(AudioStream)
        assert MediaStreamRegistry.get("text") is text_stream
        assert MediaStreamRegistry.TextStream is text_stream
        assert IMediaStream.implementedBy(text_stream)
        assert verifyClass(IMediaStream, text_stream, tentative=True)
    assert text_stream not in list(MediaStreamRegistry())


@flow
async def test_a_call_of_text_alone() -> None:
    async with call_scene() as s:
        with text_streams() as text_stream:
            bob = await s.peer()
            answers = {InvitationReceived: ("accept", "sendrecv"), ReinviteReceived: ("accept_reinvite", "recvonly")}

            def act(event: Any) -> None:
                if type(event) in answers:
                    method, direction = answers[type(event)]
                    bob.do(getattr(event.invitation, method), BEGINNING + text_line(7000, direction))

            bob.on_event = act
            stream = text_stream(s.account)
            session = s.call(bob, streams=[stream])
            await s.until("SIPSessionDidStart")
            assert session.streams == [stream]
            assert stream.asked == ["initialize outgoing", "offer", "start 0"]
            session.hold()
            await s.until("SIPSessionDidChangeHoldState")
            assert session.on_hold
            assert stream.asked[3:] == ["hold", "offer", "update 0"]
            assert bob.offer().direction_of(0) == "sendonly"
            session.unhold()
            await s.until("SIPSessionDidChangeHoldState", 2)
            assert stream.asked[6:] == ["unhold", "offer", "update 0"]
            session.end()
            await s.until("SIPSessionDidEnd")
            assert stream.asked[-1] == "end"
            assert stream.asked.count("end") == 1


@flow
async def test_a_peer_calls_with_text_and_sound() -> None:
    async with call_scene() as s:
        with text_streams() as text_stream:
            bob = await s.peer()
            session, _ = await s.incoming(bob.sdp() + text_line(7000), bob)
            audio, text = session.proposed_streams or []
            assert (audio.type, type(text)) == ("audio", text_stream)
            session.accept([text])
            await s.until("SIPSessionDidStart")
            answer = SessionDescription.parse((await bob.until(InvitationAnswered)).sdp)
            assert [line.port for line in answer.media] == [0, 6000]
            assert text.asked == ["initialize incoming", "answer", "start 1"]
            assert text.peer_port == 7000
