"""Subscriptions, publications and messages under mangled requests and random orders of events: nothing raises because of a peer, each
tells its end once, and nothing is left alive."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sip_pair import Endpoint, Packet, SIPNetwork
from support.subscriptions import ALICE, Pair, subscribe

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.sip.agent import Agent, AgentConfig, PublishParameters, RequestParameters
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import EventPackage, SubscriptionStatus
from blinkq.sip.events import (
    IncomingSubscriptionEnded,
    PublicationEnded,
    RequestReceived,
    SubscriptionEnded,
    SubscriptionFailed,
    SubscriptionReceived,
)
from blinkq.sip.hop import Flow
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sip.usages.publication import Publication
from blinkq.sip.usages.subscription import Subscription

UDP = Flow("udp", "10.0.0.2", 5060, "10.0.0.1", 5060)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=60))
def test_random_header_values(text: str) -> None:
    for kind in (EventPackage, SubscriptionStatus):
        try:
            kind.parse(text)
        except SIPParseError:
            pass


_method = st.sampled_from(["SUBSCRIBE", "NOTIFY", "MESSAGE", "REFER", "PUBLISH", "NOTIFY", "SUBSCRIBE", "ACK"])
_to = st.sampled_from(["<sip:bob@b>", "<sip:bob@b>;tag=LOCAL", "<sip:bob@b>;tag=x", "<tel:1>;tag=LOCAL"])
_from = st.sampled_from(["<sip:a@a>;tag=1", "<sip:a@a>;tag=2", "sip:a@a", "<sip:a@a>;tag="])
_number = st.sampled_from(["0", "1", "2", "4294967295"])
_line = st.sampled_from(
    [
        "Event: presence",
        "Event: presence;id=1",
        "Event: refer",
        "Event: @",
        "Event: message-summary",
        "Subscription-State: active",
        "Subscription-State: active;expires=0",
        "Subscription-State: pending;expires=99999999999",
        "Subscription-State: terminated;reason=\"\u20ac\";retry-after=-1",
        "Subscription-State: strange",
        "Subscription-State: ;",
        "Expires: 0",
        "Expires: 4294967295",
        "Contact: <sip:c@10.0.0.1>",
        "Contact: <tel:1>",
        "Contact: *",
        "Record-Route: <sip:10.0.0.1;lr>, <sip:p>",
        "Refer-To: <",
        "SIP-ETag: x",
        "Content-Type: text/plain",
        "Content-Type: message/cpim;charset=\"",
        "Require: eventlist",
    ]
)
_requests = st.lists(st.tuples(_method, _from, _to, _number, st.lists(_line, max_size=5), st.sampled_from("nc")), max_size=6)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(_requests, st.lists(st.sampled_from(["accept", "pending", "reject", "notify", "end", "answer", "refresh", ""]), max_size=8))
def test_mangled_requests(messages: list[tuple[str, str, str, str, list[str], str]], commands: list[str]) -> None:
    network = SIPNetwork()
    bob = Endpoint(network, "10.0.0.2", "bob", 1)
    peer = Endpoint(network, "10.0.0.1", "alice", 2)
    bob.agent.incoming_events.update({"presence", "refer"})
    bob.agent.incoming_requests.update({"MESSAGE", "PUBLISH"})
    bob.agent.unsolicited_events.add("message-summary")
    ours = subscribe(bob, peer)
    call_id, tag = ours.key
    steps = iter(commands)
    for number, (method, from_, to, cseq, lines, which) in enumerate(messages):
        text = [f"{method} sip:bob@10.0.0.2 SIP/2.0", f"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{number}", f"From: {from_}"]
        text += [f"To: {to.replace('LOCAL', tag)}", f"Call-ID: {call_id if which == 'n' else 'c'}", f"CSeq: {cseq} {method}"]
        bob.agent.receive_datagram("\r\n".join([*text, *lines, "", "body"]).encode(), UDP, network.now)
        bob.pump()
        network.run(0.3)
        for event in list(bob.events):
            press(bob, event, next(steps, ""), ours)
    bob.do(ours.end)
    network.run(90_000)
    settle(bob, peer)


def press(endpoint: Endpoint, event: object, command: str, ours: Subscription) -> None:
    try:
        if isinstance(event, RequestReceived) and command == "answer":
            endpoint.do(event.request.answer, 200)
        elif command == "refresh":
            endpoint.do(ours.refresh)
        elif isinstance(event, SubscriptionReceived):
            incoming = event.incoming_subscription
            if command == "notify":
                endpoint.do(incoming.notify, "text/plain", b"x")
            elif command in ("accept", "pending"):
                endpoint.do(incoming.accept, pending=command == "pending")
            elif command in ("reject", "end"):
                endpoint.do(getattr(incoming, command))
    except IllegalStateError:
        pass  # the wrong button: refused, and nothing else happened


def settle(*endpoints: Endpoint) -> None:
    """Nothing is left, and every end was told once, last."""
    for endpoint in endpoints:
        context = endpoint.agent._context
        assert context.subscriptions == {}
        assert context.incoming_subscriptions == set()
        assert context.dialogs == {}
        assert len(context.transactions) == 0
        assert endpoint.agent.deadline() is None
        over: set[int] = set()
        for event in endpoint.events:
            usage = getattr(event, "subscription", None) or getattr(event, "incoming_subscription", None)
            usage = usage or getattr(event, "publication", None)
            if usage is None or type(event).__name__ == "NotifyAnswered":
                continue
            assert id(usage) not in over, event
            if isinstance(event, SubscriptionEnded | SubscriptionFailed | IncomingSubscriptionEnded | PublicationEnded):
                over.add(id(usage))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_with_everything_open(data: bytes) -> None:
    agent = Agent(AgentConfig(), SeededEntropy(1))
    agent.incoming_events.add("presence")
    agent.incoming_requests.add("MESSAGE")
    agent.receive_datagram(b"MESSAGE " + data, UDP, 1.0)
    agent.receive_datagram(b"SUBSCRIBE sip:a@b SIP/2.0\r\n" + data, UDP, 1.0)
    agent.tick(100.0)
    agent.drain()


class Chaos:
    """Two agents on a network that loses, repeats and mangles, and users who press anything."""

    def __init__(self, seed: int, transport: str) -> None:
        self.random = random.Random(seed)
        self.pair = Pair(transport)
        self.pair.network.lose = self.lose
        self.pair.bob.agent.incoming_requests.update({"MESSAGE", "PUBLISH"})
        self.subscriptions: list[Subscription] = []
        self.publications: list[Publication] = []
        self.incoming: list[IncomingSubscription] = []
        self.pair.bob.on_event = self.on_event

    def lose(self, packet: Packet) -> bool:
        dice = self.random.random()
        if dice < 0.1:
            return True
        network = self.pair.network
        if dice < 0.2:
            data = bytearray(packet.data)
            if dice < 0.15:
                data[self.random.randrange(len(data))] = self.random.randrange(256)
            late = Packet(network.now, packet.source, packet.target, bytes(data), False)
            heapq.heappush(network._queue, (network.now + self.random.random() * 3, next(network._count), late))
        return False

    def on_event(self, event: object) -> None:
        if isinstance(event, SubscriptionReceived):
            self.incoming.append(event.incoming_subscription)
        elif isinstance(event, RequestReceived) and self.random.random() < 0.7:
            tag = (("SIP-ETag", "x"), ("Expires", "40")) if event.request.request.method == "PUBLISH" else ()
            self.pair.bob.do(event.request.answer, self.random.choice([200, 412, 503]), headers=tag)

    def press(self) -> None:
        alice, bob, dice = self.pair.alice, self.pair.bob, self.random
        commands = [
            lambda: self.subscriptions.append(subscribe(alice, bob, expires=dice.choice([0, 30, 600]))),
            lambda: self.publications.append(self.publish()),
            lambda: alice.do(dice.choice(self.subscriptions).refresh),
            lambda: alice.do(dice.choice(self.subscriptions).end),
            lambda: alice.do(dice.choice(self.publications).publish, "text/plain", b"y"),
            lambda: alice.do(dice.choice(self.publications).refresh),
            lambda: alice.do(dice.choice(self.publications).end),
            lambda: alice.do(dice.choice(self.publications).abandon),
            lambda: alice.do(dice.choice(self.subscriptions).abandon),
            lambda: bob.do(dice.choice(self.incoming).accept, pending=dice.random() < 0.5),
            lambda: bob.do(dice.choice(self.incoming).accept),
            lambda: bob.do(dice.choice(self.incoming).notify, "text/plain", b"z"),
            lambda: bob.do(dice.choice(self.incoming).notify, "text/plain", b"z", "active"),
            lambda: bob.do(dice.choice(self.incoming).reject),
            lambda: bob.do(dice.choice(self.incoming).end),
            lambda: alice.do(alice.agent.request, self.message()),
            lambda: alice.do(alice.agent.flow_failed, alice.hop_to(bob.address), "broken"),
        ]
        try:
            dice.choice(commands)()
        except (IllegalStateError, IndexError):
            pass

    def publish(self) -> Publication:
        alice, hop = self.pair.alice, self.pair.alice.hop_to(self.pair.bob.address)
        return alice.do(alice.agent.publish, PublishParameters(self.pair.bob.uri, ALICE, hop, "presence", "text/plain", b"x"))

    def message(self) -> RequestParameters:
        bob = self.pair.bob
        return RequestParameters("MESSAGE", bob.uri, ALICE, bob.contact, self.pair.alice.hop_to(bob.address), body=b"hi")

    def finish(self) -> None:
        for usage in (*self.subscriptions, *self.publications):
            self.pair.alice.do(usage.end)
        self.pair.network.run(5000)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("seed", range(30))
def test_chaos(seed: int, transport: str) -> None:
    chaos = Chaos(seed, transport)
    for _ in range(60):
        chaos.press()
        chaos.pair.network.run(chaos.random.choice([0, 0.005, 0.02, 0.3, 2.0, 20.0]))
    chaos.finish()
    settle(chaos.pair.alice, chaos.pair.bob)
    ended = [event for event in chaos.pair.alice.events if isinstance(event, SubscriptionEnded | SubscriptionFailed)]
    assert len(ended) == len(chaos.subscriptions)
    removed = [event for event in chaos.pair.alice.events if isinstance(event, PublicationEnded)]
    assert len(removed) == len(chaos.publications)
