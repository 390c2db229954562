"""What scripts rely on without saying so (inventory §7.2): one test for each, over the whole engine on the fake network."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import call_scene, flow

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.account import AccountManager
from blinkq.sipsimple.configuration.datatypes import SIPAddress
from blinkq.sipsimple.core import ContactHeader, Route, RouteHeader, ToHeader
from blinkq.sipsimple.session import Session, SessionManager
from blinkq.sipsimple.streams import AudioStream, MediaStreamRegistry


class Handler:
    """Observes one sender and leaves at its end, as clients do."""

    def __init__(self, sender: object, actions: dict[str, Any] | None = None) -> None:
        self.heard: list[Notification] = []
        self.actions = actions or {}
        NotificationCenter().add_observer(self, sender=sender)

    def handle_notification(self, notification: Notification) -> None:
        self.heard.append(notification)
        action = self.actions.get(notification.name)
        if action is not None:
            action(notification)
        if notification.name in ("SIPSessionDidEnd", "SIPSessionDidFail"):
            NotificationCenter().remove_observer(self, sender=notification.sender)

    @property
    def names(self) -> list[str]:
        return [notification.name for notification in self.heard]


@flow
async def test_1_streams_stay_after_the_end_and_proposed_streams_is_none_without_a_proposal() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream = session.streams[0]
        assert session.proposed_streams is None
        session.end()
        await s.until("SIPSessionDidEnd")
        assert session.streams == [stream]
        assert session.proposed_streams is None


@flow
async def test_2_handlers_leave_by_the_sender_of_the_end_which_is_the_session() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        handler = Handler(session)
        session.end()
        await s.until("SIPSessionDidEnd")
        assert handler.names[0] == "SIPSessionWillEnd"
        assert handler.names[-1] == "SIPSessionDidEnd"
        assert {notification.sender for notification in handler.heard} == {session}
        NotificationCenter().post_notification("Afterwards", session)
        assert "Afterwards" not in handler.names


@flow
async def test_3_sessions_and_streams_take_attributes_of_the_application() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        session._load = session.comment = "mine"  # type: ignore[attr-defined]
        session.streams[0].owner = "mine"
        session.end()
        await s.until("SIPSessionDidEnd")
        assert (session._load, session.comment, session.streams[0].owner) == ("mine", "mine", "mine")  # type: ignore[attr-defined]


@pytest.mark.expect_warnings
@flow
async def test_4_what_a_handler_raises_stops_nobody() -> None:
    def fail(notification: Notification) -> None:
        raise RuntimeError("a script's mistake")

    async with call_scene() as s:
        NotificationCenter().on_observer_error = None
        bob = await s.peer(answering=True)
        session = Session(s.account)
        Handler(session, {"SIPSessionNewOutgoing": fail, "SIPSessionDidStart": fail, "SIPSessionWillEnd": fail})
        session.connect(ToHeader.new(ToHeader(s.account.uri)), Route(bob.address, 5060, "udp"), AudioStream(s.account))
        await s.until("SIPSessionDidStart")
        session.end()
        assert (await s.until("SIPSessionDidEnd")).end_reason == "user request"


@flow
async def test_4_an_end_asked_for_by_a_handler_finds_the_streams_as_they_were() -> None:
    bridged: list[int] = []
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream = session.streams[0]
        Handler(
            session,
            {
                "Hang up": lambda notification: session.end(),
                "SIPSessionWillEnd": lambda notification: bridged.append(len(stream.bridge)),
            },
        )
        NotificationCenter().post_notification("Hang up", session)
        assert session.state == "terminating"
        await s.until("SIPSessionDidEnd")
        assert bridged == [2], "the device and the stream"


@flow
async def test_5_contacts_by_transport_and_by_route() -> None:
    async with call_scene() as s:
        route = Route("192.0.2.2", 5060, "tcp")
        for key in (route, "tcp"):
            contact = ContactHeader(s.account.contact[key])
            assert (contact.uri.host, contact.uri.transport, contact.uri.user) == ("192.0.2.1", "tcp", s.account.contact.username)
        assert s.account.contact["udp"].parameters == {}
        assert RouteHeader(route.uri).uri.parameters["transport"] == "tcp"
        assert str(route.uri) == str(route.get_uri())
        with pytest.raises(KeyError):
            s.account.contact["sctp"]


@flow
async def test_6_there_may_be_no_default_account() -> None:
    async with call_scene() as s:
        manager = AccountManager()
        assert manager.default_account is s.account
        manager.default_account = None
        assert manager.default_account is None
        with pytest.raises(ValueError, match="disabled"):
            manager.default_account = next(account for account in manager.iter_accounts() if not account.enabled)
        manager.default_account = s.account
        s.account.enabled = False
        s.account.save()
        assert manager.default_account is None


@flow
async def test_7_an_accounts_id_is_text_with_parts() -> None:
    async with call_scene() as s:
        identifier = s.account.id
        assert isinstance(identifier, str)
        assert isinstance(identifier, SIPAddress)
        assert (identifier, identifier.username, identifier.domain) == ("alice@example.com", "alice", "example.com")
        assert {identifier: 1}["alice@example.com"] == 1


@flow
async def test_10_data_of_a_failure_has_every_attribute() -> None:
    async with call_scene() as s:
        busy = await s.peer()
        busy.on_event = lambda event: busy.do(event.invitation.reject, 486) if isinstance(event, InvitationReceived) else None
        s.call(busy)
        data = await s.until("SIPSessionDidFail")
        assert (data.originator, data.code, data.reason, data.failure_reason) == ("remote", 486, "Busy Here", "user request")
        nobody = s.call(Route("192.0.2.99", 5060, "udp"))
        data = await s.until("SIPSessionDidFail", 2)
        assert {"originator", "code", "reason", "failure_reason"} <= set(vars(data))
        assert nobody.state == "terminated"
        nowhere = Session(s.account)
        nowhere.connect(ToHeader(s.account.uri), routes=[], streams=[MediaStreamRegistry.AudioStream()])
        data = await s.until("SIPSessionDidFail", 3)
        assert (data.originator, bool(data.failure_reason)) == ("local", True)
        assert {"code", "reason"} <= set(vars(data)), "even where nobody has answered"
        assert SessionManager().sessions == []
