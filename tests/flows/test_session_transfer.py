"""Transfers as the transferor and as the transferee, blind and attended; calls that replace others; messages in a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow
from support.fake_dns import FakeDNS

from blinkq.base.errors import IllegalDirectionError, IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog_events import DialogRequestReceived, ReferEnded, ReferProgressed, ReferReceived
from blinkq.sip.events import (
    InvitationConfirmed,
    InvitationEnded,
    InvitationFailed,
    InvitationReceived,
    RequestAnswered,
)
from blinkq.sip.replaces import Replaces, replaces_of
from blinkq.sip.uri import URI
from blinkq.sip.usages.incoming_referral import IncomingReferral
from blinkq.sip.usages.invitation import Invitation, InviteParameters
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session, TransferInfo
from blinkq.sipsimple.session.incoming_transfer import PATIENCE
from blinkq.sipsimple.streams import AudioStream

CAROL = "sip:carol@192.0.2.3"

_SHOWN = {
    "TransferGotProgress": ("code",), "TransferDidFail": ("code", "reason"), "WillEnd": ("originator",), "DidEnd": ("originator",),
    "GotProvisionalResponse": ("code",), "DidFail": ("code",),
}  # fmt: skip


def told(s: CallScene, session: Session, since: str | None = None) -> list[tuple[object, ...]]:
    """The session's notifications, with what is short of their data; ``since`` the first one of that name."""
    lines = []
    for notification in s.recorder.seen:
        if notification.sender is session and notification.name.startswith("SIPSession"):
            name = notification.name.removeprefix("SIPSession")
            if name != "DidProcessTransaction":
                lines.append((name, *(getattr(notification.data, key) for key in _SHOWN.get(name, ()))))
    names = [line[0] for line in lines]
    return lines if since is None else lines[names.index(since) :]


def peer_invitation(peer: Peer) -> Invitation:
    return next(iter(peer.endpoint.agent.invitations))


async def referral_of(session: Session, bob: Peer, target: Any = CAROL, **options: Any) -> IncomingReferral:
    """What the peer sees of our transfer, accepted."""
    session.transfer(target, **options)
    referral: IncomingReferral = (await bob.until(ReferReceived)).referral
    bob.do(referral.accept)
    return referral


async def refer(bob: Peer, target: NameAddr, *headers: tuple[str, str], at: Invitation | None = None) -> None:
    bob.do((at or peer_invitation(bob)).refer, target, headers)


def when_new_incoming(act: Callable[[Session], None]) -> None:
    """Let an application act on every call that comes."""

    class Application:
        def handle_notification(self, notification: Notification) -> None:
            act(notification.sender)  # type: ignore[arg-type]  # its sender is a session

    NotificationCenter().add_observer(Application(), name="SIPSessionNewIncoming")


# -- transferor


@flow
async def test_a_blind_transfer_ends_our_session_when_the_new_call_stands() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        assert (session.transfer_handler.direction, session.transfer_handler.state) == (None, None)
        referral = await referral_of(session, bob, SIPURI.parse(CAROL), extra_headers=[("Subject", "hello")])
        assert (session.transfer_handler.direction, session.transfer_handler.state) == ("outgoing", "starting")
        await s.until("SIPSessionTransferDidStart")
        assert session.transfer_handler.state == "started"
        bob.do(referral.notify, 180)
        await s.settle(0.1)
        bob.do(referral.notify, 200)
        await s.until("SIPSessionDidEnd")
        assert told(s, session, "TransferNewOutgoing") == [
            ("TransferNewOutgoing",), ("TransferDidStart",), ("TransferGotProgress", 100), ("TransferGotProgress", 180),
            ("TransferGotProgress", 200), ("TransferDidEnd",), ("WillEnd", "local"), ("DidEnd", "local"),
        ]  # fmt: skip
        data = s.recorder.last("SIPSessionTransferNewOutgoing")
        assert str(data.transfer_destination) == CAROL
        assert data.extra_headers == [("Subject", "hello")]
        assert session.transfer_handler.state == "ended"
        request = bob.all(ReferReceived)[0].request
        assert request.headers.get("Refer-To") == f"<{CAROL}>"
        assert request.headers.get("Referred-By") == "<sip:alice@example.com>"
        assert request.headers.get("Subject") == "hello"
        assert len(bob.all(InvitationEnded)) == 1


