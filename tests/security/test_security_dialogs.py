"""Strangers who guess identifiers, replay what they saw, or sit at the other end: CANCEL, BYE, ACK, flows, digests. Pure agents."""

from __future__ import annotations

import pytest
from support.sip_pair import ANSWER, OFFER, PASSWORD, Endpoint, ScriptedPeer, SIPNetwork

from blinkq.base.clock import SeededEntropy
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import Agent, AgentConfig
from blinkq.sip.events import InvitationAnswered, InvitationEnded, InvitationFailed, InvitationReceived
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.outputs import Transmit
from blinkq.sip.usages.invitation import Invitation, InvitationState

ALICE, BOB, MALLORY = "10.0.0.1", "10.0.0.2", "10.0.0.66"
BRANCH = "z9hG4bK-bob-invite"


class Scene:
    """Bob calls Alice; Mallory knows what a test lets him know."""

    def __init__(self, transport: str = "udp") -> None:
        self.network = SIPNetwork(transport)
        self.alice = Endpoint(self.network, ALICE, "alice", 1)
        self.bob = ScriptedPeer(self.network, BOB)
        self.mallory = ScriptedPeer(self.network, MALLORY)

    def say(self, who: ScriptedPeer, method: str, body: bytes = b"", **changes: str) -> None:
        """A request as Bob would write it, with headers changed, sent from where ``who`` is."""
        headers = {
            "Via": f"SIP/2.0/{self.network.transport.upper()} {BOB}:5060;branch={BRANCH};rport",
            "From": f"<sip:bob@{BOB}>;tag=bob-tag", "To": f"<sip:alice@{ALICE}>", "Call-ID": "the-call", "CSeq": f"1 {method}",
            "Contact": f"<sip:bob@{BOB}:5060>", "Max-Forwards": "70",
        }  # fmt: skip
        headers.update({name.replace("_", "-"): value for name, value in changes.items()})
        lines = [f"{method} sip:alice@{ALICE} SIP/2.0", *(f"{name}: {value}" for name, value in headers.items())]
        if body:
            lines.append("Content-Type: application/sdp")
        who.say("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body, self.alice.address)
        self.network.run(0.1)

    def ring(self) -> Invitation:
        self.say(self.bob, "INVITE", OFFER)
        invitation = self.alice.last(InvitationReceived).invitation
        self.alice.do(invitation.ring)
        self.network.run(0.1)
        return invitation

    def connect(self) -> Invitation:
        invitation = self.ring()
        self.alice.do(invitation.accept, ANSWER, self.alice.contact)
        self.network.run(0.1)
        self.say(self.bob, "ACK", To=str(invitation.local), Via=f"SIP/2.0/UDP {BOB}:5060;branch=z9hG4bKack")
        assert invitation.state is InvitationState.CONFIRMED
        return invitation


def test_a_cancel_from_another_source_cancels_nothing() -> None:
    """Mallory saw the INVITE and cancels it in Bob's name, with everything right but where it comes from (RFC 3261 §22.1)."""
    scene = Scene()
    invitation = scene.ring()
    scene.say(scene.mallory, "CANCEL")
    assert [response.code for response in scene.mallory.responses("CANCEL")] == [481]
    assert invitation.state is InvitationState.RINGING
    scene.say(scene.bob, "CANCEL")
    assert [response.code for response in scene.bob.responses("CANCEL")] == [200]
    assert scene.alice.last(InvitationFailed).code == 487


@pytest.mark.parametrize(
    "changes",
    [
        {"Call_ID": "another"},
        {"From": f"<sip:bob@{BOB}>;tag=guess"},
        {"CSeq": "2 CANCEL"},
        {"Via": f"SIP/2.0/UDP {BOB}:5060;branch=z9hG4bKx"},
    ],
    ids=["call-id", "tag", "cseq", "branch"],
)
def test_a_cancel_that_guesses_wrong_cancels_nothing(changes: dict[str, str]) -> None:
    scene = Scene()
    invitation = scene.ring()
    scene.say(scene.bob, "CANCEL", **changes)
    assert [response.code for response in scene.bob.responses("CANCEL")] == [481]
    assert invitation.state is InvitationState.RINGING


@pytest.mark.parametrize("method", ["BYE", "INVITE", "OPTIONS"])
def test_requests_with_guessed_tags_do_nothing(method: str) -> None:
    scene = Scene()
    invitation = scene.connect()
    ours = str(invitation.local)
    for number, changes in enumerate([
        {"To": f"<sip:alice@{ALICE}>;tag=0123456789abcdef"},
        {"To": ours, "From": f"<sip:bob@{BOB}>;tag=guess"},
        {"To": ours, "Call_ID": "guess"},
    ]):
        via = f"SIP/2.0/UDP {MALLORY}:5060;branch=z9hG4bKm{number}"
        scene.say(scene.mallory, method, OFFER if method == "INVITE" else b"", Via=via, CSeq=f"{number + 50} {method}", **changes)
    assert [response.code for response in scene.mallory.responses(method)] == [481, 481, 481]
    assert invitation.state is InvitationState.CONFIRMED
    scene.say(scene.bob, "BYE", To=ours, CSeq="2 BYE", Via=f"SIP/2.0/UDP {BOB}:5060;branch=z9hG4bKbye")
    assert scene.alice.last(InvitationEnded).originator == "remote"


@pytest.mark.parametrize(("expires", "limit", "code"), [(None, 300, 480), ("20", 20, 487), ("4294967295", 300, 487), ("0", 300, 480)])
def test_callers_that_vanish_do_not_ring_for_ever(expires: str | None, limit: int, code: int) -> None:
    """Or some hundred forged INVITEs would occupy the phone until it is started anew."""
    scene = Scene()
    scene.say(scene.bob, "INVITE", OFFER, **({} if expires is None else {"Expires": expires}))
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.ring)
    scene.network.run(limit - 1)
    assert invitation.state is InvitationState.RINGING
    scene.network.run(2)
    assert scene.bob.responses("INVITE")[-1].code == code
    failed = scene.alice.last(InvitationFailed)
    assert (failed.originator, failed.code, failed.cause) == ("local", code, "timeout")
    assert not scene.alice.agent.invitations
    scene.network.run(60)
    assert scene.alice.agent.deadline() is None, "nothing is left of it"


