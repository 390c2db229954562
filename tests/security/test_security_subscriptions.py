"""Security lines 1, 3 and 11: a NOTIFY counts only in a subscription of ours, credentials go to the account's own server only, and
nobody outside a call refers us."""

from __future__ import annotations

import pytest
from support.sip_pair import PASSWORD, Endpoint, SIPNetwork
from support.sip_registrar import Registrar
from support.subscriptions import Notifier, subscribe

from blinkq.sip.events import SubscriptionAccepted, SubscriptionNotified
from blinkq.sip.usages.subscription import Subscription


class Scene:
    """Alice is subscribed through her registrar, which she trusts, to a notifier, which she need not."""

    def __init__(self) -> None:
        self.network = SIPNetwork()
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1)
        self.registrar = Registrar(self.network)
        self.peer = Notifier(self.network)

    def trusting(self) -> None:
        """Alice has answered a challenge of her own server."""
        subscribe(self.alice, self.registrar, credentials=PASSWORD)
        self.network.run(0.2)
        assert self.alice.last(SubscriptionAccepted).code == 200

    def active(self) -> Subscription:
        made = subscribe(self.alice, self.peer, credentials=PASSWORD)
        self.network.run(0.1)
        self.peer.notify()
        self.network.run(0.1)
        return made


@pytest.mark.parametrize(
    "changes",
    [
        {"Call-ID": "guessed"},
        {"To": "<sip:alice@example.test>;tag=guessed"},
        {"To": "<sip:alice@example.test>"},
        {"From": "<sip:mallory@10.0.0.3>;tag=mallory"},
    ],
)
def test_a_notify_outside_a_known_subscription_gets_481(changes: dict[str, str]) -> None:
    scene = Scene()
    scene.active()
    scene.peer.notify(changes=changes, body=b"believe me")
    scene.network.run(0.1)
    assert scene.peer.codes()[-1] == 481
    assert len(scene.alice.of(SubscriptionNotified)) == 1


def test_a_notifier_does_not_get_credentials_by_naming_the_own_realm() -> None:
    scene = Scene()
    scene.trusting()
    made = scene.active()
    scene.peer.answers = [(407, (("Proxy-Authenticate", 'Digest realm="example.test", nonce="mine", qop="auth"'),))]
    scene.alice.do(made.refresh)
    scene.alice.do(made.end)
    scene.network.run(3)
    requests = scene.peer.requests("SUBSCRIBE")
    assert len(requests) > 1
    assert not any("Authorization" in r.headers or "Proxy-Authorization" in r.headers for r in requests)


def test_answers_to_challenges_are_not_sent_to_the_notifier_in_advance() -> None:
    scene = Scene()
    made = subscribe(scene.alice, scene.peer, credentials=PASSWORD)
    challenge = (("WWW-Authenticate", 'Digest realm="example.test", nonce="n1", qop="auth"'),)
    scene.peer.answers = [(401, challenge), (200, (("Expires", "600"),))]
    scene.network.run(0.2)
    scene.peer.notify()
    scene.network.run(0.1)
    scene.alice.do(made.refresh)
    scene.network.run(0.1)
    assert ["Authorization" in request.headers for request in scene.peer.requests("SUBSCRIBE")] == [False, True, False]


def test_nobody_outside_a_call_refers_us() -> None:
    network = SIPNetwork()
    alice, mallory = Endpoint(network, "10.0.0.1", "alice", 1), Endpoint(network, "10.0.0.6", "mallory", 2)
    subscribe(mallory, alice, method="REFER", event="refer", headers=(("Refer-To", "<sip:premium@10.0.0.6>"),))
    network.run(1)
    assert alice.events == []
    assert [type(event).__name__ for event in mallory.events] == ["SubscriptionFailed"]
    assert [packet.message.method for packet in network.sent(alice.address) if hasattr(packet.message, "method")] == []