@flow
async def test_an_attended_transfer_names_the_dialog_to_replace() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3", answering=True)
        session, bob = await s.connected()
        other = s.call(carol, uri=CAROL)
        await s.until("SIPSessionDidStart", 2)
        referral = await referral_of(session, bob, CAROL, replaced_session=other)
        dialog = carol.invitation.dialog_id
        assert dialog is not None
        assert other.dialog_id is not None
        assert (other.dialog_id.local_tag, other.dialog_id.remote_tag) == (dialog.remote_tag, dialog.local_tag)
        assert referral.replaces == Replaces(dialog.call_id, dialog.local_tag, dialog.remote_tag)
        bob.do(referral.notify, 200)
        await s.until("SIPSessionDidEnd")
        assert other.state == "connected"  # the one who is called ends it
        other.end()
        await s.settle(2)


@flow
async def test_a_refused_transfer_leaves_the_session() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        session.transfer(CAROL)
        referral = (await bob.until(ReferReceived)).referral
        bob.do(referral.reject, 603)
        await s.until("SIPSessionTransferDidFail")
        assert told(s, session, "TransferNewOutgoing") == [("TransferNewOutgoing",), ("TransferDidFail", 603, "Decline")]
        assert (session.state, session.transfer_handler.state) == ("connected", "failed")
        session.transfer(CAROL)  # and may be tried again
        referral = (await bob.until(ReferReceived, 2)).referral
        bob.do(referral.accept)
        bob.do(referral.notify, 486)
        await s.until("SIPSessionTransferDidFail", 2)
        assert told(s, session)[-4:] == [
            ("TransferDidStart",), ("TransferGotProgress", 100), ("TransferGotProgress", 486), ("TransferDidFail", 486, "Busy Here"),
        ]  # fmt: skip
        assert session.state == "connected"
        session.end()


@flow
async def test_a_transfer_whose_outcome_nobody_reports() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        await referral_of(session, bob)
        assert (await s.until("SIPSessionTransferDidFail", limit=120)).reason == "timeout"
        assert session.state == "connected"
        session.end()


@flow
async def test_the_peer_hangs_up_during_the_transfer() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        await referral_of(session, bob)
        await s.until("SIPSessionTransferGotProgress")
        bob.do(peer_invitation(bob).end)
        await s.until("SIPSessionDidEnd")
        assert told(s, session, "TransferNewOutgoing")[-3:] == [
            ("WillEnd", "remote"), ("TransferDidFail", 0, "invite dialog ended"), ("DidEnd", "remote"),
        ]  # fmt: skip


@flow
async def test_we_hang_up_during_the_transfer() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        await referral_of(session, bob)
        await s.until("SIPSessionTransferGotProgress")
        session.end()
        await s.until("SIPSessionDidEnd")
        assert told(s, session, "WillEnd") == [("WillEnd", "local"), ("TransferDidFail", 0, "invite dialog ended"), ("DidEnd", "local")]


@flow
async def test_a_refer_that_cannot_be_sent() -> None:
    async with call_scene() as s:
        session, _ = await s.connected()
        session.transfer(CAROL, extra_headers=[("X-Bad", "a\r\nb")])
        data = await s.until("SIPSessionTransferDidFail")
        assert data.code == 500
        session.end()


@flow
async def test_what_cannot_be_transferred() -> None:
    async with call_scene() as s:
        fresh = Session(s.account)
        with pytest.raises(IllegalStateError, match="transfer is not allowed in state None"):
            fresh.transfer(CAROL)
        session, bob = await s.connected()
        for target in (None, 5):
            with pytest.raises(TypeError):
                session.transfer(target)  # type: ignore[arg-type]  # that is the point
        with pytest.raises(TypeError):
            session.transfer(CAROL, replaced_session="x")  # type: ignore[arg-type]  # that is the point
        with pytest.raises(TypeError):
            session.transfer(CAROL, extra_headers=["x"])
        for other in (fresh, session):
            with pytest.raises(ValueError, match="not in a call with somebody else"):
                session.transfer(CAROL, replaced_session=other)
        with pytest.raises(IllegalStateError, match="accept_transfer is not allowed while the transfer is None"):
            session.accept_transfer()
        with pytest.raises(ValueError, match="200 does not refuse"):
            session.reject_transfer(200)
        await referral_of(session, bob)
        with pytest.raises(IllegalStateError):
            session.transfer(CAROL)
        with pytest.raises(IllegalDirectionError):
            session.accept_transfer()
        with pytest.raises(IllegalDirectionError):
            session.reject_transfer()
        session.end()
        await s.settle(2)
        with pytest.raises(IllegalStateError):
            session.transfer(CAROL)
        with pytest.raises(IllegalStateError):
            session.send_message("text/plain", "too late")


