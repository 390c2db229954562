"""Subscriptions of ours: made by 2xx and NOTIFY in any order, refreshed, refused, forked, terminated and ended."""

from __future__ import annotations

import pytest
from support.sip_pair import PASSWORD, Endpoint, SIPNetwork
from support.sip_registrar import Registrar
from support.subscriptions import Notifier, Pair, subscribe

from blinkq.base.errors import IllegalStateError
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import EventPackage, SubscriptionStatus
from blinkq.sip.events import SubscriptionAccepted, SubscriptionEnded, SubscriptionFailed, SubscriptionNotified
from blinkq.sip.hop import Flow
from blinkq.sip.usages.subscription import Subscription, SubscriptionState


class Scene:
    """Alice and a scripted notifier."""

    def __init__(self, **options: object) -> None:
        self.network = SIPNetwork()
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1)
        self.peer = Notifier(self.network)
        self.options = options

    def start(self, *answers: tuple[int, tuple[tuple[str, str], ...]], seconds: float = 0.1) -> Subscription:
        self.peer.answers = list(answers) or self.peer.answers
        made = subscribe(self.alice, self.peer, **self.options)
        self.network.run(seconds)
        return made

    def active(self) -> Subscription:
        made = self.start()
        self.notify("active;expires=600", body=b"here")
        assert made.state is SubscriptionState.ACTIVE
        return made

    def notify(self, state: str | None = "active;expires=600", **options: object) -> int:
        self.peer.notify(state, **options)  # type: ignore[arg-type]  # a test's options
        self.network.run(0.1)
        return self.peer.codes()[-1]

    @property
    def sent(self) -> int:
        return len(self.peer.requests("SUBSCRIBE"))


def test_a_subscription_is_accepted_notified_and_active() -> None:
    scene = Scene(expires=900, accept=("text/plain", "text/x"), headers=(("Subject", "x"),))
    made = scene.active()
    (request,) = scene.peer.requests("SUBSCRIBE")
    values = [request.headers.get(name) for name in ("Event", "Expires", "Accept", "Subject")]
    assert values == ["presence", "900", "text/plain, text/x", "x"]
    assert request.contacts == [scene.alice.contact]
    accepted, notified = scene.alice.last(SubscriptionAccepted), scene.alice.last(SubscriptionNotified)
    assert (accepted.code, accepted.expires, accepted.refreshed) == (200, 600, False)
    assert (notified.status.state, notified.content_type, notified.body) == ("active", "text/plain", b"here")
    assert str(made.remote_uri) == "sip:peer@10.0.0.3"
    assert scene.peer.codes() == [200]


def test_a_notify_may_overtake_the_answer() -> None:
    scene = Scene()
    made = scene.start((0, ()))
    assert scene.notify("pending") == 200
    assert made.state is SubscriptionState.PENDING
    scene.peer.respond(scene.peer.requests("SUBSCRIBE")[-1], 200, headers=(("Expires", "60"), ("Contact", "<sip:x@10.0.0.3>")))
    scene.network.run(0.1)
    assert scene.alice.names() == ["SubscriptionNotified", "SubscriptionAccepted"]
    assert (made.state, made.expires) == (SubscriptionState.PENDING, 60)
    assert scene.notify("active") == 200
    assert made.state is SubscriptionState.ACTIVE


def test_it_is_refreshed_in_its_dialog_before_it_expires() -> None:
    scene = Scene()
    made = scene.active()
    scene.network.run(569)
    assert scene.sent == 1
    scene.network.run(2)
    first, second = scene.peer.requests("SUBSCRIBE")
    assert second.to.tag == "peer"
    assert second.call_id == first.call_id
    assert second.cseq.number == first.cseq.number + 1
    assert str(second.uri) == "sip:peer@10.0.0.3"
    assert scene.alice.last(SubscriptionAccepted).refreshed
    scene.network.run(570)
    assert scene.sent == 3
    assert made.state is SubscriptionState.ACTIVE


