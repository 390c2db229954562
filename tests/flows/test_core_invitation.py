"""Invitation of sipsimple.core against a bare agent: states and notifications in order, with data, for both directions."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, audio_sdp, call_scene, flow

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog_events import ReferEnded, ReferProgressed, ReferReceived
from blinkq.sip.events import InvitationAnswered, InvitationEnded, InvitationFailed, InvitationReceived, ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.core import (
    SIPURI,
    ContactHeader,
    DialogID,
    FromHeader,
    Header,
    Invitation,
    RouteHeader,
    SDPSession,
    SIPCoreError,
    ToHeader,
)
from blinkq.sipsimple.session.events import InvitationEvents

ME = FromHeader(SIPURI("example.com", user="alice"), "Alice")
YOU = ToHeader(SIPURI("example.com", user="bob"))
LOCAL, OTHER = (SDPSession.parse(audio_sdp("192.0.2.1", port)) for port in (4000, 4100))


def call(scene: CallScene, bob: Peer, **options: Any) -> Invitation:
    """Alice calls Bob."""
    made = Invitation()
    contact = ContactHeader(scene.account.contact["udp"])
    values = {"sdp": LOCAL, "extra_headers": [Header("Subject", "x")]} | options
    made.send_invite(YOU.uri, ME, YOU, RouteHeader(SIPURI(bob.address, port=5060)), contact, **values)
    return made


def told(scene: CallScene, sender: object) -> list[str]:
    """Notifications without their common beginning; a change of state as who made it and the new state."""
    found = []
    for notification in scene.recorder.seen:
        if notification.sender is sender:
            data, name = notification.data, notification.name.removeprefix("SIPInvitation")
            sub_state = f"/{data.sub_state}" if hasattr(data, "sub_state") else ""
            found.append(f"{data.originator} {data.state}{sub_state}" if name == "ChangedState" else name)
    return found


def last(scene: CallScene) -> Any:
    return scene.recorder.last("SIPInvitationChangedState")


async def connected(scene: CallScene, bob: Peer) -> tuple[Invitation, Any]:
    made = call(scene, bob)
    usage = (await bob.until(InvitationReceived)).invitation
    bob.do(usage.accept, bob.sdp())
    await scene.settle(0.1)
    assert (made.state, made.sub_state) == ("connected", "normal")
    return made, usage


@flow
async def test_a_call_with_everything_and_its_end() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = call(s, bob)
        with pytest.raises(IllegalStateError, match="send_invite"):
            made.send_invite(YOU.uri, ME, YOU, RouteHeader(SIPURI(bob.address)), ContactHeader(SIPURI("192.0.2.1")), LOCAL)
        usage = (await bob.until(InvitationReceived)).invitation
        bob.do(usage.ring, 180)
        bob.do(usage.ring, 183)
        bob.do(usage.accept, bob.sdp())
        await s.settle(0.1)
        assert told(s, made) == [
            "local outgoing", "remote early", "remote early", "remote connecting", "GotSDPUpdate", "local connected/normal",
        ]  # fmt: skip
        first, update = s.recorder.all("SIPInvitationChangedState")[0], s.recorder.last("SIPInvitationGotSDPUpdate")
        assert (first.prev_state, first.method, str(first.request_uri), first.headers["Subject"].subject) == (
            None, "INVITE", "sip:bob@example.com", "x",
        )  # fmt: skip
        assert (update.succeeded, update.local_sdp, update.remote_sdp.media[0].port) == (True, made.sdp.active_local, 4000)
        assert made.sdp.active_local == LOCAL
        assert (made.direction, made.transport, str(made.peer_address), made.remote_user_agent) == (
            "outgoing", "udp", "192.0.2.2:5060", "Peer/1",
        )  # fmt: skip
        assert isinstance(made.dialog_id, DialogID)
        assert made.dialog_id.call_id == made.call_id
        assert (made.local_identity, made.remote_identity) == (made.from_header, made.to_header)
        made.end()
        with pytest.raises(IllegalStateError, match="end in state"):
            made.end()
        await bob.until(InvitationEnded)
        await s.settle(0.1)
        assert told(s, made)[6:] == ["local disconnecting", "local disconnected"]
        assert (last(s).prev_state, last(s).code, last(s).disconnect_reason) == ("disconnecting", 200, "user request")
        made.end()
        assert made.sub_state is None


@flow
async def test_a_call_is_refused_taken_back_and_not_answered() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        refused = call(s, bob)
        bob.do((await bob.until(InvitationReceived)).invitation.reject, 486)
        await s.settle(0.1)
        assert told(s, refused) == ["local outgoing", "remote disconnected"]
        assert (last(s).code, last(s).reason) == (486, "Busy Here")
        cancelled = call(s, bob)
        bob.do((await bob.until(InvitationReceived, 2)).invitation.ring)
        await s.settle(0.1)
        cancelled.end()
        await bob.until(InvitationFailed, 2)
        await s.settle(0.1)
        assert told(s, cancelled) == ["local outgoing", "remote early", "local disconnecting", "local disconnected"]
        assert last(s).code == 487
        late = call(s, bob, timeout=3.0)
        await s.settle(10)
        assert told(s, late)[-1] == "local disconnected"
        assert last(s).code == 408
        closed = Invitation()
        way = RouteHeader(SIPURI("192.0.2.2", parameters={"transport": "tls"}))
        closed.send_invite(YOU.uri, ME, YOU, way, ContactHeader(SIPURI("192.0.2.1")), LOCAL)
        await s.settle(0.1)
        assert (told(s, closed), last(s).code) == (["local disconnected"], 503)


@flow
async def test_an_answer_that_does_not_fit_ends_the_call() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = call(s, bob)
        usage = (await bob.until(InvitationReceived)).invitation
        bob.do(usage.accept, bob.sdp().replace(b"m=audio", b"m=video"))
        await bob.until(InvitationEnded)
        await s.settle(0.1)
        update = s.recorder.last("SIPInvitationGotSDPUpdate")
        assert (update.succeeded, "video" in update.error) == (False, True)
        assert told(s, made)[-2:] == ["local disconnecting", "local disconnected"]


@flow
async def test_the_other_side_hangs_up() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made, usage = await connected(s, bob)
        bob.do(usage.end)
        await s.settle(0.1)
        assert told(s, made)[-1] == "remote disconnected"
        for command in (lambda: made.send_reinvite(), lambda: made.send_message("text/plain", "x"), made.cancel_reinvite):
            with pytest.raises(IllegalStateError, match="disconnected"):
                command()


@flow
async def test_proposals_of_ours() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made, usage = await connected(s, bob)
        made.send_reinvite(sdp=OTHER, extra_headers=[Header("Subject", "y")])
        received = await bob.until(ReinviteReceived)
        assert received.request.headers.get("Subject") == "y"
        with pytest.raises(IllegalStateError, match="sent_proposal"):
            made.send_reinvite()
        bob.do(usage.accept_reinvite, bob.sdp())
        await s.settle(0.1)
        assert made.sdp.active_local == OTHER
        made.send_reinvite()
        await bob.until(ReinviteReceived, 2)
        bob.do(usage.reject_reinvite, 488)
        await s.settle(0.1)
        assert (last(s).code, last(s).prev_sub_state, made.sdp.active_local) == (488, "sent_proposal", OTHER)
        made.send_reinvite(sdp=LOCAL)
        await bob.until(ReinviteReceived, 3)
        bob.do(usage.ring_reinvite)
        await s.settle(0.1)
        made.cancel_reinvite()
        await s.settle(0.1)
        assert (last(s).code, made.sdp.active_local) == (487, OTHER)
        sent, back = "local connected/sent_proposal", "remote connected/normal"
        assert told(s, made)[4:] == [sent, "GotSDPUpdate", back, sent, back, sent, back]


@flow
async def test_proposals_of_the_other_side() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made, usage = await connected(s, bob)
        bob.do(usage.reinvite, bob.sdp(port=5000))
        await s.settle(0.1)
        assert (made.sub_state, made.sdp.proposed_remote.media[0].port) == ("received_proposal", 5000)  # type: ignore[union-attr]
        with pytest.raises(SIPCoreError, match="2xx needs"):
            made.send_response(200)
        with pytest.raises(SIPCoreError, match="refusal has none"):
            made.send_response(488, sdp=LOCAL)
        with pytest.raises(ValueError, match="100"):
            made.send_response(100)
        made.send_response(180)
        made.send_response(200, sdp=OTHER)
        assert (await bob.until(ReinviteAnswered)).code == 200
        assert (made.sub_state, made.sdp.active_remote.media[0].port) == ("normal", 5000)  # type: ignore[union-attr]
        bob.do(usage.reinvite, bob.sdp(port=5002))
        await s.settle(0.1)
        made.send_response(488)
        assert (await bob.until(ReinviteAnswered, 2)).code == 488
        bob.do(usage.reinvite, None)
        await s.settle(0.1)
        assert made.sub_state == "received_proposal_request"
        made.send_response(200, sdp=LOCAL)
        await bob.until(ReinviteAnswered, 3)
        bob.do(usage.acknowledge, bob.sdp(port=5004))
        await s.settle(0.1)
        assert (made.sub_state, made.sdp.active_remote.media[0].port) == ("normal", 5004)  # type: ignore[union-attr]
        bob.do(usage.reinvite, bob.sdp())
        await s.settle(0.1)
        made.send_response(180)
        await s.settle(0.1)
        bob.do(usage.cancel_reinvite)
        await s.settle(0.1)
        assert made.sub_state == "normal"
        with pytest.raises(IllegalStateError, match="send_response"):
            made.send_response(200, sdp=LOCAL)


async def ring(scene: CallScene, bob: Peer, sdp: bytes | None) -> Invitation:
    """Bob calls; calls are Invitations here, as in an engine without SIPApplication."""
    InvitationEvents().on_received = Invitation.received
    await bob.invite(sdp)
    await scene.until("SIPInvitationChangedState")
    made: Invitation = next(n.sender for n in scene.recorder.seen if n.name == "SIPInvitationChangedState")
    return made


@flow
async def test_an_incoming_call_is_answered() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = await ring(s, bob, bob.sdp())
        data = last(s)
        assert (data.prev_state, data.state, data.originator, data.method) == (None, "incoming", "remote", "INVITE")
        assert (made.direction, str(made.remote_identity.uri), made.transport) == ("incoming", f"sip:bob@{bob.address}:5060", "udp")  # type: ignore[union-attr]
        with pytest.raises(IllegalStateError, match="end in state incoming"):
            made.end()
        made.send_response(180, extra_headers=[Header("X-A", "b")])
        made.send_response(200, sdp=LOCAL)
        await bob.until(InvitationAnswered)
        await s.settle(0.1)
        assert told(s, made) == ["remote incoming", "local early", "local connecting", "GotSDPUpdate", "remote connected/normal"]
        made.end()
        await bob.until(InvitationEnded)


@flow
async def test_an_incoming_call_without_an_offer() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = await ring(s, bob, None)
        made.send_response(200, sdp=LOCAL)
        answered = await bob.until(InvitationAnswered)
        bob.do(answered.invitation.acknowledge, bob.sdp())
        await s.settle(0.1)
        assert told(s, made) == ["remote incoming", "local connecting", "GotSDPUpdate", "remote connected/normal"]
        assert made.sdp.active_local == LOCAL
        made.end()
        await s.settle(2)


@flow
async def test_an_incoming_call_is_refused_or_cancelled() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        refused = await ring(s, bob, bob.sdp())
        refused.send_response(486, "Not now", extra_headers=[Header("X-A", "b")])
        failed = await bob.until(InvitationFailed)
        await s.settle(0.1)
        assert (failed.reason, failed.response.headers.get("X-A")) == ("Not now", "b")
        assert told(s, refused) == ["remote incoming", "local disconnecting", "local disconnected"]
        s.recorder.clear()
        cancelled = await ring(s, bob, bob.sdp())
        cancelled.send_response(180)
        await s.settle(0.1)
        bob.do(next(iter(bob.endpoint.agent.invitations)).end)
        await s.settle(0.1)
        cancelled_again = told(s, cancelled)
        assert cancelled_again == ["remote incoming", "local early", "remote disconnected"]


@flow
async def test_messages_and_transfers_in_a_call() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made, usage = await connected(s, bob)
        made.send_message("text/plain", "hello")
        bob.do(usage.send_request, "MESSAGE", (), b"hello", "text/plain")
        assert (await s.until("SIPInvitationGotMessage")).body == b"hello"
        made.transfer(SIPURI("example.com", user="carol"), DialogID("c", "l", "r"))
        refer = await bob.until(ReferReceived)
        assert (str(refer.referral.refer_to.uri), refer.referral.replaces.call_id) == ("sip:carol@example.com", "c")
        bob.do(refer.referral.accept)
        with pytest.raises(IllegalStateError, match="transfer"):
            made.transfer(SIPURI("example.com", user="dave"))
        bob.do(refer.referral.notify, 180)
        bob.do(refer.referral.notify, 200)
        await s.until("SIPInvitationTransferDidEnd")
        names = [name.removeprefix("Transfer") for name in told(s, made) if name.startswith("Transfer")]
        assert (made.transfer_state, names[0], names.count("GotNotify")) == ("TERMINATED", "ChangedState", 3)
        assert s.recorder.all("SIPInvitationTransferGotNotify")[1].body == b"SIP/2.0 180 Ringing"
        bob.do(usage.refer, NameAddr(SIPURI("example.com", user="erin").to_uri()))
        data = await s.until("SIPInvitationTransferNewIncoming")
        assert data.refer_to.uri == "<sip:erin@example.com>"
        with pytest.raises(ValueError, match="42"):
            made.notify_transfer_progress(42)
        made.notify_transfer_progress(183)
        await bob.until(ReferProgressed, 2)
        made.notify_transfer_progress(603, "No")
        assert (await bob.until(ReferEnded)).code == 603
        await s.settle(0.1)
        with pytest.raises(IllegalStateError, match="notify_transfer_progress"):
            made.notify_transfer_progress(200)
        made.transfer(SIPURI("example.com", user="carol"))
        await bob.until(ReferReceived, 2)
        bob.do(usage.end)
        await s.settle(0.1)
        assert told(s, made)[-3:] == ["TransferChangedState", "TransferDidFail", "remote disconnected"]
