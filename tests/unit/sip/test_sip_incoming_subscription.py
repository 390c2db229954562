"""Subscriptions of peers: answered, notified, refreshed, timed out, unsubscribed, and given up when a NOTIFY fails."""

from __future__ import annotations

import pytest
from support.sip_pair import Endpoint, ScriptedPeer, SIPNetwork
from support.subscriptions import Pair

from blinkq.base.errors import IllegalStateError
from blinkq.sip.agent import AgentConfig
from blinkq.sip.events import (
    IncomingSubscriptionEnded,
    IncomingSubscriptionRefreshed,
    NotifyAnswered,
    SubscriptionEnded,
    SubscriptionFailed,
    SubscriptionNotified,
    SubscriptionReceived,
)
from blinkq.sip.message import Request
from blinkq.sip.usages.incoming_subscription import IncomingSubscription, IncomingSubscriptionState

S = IncomingSubscriptionState


class Watcher(ScriptedPeer):
    """A scripted subscriber; `codes` are its answers to NOTIFYs, the last one again and again, 0 for none."""

    def __init__(self, network: SIPNetwork) -> None:
        super().__init__(network, "10.0.0.3", type(self).serve)
        self.codes = [200]
        self.cseq = 0

    def serve(self, request: Request) -> None:  # type: ignore[override]  # it is used as the script of ScriptedPeer
        code = self.codes[0] if len(self.codes) == 1 else self.codes.pop(0)
        if code:
            self.respond(request, code)

    def say_subscribe(self, to_tag: str = "", *, method: str = "SUBSCRIBE", cseq: int | None = None, **headers: str | None) -> None:
        self.cseq = self.cseq + 1 if cseq is None else cseq
        values: dict[str, str | None] = {
            "Via": f"SIP/2.0/UDP 10.0.0.3;branch=z9hG4bKs{len(self.network.packets)}",
            "From": "<sip:watcher@example.test>;tag=w",
            "To": "<sip:bob@example.test>" + (f";tag={to_tag}" if to_tag else ""),
            "Call-ID": "watch",
            "CSeq": f"{self.cseq} {method}",
            "Contact": "<sip:watcher@10.0.0.3>",
            "Event": "presence",
            "Expires": "600",
            "Max-Forwards": "70",
        }
        values.update(headers)
        lines = [f"{method} sip:bob@10.0.0.2 SIP/2.0", *(f"{n}: {v}" for n, v in values.items() if v is not None), "", ""]
        self.say("\r\n".join(lines).encode(), ("10.0.0.2", 5060))
        self.network.run(0.1)

    def notifys(self) -> list[tuple[str, bytes]]:
        return [(request.headers.get("Subscription-State") or "", request.body) for request in self.requests("NOTIFY")]


class Scene:
    """Bob, who takes subscriptions to presence, and a scripted watcher."""

    def __init__(self, config: AgentConfig | None = None) -> None:
        self.network = SIPNetwork()
        self.bob = Endpoint(self.network, "10.0.0.2", "bob", 2, config)
        self.bob.agent.incoming_events.add("presence")
        self.watcher = Watcher(self.network)

    def received(self, **headers: str | None) -> IncomingSubscription:
        self.watcher.say_subscribe(**headers)
        return self.bob.last(SubscriptionReceived).incoming_subscription

    def accepted(self, **options: object) -> IncomingSubscription:
        incoming = self.received()
        self.bob.do(incoming.accept, content_type="text/plain", body=b"one", **options)
        self.network.run(0.1)
        return incoming

    def tag(self) -> str:
        return self.watcher.responses("SUBSCRIBE")[-1].to.tag or ""


