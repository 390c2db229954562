"""Calls between two agents, and with scripted peers that do the odd things: every way a call can begin, change and end."""

from __future__ import annotations

import pytest
from support.sip_pair import ANSWER, OFFER, Packet, SIPNetwork, SIPPair

from blinkq.base.errors import IllegalStateError
from blinkq.sip.agent import AgentConfig
from blinkq.sip.events import (
    InvitationAnswered,
    InvitationConfirmed,
    InvitationEnded,
    InvitationFailed,
    InvitationProgressed,
    InvitationReceived,
    InvitationTransaction,
    ReinviteAnswered,
    ReinviteCancelled,
    ReinviteConfirmed,
    ReinviteReceived,
    RequestAnswered,
)
from blinkq.sip.message import Request
from blinkq.sip.usages.invitation import InvitationState

S = InvitationState
REASON = [("Reason", 'SIP;cause=200;text="Call completed elsewhere"')]


def settled(pair: SIPPair) -> None:
    """Nothing is left behind: no transaction, dialog, timer or call."""
    pair.run(200)
    for endpoint in (pair.alice, pair.bob):
        context = endpoint.agent._context
        assert len(context.transactions) == 0
        assert context.dialogs == {}
        assert not endpoint.agent.invitations
        assert endpoint.agent.deadline() is None
        over: set[int] = set()
        for event in endpoint.events:
            invitation = getattr(event, "invitation", None)
            assert id(invitation) not in over, "nothing follows the terminal event"
            if isinstance(event, InvitationFailed | InvitationEnded):
                over.add(id(invitation))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_call_from_invite_to_bye(transport: str) -> None:
    pair = SIPPair(SIPNetwork(transport))
    outgoing, incoming = pair.connect()
    assert (outgoing.state, incoming.state) == (S.CONFIRMED, S.CONFIRMED)
    assert pair.bob.last(InvitationReceived).sdp == OFFER
    assert pair.alice.last(InvitationProgressed).code == 180
    assert pair.alice.last(InvitationAnswered).sdp == ANSWER
    assert pair.bob.last(InvitationConfirmed).sdp is None
    assert outgoing.call_id == incoming.call_id
    assert outgoing.local == incoming.remote
    assert outgoing.remote == incoming.local
    assert outgoing.remote_contact == pair.bob.uri
    assert incoming.remote_contact == pair.alice.uri
    assert (outgoing.remote_user_agent, incoming.remote_user_agent) == ("Test bob", "Test alice")
    assert (outgoing.direction, incoming.direction) == ("outgoing", "incoming")
    assert incoming.contact == pair.bob.contact
    pair.bob.do(incoming.end, headers=REASON)
    pair.run(0.1)
    ended = pair.bob.last(InvitationEnded)
    assert (ended.originator, ended.code, ended.cause) == ("local", 200, "user request")
    ended = pair.alice.last(InvitationEnded)
    assert (ended.originator, ended.code, ended.cause) == ("remote", 200, "Call completed elsewhere")
    pair.bob.do(incoming.end)
    assert pair.bob.names() == ["InvitationReceived", "InvitationConfirmed", "InvitationEnded"]
    settled(pair)


def test_transactions_are_reported() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.alice.do(outgoing.end)
    pair.run(0.1)
    seen = [(t.originator, t.method, t.code, t.ack_received) for t in pair.alice.of(InvitationTransaction)]
    assert seen == [("local", "INVITE", 200, None), ("local", "BYE", 200, None)]
    seen = [(t.originator, t.method, t.code, t.ack_received) for t in pair.bob.of(InvitationTransaction)]
    assert seen == [("remote", "INVITE", 200, True), ("remote", "BYE", 200, None)]


def test_100_is_sent_before_anybody_decides() -> None:
    pair = SIPPair()
    pair.alice.call(pair.bob)
    pair.run(0.02)
    assert [p.message.code for p in pair.network.sent(pair.bob.address)] == [100]  # type: ignore[union-attr]  # responses