# -- transferee


async def asked(s: CallScene, target: str = f"<{CAROL}>", *headers: tuple[str, str]) -> tuple[Session, Peer]:
    """A call whose peer wants us to call somebody else."""
    session, bob = await s.connected()
    await refer(bob, NameAddr.parse(target), ("Referred-By", "<sip:bob@example.com>"), *headers)
    await s.until("SIPSessionTransferNewIncoming")
    return session, bob


@flow
async def test_an_accepted_transfer_calls_the_other_party() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        carol.answers(ring=True)
        session, bob = await asked(s, f'"Carol" <{CAROL};transport=udp>', ("X-Why", "because"))
        data = s.recorder.last("SIPSessionTransferNewIncoming")
        assert str(data.transfer_destination) == CAROL
        assert data.headers["X-Why"] == "because"
        assert (session.transfer_handler.direction, session.transfer_handler.state) == ("incoming", "starting")
        await s.settle(1)
        assert not carol.events  # nothing happens before the user has agreed
        session.accept_transfer()
        assert session.transfer_handler.state == "started"
        await s.until("SIPSessionDidEnd")
        new = session.transfer_handler.new_session
        assert new is not None
        assert told(s, session, "TransferNewIncoming") == [
            ("TransferNewIncoming",), ("TransferDidStart",), ("TransferDidEnd",), ("WillEnd", "local"), ("DidEnd", "local"),
        ]  # fmt: skip
        assert told(s, new) == [
            ("NewOutgoing",), ("GotRingIndication",), ("GotProvisionalResponse", 180), ("WillStart",), ("DidStart",),
        ]  # fmt: skip
        assert [event.code for event in bob.all(ReferProgressed)] == [100, 180, 200]
        assert bob.all(ReferEnded)[0].code == 200
        assert new.transfer_info == TransferInfo("<sip:bob@example.com>", None)
        assert new.remote_identity is not None
        assert new.remote_identity.display_name == "Carol"
        invite = carol.all(InvitationReceived)[0].request
        assert invite.headers.get("Referred-By") == "<sip:bob@example.com>"
        assert replaces_of(invite) is None
        new.end()
        await s.settle(2)


@flow
async def test_an_attended_transfer_replaces_the_call_of_the_other_party() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3", answering=True)
        replaces = Replaces("77@somewhere", "carols", "bobs")
        session, _ = await asked(s, str(NameAddr(replaces.put_into(URI.parse(CAROL)))))
        session.accept_transfer()
        await s.until("SIPSessionDidEnd")
        invite = carol.all(InvitationReceived)[0].request
        assert replaces_of(invite) == replaces
        new = session.transfer_handler.new_session
        assert new is not None
        assert new.transfer_info is not None
        assert new.transfer_info.replaced_dialog_id == replaces.dialog
        new.end()
        await s.settle(2)


@flow
async def test_a_transfer_that_the_user_refuses() -> None:
    async with call_scene() as s:
        session, bob = await asked(s)
        session.reject_transfer(486)
        await bob.until(ReferEnded)
        assert told(s, session, "TransferNewIncoming") == [("TransferNewIncoming",), ("TransferDidFail", 486, "Busy Here")]
        assert (bob.all(ReferEnded)[0].code, session.state) == (486, "connected")
        with pytest.raises(IllegalStateError):
            session.accept_transfer()
        session.end()


@pytest.mark.expect_warnings
@flow
async def test_a_transfer_that_nobody_decides_about() -> None:
    async with call_scene() as s:
        session, bob = await asked(s)
        await s.settle(PATIENCE + 1)
        assert told(s, session)[-1] == ("TransferDidFail", 408, "Request Timeout")
        assert session.state == "connected"
        await bob.until(ReferEnded)
        session.end()