def test_the_notifier_may_shorten_it() -> None:
    scene = Scene()
    made = scene.active()
    scene.notify("active;expires=100")
    assert made.expires == 100
    scene.network.run(71)
    assert scene.sent == 2


def test_a_refresh_by_hand_carries_new_values_and_waits_for_the_first() -> None:
    scene = Scene()
    made = scene.start((0, ()))
    scene.alice.do(made.refresh, expires=30, headers=(("Subject", "y"),), content_type="text/x", body=b"filter")
    scene.network.run(0.1)
    assert scene.sent == 1
    scene.peer.answers = [(200, (("Expires", "30"),))]
    scene.peer.serve(scene.peer.requests("SUBSCRIBE")[0])
    scene.network.run(0.1)
    scene.notify()
    request = scene.peer.requests("SUBSCRIBE")[-1]
    assert (request.headers.get("Expires"), request.headers.get("Subject"), request.body) == ("30", "y", b"filter")
    assert request.to.tag == "peer"


@pytest.mark.parametrize("code", [403, 404, 489, 500, 603])
def test_a_refusal_is_the_failure(code: int) -> None:
    scene = Scene()
    made = scene.start((code, (("Retry-After", "7"),)))
    event = scene.alice.last(SubscriptionFailed)
    assert (event.subscription, event.code, event.retry_after, event.min_expires) == (made, code, 7, None)
    assert made.state is SubscriptionState.TERMINATED
    assert scene.notify() == 481
    with pytest.raises(IllegalStateError, match="refresh in state TERMINATED"):
        made.refresh(scene.network.now)
    scene.alice.do(made.end)
    scene.alice.do(made.abandon)
    assert scene.alice.names() == ["SubscriptionFailed"]
    assert scene.alice.agent._context.subscriptions == {}


def test_too_brief_is_answered_once() -> None:
    scene = Scene(expires=10)
    scene.start((423, (("Min-Expires", "300"),)), (423, (("Min-Expires", "900"),)))
    assert [request.headers.get("Expires") for request in scene.peer.requests("SUBSCRIBE")] == ["10", "300"]
    event = scene.alice.last(SubscriptionFailed)
    assert (event.code, event.min_expires) == (423, 900)


def test_nobody_answers() -> None:
    scene = Scene()
    scene.start((0, ()), seconds=33)
    assert scene.alice.last(SubscriptionFailed).code == 408
    assert scene.alice.last(SubscriptionFailed).response is None


def test_the_caller_may_be_less_patient() -> None:
    scene = Scene(timeout=3.0)
    made = scene.start((0, ()), seconds=2.9)
    assert made.state is SubscriptionState.SENT
    scene.network.run(0.2)
    assert scene.alice.last(SubscriptionFailed).code == 408
    count = scene.sent
    scene.network.run(40)
    assert scene.sent == count
    assert scene.alice.names() == ["SubscriptionFailed"]


def test_an_accepted_subscription_without_a_notify_fails_with_timer_n() -> None:
    scene = Scene()
    scene.start(seconds=31.9)
    assert scene.alice.names() == ["SubscriptionAccepted"]
    scene.network.run(0.5)
    assert scene.alice.last(SubscriptionFailed).code == 408


def test_other_branches_are_turned_away() -> None:
    scene = Scene()
    made = scene.start()
    assert scene.notify("active", tag="branch") == 200  # not the branch of the 2xx: the first NOTIFY counts
    assert scene.notify("active", tag="peer") == 481
    assert scene.notify("active", tag="branch") == 200
    scene.alice.do(made.refresh)
    scene.network.run(0.1)
    assert scene.peer.requests("SUBSCRIBE")[-1].to.tag == "branch"


@pytest.mark.parametrize(
    ("state", "event", "code"),
    [(None, "presence", 400), ("active", None, 489), ("active", "dialog", 489), ("active", "presence;id=3", 489), ("@", "presence", 400)],
)
def test_a_notify_that_is_wrong_is_refused(state: str | None, event: str | None, code: int) -> None:
    scene = Scene()
    scene.active()
    assert scene.notify(state, event=event) == code
    assert len(scene.alice.of(SubscriptionNotified)) == 1


