"""UPDATE with an offer (RFC 3311): in a standing call, and before it is answered."""

from __future__ import annotations

import pytest
from support.sip_pair import ANSWER, OFFER, Endpoint, ScriptedPeer, SIPNetwork, SIPPair

from blinkq.base.errors import IllegalStateError
from blinkq.sip.events import (
    InvitationAnswered,
    InvitationProgressed,
    InvitationReceived,
    InvitationTransaction,
    ReinviteReceived,
    RequestAnswered,
)
from blinkq.sip.exchange import Nobody
from blinkq.sip.message import Request
from blinkq.sip.session_body import SDP, session_of
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation, InvitationState


class Scene(SIPPair):
    """Alice and Bob in a call; Bob sends UPDATEs by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.ours, self.theirs = self.connect()

    def update(self, sdp: bytes = OFFER) -> None:
        self.bob.do(self.theirs.send_request, "UPDATE", (("Contact", "<sip:bob@10.0.0.2:5099>"),), sdp, SDP)
        self.run(0.1)

    def code(self) -> int:
        return self.bob.last(RequestAnswered).code


def test_an_offer_is_answered() -> None:
    scene = Scene()
    scene.update()
    event = scene.alice.last(ReinviteReceived)
    assert (event.sdp, event.request.method) == (OFFER, "UPDATE")
    scene.alice.do(scene.ours.accept_reinvite, ANSWER)
    scene.run(0.1)
    assert scene.code() == 200
    assert session_of(scene.bob.last(RequestAnswered).response) == ANSWER
    assert scene.ours.remote_contact == URI.parse("sip:bob@10.0.0.2:5099")
    done = scene.alice.last(InvitationTransaction)
    assert (done.originator, done.method, done.code) == ("remote", "UPDATE", 200)
    with pytest.raises(IllegalStateError):
        scene.alice.do(scene.ours.accept_reinvite, ANSWER)
    scene.update()  # and the next one is possible at once


def test_an_offer_is_refused() -> None:
    scene = Scene()
    scene.update()
    with pytest.raises(ValueError, match="not a refusal"):
        scene.alice.do(scene.ours.reject_reinvite, 200)
    scene.alice.do(scene.ours.reject_reinvite, 504)
    scene.run(0.1)
    assert scene.code() == 504
    assert scene.ours.state is InvitationState.CONFIRMED


def test_one_offer_at_a_time() -> None:
    scene = Scene()
    scene.update()
    scene.update()
    assert scene.code() == 500
    scene.alice.do(scene.ours.accept_reinvite, ANSWER)
    scene.network.lose = lambda packet: packet.data.startswith(b"INVITE")
    scene.alice.do(scene.ours.reinvite, OFFER)
    scene.update()
    assert scene.code() == 491


def test_an_offer_that_waits_when_the_call_ends_is_refused() -> None:
    scene = Scene()
    scene.update()
    scene.alice.do(scene.ours.end)
    scene.run(3)
    assert scene.code() == 487


class EarlyScene:
    """Alice calls a scripted peer that answers her offer for certain, before anybody has picked up."""

    def __init__(self) -> None:
        self.network = SIPNetwork()
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1)
        self.peer = ScriptedPeer(self.network, "10.0.0.2", self.script)
        self.invite: Request | None = None
        self.invitation: Invitation = self.alice.call(self.peer)
        self.run()

    def run(self) -> None:
        self.network.run(0.1)

    def script(self, peer: ScriptedPeer, request: Request) -> None:
        if request.method == "INVITE":
            self.invite = request
        elif request.method != "ACK":
            peer.respond(request, 200)

    def respond(self, code: int, *headers: tuple[str, str], body: bytes = b"") -> None:
        assert self.invite is not None
        self.peer.respond(self.invite, code, headers=(("Contact", "<sip:peer@10.0.0.2:5060>"), *headers), body=body)
        self.run()

    def progress(self, rseq: int, body: bytes = ANSWER, code: int = 183) -> None:
        self.respond(code, ("Require", "100rel"), ("RSeq", str(rseq)), body=body)

    def update(self, number: int = 1) -> int:
        invite = self.invite
        assert invite is not None
        lines = [
            "UPDATE sip:alice@10.0.0.1 SIP/2.0", f"Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKu{number}",
            f"From: {invite.to};tag=peer", f"To: {invite.from_}", f"Call-ID: {invite.call_id}", f"CSeq: {number} UPDATE",
            "Contact: <sip:peer@10.0.0.2:5060>", "Content-Type: application/sdp", "Max-Forwards: 70",
            f"Content-Length: {len(OFFER)}", "", "",
        ]  # fmt: skip
        self.peer.say("\r\n".join(lines).encode() + OFFER, self.alice.address)
        self.run()
        return self.peer.responses("UPDATE")[-1].code if self.peer.responses("UPDATE") else 0


def test_an_early_session_is_changed() -> None:
    scene = EarlyScene()
    scene.progress(1)
    assert scene.update() == 0
    assert scene.alice.last(ReinviteReceived).sdp == OFFER
    scene.alice.do(scene.invitation.accept_reinvite, ANSWER)
    scene.run()
    assert scene.peer.responses("UPDATE")[-1].code == 200
    # the offer of the INVITE is answered since long: whatever the 2xx carries is no answer
    scene.respond(200, body=ANSWER)
    assert scene.alice.last(InvitationAnswered).sdp is None
    assert scene.invitation.state is InvitationState.CONFIRMED


def test_an_early_session_without_an_answer_cannot_be_changed() -> None:
    scene = EarlyScene()
    scene.respond(183, body=ANSWER)  # not for certain
    assert scene.update() == 491
    scene.respond(200, body=ANSWER)
    assert scene.alice.last(InvitationAnswered).sdp == ANSWER


def test_a_call_that_rings_here_cannot_be_changed() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring()
    dialog = outgoing._call.dialog
    assert dialog is not None
    request = dialog.make_request("UPDATE", dialog.next_cseq(), body=OFFER, content_type=SDP)
    outgoing._call.exchange(dialog, request, Nobody()).start(pair.network.now)
    pair.alice.pump()
    pair.run(0.1)
    assert [packet.message for packet in pair.network.sent(pair.bob.address, "500")]
    assert incoming.state is InvitationState.RINGING


# -- provisional responses for certain


def test_each_is_acknowledged_once_and_in_order() -> None:
    scene = EarlyScene()
    scene.progress(7, code=180)
    scene.progress(7, code=180)  # repeated, as our PRACK was late
    scene.progress(9)  # the one between is missing
    scene.progress(8, body=b"")
    assert [event.code for event in scene.alice.of(InvitationProgressed)] == [180, 183]
    pracks = scene.peer.requests("PRACK")
    number = scene.invitation.request.cseq.number
    assert [prack.headers.get("RAck") for prack in pracks] == [f"7 {number} INVITE", f"8 {number} INVITE"]
    assert [prack.cseq.number for prack in pracks] == [number + 1, number + 2]
    scene.respond(200)
    assert scene.peer.requests("ACK")[-1].cseq.number == number


@pytest.mark.parametrize("rseq", ["", "x", "12345678901"])
def test_without_a_number_there_is_nothing_to_acknowledge(rseq: str) -> None:
    scene = EarlyScene()
    scene.respond(183, ("Require", "100rel"), *([("RSeq", rseq)] if rseq else []))
    assert not scene.peer.requests("PRACK")
    assert len(scene.alice.of(InvitationProgressed)) == 1


def test_who_leaves_the_offer_to_the_peer_does_not_ask_for_them() -> None:
    pair = SIPPair()
    pair.alice.call(pair.bob, sdp=None)
    pair.run(0.1)
    assert "100rel" not in pair.bob.last(InvitationReceived).request.supported


REQUIRED = (("Require", "100rel"),)


class Required(SIPPair):
    """Alice requires certainty."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.outgoing = self.alice.call(self.bob, headers=REQUIRED, **options)
        self.run(0.1)
        self.incoming = self.bob.last(InvitationReceived).invitation

    def ringing(self) -> int:
        return len(self.network.sent(self.bob.address, "180"))


