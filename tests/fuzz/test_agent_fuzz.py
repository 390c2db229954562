"""The agent under random bytes, mangled messages, random commands and random orders of events: it never raises because of a peer,
tells each call's end exactly once, and lets go of everything."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sip_pair import ANSWER, OFFER, Packet, SIPNetwork, SIPPair

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import Agent, AgentConfig
from blinkq.sip.dialog_events import ReferReceived
from blinkq.sip.events import InvitationEnded, InvitationFailed, InvitationReceived, ReinviteReceived
from blinkq.sip.hop import Flow
from blinkq.sip.session_body import SDP
from blinkq.sip.usages.invitation import Invitation, InvitationState

UDP = Flow("udp", "10.0.0.1", 5060, "10.0.0.2", 5060)
CAROL = NameAddr.parse("<sip:carol@10.0.0.3>")
TCP = Flow("tcp", "10.0.0.1", 5060, "10.0.0.2", 33333, 1)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([UDP, TCP]))
def test_random_bytes(data: bytes, flow: Flow) -> None:
    agent = Agent(AgentConfig(), SeededEntropy(1))
    agent.receive_datagram(data, flow, 1.0)
    agent.tick(100.0)
    agent.drain()


_method = st.sampled_from(["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "REGISTER", "X", "INVITE"])
_address = st.sampled_from(["<sip:a@10.0.0.2>", "<sip:a@10.0.0.2>;tag=1", "sip:b", "<tel:1>;tag=2", "<sip:", "", "*", "\u20ac"])
_via = st.sampled_from(
    ["SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.2;rport;branch=z9hG4bK2", "SIP/2.0/TCP [::1]:1", "x", ""]
)
_number = st.sampled_from(["0", "1", "2", "70", "4294967295", "99999999999", "-1", "x", ""])
_line = st.sampled_from(
    [
        "Require: 100rel",
        "Record-Route: <sip:p;lr>",
        "Record-Route: <sip:10.0.0.9>",
        "Record-Route: <",
        "Contact: <sip:c@10.0.0.2>",
        "Contact: *",
        "Contact: <mailto:x@y>",
        "Content-Type: application/sdp",
        "Content-Type: multipart/mixed;boundary=b",
        "Content-Encoding: gzip",
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"",
        "Proxy-Authenticate: rubbish",
        "Reason: SIP;cause=200;text=\"x\"",
        "Expires: soon",
        "Retry-After: never",
        "Content-Length: 0",
        "Timestamp: 1",
    ]
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(st.tuples(_method, _via, _address, _address, _number, _number, st.lists(_line, max_size=5)), max_size=6))
def test_mangled_requests(messages: list[tuple[str, str, str, str, str, str, list[str]]]) -> None:
    agent = Agent(AgentConfig(), SeededEntropy(1))
    now = 1.0
    for method, via, from_, to, cseq, forwards, lines in messages:
        text = [f"{method} sip:me@10.0.0.1 SIP/2.0", f"Via: {via}", f"From: {from_}", f"To: {to}", "Call-ID: c"]
        text += [f"CSeq: {cseq} {method}", f"Max-Forwards: {forwards}", *lines, "", "v=0"]
        agent.receive_datagram("\r\n".join(text).encode(), UDP, now)
        now += 0.3
        agent.tick(now)
    for event in agent.drain():
        if isinstance(event, InvitationReceived) and event.invitation.state is InvitationState.RECEIVED:
            event.invitation.end(now)
    while (when := agent.deadline()) is not None:
        agent.tick(when)
    assert not agent.invitations
    assert len(agent._context.transactions) == 0
    assert agent._context.dialogs == {}


_in_dialog = st.sampled_from(["REFER", "NOTIFY", "SUBSCRIBE", "UPDATE", "PRACK", "MESSAGE", "INFO", "INVITE", "OPTIONS", "BYE"])
_extension = st.sampled_from(
    [
        "Refer-To: <sip:carol@10.0.0.3>",
        "Refer-To: <sip:carol@10.0.0.3?Replaces=1%3Bto-tag%3Da%3Bfrom-tag%3Db>",
        "Refer-To: <tel:1>",
        "Refer-To: ,",
        "Refer-Sub: false",
        "Event: refer",
        "Event: refer;id=1",
        "Event: ;",
        "Subscription-State: terminated;reason=noresource",
        "Subscription-State: ;;",
        "Content-Type: message/sipfrag",
        "Content-Type: application/sdp",
        "RAck: 1 1 INVITE",
        "RAck: x",
        "Session-Expires: 90;refresher=uac",
        "Session-Expires: 1",
        "Session-Expires: x",
        "Min-SE: 99999999999",
        "Min-SE: x",
        "Supported: timer",
        "Replaces: x",
        "Info-Package: x",
        "Contact: <sip:b@10.0.0.2>",
    ]
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(_in_dialog, st.lists(_extension, max_size=5), st.sampled_from(["", "SIP/2.0 200 OK", "v=0"])), max_size=8),
    st.booleans(),
)
def test_mangled_requests_in_a_call(messages: list[tuple[str, list[str], str]], ringing: bool) -> None:
    pair = SIPPair()
    call = (pair.ring() if ringing else pair.connect())[0]
    incoming = pair.bob.last(InvitationReceived).invitation
    tags = incoming.dialog_id
    assert tags is not None
    pair.bob.on_event = lambda event: pair.bob.do(event.referral.accept) if isinstance(event, ReferReceived) else None
    for number, (method, lines, body) in enumerate(messages):
        text = [
            f"{method} sip:bob@10.0.0.2 SIP/2.0", f"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKm{number}",
            f"From: <sip:alice@example.test>;tag={tags.remote_tag}", f"To: <sip:bob@10.0.0.2>;tag={tags.local_tag}",
            f"Call-ID: {tags.call_id}", f"CSeq: {90000 + number} {method}", "Max-Forwards: 70", *lines, "", body,
        ]  # fmt: skip
        pair.network.send(pair.alice.address, pair.bob.address, "\r\n".join(text).encode())
        pair.run(0.1)
    pair.bob.do(incoming.end)
    pair.alice.do(call.end)
    pair.run(120)
    assert incoming.state is InvitationState.TERMINATED
    assert pair.bob.agent._context.dialogs == {}
    assert pair.bob.agent.deadline() is None


class Chaos:
    """Two agents, a lossy network that also repeats, reorders and mangles, and users who press anything at any time."""

    def __init__(self, seed: int, transport: str) -> None:
        self.random = random.Random(seed)
        self.pair = SIPPair(SIPNetwork(transport))
        self.pair.network.lose = self.lose
        self.calls: list[tuple[str, Invitation]] = []
        for name in ("alice", "bob"):
            getattr(self.pair, name).on_event = lambda event, name=name: self.on_event(name, event)

    def lose(self, packet: Packet) -> bool:
        dice = self.random.random()
        if dice < 0.1:
            return True
        network = self.pair.network
        if dice < 0.2:
            # The same packet once more, much later, perhaps with a byte changed.
            data = bytearray(packet.data)
            if dice < 0.15:
                data[self.random.randrange(len(data))] = self.random.randrange(256)
            late = Packet(network.now, packet.source, packet.target, bytes(data), False)
            entry = (network.now + self.random.random() * 3, next(network._count), late)
            heapq.heappush(network._queue, entry)
        return False

    def on_event(self, name: str, event: object) -> None:
        if isinstance(event, InvitationReceived):
            self.calls.append((name, event.invitation))
        if isinstance(event, ReinviteReceived) and self.random.random() < 0.5:
            endpoint = getattr(self.pair, name)
            self.attempt(lambda: endpoint.do(event.invitation.accept_reinvite, ANSWER))
        if isinstance(event, ReferReceived):
            endpoint = getattr(self.pair, name)
            self.attempt(lambda: endpoint.do(event.referral.accept))
            if self.random.random() < 0.7:
                self.attempt(lambda: endpoint.do(event.referral.notify, self.random.choice([180, 200, 486])))

    @staticmethod
    def attempt(command: object) -> None:
        try:
            command()  # type: ignore[operator]  # a function without arguments
        except IllegalStateError:
            pass  # the user pressed the wrong button: refused, and nothing else happened

    def press(self) -> None:
        if not self.calls or self.random.random() < 0.1:
            name = self.random.choice(["alice", "bob"])
            caller = getattr(self.pair, name)
            callee = self.pair.bob if name == "alice" else self.pair.alice
            timeout = self.random.choice([None, 1, 5])
            self.calls.append((name, caller.call(callee, sdp=self.random.choice([OFFER, None]), timeout=timeout)))
            return
        name, call = self.random.choice(self.calls)
        endpoint = getattr(self.pair, name)
        sdp = self.random.choice([OFFER, None])
        commands = [
            lambda: endpoint.do(call.ring),
            lambda: endpoint.do(call.accept, sdp),
            lambda: endpoint.do(call.accept, sdp),
            lambda: endpoint.do(call.accept, sdp),
            lambda: endpoint.do(call.acknowledge, ANSWER),
            lambda: endpoint.do(call.refer, CAROL),
            lambda: endpoint.do(call.send_request, self.random.choice(["MESSAGE", "INFO", "UPDATE"]), (), OFFER, SDP),
            lambda: endpoint.do(call.send_request, "UPDATE"),
            lambda: endpoint.do(call.reinvite, sdp),
            lambda: endpoint.do(call.reinvite, sdp),
            lambda: endpoint.do(call.cancel_reinvite),
            lambda: endpoint.do(call.accept_reinvite, ANSWER),
            lambda: endpoint.do(call.reject_reinvite),
            lambda: endpoint.do(call.send_request, "OPTIONS"),
            lambda: endpoint.do(call.reject, 486),
            lambda: endpoint.do(call.end),
            lambda: endpoint.do(endpoint.agent.flow_failed, call.hop, "broken"),
        ]
        self.attempt(self.random.choice(commands))

    def finish(self) -> None:
        for name, call in self.calls:
            getattr(self.pair, name).do(call.end)
        self.pair.run(400)  # a late copy of an INVITE may ring for 300 seconds before it is refused


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("seed", range(60))
def test_chaos(seed: int, transport: str) -> None:
    chaos = Chaos(seed, transport)
    for _ in range(60):
        chaos.press()
        chaos.pair.run(chaos.random.choice([0, 0.005, 0.02, 0.3, 2.0]))
    chaos.finish()
    over: dict[int, int] = {}
    for endpoint in (chaos.pair.alice, chaos.pair.bob):
        context = endpoint.agent._context
        assert context.dialogs == {}
        assert not endpoint.agent.invitations
        assert len(context.transactions) == 0
        assert endpoint.agent.deadline() is None
        for event in endpoint.events:
            invitation = id(getattr(event, "invitation", None))
            assert invitation not in over, "nothing follows the terminal event"
            if isinstance(event, InvitationFailed | InvitationEnded):
                over[invitation] = 1
    assert len(over) == len({id(call) for _, call in chaos.calls})
