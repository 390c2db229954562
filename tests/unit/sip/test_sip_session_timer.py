"""Session timers (RFC 4028): who refreshes and how, what is too short, and what happens when nobody refreshes."""

from __future__ import annotations

import pytest
from support.sip_pair import ANSWER, OFFER, Endpoint, ScriptedPeer, SIPNetwork, SIPPair

from blinkq.base.errors import IllegalStateError
from blinkq.sip.agent import AgentConfig
from blinkq.sip.dialog_events import SessionRefreshDue
from blinkq.sip.errors import SIPParseError
from blinkq.sip.events import (
    InvitationAnswered,
    InvitationEnded,
    InvitationFailed,
    InvitationReceived,
    InvitationTransaction,
    ReinviteProgressed,
)
from blinkq.sip.message import Headers, Message, Request, Response
from blinkq.sip.session_expires import SessionExpires, min_se_of
from blinkq.sip.usages.invitation import Invitation, InvitationState

S = InvitationState


def message(**headers: str) -> Message:
    return Message(Headers([(name.replace("_", "-"), value) for name, value in headers.items()]))


def test_the_headers_are_read() -> None:
    assert SessionExpires.of(message()) is None
    assert SessionExpires.of(message(Session_Expires="90")) == SessionExpires(90)
    assert SessionExpires.of(message(Session_Expires=" 1800 ; refresher=UAS ;x")) == SessionExpires(1800, "uas")
    assert SessionExpires.of(message(x="1800;refresher=uac")) == SessionExpires(1800, "uac")
    assert SessionExpires.of(message(Session_Expires="90;refresher=nobody")) == SessionExpires(90)
    assert (str(SessionExpires(90)), str(SessionExpires(90, "uac"))) == ("90", "90;refresher=uac")
    assert (min_se_of(message()), min_se_of(message(Min_SE="5")), min_se_of(message(Min_SE="120;x"))) == (90, 90, 120)
    for bad in ("", "x", "-1", '90;"'):
        with pytest.raises(SIPParseError):
            SessionExpires.of(message(Session_Expires=bad or "x"))


def two_of_us(config: AgentConfig | None = None) -> tuple[SIPPair, Invitation, Invitation]:
    pair = SIPPair(config=config)
    return pair, *pair.connect()


def test_two_of_us_agree_and_the_caller_hears_who_refreshes() -> None:
    pair, _, _ = two_of_us()
    invite = pair.bob.last(InvitationReceived).request
    assert (invite.headers.get("Session-Expires"), invite.headers.get("Min-SE")) == ("1800", "90")
    assert "timer" in invite.supported
    answer = pair.alice.last(InvitationAnswered).response
    assert SessionExpires.of(answer) == SessionExpires(1800, "uas")
    assert "timer" not in answer.require


def test_a_call_lives_on_as_long_as_it_is_refreshed() -> None:
    pair, outgoing, incoming = two_of_us()
    pair.run(4 * 1800)
    assert outgoing.state is incoming.state is S.CONFIRMED
    assert len(pair.network.sent(pair.bob.address, "UPDATE")) == 7
    assert not pair.network.sent(pair.alice.address, "UPDATE")
    update = pair.network.sent(pair.bob.address, "UPDATE")[-1].message
    assert SessionExpires.of(update) == SessionExpires(1800, "uac")
    done = [event for event in pair.bob.of(InvitationTransaction) if event.method == "UPDATE"]
    assert {(event.originator, event.code) for event in done} == {("local", 200)}
    pair.alice.do(outgoing.end)
    pair.run(2000)
    assert outgoing.state is incoming.state is S.TERMINATED
    assert pair.bob.agent.deadline() is None


def test_a_peer_that_vanished_ends_the_call_on_both_sides() -> None:
    pair, outgoing, incoming = two_of_us()
    pair.network.lose = lambda packet: True
    pair.run(1800)
    assert outgoing.state is incoming.state is S.TERMINATED
    ended = pair.alice.last(InvitationEnded)
    assert (ended.originator, ended.cause) == ("local", "session timer expired")
    assert pair.bob.last(InvitationEnded).code == 408  # its refresh got no answer
    bye = pair.network.sent(pair.alice.address, "BYE")[0].message
    assert (bye.reason_cause, bye.reason_text) == (408, "Session timer expired")


