"""Calls that we place: ringing, early media, the answer, and every way in which it does not come."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import call_scene, flow

from blinkq.media.control import CloseTransport, OpenTransport, StartStream, StreamDirection, UpdateStream
from blinkq.sip.events import InvitationEnded, InvitationFailed, InvitationReceived
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import IllegalStateError, Session, SessionManager
from blinkq.sipsimple.streams import AudioStream


@flow
async def test_a_call_rings_stands_and_is_ended() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.answers(ring=True)
        session = s.call(bob)
        assert session.state == "connecting"
        assert session.direction == "outgoing"
        data = await s.until("SIPSessionDidStart")
        assert session.state == "connected"
        assert data.streams == session.streams
        assert session.proposed_streams is None
        assert session.start_time is not None
        assert session.remote_user_agent == "Peer/1"
        assert SessionManager().sessions == [session]
        session.end()
        ended = await s.until("SIPSessionDidEnd")
        assert (ended.originator, ended.end_reason) == ("local", "user request")
        assert session.state == "terminated"
        assert session.stop_time is not None
        assert session.streams == data.streams
        assert SessionManager().sessions == []
        assert s.session_names == [
            "NewOutgoing", "GotRingIndication", "GotProvisionalResponse", "DidProcessTransaction", "WillStart", "DidStart", "WillEnd",
            "DidProcessTransaction", "DidEnd",
        ]  # fmt: skip
        assert len(bob.all(InvitationEnded)) == 1
        session.end()  # once more is once


@flow
async def test_the_offer_and_what_the_media_process_is_told() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        offer = bob.offer()
        assert [known.name for known in offer.media[0].rtp_formats] == [
            "opus", "G722", "PCMU", "PCMA", "telephone-event", "telephone-event",
        ]  # fmt: skip
        assert {known.clock_rate for known in offer.media[0].rtp_formats if known.is_dtmf} == {8000, 48000}
        assert offer.media[0].get("ptime") == "20"
        assert offer.media[0].get("rtcp") is None
        assert offer.connection_of(0).address == "192.0.2.1"  # type: ignore[union-attr]
        assert s.media.all(OpenTransport)[0].port_range == (50000, 50500)
        start = s.media.last(StartStream)
        assert (start.remote_address, start.remote_port, start.remote_rtcp_port) == ("192.0.2.2", 4000, 4001)
        assert start.direction == StreamDirection.SENDRECV
        assert (start.send_format.name, start.send_format.payload_type) == ("opus", 96)
        assert start.dtmf_send is not None
        assert (start.dtmf_send.payload_type, start.dtmf_send.clock_rate) == (101, 8000)
        stream = session.streams[0]
        assert (stream.codec, stream.sample_rate, stream.srtp_active) == ("opus", 48000, False)
        assert (stream.local_rtp_address, stream.local_rtp_port) == ("192.0.2.1", 50000)
        assert (stream.remote_rtp_address_sdp, stream.remote_rtp_port_sdp) == ("192.0.2.2", 4000)
        session.end()
        await s.until("SIPSessionDidEnd")
        assert s.media.last(CloseTransport).stream == start.stream


@flow
async def test_setting_a_call_up_and_ending_it_is_quick() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        begin = s.now
        session = s.call(bob)
        await s.until("SIPSessionDidStart")
        assert s.now - begin < 0.020
        begin = s.now
        session.end()
        await s.until("SIPSessionDidEnd")
        assert s.now - begin < 0.005


@pytest.mark.parametrize(("code", "reason"), [(486, "Busy Here"), (603, "Decline"), (404, "Not Found"), (480, "Temporarily Unavailable")])
@flow
async def test_refused(code: int, reason: str) -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.reject, code) if isinstance(event, InvitationReceived) else None
        session = s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.reason, data.redirect_identities) == ("remote", code, reason, None)
        assert data.failure_reason
        transaction = s.recorder.last("SIPSessionDidProcessTransaction")
        assert (transaction.originator, transaction.method, transaction.code) == ("local", "INVITE", code)
        assert session.state == "terminated"
        assert session.start_time is None
        assert s.media.all(CloseTransport)
        assert s.session_names[-1] == "DidFail"


@flow
async def test_redirected() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        headers = (("Contact", '"Bob" <sip:bob@192.0.2.77>'),)
        bob.on_event = lambda event: (
            bob.do(event.invitation.reject, 302, None, headers) if isinstance(event, InvitationReceived) else None
        )
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert data.code == 302
        assert [str(contact.uri) for contact in data.redirect_identities] == ["sip:bob@192.0.2.77"]


@flow
async def test_the_next_route_is_tried_when_one_refuses_the_connection() -> None:
    async with call_scene() as s:
        s.world.host("192.0.2.66")
        bob = await s.peer(answering=True)
        session = s.call(Route("192.0.2.66"), Route("192.0.2.66", transport="tcp"), bob)
        await s.until("SIPSessionDidStart")
        assert session.route == Route(bob.address, 5060)
        assert s.session_names.count("NewOutgoing") == 1


@flow
async def test_the_next_route_is_tried_when_one_is_silent_or_overloaded() -> None:
    async with call_scene() as s:
        silent = await s.peer("192.0.2.3")
        silent.host.silent = True
        busy = await s.peer("192.0.2.4")
        busy.on_event = lambda event: busy.do(event.invitation.reject, 503) if isinstance(event, InvitationReceived) else None
        bob = await s.peer(answering=True)
        s.call(silent, busy, bob)
        await s.until("SIPSessionDidStart")


@flow
async def test_no_other_route_is_tried_after_ringing() -> None:
    async with call_scene() as s:
        first, second = await s.peer("192.0.2.3"), await s.peer("192.0.2.4", answering=True)

        def act(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                first.do(event.invitation.ring, 180)
                first.do(event.invitation.reject, 503)

        first.on_event = act
        s.call(first, second)
        assert (await s.until("SIPSessionDidFail")).code == 503
        assert not second.events


@flow
async def test_nobody_there() -> None:
    async with call_scene() as s:
        s.world.host("192.0.2.66")
        s.call(Route("192.0.2.66"))
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code) == ("local", 503)
        assert "refused" in data.failure_reason


@flow
async def test_no_way_and_no_routes() -> None:
    async with call_scene() as s:
        s.call(Route("192.0.2.66", transport="tls"))
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code) == ("local", 480)
        assert "TLS" in data.failure_reason
        s.call()
        data = await s.until("SIPSessionDidFail", 2)
        assert data.failure_reason == "no route to the destination"


@flow
async def test_nobody_answers_in_time() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.ring, 180) if isinstance(event, InvitationReceived) else None
        begin = s.now
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.failure_reason) == ("local", 408, "timeout")
        assert 89 < s.now - begin < 92
        assert bob.all(InvitationFailed)[0].code == 487


@flow
async def test_cancelled_while_ringing() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.ring, 180) if isinstance(event, InvitationReceived) else None
        session = s.call(bob)
        await s.until("SIPSessionGotRingIndication")
        session.end()
        assert session.state == "terminating"
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.reason, data.failure_reason) == ("local", 487, "Session Cancelled", "user request")
        await s.settle()
        assert bob.all(InvitationFailed)[0].originator == "remote"
        assert "WillEnd" not in s.session_names


@flow
async def test_ended_at_once() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        session = s.call(bob)
        session.end()
        data = await s.until("SIPSessionDidFail")
        assert (data.code, data.failure_reason) == (487, "user request")
        await s.settle()
        assert not bob.events
        assert s.session_names == ["NewOutgoing", "DidFail"]


@flow
async def test_ending_does_not_wait_for_a_dead_peer() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.host.silent = True
        begin = s.now
        session.end()
        data = await s.until("SIPSessionDidEnd")
        assert s.now - begin < 1.1
        assert (data.originator, data.end_reason) == ("local", "user request")
        await s.settle(60)
        assert s.session_names.count("DidEnd") == 1


@flow
async def test_the_peer_hangs_up() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.end)
        data = await s.until("SIPSessionDidEnd")
        assert (data.originator, data.end_reason) == ("remote", "user request")
        assert s.session_names[-3:] in (
            ["DidProcessTransaction", "WillEnd", "DidEnd"],
            ["WillEnd", "DidProcessTransaction", "DidEnd"],
        )
        assert session.state == "terminated"


@flow
async def test_early_media_is_heard_before_the_answer() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.ring, 183, bob.sdp()) if isinstance(event, InvitationReceived) else None
        session = s.call(bob)
        await s.until("MediaStreamDidStart")
        assert session.state == "connecting"
        assert "DidStart" not in s.session_names
        bob.do(bob.invitation.accept, bob.sdp(port=4800, version=2))
        await s.until("SIPSessionDidStart")
        assert s.media.last(UpdateStream).remote_port == 4800
        assert len(s.media.all(StartStream)) == 1
        assert s.session_names.count("WillStart") == 1


@flow
async def test_the_answer_has_no_codec_of_ours() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.answers(codecs="18 G729/8000")
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert data.originator == "local"
        assert "no codec in common" in data.failure_reason
        assert (data.code, data.reason) == (0, None)
        await s.settle()
        assert len(bob.all(InvitationEnded)) == 1


@pytest.mark.parametrize("sdp", [b"nonsense", b"v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nt=0 0\r\n", None])
@flow
async def test_the_answer_is_no_answer(sdp: bytes | None) -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.accept, sdp) if isinstance(event, InvitationReceived) else None
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert data.failure_reason.startswith("SDP negotiation failed")


@flow
async def test_no_port_for_media() -> None:
    async with call_scene() as s:
        s.media.refuse = lambda command: "no free port" if isinstance(command, OpenTransport) else None
        bob = await s.peer(answering=True)
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.reason) == ("local", 0, None)
        assert data.failure_reason == "audio media stream did not initialize: no free port"
        assert not bob.events


@flow
async def test_media_does_not_start() -> None:
    async with call_scene() as s:
        s.media.refuse = lambda command: "no such codec" if isinstance(command, StartStream) else None
        bob = await s.peer(answering=True)
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert data.failure_reason == "audio media stream failed: no such codec"
        await s.settle()
        assert len(bob.all(InvitationEnded)) == 1


@flow
async def test_methods_in_the_wrong_state() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        with pytest.raises(IllegalStateError):
            session.connect(ToHeader(SIPURI.parse("sip:x@example.com")), [], [AudioStream(s.account)])
        with pytest.raises(IllegalStateError):
            session.accept([])
        with pytest.raises(RuntimeError):
            session.reject()
        with pytest.raises(IllegalStateError):
            session.send_ring_indication()
        Session(s.account).end()


@flow
async def test_packets_are_lost_and_the_call_stands_all_the_same() -> None:
    async with call_scene() as s:
        s.world.loss = 0.3
        for number in range(5):
            bob = await s.peer(f"192.0.2.{20 + number}", answering=True)
            session = s.call(bob)
            await s.until("SIPSessionDidStart", number + 1)
            session.end()
            await s.until("SIPSessionDidEnd", number + 1)
        s.world.loss = 0.0
