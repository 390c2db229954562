"""Calls that somebody places to us: who may ring, ringing, accepting, refusing, and callers that give up."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, audio_sdp, call_scene, flow

from blinkq.media.control import CloseTransport, OpenTransport, StartStream
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationEnded, InvitationFailed, InvitationProgressed
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.session import IllegalStateError


@flow
async def test_a_call_rings_is_accepted_and_ended() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        assert (session.state, session.direction, session.transport) == ("incoming", "incoming", "udp")
        assert session.remote_identity is not None
        assert (session.remote_identity.display_name, session.remote_identity.uri.user) == ("Bob", "bob")
        assert session.remote_user_agent == "Peer/1"
        assert session.peer_address == "192.0.2.2"
        assert session.proposed_streams is not None
        assert [stream.type for stream in session.proposed_streams] == ["audio"]
        session.send_ring_indication()
        assert (await bob.until(InvitationProgressed)).code == 180
        session.accept(session.proposed_streams)
        assert session.state == "accepting"
        data = await s.until("SIPSessionDidStart")
        assert data.streams == session.streams
        assert session.state == "connected"
        start = s.media.last(StartStream)
        assert (start.remote_address, start.remote_port, start.send_format.name) == ("192.0.2.2", 4000, "opus")
        session.end()
        await s.until("SIPSessionDidEnd")
        assert [name for name in s.session_names if name != "DidProcessTransaction"] == [
            "NewIncoming", "WillStart", "DidStart", "WillEnd", "DidEnd",
        ]  # fmt: skip
        invite = s.recorder.all("SIPSessionDidProcessTransaction")[0]
        assert (invite.originator, invite.method, invite.code, invite.ack_received) == ("remote", "INVITE", 200, True)
        assert len(bob.all(InvitationEnded)) == 1


@flow
async def test_the_answer_keeps_the_callers_numbers_and_order() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        codecs = "8 PCMA/8000,109 opus/48000/2,112 telephone-event/48000,18 G729/8000,100 telephone-event/8000"
        session, _ = await s.incoming(bob.sdp(codecs=codecs), bob)
        session.accept(session.proposed_streams or [])
        answer = SessionDescription.parse((await bob.until(InvitationAnswered)).sdp)
        assert answer.media[0].formats == ("8", "109", "112", "100")
        assert answer.media[0].get_all("fmtp") == ["109 useinbandfec=1", "112 0-15", "100 0-15"]
        await s.until("SIPSessionDidStart")
        start = s.media.last(StartStream)
        assert start.send_format.name == "PCMA"
        assert start.dtmf_send is not None
        assert start.dtmf_send.payload_type == 100


@pytest.mark.parametrize(("code", "reason"), [(603, None), (486, "Engaged")])
@flow
async def test_refused(code: int, reason: str | None) -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.reject(code, reason)
        with pytest.raises(IllegalStateError):
            session.accept([])
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.failure_reason) == ("local", code, "user request")
        failed = await bob.until(InvitationFailed)
        assert failed.code == code
        if reason:
            assert failed.reason == reason
        assert s.recorder.last("SIPSessionDidProcessTransaction").ack_received is True


@flow
async def test_refused_and_the_caller_is_gone() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        bob.host.silent = True
        begin = s.now
        session.reject()
        await s.until("SIPSessionDidFail")
        assert s.now - begin < 1.1
        await s.settle(60)
        assert s.session_names.count("DidFail") == 1


@flow
async def test_hanging_up_instead_of_answering_refuses() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.end()
        assert (await s.until("SIPSessionDidFail")).failure_reason == "user request"
        assert (await bob.until(InvitationFailed)).code == 603


@flow
async def test_only_refusals_refuse() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        with pytest.raises(ValueError, match="200"):
            session.reject(200)


@flow
async def test_the_caller_gives_up() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        invitation = await bob.invite(bob.sdp())
        await s.until("SIPSessionNewIncoming")
        bob.do(invitation.end)
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.reason, data.failure_reason) == ("remote", 487, "Session Cancelled", "user request")
        transaction = s.recorder.last("SIPSessionDidProcessTransaction")
        assert (transaction.originator, transaction.code, transaction.ack_received) == ("remote", 487, "unknown")


@flow
async def test_the_caller_gives_up_while_we_answer() -> None:
    async with call_scene() as s:
        s.media.latency = 0.1
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        invitation = next(iter(bob.endpoint.agent.invitations))  # type: ignore[attr-defined]
        session.accept(session.proposed_streams or [])
        bob.do(invitation.end)
        assert (await s.until("SIPSessionDidFail")).code == 487
        await s.settle()
        assert session.state == "terminated"
        assert s.media.all(CloseTransport)
        assert not s.media.all(StartStream)


@flow
async def test_the_ack_never_comes() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        s.world.drop = lambda packet: packet.data.startswith(b"ACK") and packet.source[0] == bob.address
        session.accept(session.proposed_streams or [])
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.reason, data.failure_reason) == ("local", 200, "OK", "missing ACK")
        assert s.recorder.last("SIPSessionDidProcessTransaction").ack_received is False
        s.world.drop = None


@flow
async def test_the_caller_hangs_up_right_after_the_answer() -> None:
    async with call_scene() as s:
        s.media.latency = 0.2
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.accept(session.proposed_streams or [])
        answered = await bob.until(InvitationAnswered)
        bob.do(answered.invitation.end)
        data = await s.until("SIPSessionDidFail")
        assert data.originator == "remote"
        await s.settle()
        assert "DidStart" not in s.session_names
        assert "DidEnd" not in s.session_names


@flow
async def test_an_invite_without_an_offer() -> None:
    async with call_scene() as s:
        bob = await s.peer()

        def act(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                bob.do(event.invitation.acknowledge, bob.sdp(codecs="0 PCMU/8000"))

        bob.on_event = act
        session, _ = await s.incoming(None, bob)
        assert [stream.type for stream in session.proposed_streams or []] == ["audio"]
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        offer = SessionDescription.parse(bob.all(InvitationAnswered)[0].sdp)
        assert [known.name for known in offer.media[0].rtp_formats][:2] == ["opus", "G722"]
        assert s.media.last(StartStream).send_format.name == "PCMU"


@flow
async def test_an_invite_without_an_offer_and_an_ack_without_an_answer() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.acknowledge, None) if isinstance(event, InvitationAnswered) else None
        session, _ = await s.incoming(None, bob)
        session.accept(session.proposed_streams or [])
        assert "no session description" in (await s.until("SIPSessionDidFail")).failure_reason


@pytest.mark.parametrize(
    ("sdp", "code"),
    [
        (audio_sdp("192.0.2.2", codecs="18 G729/8000"), 488),
        (audio_sdp("192.0.2.2").replace(b"m=audio", b"m=video"), 488),
        (audio_sdp("192.0.2.2", port=0), 488),
        (audio_sdp("192.0.2.2", transport="RTP/SAVP"), 488),
        (audio_sdp("192.0.2.2", transport="UDP/TLS/RTP/SAVPF"), 488),
        (b"nonsense", 400),
    ],
)
@flow
async def test_offers_that_we_cannot_use_are_refused_without_ringing(sdp: bytes, code: int) -> None:
    async with call_scene() as s:
        bob = await s.peer()
        await bob.invite(sdp)
        failed = await bob.until(InvitationFailed)
        assert failed.code == code
        assert failed.response.headers.get("Warning") or sdp.count(b"audio 0")
        assert s.session_names == []


@flow
async def test_of_several_streams_only_the_audio_is_accepted() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        video = b"m=video 5000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
        session, _ = await s.incoming(bob.sdp() + video, bob)
        session.accept(session.proposed_streams or [])
        answer = SessionDescription.parse((await bob.until(InvitationAnswered)).sdp)
        assert [media.port != 0 for media in answer.media] == [True, False]
        assert answer.media[1].attributes == ()


@flow
async def test_accepting_nothing_refuses() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.accept([])
        assert (await s.until("SIPSessionDidFail")).code == 488
        assert (await bob.until(InvitationFailed)).code == 488


@flow
async def test_no_port_for_media() -> None:
    async with call_scene() as s:
        s.media.refuse = lambda command: "no free port" if isinstance(command, OpenTransport) else None
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.accept(session.proposed_streams or [])
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code) == ("local", 500)
        assert "no free port" in data.failure_reason
        assert (await bob.until(InvitationFailed)).code == 500


@flow
async def test_media_does_not_start() -> None:
    async with call_scene() as s:
        s.media.refuse = lambda command: "no such codec" if isinstance(command, StartStream) else None
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.accept(session.proposed_streams or [])
        data = await s.until("SIPSessionDidFail")
        assert data.failure_reason == "audio media stream failed: no such codec"
        await bob.until(InvitationEnded)


# who may ring ------------------------------------------------------------------------------------------------------------------------


async def _refusal(s: CallScene, target: str | None = None) -> int:
    bob = s.peers[0] if s.peers else await s.peer()
    count = len(bob.all(InvitationFailed))
    await bob.invite(bob.sdp(), target)
    code: int = (await bob.until(InvitationFailed, count + 1)).code
    assert s.session_names == []
    return code


@flow
async def test_ghost_calls_do_not_ring() -> None:
    async with call_scene(registration__enabled=True) as s:
        SIPSimpleSettings().sip.accept_direct_calls = False
        assert await _refusal(s) == 403
        assert await _refusal(s, f"sip:{s.account.contact.username}@192.0.2.1") == 403


@flow
async def test_unknown_users_are_not_found() -> None:
    async with call_scene(registration__enabled=True) as s:
        assert await _refusal(s, "sip:100@192.0.2.1") == 404
        SIPSimpleSettings().sip.accept_direct_calls = False
        assert await _refusal(s, "sip:100@192.0.2.1") == 404
        assert await _refusal(s, "tel:+1234") in (404, 416)


@flow
async def test_the_accounts_server_may_call() -> None:
    async with call_scene() as s:
        SIPSimpleSettings().sip.accept_direct_calls = False
        s.account.is_server = lambda address: address == "192.0.2.2"  # type: ignore[method-assign]
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        assert session.state == "incoming"


@flow
async def test_direct_calls_to_any_name_reach_an_account_that_does_not_register() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        await bob.invite(bob.sdp(), "sip:echo@192.0.2.1")
        await s.until("SIPSessionNewIncoming")