class Scene:
    """Alice and a scripted peer that answers INVITEs with `answer` as headers, and other requests with `codes`."""

    def __init__(self, *answer: tuple[str, str], codes: tuple[int, ...] = (), config: AgentConfig | None = None) -> None:
        self.network = SIPNetwork()
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1, config)
        self.peer = ScriptedPeer(self.network, "10.0.0.2", self.script)
        self.answer = answer
        self.codes = list(codes)

    def script(self, peer: ScriptedPeer, request: Request) -> None:
        contact = ("Contact", "<sip:peer@10.0.0.2:5060>")
        if request.method == "INVITE":
            peer.respond(request, 200, headers=(contact, *self.answer), body=ANSWER)
        elif request.method != "ACK":
            code = self.codes.pop(0) if self.codes else 200
            headers = self.answer if code < 300 else (("Min-SE", "2400"),) if code == 422 else ()
            peer.respond(request, code, headers=(contact, *headers))

    def call(self) -> Invitation:
        invitation = self.alice.call(self.peer)
        self.network.run(0.1)
        return invitation

    def updates(self) -> list[Request]:
        return self.peer.requests("UPDATE")


WE = ("Session-Expires", "90;refresher=uac")
ALLOWS = ("Allow", "INVITE, ACK, BYE, UPDATE")


def test_a_peer_that_knows_no_timer_is_not_bothered() -> None:
    scene = Scene()
    invitation = scene.call()
    scene.network.run(4000)
    assert invitation.state is S.CONFIRMED
    assert not scene.updates()


def test_we_refresh_when_the_answer_says_so() -> None:
    scene = Scene(WE, ALLOWS)
    scene.call()
    scene.network.run(44)
    assert not scene.updates()
    scene.network.run(2)
    (update,) = scene.updates()
    assert update.headers.get("Session-Expires") == "90;refresher=uac"
    assert not update.body


def test_an_answer_without_a_refresher_means_us() -> None:
    scene = Scene(("Session-Expires", "90"), ALLOWS)
    scene.call()
    scene.network.run(46)
    assert len(scene.updates()) == 1


def test_without_update_a_re_invite_is_due() -> None:
    scene = Scene(WE)
    invitation = scene.call()
    scene.network.run(46)
    assert not scene.updates()
    assert scene.alice.last(SessionRefreshDue).invitation is invitation
    scene.alice.do(invitation.reinvite, OFFER)
    scene.network.run(45.5)
    assert len(scene.alice.of(SessionRefreshDue)) == 2  # the re-INVITE has refreshed, and the next one is due
    assert scene.peer.requests("INVITE")[-1].headers.get("Session-Expires") == "90;refresher=uac"
    scene.network.run(50)  # nobody sends it
    assert invitation.state is S.TERMINATED
    assert scene.alice.last(InvitationEnded).cause == "session timer expired"


@pytest.mark.parametrize("code", [405, 501])
def test_a_peer_that_promised_too_much_gets_a_re_invite(code: int) -> None:
    scene = Scene(WE, ALLOWS, codes=(code,))
    scene.call()
    scene.network.run(46)
    assert len(scene.updates()) == 1
    assert scene.alice.of(SessionRefreshDue)


def test_a_refresh_that_is_refused_for_the_moment_is_tried_again() -> None:
    scene = Scene(WE, ALLOWS, codes=(500,))
    invitation = scene.call()
    scene.network.run(58)
    assert len(scene.updates()) == 2
    scene.network.run(60)
    assert invitation.state is S.CONFIRMED


@pytest.mark.parametrize("code", [481, 408])
def test_a_refresh_that_finds_no_call_ends_it(code: int) -> None:
    scene = Scene(WE, ALLOWS, codes=(code,))
    scene.call()
    scene.network.run(46)
    assert scene.alice.last(InvitationEnded).code == code


def test_a_refresh_whose_connection_breaks_is_tried_again() -> None:
    scene = Scene(WE, ALLOWS)
    invitation = scene.call()
    scene.network.lose = lambda packet: b"UPDATE" in packet.data
    scene.network.run(45.5)
    scene.alice.agent.flow_failed(scene.alice.hop_to(scene.peer.address), "gone", scene.network.now)
    scene.alice.pump()
    scene.network.lose = lambda packet: False
    scene.network.run(20)
    assert invitation.state is S.CONFIRMED
    assert scene.updates()