def test_an_old_notify_is_refused() -> None:
    scene = Scene()
    scene.active()
    assert scene.notify(cseq=1) == 500
    assert scene.notify(cseq=2) == 200


def test_other_requests_in_the_dialog_are_refused() -> None:
    scene = Scene()
    scene.active()
    request = scene.peer.requests("SUBSCRIBE")[-1]
    for method in ("INFO", "BYE", "ACK"):
        lines = [
            f"{method} sip:alice@10.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP 10.0.0.3;branch=z9hG4bK{method}",
            f"From: <sip:peer@10.0.0.3>;tag=peer\r\nTo: {request.from_}\r\nCall-ID: {request.call_id}\r\nCSeq: 9 {method}",
            "Max-Forwards: 70\r\n\r\n",
        ]
        scene.peer.say("\r\n".join(lines).encode(), ("10.0.0.1", 5060))
        scene.network.run(0.1)
    assert [r.code for r in scene.peer.responses("INFO")] == [481]
    assert [r.code for r in scene.peer.responses("BYE")] == [481]
    assert scene.peer.responses("ACK") == []


@pytest.mark.parametrize(
    ("state", "reason", "retry_after"),
    [
        ("terminated;reason=deactivated", "deactivated", None),
        ("terminated;reason=probation;retry-after=30", "probation", 30),
        ("Terminated;reason=giveup;retry-after=x", "giveup", None),
        ("terminated", "", None),
    ],
)
def test_the_notifier_ends_it(state: str, reason: str, retry_after: int | None) -> None:
    scene = Scene()
    made = scene.active()
    assert scene.notify(state, body=b"last") == 200
    assert scene.alice.last(SubscriptionNotified).body == b"last"
    event = scene.alice.last(SubscriptionEnded)
    assert (event.subscription, event.originator, event.reason, event.retry_after) == (made, "remote", reason, retry_after)
    assert scene.notify() == 481
    scene.network.run(1000)
    assert scene.sent == 1
    assert scene.alice.agent.deadline() is None


def test_ending_unsubscribes_and_waits_for_the_last_notify() -> None:
    scene = Scene()
    made = scene.active()
    scene.alice.do(made.end)
    scene.alice.do(made.end)
    scene.network.run(0.1)
    request = scene.peer.requests("SUBSCRIBE")[-1]
    assert (request.headers.get("Expires"), request.to.tag, scene.sent) == ("0", "peer", 2)
    assert made.state is SubscriptionState.TERMINATING
    with pytest.raises(IllegalStateError, match="TERMINATING"):
        made.refresh(scene.network.now)
    assert scene.notify("terminated;reason=timeout") == 200
    assert (scene.alice.last(SubscriptionEnded).originator, len(scene.alice.of(SubscriptionNotified))) == ("local", 1)


@pytest.mark.parametrize("code", [200, 481, 0])
def test_ending_does_not_wait_for_ever(code: int) -> None:
    scene = Scene()
    made = scene.active()
    scene.peer.answers = [(code, ())]
    scene.alice.do(made.end)
    scene.network.run(1.1)
    assert scene.alice.last(SubscriptionEnded).originator == "local"
    scene.network.run(60)
    assert scene.alice.names().count("SubscriptionEnded") == 1


def test_ending_before_the_answer_unsubscribes_when_it_comes() -> None:
    scene = Scene()
    made = scene.start(seconds=0)
    scene.alice.do(made.end)
    scene.network.run(0.1)
    assert [request.headers.get("Expires") for request in scene.peer.requests("SUBSCRIBE")] == ["600", "0"]
    scene.network.run(2)
    assert scene.alice.names() == ["SubscriptionEnded"]