def test_early_media() -> None:
    pair = SIPPair()
    pair.alice.call(pair.bob)
    pair.run(0.1)
    incoming = pair.bob.last(InvitationReceived).invitation
    pair.bob.do(incoming.ring, 183, ANSWER, pair.bob.contact)
    pair.run(0.1)
    event = pair.alice.last(InvitationProgressed)
    assert (event.code, event.sdp) == (183, ANSWER)
    with pytest.raises(ValueError):
        pair.bob.do(incoming.ring, 200)


def test_ringing_is_repeated_every_minute() -> None:
    pair = SIPPair()
    pair.ring()
    pair.run(150)
    assert len(pair.alice.of(InvitationProgressed)) == 3


# -- refusing and cancelling


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_refused_call(transport: str) -> None:
    pair = SIPPair(SIPNetwork(transport))
    _, incoming = pair.ring()
    pair.bob.do(incoming.reject, 486, None, [("Warning", '399 x "busy"')])
    assert incoming.state is S.REJECTING
    pair.run(0.1)
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.reason, event.cause) == ("remote", 486, "Busy Here", "user request")
    assert event.response is not None
    assert event.response.headers.get("Warning") == '399 x "busy"'
    event = pair.bob.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 486, "user request")
    assert pair.bob.last(InvitationTransaction).ack_received is True
    settled(pair)


def test_only_a_refusal_refuses() -> None:
    pair = SIPPair()
    _, incoming = pair.ring()
    with pytest.raises(ValueError):
        pair.bob.do(incoming.reject, 200)
    assert incoming.state is S.RINGING


def test_end_of_an_incoming_call_declines_it() -> None:
    pair = SIPPair()
    _, incoming = pair.ring()
    pair.bob.do(incoming.end)
    pair.run(0.1)
    assert pair.alice.last(InvitationFailed).code == 603
    settled(pair)


def test_a_refusal_that_is_never_acknowledged() -> None:
    pair = SIPPair()
    _, incoming = pair.ring()
    pair.network.lose = lambda packet: True
    pair.bob.do(incoming.reject, 480)
    pair.run(2)
    event = pair.bob.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 480, "timeout")
    assert pair.bob.last(InvitationTransaction).ack_received is False
    pair.run(60)
    assert len(pair.bob.of(InvitationFailed)) == 1


def test_the_caller_cancels() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring()
    pair.alice.do(outgoing.end, headers=REASON)
    pair.alice.do(outgoing.end)
    assert outgoing.state is S.CANCELLING
    pair.run(0.1)
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 487, "user request")
    event = pair.bob.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("remote", 487, "Call completed elsewhere")
    cancel = pair.network.sent(start="CANCEL")[0].message
    invite = pair.network.sent(start="INVITE")[0].message
    assert cancel.via == invite.via
    assert cancel.cseq.number == invite.cseq.number
    accepted = [p.message for p in pair.network.sent(pair.bob.address, "200 OK")]
    assert accepted[0].cseq.method == "CANCEL"
    assert accepted[0].to.tag == incoming.local.tag
    with pytest.raises(IllegalStateError):
        pair.bob.do(incoming.accept, ANSWER)
    settled(pair)


def test_a_cancel_waits_for_the_first_provisional_answer() -> None:
    pair = SIPPair()
    outgoing = pair.alice.call(pair.bob)
    pair.alice.do(outgoing.end)
    assert not pair.network.sent(start="CANCEL")
    pair.run(0.1)
    assert len(pair.network.sent(start="CANCEL")) == 1
    assert pair.alice.names() == ["InvitationFailed"]
    settled(pair)


def test_a_cancelled_call_to_nobody_ends_soon_for_the_user() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: True
    outgoing = pair.alice.call(pair.bob)
    pair.alice.do(outgoing.end)
    pair.run(1.5)
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 487, "user request")
    settled(pair)