def test_an_answered_call_is_not_ended_by_the_limit_of_ringing() -> None:
    scene = Scene()
    invitation = scene.connect()
    scene.network.run(1000)
    assert invitation.state is InvitationState.CONFIRMED


def test_our_tags_cannot_be_guessed() -> None:
    """RFC 3261 §19.3 wants 32 random bits; 64 make a search over the network hopeless."""
    scene = Scene()
    tag = scene.ring().local.tag or ""
    assert len(tag) >= 16
    int(tag, 16)


def test_a_replayed_request_does_not_move_the_call_to_another_connection() -> None:
    """Mallory recorded an OPTIONS of the call and plays it again over a connection of his own."""
    agent = Agent(AgentConfig(), SeededEntropy(1))
    bob = Flow("tcp", ALICE, 5060, BOB, 5060, 1)
    mallory = Flow("tcp", ALICE, 5060, MALLORY, 4444, 2)

    def message(method: str, cseq: int, to: str, body: bytes = b"") -> bytes:
        head = (
            f"{method} sip:alice@{ALICE} SIP/2.0\r\nVia: SIP/2.0/TCP {BOB}:5060;branch=z9hG4bK{method}{cseq}\r\n"
            f"From: <sip:bob@{BOB}>;tag=b\r\nTo: {to}\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\nContact: <sip:bob@{BOB};transport=tcp>\r\n"
        )
        head += "Content-Type: application/sdp\r\n" if body else ""
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    agent.receive_datagram(message("INVITE", 1, f"<sip:alice@{ALICE}>", OFFER), bob, 0.0)
    invitation = next(event for event in agent.drain() if isinstance(event, InvitationReceived)).invitation
    invitation.accept(ANSWER, now=0.1)
    to = str(invitation.local)
    agent.receive_datagram(message("ACK", 1, to), bob, 0.2)
    agent.receive_datagram(message("OPTIONS", 2, to), bob, 0.3)
    agent.drain()
    agent.tick(60.0)  # the transaction is forgotten, only the sequence number remembers
    agent.receive_datagram(message("OPTIONS", 2, to), mallory, 60.0)
    (answer,) = (output for output in agent.drain() if isinstance(output, Transmit))
    assert answer.data.startswith(b"SIP/2.0 500")
    invitation.end(now=61.0)
    (bye,) = (output for output in agent.drain() if isinstance(output, Transmit))
    assert bye.flow == bob
    assert invitation.flow == bob