@flow
async def test_the_other_party_refuses() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        carol.on_event = lambda event: carol.do(event.invitation.reject, 486) if isinstance(event, InvitationReceived) else None
        session, bob = await asked(s)
        session.accept_transfer()
        assert (await s.until("SIPSessionTransferDidFail")).code == 486
        assert (await bob.until(ReferEnded)).code == 486
        assert (session.state, session.transfer_handler.state) == ("connected", "failed")
        session.end()


@flow
async def test_the_other_party_cannot_be_found() -> None:
    async with call_scene() as s:
        s.engine.resolver._dns = FakeDNS("")
        session, bob = await asked(s, "<sip:carol@gone.invalid>")
        session.accept_transfer()
        data = await s.until("SIPSessionTransferDidFail")
        assert (data.code, data.reason.startswith("DNS lookup failed: ")) == (0, True)
        assert (await bob.until(ReferEnded)).code == 480
        session.end()


@flow
async def test_who_asks_may_leave_before_the_outcome() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        session, bob = await asked(s)
        session.accept_transfer()
        await carol.until(InvitationReceived)
        bob.do(peer_invitation(bob).end)
        await s.until("SIPSessionDidEnd")
        assert told(s, session, "TransferDidStart") == [
            ("TransferDidStart",), ("WillEnd", "remote"), ("TransferDidEnd",), ("DidEnd", "remote"),
        ]  # fmt: skip
        carol.do(carol.invitation.accept, carol.sdp())
        await s.until("SIPSessionDidStart", 2)
        new = session.transfer_handler.new_session
        assert new is not None
        assert new.state == "connected"
        new.end()
        await s.settle(2)


@flow
async def test_who_asks_may_leave_before_the_user_has_decided() -> None:
    async with call_scene() as s:
        session, bob = await asked(s)
        bob.do(peer_invitation(bob).end)
        await s.until("SIPSessionDidEnd")
        assert told(s, session)[-3:] == [("WillEnd", "remote"), ("TransferDidFail", 0, "invite dialog ended"), ("DidEnd", "remote")]
        with pytest.raises(IllegalStateError):
            session.accept_transfer()


@flow
async def test_one_transfer_at_a_time_and_only_to_somebody() -> None:
    async with call_scene() as s:
        session, bob = await asked(s)
        with pytest.raises(IllegalDirectionError):
            session.transfer(CAROL)
        bob.do(peer_invitation(bob).send_request, "REFER", (("Refer-To", "<sip:dave@192.0.2.4>"),))
        assert (await bob.until(RequestAnswered)).code == 480
        bob.do(peer_invitation(bob).send_request, "REFER")
        assert (await bob.until(RequestAnswered, 2)).code == 400
        assert s.session_names.count("TransferNewIncoming") == 1
        session.end()


# -- a call that replaces another


async def replacing(s: CallScene, session: Session, caller: Peer, *, early: bool = False, value: str | None = None) -> Invitation:
    """``caller`` wants to take the place of the peer of ``session``."""
    dialog = session.dialog_id
    assert dialog is not None
    replaces = value or str(Replaces(dialog.call_id, dialog.local_tag, dialog.remote_tag, early))
    port = s.engine.sip.ports["udp"]
    hop = await caller.endpoint.hop("192.0.2.1", port, "udp")
    here, there = NameAddr(URI(user="carol", host=caller.address, port=5060)), URI.parse(f"sip:alice@192.0.2.1:{port}")
    parameters = InviteParameters(there, here, NameAddr(there), here, hop, sdp=caller.sdp(), headers=(("Replaces", replaces),))
    invitation: Invitation = caller.do("invite", parameters)
    return invitation


@flow
async def test_an_accepted_call_takes_the_place_of_another() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        session, bob = await s.connected()
        incoming: list[Session] = []
        when_new_incoming(incoming.append)
        await replacing(s, session, carol)
        data = await s.until("SIPSessionNewIncomingFromTransfer")
        new = await s.until("SIPSessionNewIncoming")
        assert session.dialog_id is not None
        assert (data.call_id, data.to_tag, data.from_tag) == (
            session.dialog_id.call_id, session.dialog_id.local_tag, session.dialog_id.remote_tag,
        )  # fmt: skip
        assert data.replaced_dialog == new.replaced_dialog == session.dialog_id
        await s.settle(1)
        assert session.state == "connected"  # the user is asked, as for any call
        (fresh,) = incoming
        assert fresh.replaced_session is session
        fresh.accept(fresh.proposed_streams or [])
        await s.until("SIPSessionDidEnd")
        assert told(s, fresh) == [("NewIncomingFromTransfer",), ("NewIncoming",), ("WillStart",), ("DidStart",)]
        assert told(s, session)[-2:] == [("WillEnd", "local"), ("DidEnd", "local")]
        assert len(bob.all(InvitationEnded)) == 1
        fresh.end()
        await s.settle(2)