def test_a_cancel_that_is_ignored_ends_the_transaction_after_32_s() -> None:
    pair = SIPPair(config=AgentConfig(end_patience=60))
    outgoing, _ = pair.ring()
    pair.network.lose = lambda packet: True
    pair.alice.do(outgoing.end)
    pair.run(31)
    assert not pair.alice.of(InvitationFailed)
    pair.run(2)
    assert pair.alice.last(InvitationFailed).code == 487
    assert len(pair.alice.agent._context.transactions) == 0


def test_an_answer_that_crosses_the_cancel_is_hung_up() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.alice.do(outgoing.end)
    pair.run(1)
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 487, "user request")
    assert pair.bob.names() == ["InvitationReceived", "InvitationConfirmed", "InvitationEnded"]
    assert len(pair.network.sent(pair.alice.address, "BYE")) == 1
    settled(pair)


def test_an_answer_after_the_user_was_told_is_hung_up_too() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring()
    pair.network.lose = lambda packet: packet.data.startswith(b"CANCEL")
    pair.alice.do(outgoing.end)
    pair.run(2)
    assert pair.alice.names()[-1] == "InvitationFailed"
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.run(1)
    assert pair.bob.last(InvitationEnded).originator == "remote"
    settled(pair)


def test_nobody_answers_in_time() -> None:
    pair = SIPPair()
    outgoing, _ = pair.ring(timeout=20)
    pair.run(21)
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 408, "timeout")
    assert pair.bob.last(InvitationFailed).code == 487
    assert outgoing.state is S.TERMINATED
    settled(pair)


def test_the_timeout_is_over_with_the_answer() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect(timeout=5)
    pair.run(60)
    assert outgoing.state is S.CONFIRMED


def test_nobody_is_there() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: True
    pair.alice.call(pair.bob)
    pair.run(40)
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.reason, event.cause) == ("local", 408, "Request Timeout", "timeout")
    settled(pair)


def test_the_connection_is_refused() -> None:
    pair = SIPPair(SIPNetwork("tcp"))
    outgoing = pair.alice.call(pair.bob)
    pair.alice.do(pair.alice.agent.flow_failed, outgoing.hop, "connection refused")
    event = pair.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.reason) == ("local", 503, "connection refused")
    assert event.cause == "transport failure"


def test_a_connection_that_breaks_while_cancelling() -> None:
    pair = SIPPair(SIPNetwork("tcp"))
    outgoing = pair.alice.call(pair.bob)
    pair.alice.do(outgoing.end)
    pair.alice.do(pair.alice.agent.flow_failed, outgoing.hop, "connection refused")
    assert pair.alice.last(InvitationFailed).code == 487


# -- loss


def dropping(*numbers: int) -> object:
    """Loses the packets with these numbers, counted from now."""
    count = iter(range(10**6))
    return lambda packet: next(count) in numbers


@pytest.mark.parametrize("first", range(8))
@pytest.mark.parametrize("second", range(1, 4))
def test_a_call_survives_loss(first: int, second: int) -> None:
    pair = SIPPair()
    pair.network.lose = dropping(first, first + second)  # type: ignore[assignment]  # a function of a packet
    outgoing = pair.alice.call(pair.bob)
    pair.run(5)
    incoming = pair.bob.last(InvitationReceived).invitation
    pair.bob.do(incoming.ring)
    pair.run(1)
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.run(5)
    assert (outgoing.state, incoming.state) == (S.CONFIRMED, S.CONFIRMED), pair.network.lines()
    pair.alice.do(outgoing.end)
    pair.run(5)
    assert pair.alice.names().count("InvitationEnded") == 1
    assert pair.bob.names().count("InvitationEnded") == 1
    settled(pair)


def test_the_2xx_is_repeated_until_the_ack_comes_and_the_ack_with_it() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK") and pair.network.now < 1005
    pair.connect()
    pair.run(20)
    answers = pair.network.sent(pair.bob.address, "200 OK")
    assert len(answers) == 5
    acks = pair.network.sent(pair.alice.address, "ACK")
    assert len({ack.data for ack in acks}) == 1
    assert len(pair.bob.of(InvitationConfirmed)) == 1
    assert len(pair.alice.of(InvitationAnswered)) == 1