def test_a_refresh_that_is_too_short_for_the_peer_grows() -> None:
    scene = Scene(WE, ALLOWS, codes=(422,))
    scene.call()
    scene.network.run(46)
    assert [update.headers.get("Session-Expires") for update in scene.updates()] == ["90;refresher=uac", "2400;refresher=uac"]
    assert scene.updates()[-1].headers.get("Min-SE") == "2400"


def test_an_answer_that_is_too_short_does_not_keep_us_busy() -> None:
    scene = Scene(("Session-Expires", "1;refresher=uac"), ALLOWS)
    scene.call()
    scene.network.run(44)
    assert not scene.updates()


def test_an_unreadable_answer_is_no_timer() -> None:
    scene = Scene(("Session-Expires", "soon"), ALLOWS)
    invitation = scene.call()
    scene.network.run(4000)
    assert invitation.state is S.CONFIRMED


def test_the_call_ends_while_a_refresh_is_under_way() -> None:
    scene = Scene(WE, ALLOWS)
    invitation = scene.call()
    scene.network.lose = lambda packet: b"UPDATE" in packet.data
    scene.network.run(46)
    scene.alice.do(invitation.end)
    scene.network.lose = lambda packet: False
    scene.network.run(3)
    assert invitation.state is S.TERMINATED
    assert len(scene.alice.of(InvitationEnded)) == 1


def refusing_once(min_se: str | None) -> Scene:
    scene = Scene(WE)
    accept = scene.script

    def script(peer: ScriptedPeer, request: Request) -> None:
        if request.method == "INVITE" and len(peer.requests("INVITE")) == 1:
            peer.respond(request, 422, headers=(("Min-SE", min_se),) if min_se else ())
        else:
            accept(peer, request)

    scene.peer.script = script
    return scene


def test_an_invite_that_is_too_short_for_the_peer_is_sent_again() -> None:
    scene = refusing_once("3600")
    invitation = scene.call()
    first, second = scene.peer.requests("INVITE")
    assert (first.headers.get("Session-Expires"), second.headers.get("Session-Expires")) == ("1800", "3600")
    assert (second.call_id, second.from_.tag, second.cseq.number) == (first.call_id, first.from_.tag, first.cseq.number + 1)
    assert second.body == OFFER
    assert invitation.state is S.CONFIRMED


@pytest.mark.parametrize("min_se", [None, "soon", "30"])
def test_a_422_that_asks_for_nothing_new_fails_the_call(min_se: str | None) -> None:
    scene = refusing_once(min_se)
    scene.call()
    assert scene.alice.last(InvitationFailed).code == 422
    assert len(scene.peer.requests("INVITE")) == 1


def incoming(*headers: tuple[str, str]) -> tuple[SIPPair, Response | None]:
    """What a peer with these headers in its INVITE is answered."""
    pair = SIPPair(config=None)
    network = pair.network
    peer = ScriptedPeer(network, "10.0.0.3")
    lines = [
        "INVITE sip:alice@10.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP 10.0.0.3:5060;branch=z9hG4bK1", "From: <sip:peer@10.0.0.3>;tag=peer",
        "To: <sip:alice@10.0.0.1>", "Call-ID: 1", "CSeq: 1 INVITE", "Contact: <sip:peer@10.0.0.3:5060>", "Max-Forwards: 70",
        "Content-Type: application/sdp", *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(OFFER)}", "", "",
    ]  # fmt: skip
    peer.say("\r\n".join(lines).encode() + OFFER, pair.alice.address)
    pair.run(0.1)
    received = pair.alice.of(InvitationReceived)
    if received:
        pair.alice.do(received[0].invitation.accept, ANSWER)
        pair.run(0.1)
    finals = [response for response in peer.responses("INVITE") if response.code >= 200]
    return pair, finals[0] if finals else None