def test_accepting_answers_and_notifies_at_once() -> None:
    scene = Scene()
    incoming = scene.accepted()
    assert (incoming.event.name, incoming.call_id, incoming.expires, incoming.state) == ("presence", "watch", 600, S.ACTIVE)
    (response,) = scene.watcher.responses("SUBSCRIBE")
    (notify,) = scene.watcher.requests("NOTIFY")
    assert (response.code, response.expires, str(response.contacts[0].uri)) == (200, 600, "sip:bob@10.0.0.2:5060")
    assert (notify.to.tag, notify.from_.tag, notify.call_id) == ("w", response.to.tag, "watch")
    assert (notify.headers.get("Event"), notify.content_type, notify.body) == ("presence", "text/plain", b"one")
    assert scene.watcher.notifys() == [("active;expires=600", b"one")]
    assert scene.bob.last(NotifyAnswered).code == 200
    with pytest.raises(IllegalStateError, match="accept in state ACTIVE"):
        incoming.accept(now=scene.network.now)
    with pytest.raises(IllegalStateError, match="reject in state ACTIVE"):
        incoming.reject(now=scene.network.now)


def test_pending_first() -> None:
    scene = Scene()
    incoming = scene.received()
    scene.bob.do(incoming.accept, pending=True)
    scene.network.run(0.1)
    with pytest.raises(ValueError, match="cannot follow"):
        incoming.notify("text/plain", b"x", "strange", now=scene.network.now)
    scene.bob.do(incoming.notify, "text/plain", b"yes", "active")
    scene.network.run(0.1)
    assert scene.watcher.notifys() == [("pending;expires=600", b""), ("active;expires=600", b"yes")]
    with pytest.raises(ValueError, match="'pending' cannot follow ACTIVE"):
        incoming.notify("text/plain", b"x", "pending", now=scene.network.now)


def test_the_owner_may_grant_less_but_not_more() -> None:
    scene = Scene()
    scene.accepted(expires=60, code=202)
    response = scene.watcher.responses("SUBSCRIBE")[0]
    assert (response.code, response.expires) == (202, 60)
    other = Scene()
    assert other.accepted(expires=10_000).expires == 600


@pytest.mark.parametrize(("asked", "granted"), [(None, 3600), ("0", 0), ("4294967295", 86400)])
def test_what_is_asked(asked: str | None, granted: int) -> None:
    scene = Scene()
    assert scene.received(Expires=asked).expires == granted


def test_a_fetch_gets_the_state_once() -> None:
    scene = Scene()
    incoming = scene.received(Expires="0")
    scene.bob.do(incoming.accept, content_type="text/plain", body=b"now")
    scene.network.run(0.1)
    assert scene.watcher.notifys() == [("terminated;reason=timeout", b"now")]
    assert scene.bob.last(IncomingSubscriptionEnded).originator == "remote"


def test_rejecting() -> None:
    scene = Scene()
    incoming = scene.received()
    with pytest.raises(ValueError, match="200"):
        incoming.reject(200, now=scene.network.now)
    with pytest.raises(ValueError, match="300"):
        incoming.accept(code=300, now=scene.network.now)
    with pytest.raises(IllegalStateError, match="notify in state RECEIVED"):
        incoming.notify(None, b"", now=scene.network.now)
    scene.bob.do(incoming.reject, 403, "No")
    scene.network.run(0.1)
    assert [(r.code, r.reason) for r in scene.watcher.responses("SUBSCRIBE")] == [(403, "No")]
    assert scene.bob.last(IncomingSubscriptionEnded).reason == "rejected"
    assert scene.watcher.notifys() == []


def test_what_nobody_answers_is_refused_in_time() -> None:
    scene = Scene()
    scene.received()
    scene.network.run(31)
    assert [r.code for r in scene.watcher.responses("SUBSCRIBE")] == [500]
    assert scene.bob.names() == ["SubscriptionReceived", "IncomingSubscriptionEnded"]


def test_ending_before_and_after_the_answer() -> None:
    scene = Scene()
    incoming = scene.received()
    scene.bob.do(incoming.end)
    scene.network.run(0.1)
    assert [r.code for r in scene.watcher.responses("SUBSCRIBE")] == [480]
    scene = Scene()
    incoming = scene.accepted()
    scene.bob.do(incoming.end, "probation", retry_after=60)
    scene.bob.do(incoming.end, "probation")
    scene.network.run(0.1)
    assert scene.watcher.notifys()[1:] == [("terminated;reason=probation;retry-after=60", b"one")]
    event = scene.bob.last(IncomingSubscriptionEnded)
    assert (event.originator, event.reason) == ("local", "probation")