def test_the_2xx_is_repeated_on_streams_too() -> None:
    pair = SIPPair(SIPNetwork("tcp"))
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK") and pair.network.now < 1003
    _, incoming = pair.connect()
    pair.run(20)
    assert incoming.state is S.CONFIRMED


def test_a_call_without_ack_is_hung_up() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    pair.connect()
    pair.run(40)
    event = pair.bob.last(InvitationFailed)
    assert (event.originator, event.code, event.reason, event.cause) == ("local", 200, "OK", "missing ACK")
    assert pair.bob.last(InvitationTransaction).ack_received is False
    event = pair.alice.last(InvitationEnded)
    assert (event.originator, event.cause) == ("remote", "Missing ACK")
    settled(pair)


# -- late offer


def test_a_late_offer() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring(sdp=None)
    assert pair.bob.last(InvitationReceived).sdp is None
    pair.bob.do(incoming.accept, OFFER, pair.bob.contact)
    pair.run(2)
    assert outgoing.state is S.ANSWERED
    assert len(pair.alice.of(InvitationAnswered)) == 1
    assert pair.alice.last(InvitationAnswered).sdp == OFFER
    assert not pair.network.sent(start="ACK")
    pair.alice.do(outgoing.acknowledge, ANSWER)
    pair.run(2)
    assert pair.bob.last(InvitationConfirmed).sdp == ANSWER
    assert (outgoing.state, incoming.state) == (S.CONFIRMED, S.CONFIRMED)
    with pytest.raises(IllegalStateError):
        pair.alice.do(outgoing.acknowledge, ANSWER)
    pair.bob.do(incoming.end)
    settled(pair)


def test_a_late_offer_that_never_comes() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring(sdp=None)
    pair.bob.do(incoming.accept, None, pair.bob.contact)
    pair.run(1)
    assert pair.alice.last(InvitationAnswered).sdp is None
    assert outgoing.state is S.CONFIRMED


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_late_offer_that_ends_before_its_answer(who: str) -> None:
    pair = SIPPair()
    outgoing, incoming = pair.ring(sdp=None)
    pair.bob.do(incoming.accept, OFFER, pair.bob.contact)
    pair.run(0.1)
    if who == "alice":
        pair.alice.do(outgoing.end)
        pair.run(1)
        assert pair.alice.last(InvitationFailed).originator == "local"
    else:
        pair.bob.do(incoming.end)
        pair.alice.do(outgoing.acknowledge, ANSWER)
        pair.run(1)
        assert pair.bob.last(InvitationFailed).originator == "local"
        assert pair.alice.last(InvitationEnded).originator == "remote"
    settled(pair)


# -- ending at odd moments


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK") and pair.network.now < 1000.6
    _outgoing, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.run(0.1)
    pair.bob.do(incoming.end)
    assert incoming.state is S.ENDING
    assert not pair.network.sent(pair.bob.address, "BYE")
    pair.run(2)
    assert len(pair.network.sent(pair.bob.address, "BYE")) == 1
    event = pair.bob.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 487, "user request")
    assert pair.alice.last(InvitationEnded).originator == "remote"
    settled(pair)


def test_hanging_up_before_an_ack_that_comes_late() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK") and pair.network.now < 1005
    _outgoing, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.bob.do(incoming.end)
    pair.run(2)
    assert pair.bob.names()[-1] == "InvitationFailed"
    pair.run(10)
    assert pair.alice.last(InvitationEnded).originator == "remote"
    settled(pair)


def test_hanging_up_before_an_ack_that_never_comes() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    _, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.bob.do(incoming.end)
    pair.run(40)
    assert len(pair.network.sent(pair.bob.address, "BYE")) == 1
    assert len(pair.bob.of(InvitationFailed)) == 1
    settled(pair)


def test_hanging_up_before_an_ack_that_never_comes_with_patience() -> None:
    pair = SIPPair(config=AgentConfig(end_patience=90))
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    _, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.bob.do(incoming.end)
    pair.run(40)
    assert pair.bob.last(InvitationFailed).code == 487
    settled(pair)