def test_the_ack_hands_no_digest_to_the_peer_behind_the_proxy() -> None:
    """The proxy asked for the digest and then leaves the path: the ACK goes to the peer directly, who could crack what it carries."""
    network = SIPNetwork()
    alice = Endpoint(network, ALICE, "alice", 1)
    mallory = ScriptedPeer(network, MALLORY)
    challenge = 'Digest realm="example.test", nonce="n", qop="auth"'

    def proxy(peer: ScriptedPeer, request: Request) -> None:
        if request.method != "INVITE":
            return
        if "Proxy-Authorization" not in request.headers:
            peer.respond(request, 407, headers=(("Proxy-Authenticate", challenge),))
        else:
            peer.respond(request, 200, headers=(("Contact", f"<sip:mallory@{MALLORY}:5060>"),), body=ANSWER)

    server = ScriptedPeer(network, BOB, proxy)
    alice.call(server, credentials=PASSWORD)
    network.run(1)
    assert alice.of(InvitationAnswered)
    (ack,) = mallory.requests("ACK")
    assert "Proxy-Authorization" not in ack.headers
    assert all(b"Authorization" not in packet.data for packet in network.packets if packet.target[0] == MALLORY)


def test_the_ack_carries_the_digest_back_to_the_server_that_asked() -> None:
    """The other half: §22.1 wants it where the server stays in the path."""
    network = SIPNetwork()
    alice = Endpoint(network, ALICE, "alice", 1)

    def proxy(peer: ScriptedPeer, request: Request) -> None:
        if request.method == "INVITE" and "Proxy-Authorization" not in request.headers:
            peer.respond(request, 407, headers=(("Proxy-Authenticate", 'Digest realm="example.test", nonce="n", qop="auth"'),))
        elif request.method == "INVITE":
            headers = (("Contact", f"<sip:x@{MALLORY}:5060>"), ("Record-Route", f"<sip:{BOB};lr>"))
            peer.respond(request, 200, headers=headers, body=ANSWER)

    server = ScriptedPeer(network, BOB, proxy)
    alice.call(server, credentials=PASSWORD)
    network.run(1)
    acks = server.requests("ACK")
    assert "Proxy-Authorization" in acks[-1].headers
    assert str(acks[-1].uri) == f"sip:x@{MALLORY}:5060"
    assert acks[-1].routes == [NameAddr.parse(f"<sip:{BOB};lr>")]


def test_a_forged_answer_without_our_branch_is_ignored() -> None:
    """An off-path attacker answers our INVITE in the callee's name, guessing the branch."""
    network = SIPNetwork()
    alice = Endpoint(network, ALICE, "alice", 1)
    bob = ScriptedPeer(network, BOB)
    mallory = ScriptedPeer(network, MALLORY)
    invitation = alice.call(bob)
    network.run(0.1)
    (invite,) = bob.requests("INVITE")
    forged = invite.copy()
    forged.replace_via(forged.via.with_parameter("branch", "z9hG4bKguess"))
    mallory.respond(forged, 200, headers=(("Contact", f"<sip:m@{MALLORY}>"),), body=ANSWER, target=alice.address)
    network.run(0.1)
    assert invitation.state is InvitationState.CALLING
    assert len(invite.via.branch or "") >= len("z9hG4bK") + 16