def test_one_notify_at_a_time() -> None:
    scene = Scene()
    scene.watcher.codes = [0]
    incoming = scene.accepted()
    for body in (b"two", b"three"):
        scene.bob.do(incoming.notify, "text/plain", body)
    scene.bob.do(incoming.notify, "text/plain", b"four", "terminated", "noresource")
    scene.network.run(0.1)
    assert {body for _, body in scene.watcher.notifys()} == {b"one"}
    scene.watcher.codes = [200]
    scene.network.run(5)
    bodies = list(dict.fromkeys(scene.watcher.notifys()))
    assert bodies == [
        ("active;expires=600", b"one"),
        ("active;expires=600", b"two"),
        ("active;expires=600", b"three"),
        ("terminated;reason=noresource", b"four"),
    ]


def test_a_refresh_prolongs_and_gets_the_latest_state() -> None:
    scene = Scene()
    incoming = scene.accepted()
    scene.bob.do(incoming.notify, "text/plain", b"two")
    scene.network.run(500)
    scene.watcher.say_subscribe(scene.tag(), Expires="300")
    assert scene.watcher.responses("SUBSCRIBE")[-1].expires == 300
    assert scene.watcher.notifys()[-1] == ("active;expires=300", b"two")
    assert scene.bob.last(IncomingSubscriptionRefreshed).expires == 300
    scene.network.run(290)
    assert incoming.state is S.ACTIVE
    scene.network.run(11)
    assert scene.watcher.notifys()[-1] == ("terminated;reason=timeout", b"two")
    event = scene.bob.last(IncomingSubscriptionEnded)
    assert (event.originator, event.reason, incoming.state) == ("remote", "timeout", S.TERMINATED)
    scene.watcher.say_subscribe(scene.tag())
    assert scene.watcher.responses("SUBSCRIBE")[-1].code == 481


def test_unsubscribing() -> None:
    scene = Scene()
    scene.accepted()
    scene.watcher.say_subscribe(scene.tag(), Expires="0")
    assert scene.watcher.responses("SUBSCRIBE")[-1].code == 200
    assert scene.watcher.notifys()[-1] == ("terminated;reason=timeout", b"one")
    event = scene.bob.last(IncomingSubscriptionEnded)
    assert event.reason == "unsubscribed"
    assert event.request is not None
    assert scene.bob.agent._context.incoming_subscriptions == set()


@pytest.mark.parametrize(
    ("headers", "code"), [({"Event": "dialog"}, 489), ({"Event": None}, 489), ({"Event": '"'}, 400), ({"cseq": 1}, 500)]
)
def test_a_refresh_that_is_wrong(headers: dict[str, object], code: int) -> None:
    scene = Scene()
    incoming = scene.accepted()
    scene.watcher.say_subscribe(scene.tag(), **headers)  # type: ignore[arg-type]  # a test's options
    assert scene.watcher.responses("SUBSCRIBE")[-1].code == code
    assert incoming.state is S.ACTIVE


def test_other_requests_in_the_dialog() -> None:
    scene = Scene()
    incoming = scene.accepted()
    scene.watcher.say_subscribe(scene.tag(), method="NOTIFY")
    assert scene.watcher.responses("NOTIFY")[-1].code == 481
    count = len(scene.network.packets)
    scene.watcher.say_subscribe(scene.tag(), method="ACK")
    assert len(scene.network.packets) == count + 1
    assert incoming.state is S.ACTIVE


def test_a_second_subscribe_before_the_first_is_answered() -> None:
    scene = Scene()
    incoming = scene.received()
    scene.watcher.say_subscribe(incoming._tag)
    assert scene.watcher.responses("SUBSCRIBE")[-1].code == 481