def test_the_caller_hangs_up_while_the_callee_waits_for_the_ack() -> None:
    pair = SIPPair()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    outgoing, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.run(0.1)
    pair.alice.do(outgoing.end)
    pair.run(0.1)
    assert pair.bob.last(InvitationFailed).originator == "remote"
    assert pair.alice.last(InvitationEnded).originator == "local"
    settled(pair)


@pytest.mark.parametrize("patience", [1, 50])
def test_both_hang_up_while_the_ack_is_missing(patience: float) -> None:
    pair = SIPPair(config=AgentConfig(end_patience=patience))
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    outgoing, incoming = pair.ring()
    pair.bob.do(incoming.accept, ANSWER, pair.bob.contact)
    pair.run(0.1)
    pair.bob.do(incoming.end)
    pair.run(3)
    pair.alice.do(outgoing.end)
    pair.run(0.1)
    assert pair.bob.last(InvitationFailed).originator == "local"
    assert pair.alice.last(InvitationEnded).code == 200
    settled(pair)


def test_byes_that_cross() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.end)
    pair.bob.do(incoming.end)
    pair.run(1)
    assert pair.alice.names().count("InvitationEnded") == 1
    assert pair.bob.names().count("InvitationEnded") == 1
    settled(pair)


def test_a_bye_that_nobody_answers_ends_soon_for_the_user() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.network.lose = lambda packet: True
    pair.alice.do(outgoing.end)
    pair.run(1.5)
    event = pair.alice.last(InvitationEnded)
    assert (event.originator, event.code, event.cause) == ("local", 408, "timeout")
    pair.run(60)
    assert len(pair.network.sent(pair.alice.address, "BYE")) > 5
    assert len(pair.alice.of(InvitationEnded)) == 1


def test_a_bye_whose_connection_is_gone() -> None:
    pair = SIPPair(SIPNetwork("tcp"))
    outgoing, _ = pair.connect()
    pair.alice.do(outgoing.end)
    pair.alice.do(pair.alice.agent.flow_failed, outgoing.hop, "connection refused")
    event = pair.alice.last(InvitationEnded)
    assert (event.code, event.reason, event.cause) == (503, "connection refused", "transport failure")


# -- re-INVITE


@pytest.mark.parametrize("caller", [True, False])
def test_a_session_is_changed_from_either_side(caller: bool) -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    ours, theirs = (pair.alice, pair.bob) if caller else (pair.bob, pair.alice)
    mine, other = (outgoing, incoming) if caller else (incoming, outgoing)
    ours.do(mine.reinvite, OFFER)
    with pytest.raises(IllegalStateError):
        ours.do(mine.reinvite, OFFER)
    pair.run(0.1)
    assert theirs.last(ReinviteReceived).sdp == OFFER
    with pytest.raises(IllegalStateError):
        theirs.do(other.reinvite, OFFER)
    theirs.do(other.accept_reinvite, ANSWER)
    pair.run(0.1)
    event = ours.last(ReinviteAnswered)
    assert (event.code, event.sdp) == (200, ANSWER)
    assert theirs.last(ReinviteConfirmed).sdp is None
    assert theirs.last(InvitationTransaction).ack_received is None
    with pytest.raises(IllegalStateError):
        theirs.do(other.accept_reinvite, ANSWER)
    theirs.do(other.end)
    settled(pair)


def test_a_refused_change_leaves_the_session() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.1)
    with pytest.raises(ValueError):
        pair.bob.do(incoming.reject_reinvite, 200)
    pair.bob.do(incoming.reject_reinvite, 488, None, [("Warning", '399 x "no"')])
    pair.run(0.1)
    event = pair.alice.last(ReinviteAnswered)
    assert (event.code, event.reason, event.sdp) == (488, "Not Acceptable Here", None)
    assert (outgoing.state, incoming.state) == (S.CONFIRMED, S.CONFIRMED)
    assert pair.bob.last(InvitationTransaction).code == 488
    pair.bob.do(incoming.reinvite, OFFER)
    pair.run(0.1)
    assert pair.alice.of(ReinviteReceived)