def test_abandoning_says_nothing() -> None:
    scene = Scene()
    made = scene.start((0, ()))
    scene.alice.do(made.abandon)
    scene.network.run(60)
    assert scene.sent == 1
    assert scene.alice.last(SubscriptionEnded).reason == "abandoned"


def test_ending_where_nobody_can_be_told_yet() -> None:
    scene = Scene()
    made = scene.start((0, ()))
    scene.peer.respond(scene.peer.requests("SUBSCRIBE")[-1], 200, headers=(("Expires", "60"),))  # without a Contact: no dialog yet
    scene.network.run(0.1)
    scene.alice.do(made.end)
    assert scene.alice.names() == ["SubscriptionAccepted", "SubscriptionEnded"]
    assert scene.notify() == 481


def test_the_time_of_a_refresh_comes_while_one_is_under_way() -> None:
    scene = Scene()
    made = scene.active()
    scene.network.run(569)
    scene.peer.answers = [(0, ())]
    scene.alice.do(made.refresh)
    scene.network.run(2)
    assert len({request.cseq.number for request in scene.peer.requests("SUBSCRIBE")}) == 2


def test_a_fetch_is_over_with_the_state() -> None:
    scene = Scene(expires=0)
    scene.start((200, (("Expires", "0"),)))
    assert scene.notify("active;expires=0", body=b"now") == 200
    assert scene.alice.names() == ["SubscriptionAccepted", "SubscriptionNotified", "SubscriptionEnded"]


@pytest.mark.parametrize("code", [481, 404, 489])
def test_a_refresh_that_finds_nothing_is_the_end(code: int) -> None:
    scene = Scene()
    scene.active()
    scene.peer.answers = [(code, ())]
    scene.network.run(571)
    assert scene.alice.last(SubscriptionFailed).code == code


def test_a_refresh_that_fails_is_tried_again_until_it_expires() -> None:
    scene = Scene()
    scene.active()
    scene.peer.answers = [(503, ())]
    scene.network.run(590)
    assert scene.alice.of(SubscriptionFailed) == []
    assert scene.sent > 2
    scene.network.run(20)
    assert scene.alice.last(SubscriptionFailed).code == 408
    count = scene.sent
    scene.network.run(1000)
    assert scene.sent == count


def test_a_refresh_that_succeeds_at_last_keeps_it() -> None:
    scene = Scene()
    made = scene.active()
    scene.peer.answers = [(503, ()), (200, (("Expires", "600"),))]
    scene.network.run(700)
    assert made.state is SubscriptionState.ACTIVE


def test_a_connection_that_breaks_fails_the_request_on_it() -> None:
    network = SIPNetwork("tcp")
    alice = Endpoint(network, "10.0.0.1", "alice", 1)
    peer = Notifier(network)
    peer.answers = [(0, ())]
    made = subscribe(alice, peer)
    alice.do(alice.agent.flow_failed, made.parameters.hop, "refused")
    assert (alice.last(SubscriptionFailed).code, alice.last(SubscriptionFailed).reason) == (503, "refused")


def test_the_own_server_gets_credentials() -> None:
    scene = Scene(credentials=PASSWORD)
    registrar = Registrar(scene.network)
    subscribe(scene.alice, registrar, credentials=PASSWORD)
    scene.network.run(0.2)
    assert [("Authorization" in request.headers) for request in registrar.requests("SUBSCRIBE")] == [False, True]
    assert scene.alice.last(SubscriptionAccepted).code == 200