@flow
async def test_a_refused_replacement_changes_nothing() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        session, _ = await s.connected()
        when_new_incoming(lambda incoming: incoming.reject(603))
        await replacing(s, session, carol)
        assert (await carol.until(InvitationFailed)).code == 603
        await s.settle(1)
        assert session.state == "connected"
        session.end()


@flow
async def test_a_call_of_ours_that_rings_is_replaced() -> None:
    async with call_scene() as s:
        carol, bob = await s.peer("192.0.2.3"), await s.peer()
        bob.on_event = lambda event: bob.do(event.invitation.ring, 180) if isinstance(event, InvitationReceived) else None
        session = s.call(bob)
        await s.until("SIPSessionGotRingIndication")
        when_new_incoming(lambda incoming: incoming.accept(incoming.proposed_streams or []))
        invitation = await replacing(s, session, carol, early=True)
        await s.until("SIPSessionDidFail")
        assert told(s, session)[-1] == ("DidFail", 487)
        assert (await bob.until(InvitationFailed)).code == 487
        await s.until("SIPSessionDidStart")
        carol.do(invitation.end)
        await s.settle(2)


@pytest.mark.parametrize(
    ("value", "code", "announced"),
    [("1;to-tag=a;from-tag=b", 481, True), ("nonsense", 481, False)],
)
@flow
async def test_what_replaces_nothing_is_refused(value: str, code: int, announced: bool) -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        session, _ = await s.connected()
        await replacing(s, session, carol, value=value)
        assert (await carol.until(InvitationFailed)).code == code
        assert s.session_names.count("NewIncomingFromTransfer") == announced
        assert s.recorder.last("SIPSessionNewIncomingFromTransferFailed").reason
        assert "NewIncoming" not in s.session_names
        session.end()


@flow
async def test_a_call_that_is_over_is_not_replaced() -> None:
    async with call_scene() as s:
        carol = await s.peer("192.0.2.3")
        session, _ = await s.connected()
        session.end()
        await s.until("SIPSessionDidEnd")
        await replacing(s, session, carol)
        assert (await carol.until(InvitationFailed)).code == 603
        assert s.session_names[-2:] == ["NewIncomingFromTransfer", "NewIncomingFromTransferFailed"]


# -- messages, and headers of a call


@flow
async def test_messages_in_a_call() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        session.send_message("text/plain", "grüß dich", [("Subject", "x")])
        request = (await bob.until(DialogRequestReceived)).request
        assert (request.method, request.content_type, request.body.decode(), request.headers.get("Subject")) == (
            "MESSAGE", "text/plain", "grüß dich", "x",
        )  # fmt: skip
        bob.do(peer_invitation(bob).send_request, "MESSAGE", (), b"hello", "text/plain")
        data = await s.until("SIPSessionGotMessage")
        assert (data.content_type, data.body, data.from_header.uri.user) == ("text/plain", b"hello", "bob")
        with pytest.raises(TypeError):
            session.send_message("text/plain", 5)  # type: ignore[arg-type]  # that is the point
        session.end()


@flow
async def test_extra_headers_of_a_call() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        session = Session(s.account)
        routes = [Route(bob.address, 5060, "udp")]
        with pytest.raises(RuntimeError, match="Via is not an extra header"):
            session.connect(ToHeader(SIPURI.parse("sip:bob@x")), routes, [AudioStream(s.account)], extra_headers=[("Via", "x")])
        session.connect(ToHeader(SIPURI.parse("sip:bob@x")), routes, [AudioStream(s.account)], extra_headers=[("Subject", "hello")])
        await s.until("SIPSessionDidStart")
        assert bob.all(InvitationReceived)[0].request.headers.get("Subject") == "hello"
        await bob.until(InvitationConfirmed)
        session.end()