def test_a_change_with_a_late_offer() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, None)
    pair.run(0.1)
    assert pair.bob.last(ReinviteReceived).sdp is None
    pair.bob.do(incoming.accept_reinvite, OFFER)
    pair.run(1)
    assert len(pair.alice.of(ReinviteAnswered)) == 1
    assert pair.alice.last(ReinviteAnswered).sdp == OFFER
    pair.bob.do(pair.bob.agent.tick)
    pair.alice.do(outgoing.acknowledge, ANSWER)
    pair.run(0.1)
    assert pair.bob.last(ReinviteConfirmed).sdp == ANSWER
    pair.bob.do(incoming.end)
    settled(pair)


def test_a_change_without_any_description_is_acknowledged() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, None)
    pair.run(0.1)
    pair.bob.do(incoming.accept_reinvite, None)
    pair.run(0.1)
    assert pair.alice.last(ReinviteAnswered).sdp is None
    assert pair.bob.of(ReinviteConfirmed)


def test_changes_that_meet_are_both_refused_with_491() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.bob.do(incoming.reinvite, OFFER)
    pair.run(0.1)
    assert pair.alice.last(ReinviteAnswered).code == 491
    assert pair.bob.last(ReinviteAnswered).code == 491
    assert not pair.alice.of(ReinviteReceived)
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.1)
    pair.bob.do(incoming.accept_reinvite, ANSWER)
    pair.run(0.1)
    assert pair.alice.last(ReinviteAnswered).code == 200
    pair.bob.do(incoming.end)
    settled(pair)


def test_a_change_is_taken_back() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.cancel_reinvite)
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.5)  # 100 Trying comes by itself after 200 ms
    pair.alice.do(outgoing.cancel_reinvite)
    pair.run(0.1)
    assert pair.alice.last(ReinviteAnswered).code == 487
    assert pair.bob.of(ReinviteCancelled)
    assert (outgoing.state, incoming.state) == (S.CONFIRMED, S.CONFIRMED)
    with pytest.raises(IllegalStateError):
        pair.bob.do(incoming.accept_reinvite, ANSWER)
    pair.bob.do(incoming.end)
    settled(pair)


def test_a_change_that_is_answered_before_it_can_be_taken_back() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.5)
    pair.bob.do(incoming.accept_reinvite, ANSWER)
    pair.alice.do(outgoing.cancel_reinvite)
    pair.run(0.5)
    assert pair.alice.last(ReinviteAnswered).code == 200
    assert not pair.bob.of(ReinviteCancelled)
    assert pair.bob.of(ReinviteConfirmed)


def test_a_change_without_ack_ends_the_call() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.network.lose = lambda packet: packet.data.startswith(b"ACK")
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(0.1)
    pair.bob.do(incoming.accept_reinvite, ANSWER)
    pair.run(40)
    event = pair.bob.last(InvitationEnded)
    assert (event.originator, event.cause) == ("local", "missing ACK")
    assert pair.alice.last(InvitationEnded).originator == "remote"
    settled(pair)


def test_a_change_that_nobody_answers_ends_the_call() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.network.lose = lambda packet: True
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(40)
    assert (pair.alice.last(ReinviteAnswered).code, pair.alice.last(ReinviteAnswered).response) == (408, None)
    event = pair.alice.last(InvitationEnded)
    assert (event.originator, event.code, event.cause) == ("local", 408, "dialog failure")


def test_a_change_whose_connection_breaks_leaves_the_call() -> None:
    pair = SIPPair(SIPNetwork("tcp"))
    outgoing, _ = pair.connect()
    pair.network.lose = lambda packet: True
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.alice.do(pair.alice.agent.flow_failed, outgoing.hop, "connection closed")
    assert pair.alice.last(ReinviteAnswered).code == 503
    assert outgoing.state is S.CONFIRMED


