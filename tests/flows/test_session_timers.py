"""What the middleware does with session timers, UPDATE and provisional responses that arrive for certain."""

from __future__ import annotations

from typing import Any

from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.media.control import StartStream, UpdateStream
from blinkq.sip.address import NameAddr
from blinkq.sip.events import (
    InvitationConfirmed,
    InvitationEnded,
    InvitationProgressed,
    InvitationReceived,
    ReinviteReceived,
    RequestAnswered,
)
from blinkq.sip.exchange import Nobody
from blinkq.sip.session_body import SDP
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation, InviteParameters
from blinkq.sip.usages.reliable_progress import ReliableProgress


async def called(s: CallScene, *headers: tuple[str, str]) -> tuple[Any, Peer, Invitation]:
    """A standing call that a peer made to us: as the called party it is us who refresh."""
    bob = await s.peer()
    port = s.engine.sip.ports["udp"]
    hop = await bob.endpoint.hop("192.0.2.1", port, "udp")
    here, there = NameAddr(URI(user="bob", host=bob.address, port=5060)), URI.parse(f"sip:alice@192.0.2.1:{port}")
    invitation: Invitation = bob.do("invite", InviteParameters(there, here, NameAddr(there), here, hop, sdp=bob.sdp(), headers=headers))
    await s.until("SIPSessionNewIncoming")
    session: Any = s.recorder.seen[-1].sender
    session.send_ring_indication()
    await bob.until(InvitationProgressed)
    session.accept(session.proposed_streams)
    await s.until("SIPSessionDidStart")
    bob.answers()
    return session, bob, invitation


def transactions(s: CallScene) -> list[tuple[str, str, int]]:
    return [(data.originator, data.method, data.code) for data in s.recorder.all("SIPSessionDidProcessTransaction")]


@flow
async def test_a_call_is_refreshed_by_update() -> None:
    async with call_scene() as s:
        session, bob, _ = await called(s)
        await s.settle(4000)
        assert session.state == "connected"
        assert transactions(s)[1:] == [("local", "UPDATE", 200)] * 4
        assert not bob.all(ReinviteReceived)
        session.end()


@flow
async def test_a_call_is_refreshed_by_re_invite_when_the_peer_takes_no_update() -> None:
    async with call_scene() as s:
        session, bob, _ = await called(s)
        invitation = next(iter(s.engine.sip.agent.invitations))
        invitation._call.peer_allows = frozenset({"INVITE"})
        await s.settle(1000)
        assert session.state == "connected"
        assert transactions(s)[1:] == [("local", "INVITE", 200)]
        assert len(bob.all(ReinviteReceived)) == 1
        assert [name for name in s.session_names if name != "DidProcessTransaction"] == ["NewIncoming", "WillStart", "DidStart"]
        session.end()


@flow
async def test_a_call_whose_peer_vanished_ends() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()  # the peer is to refresh
        s.world.loss = 1.0
        await s.settle(1800)
        s.world.loss = 0.0
        assert session.state == "terminated"
        assert s.recorder.last("SIPSessionDidEnd").end_reason == "session timer expired"
        await bob.until(InvitationEnded)


@flow
async def test_an_update_of_the_peer_changes_the_session() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        invitation = next(iter(bob.endpoint.agent.invitations))
        bob.do(invitation.send_request, "UPDATE", (), bob.sdp("sendonly", version=2), SDP)
        assert (await bob.until(RequestAnswered)).code == 200
        assert (await s.until("SIPSessionDidChangeHoldState")).originator == "remote"
        assert transactions(s)[-1] == ("remote", "UPDATE", 200)
        bob.do(invitation.send_request, "UPDATE", (), bob.sdp(version=3, port=4444), SDP)
        assert (await bob.until(RequestAnswered, 2)).code == 200
        await s.until("SIPSessionDidChangeHoldState", 2)
        assert s.media.last(UpdateStream).remote_port == 4444
        session.end()


@flow
async def test_an_update_cannot_add_streams() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        invitation = next(iter(bob.endpoint.agent.invitations))
        line = b"m=audio 4002 RTP/AVP 0\r\n"
        bob.do(invitation.send_request, "UPDATE", (), bob.sdp(version=2) + line, SDP)
        assert (await bob.until(RequestAnswered)).code == 504
        assert "GotProposal" not in s.session_names
        session.end()


@flow
async def test_early_media_is_answered_for_certain_and_changed() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(bob)
        invitation = (await bob.until(InvitationReceived)).invitation
        # a bare agent sends provisional responses for certain only to who requires them: the caller's wish is written in here
        invitation.request.headers.add("Require", "100rel")
        leg = invitation._incoming
        assert leg is not None
        leg._reliable = ReliableProgress(invitation._call, leg._transaction, lambda now: None)
        bob.do(invitation.ring, 183, bob.sdp())
        await s.until("SIPSessionWillStart")
        assert s.media.last(StartStream).remote_port == 4000
        assert leg._reliable._unacknowledged is None  # our PRACK has come
        assert session.state == "connecting"
        await s.settle(1)
        dialog = invitation._call.dialog
        assert dialog is not None
        request = dialog.make_request("UPDATE", dialog.next_cseq(), body=bob.sdp(version=2, port=4444), content_type=SDP)
        invitation._call.exchange(dialog, request, Nobody()).start(s.now)
        bob.do(lambda now: None)
        await s.settle(1)
        assert s.media.last(UpdateStream).remote_port == 4444
        bob.do(invitation.accept, None)
        await bob.until(InvitationConfirmed)
        await s.until("SIPSessionDidStart")
        assert s.session_names == [
            "NewOutgoing", "GotProvisionalResponse", "WillStart", "DidProcessTransaction", "DidProcessTransaction", "DidStart",
        ]  # fmt: skip
        assert transactions(s) == [("remote", "UPDATE", 200), ("local", "INVITE", 200)]
        session.end()


@flow
async def test_a_caller_who_requires_certainty_hears_us_ring() -> None:
    async with call_scene() as s:
        session, bob, _ = await called(s, ("Require", "100rel"))
        assert [event.code for event in bob.all(InvitationProgressed)] == [180]
        assert session.state == "connected"
        session.end()