def test_a_notifier_that_challenges_a_refresh_gets_nothing() -> None:
    """The dialog's peer is a stranger: only realms that were met on the way to the account's server are answered."""
    scene = Scene(credentials=PASSWORD)
    made = scene.active()
    scene.peer.answers = [(401, (("WWW-Authenticate", 'Digest realm="example.test", nonce="x"'),))]
    scene.alice.do(made.refresh)
    scene.network.run(1)
    assert not any("Authorization" in request.headers for request in scene.peer.requests("SUBSCRIBE"))
    assert made.state is SubscriptionState.ACTIVE


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_both_ends_are_ours(transport: str) -> None:
    pair = Pair(transport)
    made, incoming = pair.active()
    assert pair.alice.last(SubscriptionNotified).body == b"at home"
    pair.bob.do(incoming.notify, "text/plain", b"out")
    pair.network.run(700)
    assert pair.alice.last(SubscriptionNotified).body == b"out"
    assert made.state is SubscriptionState.ACTIVE
    pair.alice.do(made.end)
    pair.network.run(0.5)
    assert pair.alice.last(SubscriptionEnded).originator == "local"
    pair.network.run(60)
    for endpoint in (pair.alice, pair.bob):
        assert endpoint.agent.deadline() is None
        assert endpoint.agent._context.dialogs == {}


def test_a_refer_makes_a_subscription() -> None:
    pair = Pair()
    made, incoming = pair.subscribe(method="REFER", event="refer", headers=(("Refer-To", "<sip:carol@10.0.0.7>"),))
    assert incoming.request.headers.get("Refer-To") == "<sip:carol@10.0.0.7>"
    assert "Event" not in incoming.request.headers
    pair.bob.do(incoming.accept, content_type="message/sipfrag;version=2.0", body=b"SIP/2.0 100 Trying")
    pair.network.run(0.1)
    assert (pair.alice.last(SubscriptionAccepted).code, made.state) == (202, SubscriptionState.ACTIVE)
    pair.bob.do(incoming.notify, "message/sipfrag;version=2.0", b"SIP/2.0 200 OK", "terminated", "noresource")
    pair.network.run(0.1)
    assert pair.alice.last(SubscriptionNotified).body == b"SIP/2.0 200 OK"
    assert pair.alice.last(SubscriptionEnded).reason == "noresource"


def test_a_refer_may_make_no_subscription() -> None:
    scene = Scene(method="REFER", event="refer", headers=(("Refer-Sub", "false"),))
    scene.start((202, (("Refer-Sub", "false"),)))
    assert scene.alice.names() == ["SubscriptionAccepted", "SubscriptionEnded"]


def test_the_notifys_of_a_refer_may_bring_an_id() -> None:
    scene = Scene(method="REFER", event="refer")
    made = scene.start((202, ()))
    assert scene.notify("active;expires=60", event="refer;id=7") == 200
    assert scene.notify("active;expires=60", event="refer;id=8") == 489
    scene.alice.do(made.end)
    scene.network.run(0.1)
    (request,) = scene.peer.requests("SUBSCRIBE")
    assert (request.headers.get("Event"), request.headers.get("Expires")) == ("refer;id=7", "0")


def test_the_headers() -> None:
    assert str(EventPackage.parse(" presence.winfo ; x=y;id=7")) == "presence.winfo;id=7"
    status = SubscriptionStatus.parse('terminated;reason="no resource";retry-after=99999999999999;expires=x')
    assert (status.reason, status.retry_after, status.expires) == ("no resource", 4294967295, None)
    assert str(SubscriptionStatus("active", expires=3)) == "active;expires=3"
    assert str(SubscriptionStatus("terminated", "no resource")) == 'terminated;reason="no resource"'
    for text in ("", ";id=1", "a b", "presence;id=\""):
        with pytest.raises(SIPParseError):
            EventPackage.parse(text)
    with pytest.raises(ValueError, match="not an event package"):
        EventPackage("a b")


def test_a_flow_of_another_connection_is_taken_over() -> None:
    network = SIPNetwork("tcp")
    pair_flow = Flow("tcp", "10.0.0.1", 5060, "10.0.0.3", 40000, 9)
    alice, peer = Endpoint(network, "10.0.0.1", "alice", 1), Notifier(network)
    made = subscribe(alice, peer)
    network.run(0.1)
    peer.notify()
    data = network.packets[-1].data
    network.lose = lambda packet: True
    alice.agent.receive_datagram(data, pair_flow, network.now)
    alice.pump()
    assert made._dialog is not None
    assert made._dialog.flow == pair_flow