def test_a_call_that_the_peer_has_forgotten_ends_with_the_change() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.bob.agent._context.dialogs.clear()
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(1)
    event = pair.alice.last(InvitationEnded)
    assert (event.originator, event.code, event.cause) == ("remote", 481, "dialog failure")


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("wait", [0.0, 0.015, 0.5])
def test_hanging_up_while_a_change_is_pending(who: str, wait: float) -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, OFFER)
    pair.run(wait)
    pair.alice.do(outgoing.end) if who == "alice" else pair.bob.do(incoming.end)
    pair.run(1)
    assert pair.alice.names()[-1] == "InvitationEnded"
    assert pair.bob.names()[-1] == "InvitationEnded"
    settled(pair)


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("wait", [0.0, 0.015, 0.5])
@pytest.mark.parametrize("sdp", [OFFER, None])
def test_hanging_up_while_a_change_is_being_confirmed(who: str, wait: float, sdp: bytes | None) -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    pair.alice.do(outgoing.reinvite, sdp)
    pair.run(0.1)
    pair.bob.do(incoming.accept_reinvite, ANSWER)
    pair.run(wait)
    pair.alice.do(outgoing.end) if who == "alice" else pair.bob.do(incoming.end)
    pair.run(1)
    assert pair.alice.names()[-1] == "InvitationEnded"
    assert pair.bob.names()[-1] == "InvitationEnded"
    settled(pair)


# -- other requests


def test_another_request_in_the_dialog() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    request = pair.alice.do(outgoing.send_request, "OPTIONS")
    with pytest.raises(ValueError):
        pair.alice.do(outgoing.send_request, "BYE")
    pair.run(0.1)
    event = pair.alice.last(RequestAnswered)
    assert event.request is request
    assert request.finished
    assert event.code == 200
    assert "INVITE" in event.response.allow
    info = pair.alice.do(outgoing.send_request, "INFO", [("Info-Package", "x")], b"hello", "text/plain")
    pair.run(0.1)
    assert pair.alice.last(RequestAnswered).code == 469
    assert info.request is not None
    assert info.request.body == b"hello"
    assert outgoing.state is S.CONFIRMED


def test_a_request_that_finds_no_call_ends_it() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.bob.agent._context.dialogs.clear()
    pair.alice.do(outgoing.send_request, "OPTIONS")
    pair.run(1)
    assert pair.alice.names()[-2:] == ["RequestAnswered", "InvitationEnded"]
    assert pair.alice.last(InvitationEnded).code == 481


# -- misuse


def test_commands_in_the_wrong_state_raise_and_change_nothing() -> None:
    pair = SIPPair()
    outgoing = pair.alice.call(pair.bob)
    for command in (
        lambda: outgoing.ring(now=0),
        lambda: outgoing.accept(ANSWER, now=0),
        lambda: outgoing.reject(now=0),
        lambda: outgoing.acknowledge(ANSWER, now=0),
        lambda: outgoing.reinvite(OFFER, now=0),
        lambda: outgoing.accept_reinvite(ANSWER, now=0),
        lambda: outgoing.reject_reinvite(now=0),
        lambda: outgoing.send_request("INFO", now=0),
    ):
        with pytest.raises(IllegalStateError):
            command()
    assert outgoing.state is S.CALLING
    outgoing, incoming = SIPPair().connect()
    with pytest.raises(IllegalStateError):
        incoming.accept(ANSWER, now=0)
    with pytest.raises(IllegalStateError):
        outgoing.reject_reinvite(now=0)


def test_the_owner_and_the_credentials_are_free_to_set() -> None:
    pair = SIPPair()
    _, incoming = pair.ring()
    assert incoming.owner is None
    assert incoming.credentials is None
    incoming.credentials = None
    assert isinstance(incoming.request, Request)


def test_packets_can_be_read() -> None:
    packet = Packet(1.0, ("a", 1), ("b", 2), b"OPTIONS sip:b SIP/2.0\r\n\r\n", True)
    assert str(packet).endswith("a>b OPTIONS sip:b SIP/2.0 LOST")
