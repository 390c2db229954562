"""Hold from both sides, changed addresses, glare, and other re-INVITEs of a standing call."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.media.control import StartStream, StreamDirection, UpdateStream
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationReceived, ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.session import Session

HOLD = "SIPSessionDidChangeHoldState"


def stream_of(session: Session) -> Any:
    return session.streams[0]


@flow
async def test_hold_and_resume() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        stream = stream_of(session)
        assert stream in stream.bridge
        session.hold()
        data = await s.until(HOLD)
        assert (data.originator, data.on_hold, data.partial) == ("local", True, False)
        assert session.on_hold
        assert session.state == "connected"
        assert bob.offer().direction_of(0) == "sendonly"
        assert bob.offer().origin.version == bob.offer(0).origin.version + 1
        assert s.media.last(UpdateStream).direction == StreamDirection.INACTIVE
        assert stream not in stream.bridge
        assert stream.device in stream.bridge
        session.unhold()
        data = await s.until(HOLD, 2)
        assert (data.originator, data.on_hold) == ("local", False)
        assert bob.offer().direction_of(0) == "sendrecv"
        assert s.media.last(UpdateStream).direction == StreamDirection.SENDRECV
        assert stream in stream.bridge
        assert not session.on_hold
        holds = s.recorder.all("AudioStreamDidChangeHoldState")
        assert [(hold.originator, hold.on_hold) for hold in holds] == [("local", True), ("local", False)]
        transactions = s.recorder.all("SIPSessionDidProcessTransaction")
        assert [t.method for t in transactions] == ["INVITE", "INVITE", "INVITE"]


@flow
async def test_our_hold_stops_the_sound_before_the_peer_answers() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: None
        session.hold()
        await bob.until(ReinviteReceived)
        assert s.media.last(UpdateStream).direction == StreamDirection.INACTIVE
        assert session.state == "sending_proposal"
        data = await s.until(HOLD)
        assert data.on_hold
        assert session.state == "connected"


@flow
async def test_hold_that_is_refused_is_a_hold_all_the_same() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: bob.do(event.invitation.reject_reinvite, 488) if isinstance(event, ReinviteReceived) else None
        session.hold()
        assert (await s.until(HOLD)).on_hold
        assert s.recorder.last("SIPSessionDidProcessTransaction").code == 488
        assert s.media.last(UpdateStream).direction == StreamDirection.INACTIVE


@flow
async def test_hold_before_the_call_stands() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(bob)
        session.hold()
        await bob.until(InvitationReceived)
        bob.answers()
        bob.do(bob.invitation.accept, bob.sdp("recvonly"))
        await s.until("SIPSessionDidStart")
        data = await s.until(HOLD)
        assert (data.originator, data.on_hold) == ("local", True)
        assert s.media.last(StartStream).direction == StreamDirection.INACTIVE
        assert not s.media.all(UpdateStream)


@flow
async def test_hold_and_resume_faster_than_the_peer_answers() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        session.hold()
        session.unhold()
        await s.settle()
        assert bob.offer().direction_of(0) == "sendrecv"
        assert s.media.last(UpdateStream).direction == StreamDirection.SENDRECV
        assert not session.on_hold
        session.hold()
        await s.until(HOLD)
        assert session.on_hold


@pytest.mark.parametrize(
    ("lines", "answer"), [(("sendonly",), "recvonly"), (("inactive",), "inactive"), (("c=",), "recvonly")]
)
@flow
async def test_the_peer_holds_and_resumes(lines: tuple[str, ...], answer: str) -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        stream = stream_of(session)
        offer = bob.sdp(*lines, version=2)
        if lines == ("c=",):  # the way of RFC 2543
            offer = bob.sdp(version=2).replace(b"c=IN IP4 192.0.2.2", b"c=IN IP4 0.0.0.0")
        bob.do(bob.invitation.reinvite, offer)
        data = await s.until(HOLD)
        assert (data.originator, data.on_hold, data.partial) == ("remote", True, False)
        assert session.on_hold
        assert stream.on_hold_by_remote
        assert SessionDescription.parse((await bob.until(ReinviteAnswered)).sdp).direction_of(0) == answer
        assert s.media.last(UpdateStream).direction == StreamDirection(answer)
        assert stream not in stream.bridge
        bob.do(bob.invitation.reinvite, bob.sdp(version=3))
        data = await s.until(HOLD, 2)
        assert (data.originator, data.on_hold) == ("remote", False)
        assert s.media.last(UpdateStream).direction == StreamDirection.SENDRECV
        assert s.media.last(UpdateStream).remote_address == "192.0.2.2"
        assert stream in stream.bridge
        assert session.state == "connected"


@flow
async def test_both_hold() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        session.hold()
        await s.until(HOLD)
        await s.settle()
        bob.do(bob.invitation.reinvite, bob.sdp("sendonly", version=2))
        await s.until(HOLD, 2)
        answer = SessionDescription.parse((await bob.until(ReinviteAnswered)).sdp)
        assert answer.direction_of(0) == "inactive"
        await s.settle()
        bob.on_event = lambda event: (
            bob.do(event.invitation.accept_reinvite, bob.sdp("sendonly", version=3)) if isinstance(event, ReinviteReceived) else None
        )
        session.unhold()
        await s.until(HOLD, 3)
        assert session.on_hold
        assert stream_of(session).on_hold_by_remote
        assert s.media.last(UpdateStream).direction == StreamDirection.RECVONLY


@flow
async def test_an_inactive_answer_to_our_hold_is_no_hold_of_theirs() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: (
            bob.do(event.invitation.accept_reinvite, bob.sdp("inactive", version=2)) if isinstance(event, ReinviteReceived) else None
        )
        session.hold()
        await s.until(HOLD)
        assert not stream_of(session).on_hold_by_remote


@flow
async def test_the_peer_moves_its_media() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, bob.sdp(port=4400, version=2).replace(b"c=IN IP4 192.0.2.2", b"c=IN IP4 192.0.2.99"))
        await s.until("AudioStreamDidChangeRTPParameters")
        update = s.media.last(UpdateStream)
        assert (update.remote_address, update.remote_port, update.remote_rtcp_port) == ("192.0.2.99", 4400, 4401)
        assert HOLD not in s.recorder.names
        assert stream_of(session).remote_rtp_address_sdp == "192.0.2.99"


@flow
async def test_a_re_invite_that_changes_nothing_changes_nothing() -> None:
    async with call_scene() as s:
        _session, bob = await s.connected()
        version = bob.offer().origin.version
        bob.do(bob.invitation.reinvite, bob.sdp())
        answer = SessionDescription.parse((await bob.until(ReinviteAnswered)).sdp)
        assert answer.media[0].port == 50000
        assert answer.origin.version in (version, version + 1)
        assert not s.media.all(UpdateStream) or s.media.last(UpdateStream).remote_port == 4000


@flow
async def test_a_re_invite_without_an_offer() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, None)
        answered = await bob.until(ReinviteAnswered)
        offer = SessionDescription.parse(answered.sdp)
        assert offer.media[0].port == 50000
        assert session.state == "received_proposal_request"
        bob.do(bob.invitation.acknowledge, bob.sdp("sendonly", port=4600, version=2))
        await s.until(HOLD)
        assert s.media.last(UpdateStream).remote_port == 4600
        assert session.state == "connected"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda sdp: b"nonsense", 400),
        (lambda sdp: sdp.split(b"m=audio")[0], 488),
        (lambda sdp: sdp.replace(b"96 opus/48000/2", b"96 vorbis/44100"), 200),
        (lambda sdp: sdp.replace(b"RTP/AVP 96 9 0 8 101", b"RTP/AVP 18"), 488),
        (lambda sdp: sdp.replace(b"m=audio", b"m=video"), 488),
    ],
)
@flow
async def test_offers_that_cannot_be_accepted_leave_the_call_as_it_was(change: Any, code: int) -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, change(bob.sdp(version=2)))
        answered = await bob.until(ReinviteAnswered)
        assert answered.code == code
        await s.settle()
        assert session.state == "connected"


@flow
async def test_another_stream_is_refused_without_harm() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, bob.sdp(version=2) + b"m=video 5000 RTP/AVP 99\r\n")
        assert (await bob.until(ReinviteAnswered)).code == 488
        # next to a change that we can follow it does not stand in the way
        bob.do(bob.invitation.reinvite, bob.sdp(port=4400, version=3) + b"m=video 5000 RTP/AVP 99\r\n")
        received = SessionDescription.parse((await bob.until(ReinviteAnswered, 2)).sdp)
        assert [media.port for media in received.media] == [50000, 0]
        await s.settle()
        answer = bob.sdp("recvonly", version=4) + b"m=video 0 RTP/AVP 99\r\n"
        bob.on_event = lambda event: (
            bob.do(event.invitation.accept_reinvite, answer) if isinstance(event, ReinviteReceived) else None
        )
        session.hold()
        await s.until(HOLD)
        assert [media.port for media in bob.offer().media] == [50000, 0]


@flow
async def test_the_peer_removes_the_stream() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, bob.sdp(port=0, version=2))
        data = await s.until("SIPSessionDidRenegotiateStreams")
        assert (data.originator, data.action, len(data.removed_streams)) == ("remote", "remove", 1)
        assert session.streams == []
        assert session.state == "connected"
        await s.settle()
        session.end()
        await s.until("SIPSessionDidEnd")


# glare -------------------------------------------------------------------------------------------------------------------------------


async def _glare(s: CallScene, session: Session, bob: Peer) -> None:
    """Both sides send a re-INVITE at the same moment; each answers 491."""
    invitation = next(iter(bob.endpoint.agent.invitations))  # type: ignore[attr-defined]
    session.hold()
    bob.do(invitation.reinvite, bob.sdp(port=4700, version=2))
    answered = await bob.until(ReinviteAnswered)
    assert answered.code == 491


@flow
async def test_glare_on_our_call_is_tried_again_after_a_while() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        begin = s.now
        await _glare(s, session, bob)
        data = await s.until(HOLD)
        assert (data.originator, data.on_hold) == ("local", True)
        assert 2.1 <= s.now - begin <= 4.1
        assert s.recorder.all(HOLD) == [data]


@flow
async def test_glare_on_the_peers_call_is_tried_again_sooner() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        bob.answers()
        begin = s.now
        await _glare(s, session, bob)
        await s.until(HOLD)
        assert s.now - begin <= 2.1


@flow
async def test_the_peers_change_comes_first_after_glare() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        invitation = next(iter(bob.endpoint.agent.invitations))  # type: ignore[attr-defined]
        await _glare(s, session, bob)
        await s.settle(0.5)
        bob.do(invitation.reinvite, bob.sdp(port=4700, version=2))
        assert (await bob.until(ReinviteAnswered, 2)).code == 200
        await s.until(HOLD)
        assert session.on_hold


@flow
async def test_ending_while_a_re_invite_is_under_way() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: None
        session.hold()
        await bob.until(ReinviteReceived)
        session.end()
        await s.until("SIPSessionDidEnd")
        await s.settle(30)
        assert s.session_names.count("DidEnd") == 1
        assert HOLD not in s.recorder.names