@pytest.mark.parametrize(
    ("headers", "agreed", "required"),
    [
        ((), None, False),
        ((("Supported", "timer"),), None, False),
        ((("Supported", "timer"), ("Session-Expires", "200")), "200;refresher=uas", False),
        ((("Supported", "timer"), ("Session-Expires", "200;refresher=uac")), "200;refresher=uac", True),
        ((("Session-Expires", "200;refresher=uac"),), "200;refresher=uas", False),
        ((("Session-Expires", "30"),), "90;refresher=uas", False),
        ((("Supported", "timer"), ("Session-Expires", "200"), ("Min-SE", "300")), "300;refresher=uas", False),
        ((("Supported", "timer"), ("Session-Expires", "soon")), None, False),
    ],
)
def test_what_a_caller_is_answered(headers: tuple[tuple[str, str], ...], agreed: str | None, required: bool) -> None:
    _, response = incoming(*headers)
    assert response is not None
    assert response.headers.get("Session-Expires") == agreed
    assert ("timer" in response.require) == required


def test_a_caller_who_wants_to_be_asked_too_often_is_refused() -> None:
    pair, response = incoming(("Supported", "timer"), ("Session-Expires", "30"))
    assert response is not None
    assert (response.code, response.headers.get("Min-SE")) == (422, "90")
    assert not pair.alice.events


def test_a_change_that_is_too_short_is_refused() -> None:
    pair, outgoing, incoming_ = two_of_us(AgentConfig(session_expires=3600))
    pair.bob.agent._context.config = AgentConfig(min_se=7200)
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.1)
    assert [packet.message for packet in pair.network.sent(pair.bob.address, "422")]
    # grown, and asked again
    invite = pair.network.sent(pair.alice.address, "INVITE")[-1].message
    assert SessionExpires.of(invite) == SessionExpires(7200, "uas")
    assert incoming_.state is S.CONFIRMED


def test_the_call_ends_while_a_refresh_gets_no_answer() -> None:
    scene = Scene(WE, ALLOWS)
    invitation = scene.call()
    scene.network.lose = lambda packet: True
    scene.network.run(46)
    scene.alice.do(invitation.end)
    scene.network.run(60)
    assert len(scene.alice.of(InvitationEnded)) == 1


def test_a_refresh_that_is_under_way_is_not_sent_twice() -> None:
    scene = Scene(WE, ALLOWS, codes=(500,))
    invitation = scene.call()
    scene.network.run(46)
    scene.network.lose = lambda packet: packet.data.startswith(b"UPDATE")
    scene.network.run(10)  # tried again, and lost
    numbers = {packet.message.cseq.number for packet in scene.network.sent(scene.alice.address, "UPDATE")}
    invitation._update.refresh(scene.network.now)
    scene.alice.pump()
    assert {packet.message.cseq.number for packet in scene.network.sent(scene.alice.address, "UPDATE")} == numbers
    assert len(numbers) == 2


def test_an_update_that_is_too_short_is_refused() -> None:
    pair, outgoing, _ = two_of_us()
    headers = [("Supported", "timer"), ("Session-Expires", "30")]
    pair.alice.do(outgoing.send_request, "UPDATE", headers)
    pair.run(0.1)
    (refused,) = pair.network.sent(pair.bob.address, "422")
    assert refused.message.headers.get("Min-SE") == "90"


def test_a_change_without_a_timer_switches_it_off() -> None:
    scene = Scene(WE, ALLOWS)
    invitation = scene.call()
    scene.answer = ()
    scene.alice.do(invitation.reinvite, OFFER)
    scene.network.run(200)
    assert not scene.updates()
    assert invitation.state is S.CONFIRMED
    invitation._call.timer.retry(scene.network.now)  # nothing to be tried again
    assert scene.alice.agent.deadline() is None


def test_the_peer_rings_before_it_answers_a_change() -> None:
    pair, outgoing, incoming_ = two_of_us()
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.1)
    pair.bob.do(incoming_.ring_reinvite)
    with pytest.raises(ValueError, match="not a provisional"):
        pair.bob.do(incoming_.ring_reinvite, 200)
    pair.run(0.1)
    assert pair.alice.last(ReinviteProgressed).code == 180
    pair.bob.do(incoming_.accept_reinvite, ANSWER)
    with pytest.raises(IllegalStateError):
        pair.bob.do(incoming_.ring_reinvite)