@pytest.mark.parametrize("code", [481, 500, 603])
def test_a_refused_notify_ends_it(code: int) -> None:
    scene = Scene()
    scene.watcher.codes = [code]
    incoming = scene.accepted()
    assert incoming.state is S.TERMINATED
    assert scene.bob.names() == ["SubscriptionReceived", "NotifyAnswered", "IncomingSubscriptionEnded"]
    assert scene.bob.last(IncomingSubscriptionEnded).reason == "failed"
    assert len(scene.watcher.notifys()) == 1


def test_an_unanswered_notify_ends_it() -> None:
    scene = Scene()
    scene.watcher.codes = [0]
    incoming = scene.accepted()
    scene.bob.do(incoming.notify, "text/plain", b"two")
    scene.network.run(33)
    assert scene.bob.last(NotifyAnswered).response is None
    assert incoming.state is S.TERMINATED
    scene.network.run(60)
    assert scene.bob.agent.deadline() is None


def test_a_notify_that_is_refused_for_now_does_not() -> None:
    scene = Scene()
    incoming = scene.accepted()
    scene.watcher.script = lambda peer, request: peer.respond(request, 503, headers=(("Retry-After", "5"),)) and None
    scene.bob.do(incoming.notify, "text/plain", b"two")
    scene.network.run(0.1)
    assert incoming.state is S.ACTIVE


def test_a_refused_last_notify_changes_nothing() -> None:
    scene = Scene()
    incoming = scene.accepted()
    scene.watcher.codes = [481]
    scene.bob.do(incoming.end)
    scene.network.run(0.1)
    assert [type(event).__name__ for event in scene.bob.events][-2:] == ["IncomingSubscriptionEnded", "NotifyAnswered"]


@pytest.mark.parametrize("event", ["dialog", None, "@", "refer"])
def test_events_that_nobody_offers(event: str | None) -> None:
    scene = Scene()
    scene.bob.agent.incoming_events.add("refer")
    scene.watcher.say_subscribe(Event=event)
    (response,) = scene.watcher.responses("SUBSCRIBE")
    assert (response.code, response.headers.get("Allow-Events")) == (489, "presence")
    assert scene.bob.events == []


def test_a_refer_of_a_stranger_is_refused() -> None:
    scene = Scene()
    scene.watcher.say_subscribe(method="REFER", Event=None)
    assert [r.code for r in scene.watcher.responses("REFER")] == [403]


def test_there_is_an_end_of_subscriptions() -> None:
    scene = Scene(AgentConfig(max_subscriptions=0))
    scene.watcher.say_subscribe()
    assert [r.code for r in scene.watcher.responses("SUBSCRIBE")] == [503]


def test_too_many_from_one_place() -> None:
    scene = Scene(AgentConfig(invite_rate=0.1, invite_burst=1))
    scene.watcher.say_subscribe()
    scene.watcher.say_subscribe()
    assert [r.code for r in scene.watcher.responses("SUBSCRIBE")] == [503]


def test_the_way_of_the_answer_breaks() -> None:
    scene = Scene()
    incoming = scene.received()
    scene.bob.do(scene.bob.agent.flow_failed, incoming.flow, "gone")
    scene.bob.do(incoming.accept)
    scene.network.run(0.1)
    assert scene.watcher.responses("SUBSCRIBE") == []
    assert len(scene.watcher.notifys()) == 1


def test_a_stream_that_comes_back() -> None:
    pair = Pair("tcp")
    made, incoming = pair.active()
    pair.alice.do(made.refresh)
    pair.network.run(0.1)
    assert incoming._dialog.flow is not None
    pair.bob.do(incoming.end, "deactivated")
    pair.network.run(0.1)
    assert pair.alice.last(SubscriptionEnded).reason == "deactivated"
    assert len(pair.alice.of(SubscriptionNotified)) == 3
    assert pair.alice.of(SubscriptionFailed) == []