def test_ringing_is_repeated_until_it_is_acknowledged() -> None:
    scene = Required()
    scene.network.lose = lambda packet: packet.data.startswith(b"PRACK")
    scene.bob.do(scene.incoming.ring)
    scene.run(3.2)  # at 0, 0.5, 1.5 s
    assert scene.ringing() == 3
    scene.network.lose = lambda packet: False
    scene.run(4)
    count = scene.ringing()
    assert scene.network.sent(scene.bob.address, "200 OK")
    scene.run(40)
    assert scene.ringing() == count
    assert len(scene.alice.of(InvitationProgressed)) == 1
    scene.run(20)  # and every minute again, each with a number of its own
    assert len(scene.alice.of(InvitationProgressed)) == 2


def test_the_next_one_waits_for_the_one_before() -> None:
    scene = Required()
    scene.bob.do(scene.incoming.ring)
    scene.bob.do(scene.incoming.ring, 181)
    scene.bob.do(scene.incoming.ring, 183)
    assert not scene.network.sent(scene.bob.address, "183")
    scene.run(0.1)
    assert [event.code for event in scene.alice.of(InvitationProgressed)] == [180, 183]
    scene.bob.do(scene.incoming.accept, ANSWER)
    scene.run(0.1)
    assert scene.outgoing.state is InvitationState.CONFIRMED


def test_a_caller_who_never_acknowledges_is_given_up() -> None:
    scene = Required()
    scene.network.lose = lambda packet: packet.data.startswith(b"PRACK")
    scene.bob.do(scene.incoming.ring)
    scene.run(33)
    assert scene.incoming.state is InvitationState.TERMINATED
    assert scene.network.sent(scene.bob.address, "504")


def test_the_answer_overtakes_the_acknowledgement() -> None:
    scene = Required()
    scene.network.lose = lambda packet: packet.data.startswith(b"PRACK")
    scene.bob.do(scene.incoming.ring)
    scene.run(0.1)
    scene.bob.do(scene.incoming.accept, ANSWER)
    scene.network.lose = lambda packet: False
    scene.run(5)
    assert scene.ringing() == 1
    assert scene.incoming.state is InvitationState.CONFIRMED


def test_without_an_offer_nothing_is_said_before_the_answer() -> None:
    scene = Required(sdp=None)
    scene.bob.do(scene.incoming.ring)
    scene.run(70)
    assert scene.ringing() == 0


def test_an_acknowledgement_of_nothing_is_refused() -> None:
    scene = Required()
    scene.bob.do(scene.incoming.ring)
    scene.run(0.1)
    dialog = scene.outgoing._call.dialog
    assert dialog is not None
    for rack in ("", "1 1 INVITE", "nonsense"):
        request = dialog.make_request("PRACK", dialog.next_cseq(), headers=[("RAck", rack)])
        scene.outgoing._call.exchange(dialog, request, Nobody()).start(scene.network.now)
        scene.alice.pump()
    scene.run(0.1)
    assert len(scene.network.sent(scene.bob.address, "481")) == 3
