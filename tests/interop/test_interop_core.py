"""The objects of sipsimple.core against Kamailio, in an engine of their own as command-line scripts use it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.lab import Lab

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.sipsimple.core import (
    SIPURI,
    ContactHeader,
    Credentials,
    Engine,
    FromHeader,
    Message,
    Publication,
    Registration,
    Request,
    RouteHeader,
    Subscription,
    ToHeader,
)
from blinkq.sipsimple.singleton import Singleton

pytestmark = pytest.mark.lab

PIDF = """<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:alice@lab.test">
<tuple id="t1"><status><basic>open</basic></status><note>%s</note></tuple></presence>"""
ALICE = SIPURI("lab.test", user="alice")
CREDENTIALS = Credentials("alice", "alicepw")


class Heard:
    """Notifications, and a way to wait for one from the test's thread."""

    def __init__(self) -> None:
        self.seen: list[Notification] = []
        self._more = threading.Condition()
        NotificationCenter().add_observer(self)

    def handle_notification(self, notification: Notification) -> None:
        with self._more:
            self.seen.append(notification)
            self._more.notify_all()

    def until(self, name: str, count: int = 1) -> Any:
        """The data of the ``count``-th notification of that name."""

        def found() -> list[Any]:
            return [n.data for n in self.seen if n.name == name]

        with self._more:
            assert self._more.wait_for(lambda: len(found()) >= count, 15), [n.name for n in self.seen]
            return found()[count - 1]


@pytest.fixture(params=["udp", "tcp"])
def route(request: pytest.FixtureRequest, lab: Lab) -> RouteHeader:
    """The way to Kamailio."""
    return RouteHeader(SIPURI("127.0.0.1", port=lab.port(60), parameters={"transport": request.param}))


@pytest.fixture
def heard() -> Iterator[Heard]:
    Singleton.forget()
    made = Heard()
    Engine().start(ip_address="127.0.0.1", udp_port=0, tcp_port=0, user_agent="script")
    yield made
    Engine().stop()
    made.until("SIPEngineDidEnd")
    Singleton.forget()


def contact(route: RouteHeader) -> ContactHeader:
    transport = route.uri.transport
    port = Engine().udp_port if transport == "udp" else Engine().tcp_port
    return ContactHeader(SIPURI("127.0.0.1", user="script", port=port, parameters={} if transport == "udp" else {"transport": "tcp"}))


def test_register_and_unregister(heard: Heard, route: RouteHeader) -> None:
    registration = Registration(FromHeader(ALICE), CREDENTIALS, duration=120)
    registration.register(contact(route), route)
    data = heard.until("SIPRegistrationDidSucceed")
    assert (data.code, registration.is_registered) == (200, True)
    assert any(c.uri.user == "script" for c in data.contact_header_list)
    registration.register(contact(route), route)
    heard.until("SIPRegistrationDidSucceed", 2)
    registration.end()
    assert not heard.until("SIPRegistrationDidEnd").expired


def test_a_wrong_password(heard: Heard, route: RouteHeader) -> None:
    registration = Registration(FromHeader(ALICE), Credentials("alice", "wrong"))
    registration.register(contact(route), route)
    assert heard.until("SIPRegistrationDidFail").code in (401, 403)


def test_what_is_published_is_told_to_who_subscribes(heard: Heard, route: RouteHeader) -> None:
    publication = Publication(FromHeader(ALICE), "presence", "application/pidf+xml", CREDENTIALS, duration=120)
    publication.publish(PIDF % "at work", route)
    assert heard.until("SIPPublicationDidSucceed").code == 200
    subscription = Subscription(ALICE, FromHeader(ALICE), ToHeader(ALICE), contact(route), "presence", route, CREDENTIALS, refresh=120)
    subscription.subscribe()
    heard.until("SIPSubscriptionDidStart")
    data = heard.until("SIPSubscriptionGotNotify")
    count = 1
    while not data.body or b"at work" not in data.body:
        count += 1
        data = heard.until("SIPSubscriptionGotNotify", count)
    assert (data.content_type, data.event, subscription.state) == ("application/pidf+xml", "presence", "ACTIVE")
    publication.publish(PIDF % "at lunch", route)
    heard.until("SIPPublicationDidSucceed", 2)
    while b"at lunch" not in (data.body or b""):
        count += 1
        data = heard.until("SIPSubscriptionGotNotify", count)
    publication.publish(None, route)
    heard.until("SIPPublicationDidSucceed", 3)
    subscription.end()
    heard.until("SIPSubscriptionDidEnd")
    publication.end()
    assert not heard.until("SIPPublicationDidEnd").expired


def test_an_event_that_the_server_does_not_know(heard: Heard, route: RouteHeader) -> None:
    Engine().add_event(f"x-{route.uri.transport}", ["text/plain"])
    subscription = Subscription(
        ALICE, FromHeader(ALICE), ToHeader(ALICE), contact(route), f"x-{route.uri.transport}", route, CREDENTIALS
    )
    subscription.subscribe()
    assert heard.until("SIPSubscriptionDidFail").code >= 400


def test_a_message_and_a_request(heard: Heard, route: RouteHeader, lab: Lab) -> None:
    message = Message(FromHeader(ALICE), ToHeader(SIPURI("lab.test", user="bob")), route, "text/plain", "hello", CREDENTIALS)
    message.send()
    data = heard.until("SIPMessageDidSucceed")
    assert (data.code, "baresip" in data.headers["Server"].body) == (200, True)
    request = Request("OPTIONS", SIPURI("lab.test"), FromHeader(ALICE), ToHeader(SIPURI("lab.test")), route, CREDENTIALS)
    request.send()
    assert heard.until("SIPRequestDidSucceed").code == 200
