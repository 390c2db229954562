"""The four transaction machines: their whole tables, their timers on UDP and on streams, and how messages find them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blinkq.base.errors import IllegalTransition
from blinkq.base.statemachine import StateTable
from blinkq.sip.address import NameAddr
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.parser import parse_message
from blinkq.sip.replies import mark_source, reply, response_path
from blinkq.sip.request_builder import build_request
from blinkq.sip.timers import TimerQueue, Timing
from blinkq.sip.transactions import invite_client, invite_server, non_invite_client, non_invite_server
from blinkq.sip.transactions.invite_client import InviteClientTransaction
from blinkq.sip.transactions.layer import TransactionLayer
from blinkq.sip.transactions.transaction import ClientTransaction
from blinkq.sip.uri import URI
from blinkq.sip.usages import incoming_subscription, invitation_states, publication, registration, subscription_states

TABLES: list[StateTable[Any, Any]] = [
    invite_client.TABLE,
    non_invite_client.TABLE,
    invite_server.TABLE,
    non_invite_server.TABLE,
    invitation_states.TABLE,
    registration.TABLE,
    subscription_states.TABLE,
    incoming_subscription.TABLE,
    publication.TABLE,
]
INPUTS: list[type[Any]] = [
    invite_client.InviteClientInput,
    non_invite_client.NonInviteClientInput,
    invite_server.InviteServerInput,
    non_invite_server.NonInviteServerInput,
    invitation_states.InvitationInput,
    registration.RegistrationInput,
    subscription_states.SubscriptionInput,
    incoming_subscription.IncomingSubscriptionInput,
    publication.PublicationInput,
]
HOPS = {"udp": Hop("udp", "10.0.0.2", 5060, "10.0.0.1", 5060), "tcp": Hop("tcp", "10.0.0.2", 5060, "10.0.0.1", 5060)}
FLOWS = {
    "udp": Flow("udp", "10.0.0.1", 5060, "10.0.0.2", 5060),
    "tcp": Flow("tcp", "10.0.0.1", 5060, "10.0.0.2", 5060, 7),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_state_is_reachable_and_every_path_can_end(table: StateTable[Any, Any]) -> None:
    assert table.reachable() == table.states()
    assert table.ending() == table.states()
    assert all(not table.allowed(state) for state in table.final)


@pytest.mark.parametrize(("table", "inputs"), list(zip(TABLES, INPUTS, strict=True)))
def test_every_pair_is_a_transition_or_illegal(table: StateTable[Any, Any], inputs: type[Any]) -> None:
    used = set()
    for state in type(table.initial):
        for event in inputs:
            if table.allows(state, event):
                used.add(event)
                assert table.next(state, event) in table.states()
            else:
                with pytest.raises(IllegalTransition):
                    table.next(state, event)
    assert used == set(inputs)


def transitions(table: StateTable[Any, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (state, event), target in table.transitions.items():
        found.setdefault(f"{state.name}>{target.name}", set()).add(event.name)
    return found


def test_invite_client_table_is_figure_5_with_rfc_6026() -> None:
    found = transitions(invite_client.TABLE)
    assert found["CALLING>PROCEEDING"] == {"PROVISIONAL"}
    assert found["CALLING>ACCEPTED"] == found["PROCEEDING>ACCEPTED"] == {"SUCCESS"}
    assert found["CALLING>COMPLETED"] == found["PROCEEDING>COMPLETED"] == {"FAILURE"}
    assert found["CALLING>TERMINATED"] == {"TIMER_B", "TRANSPORT_ERROR", "ABANDON"}
    assert found["COMPLETED>TERMINATED"] == {"TIMER_D", "TRANSPORT_ERROR"}
    assert found["ACCEPTED>TERMINATED"] == {"TIMER_M"}


def test_invite_server_table_is_figure_7_with_rfc_6026() -> None:
    found = transitions(invite_server.TABLE)
    assert found["PROCEEDING>ACCEPTED"] == {"SUCCESS"}
    assert found["PROCEEDING>COMPLETED"] == {"FAILURE"}
    assert found["COMPLETED>CONFIRMED"] == {"ACK"}
    assert found["COMPLETED>TERMINATED"] == {"TIMER_H"}
    assert found["CONFIRMED>TERMINATED"] == {"TIMER_I"}
    assert found["ACCEPTED>TERMINATED"] == {"TIMER_L"}


def test_non_invite_tables_are_figures_6_and_8() -> None:
    client, server = transitions(non_invite_client.TABLE), transitions(non_invite_server.TABLE)
    assert client["TRYING>COMPLETED"] == client["PROCEEDING>COMPLETED"] == {"FINAL"}
    assert client["TRYING>TERMINATED"] == client["PROCEEDING>TERMINATED"] == {"TIMER_F", "TRANSPORT_ERROR"}
    assert client["COMPLETED>TERMINATED"] == {"TIMER_K"}
    assert server["TRYING>PROCEEDING"] == {"PROVISIONAL"}
    assert server["TRYING>COMPLETED"] == server["PROCEEDING>COMPLETED"] == {"FINAL"}
    assert server["COMPLETED>TERMINATED"] == {"TIMER_J", "TRANSPORT_ERROR"}


class Bench:
    """A layer with a clock of its own, a wire that keeps what is sent, and a user that keeps what it is told."""

    def __init__(self, transport: str = "udp") -> None:
        self.now = 0.0
        self.timers = TimerQueue()
        self.wire: list[Transmit] = []
        self.layer = TransactionLayer(Timing(), self.timers, self.wire.append)
        self.hop, self.flow = HOPS[transport], FLOWS[transport]
        self.told: list[str] = []
        self.tag = "local"

    def on_response(self, transaction: ClientTransaction, response: Response, flow: Flow, now: float) -> None:
        self.told.append(str(response.code))

    def on_no_response(self, transaction: ClientTransaction, code: int, reason: str, now: float) -> None:
        self.told.append(f"{code} {reason}")

    def on_ack(self, transaction: Any, ack: Request, now: float) -> None:
        self.told.append("ACK")

    def on_no_ack(self, transaction: Any, now: float) -> None:
        self.told.append("no ACK")

    def on_cancel(self, transaction: Any, cancel: Request, now: float) -> None:
        self.told.append("CANCEL")

    def request(self, method: str, branch: str | None = "z9hG4bK1", to_tag: str = "") -> Request:
        request = build_request(
            method,
            URI(user="bob", host="10.0.0.2"),
            route_set=[NameAddr(URI.parse("sip:10.0.0.2;lr"))],
            from_=NameAddr(URI.parse("sip:alice@a.test"), parameters={"tag": "a"}),
            to=NameAddr(URI.parse("sip:bob@b.test"), parameters={"tag": to_tag} if to_tag else {}),
            call_id="call",
            cseq=1,
        )
        end = "" if branch is None else f";branch={branch}"
        request.headers.prepend("Via", f"SIP/2.0/{self.hop.transport.upper()} 10.0.0.1:5060{end}")
        return request

    def send(self, method: str) -> ClientTransaction:
        return self.layer.send(self.request(method), self.hop, None, self, self.now)

    def answer(self, code: int, method: str = "INVITE", tag: str = "b") -> bool:
        response = reply(self.request(method), code, tag=tag)
        return self.layer.receive_response(response, self.flow, self.now)

    def run(self, seconds: float) -> list[float]:
        """Let time pass; returns when something was sent."""
        sent, end = [], self.now + seconds
        while (when := self.timers.deadline()) is not None and when <= end:
            count = len(self.wire)
            self.now = when
            self.timers.run(when)
            sent += [round(when, 3)] * (len(self.wire) - count)
        self.now = end
        return sent

    def starts(self) -> list[str]:
        return [transmit.data.split(b" ", 2)[0 if transmit.data[:3] != b"SIP" else 1].decode() for transmit in self.wire]


# -- INVITE client


def test_invite_is_repeated_by_timer_a_until_timer_b() -> None:
    bench = Bench()
    transaction = bench.send("INVITE")
    assert bench.run(40) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert bench.told == ["408 Request Timeout"]
    assert transaction.terminated
    assert len(bench.layer) == 0
    assert bench.timers.deadline() is None


def test_invite_on_a_stream_is_sent_once() -> None:
    bench = Bench("tcp")
    bench.send("INVITE")
    assert bench.run(40) == []
    assert bench.told == ["408 Request Timeout"]


def test_provisional_stops_timers_a_and_b() -> None:
    bench = Bench()
    bench.send("INVITE")
    bench.answer(180)
    bench.answer(183)
    assert bench.run(600) == []
    assert bench.told == ["180", "183"]


@pytest.mark.parametrize("early", [True, False])
def test_failure_is_acknowledged_each_time(early: bool) -> None:
    bench = Bench()
    transaction = bench.send("INVITE")
    if early:
        bench.answer(180)
    bench.answer(486)
    bench.answer(486)
    bench.answer(180)
    bench.answer(200)
    assert bench.starts() == ["INVITE", "ACK", "ACK"]
    ack = parse_message(bench.wire[1].data)
    invite = parse_message(bench.wire[0].data)
    assert isinstance(ack, Request)
    assert isinstance(invite, Request)
    assert ack.uri == invite.uri
    assert ack.via == invite.via
    assert ack.to.tag == "b"
    assert ack.cseq.number == 1
    assert ack.headers.get_all("Route") == invite.headers.get_all("Route")
    assert bench.told == (["180", "486"] if early else ["486"])
    bench.run(31)
    assert not transaction.terminated
    bench.run(2)
    assert transaction.terminated
    assert not bench.answer(486)


def test_timer_d_is_zero_on_a_stream() -> None:
    bench = Bench("tcp")
    transaction = bench.send("INVITE")
    bench.answer(486)
    assert bench.starts() == ["INVITE", "ACK"]
    assert transaction.terminated


def test_accepted_passes_every_2xx_up_until_timer_m() -> None:
    bench = Bench()
    transaction = bench.send("INVITE")
    bench.answer(200, tag="one")
    bench.answer(200, tag="two")
    bench.answer(180)
    bench.answer(486)
    transaction.transport_failed("gone", bench.now)
    assert bench.told == ["200", "200"]
    assert bench.starts() == ["INVITE"]
    bench.run(33)
    assert transaction.terminated
    assert not bench.answer(200)


def test_invite_fails_with_its_transport() -> None:
    bench = Bench("tcp")
    bench.send("INVITE")
    bench.layer.path_failed(bench.hop, "connection refused", bench.now)
    assert bench.told == ["503 connection refused"]


def test_proceeding_invite_fails_with_its_connection() -> None:
    bench = Bench("tcp")
    bench.send("INVITE")
    bench.answer(180)
    bench.layer.path_failed(bench.flow, "connection closed", bench.now)
    assert bench.told == ["180", "503 connection closed"]


def test_completed_invite_ends_quietly_with_its_transport() -> None:
    bench = Bench()
    transaction = bench.send("INVITE")
    bench.answer(486)
    transaction.transport_failed("gone", bench.now)
    transaction.transport_failed("gone", bench.now)
    assert transaction.terminated
    assert bench.told == ["486"]


def test_abandoned_invite_says_nothing() -> None:
    bench = Bench()
    transaction = bench.send("INVITE")
    assert isinstance(transaction, InviteClientTransaction)
    bench.answer(180)
    transaction.abandon()
    transaction.abandon()
    assert transaction.terminated
    assert bench.told == ["180"]


# -- non-INVITE client


def test_request_is_repeated_by_timer_e_until_timer_f() -> None:
    bench = Bench()
    bench.send("OPTIONS")
    assert bench.run(40) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.told == ["408 Request Timeout"]
    assert len(bench.layer) == 0


def test_proceeding_request_is_repeated_every_t2() -> None:
    bench = Bench()
    bench.send("OPTIONS")
    bench.answer(100, "OPTIONS")
    assert bench.run(10) == [0.5, 4.5, 8.5]
    bench.answer(200, "OPTIONS")
    assert bench.run(40) == []
    assert bench.told == ["100", "200"]


def test_repeated_final_answer_is_swallowed_until_timer_k() -> None:
    bench = Bench()
    transaction = bench.send("OPTIONS")
    bench.answer(200, "OPTIONS")
    bench.answer(200, "OPTIONS")
    bench.answer(100, "OPTIONS")
    transaction.transport_failed("gone", bench.now)
    assert bench.told == ["200"]
    bench.run(4.9)
    assert not transaction.terminated
    bench.run(0.2)
    assert transaction.terminated


def test_timer_k_is_zero_on_a_stream() -> None:
    bench = Bench("tcp")
    transaction = bench.send("OPTIONS")
    assert bench.run(5) == []
    bench.answer(200, "OPTIONS")
    assert transaction.terminated


def test_request_fails_with_its_transport_once() -> None:
    bench = Bench()
    transaction = bench.send("OPTIONS")
    bench.layer.path_failed(bench.flow, "unreachable", bench.now)
    transaction.transport_failed("unreachable", bench.now)
    assert bench.told == ["503 unreachable"]


def test_failure_of_another_path_changes_nothing() -> None:
    bench = Bench()
    bench.send("OPTIONS")
    bench.layer.path_failed(HOPS["tcp"], "refused", bench.now)
    bench.layer.path_failed(FLOWS["tcp"], "closed", bench.now)
    assert bench.told == []


# -- INVITE server


def serve_invite(bench: Bench) -> Any:
    return bench.layer.serve_invite(bench.request("INVITE"), bench.flow, bench, bench.now)


def test_100_is_sent_after_200_ms_when_the_user_is_slow() -> None:
    bench = Bench()
    transaction = serve_invite(bench)
    assert bench.run(1) == [0.2]
    transaction.receive(transaction.request, bench.now)
    assert bench.starts() == ["100", "100"]


def test_repeated_invite_gets_the_last_provisional_again() -> None:
    bench = Bench()
    transaction = serve_invite(bench)
    transaction.receive(transaction.request, bench.now)  # nothing to repeat yet
    transaction.respond(reply(transaction.request, 180, tag="b"), bench.now)
    transaction.receive(transaction.request, bench.now)
    transaction.receive(bench.request("ACK"), bench.now)
    assert bench.run(1) == []
    assert bench.starts() == ["180", "180"]
    assert transaction.undecided


def test_refusal_is_repeated_by_timer_g_until_timer_h() -> None:
    bench = Bench()
    transaction = serve_invite(bench)
    transaction.respond(reply(transaction.request, 486, tag="b"), bench.now)
    transaction.receive(transaction.request, bench.now)
    assert bench.run(40) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.told == ["no ACK"]
    assert transaction.terminated


def test_acknowledged_refusal_waits_for_timer_i() -> None:
    bench = Bench()
    transaction = serve_invite(bench)
    transaction.respond(reply(transaction.request, 486, tag="b"), bench.now)
    transaction.receive(bench.request("ACK"), bench.now)
    transaction.receive(bench.request("ACK"), bench.now)
    transaction.receive(transaction.request, bench.now)
    assert bench.told == ["ACK"]
    assert bench.run(4.9) == []
    assert not transaction.terminated
    bench.run(0.2)
    assert transaction.terminated


def test_timers_g_and_i_are_zero_on_a_stream() -> None:
    bench = Bench("tcp")
    transaction = serve_invite(bench)
    transaction.respond(reply(transaction.request, 486, tag="b"), bench.now)
    assert bench.run(5) == []
    transaction.receive(bench.request("ACK"), bench.now)
    assert transaction.terminated


def test_accepted_absorbs_invites_and_passes_acks() -> None:
    bench = Bench()
    transaction = serve_invite(bench)
    response = reply(transaction.request, 200, tag="b")
    transaction.respond(response, bench.now)
    transaction.receive(transaction.request, bench.now)
    transaction.respond(response, bench.now)
    transaction.receive(bench.request("ACK"), bench.now)
    transaction.transport_failed("gone", bench.now)
    assert bench.starts() == ["200", "200"]
    assert bench.told == ["ACK"]
    bench.run(33)
    assert transaction.terminated
    transaction.transport_failed("gone", bench.now)


def test_a_second_final_answer_is_our_mistake() -> None:
    bench = Bench()
    transaction = serve_invite(bench)
    transaction.respond(reply(transaction.request, 486, tag="b"), bench.now)
    with pytest.raises(IllegalTransition):
        transaction.respond(reply(transaction.request, 200, tag="b"), bench.now)


# -- non-INVITE server


def test_repeated_request_gets_the_same_answer_until_timer_j() -> None:
    bench = Bench()
    transaction = bench.layer.serve(bench.request("OPTIONS"), bench.flow)
    transaction.receive(transaction.request, bench.now)
    transaction.respond(reply(transaction.request, 100), bench.now)
    transaction.receive(transaction.request, bench.now)
    transaction.respond(reply(transaction.request, 200, tag="b"), bench.now)
    transaction.receive(transaction.request, bench.now)
    transaction.respond(reply(transaction.request, 500, tag="b"), bench.now)
    assert bench.starts() == ["100", "100", "200", "200"]
    bench.run(33)
    assert transaction.terminated
    transaction.transport_failed("gone", bench.now)


def test_timer_j_is_zero_on_a_stream() -> None:
    bench = Bench("tcp")
    transaction = bench.layer.serve(bench.request("OPTIONS"), bench.flow)
    transaction.respond(reply(transaction.request, 200, tag="b"), bench.now)
    assert transaction.terminated


@pytest.mark.parametrize("code", [None, 100, 200])
def test_server_transaction_ends_with_its_connection(code: int | None) -> None:
    bench = Bench("udp")
    transaction = bench.layer.serve(bench.request("OPTIONS"), bench.flow)
    if code is not None:
        transaction.respond(reply(transaction.request, code, tag="b"), bench.now)
    bench.layer.path_failed(bench.flow, "closed", bench.now)
    assert transaction.terminated


# -- matching


def test_responses_match_by_branch_and_method() -> None:
    bench = Bench()
    bench.send("INVITE")
    assert not bench.answer(200, "CANCEL")
    assert bench.answer(200, "INVITE")
    other = reply(bench.request("INVITE", "z9hG4bKother"), 200)
    assert not bench.layer.receive_response(other, bench.flow, bench.now)


@pytest.mark.parametrize("branch", ["z9hG4bK1", "1", None])
def test_requests_match_by_branch_or_the_rfc_2543_way(branch: str | None) -> None:
    bench = Bench()
    invite = bench.layer.serve_invite(bench.request("INVITE", branch), bench.flow, bench, 0.0)
    assert bench.layer.find_server(bench.request("INVITE", branch)) is invite
    assert bench.layer.find_server(bench.request("ACK", branch, to_tag="b")) is invite
    assert bench.layer.find_cancelled(bench.request("CANCEL", branch)) is invite
    assert bench.layer.find_server(bench.request("CANCEL", branch)) is None
    assert bench.layer.find_server(bench.request("INVITE", "z9hG4bKother")) is None
    other = bench.request("INVITE", branch)
    other.headers.set("Via", other.headers.get("Via").replace("10.0.0.1", "10.0.0.9"))  # type: ignore[union-attr]  # it is there
    assert bench.layer.find_server(other) is None


def test_a_cancel_finds_only_invites() -> None:
    bench = Bench()
    bench.layer.serve(bench.request("OPTIONS"), bench.flow)
    assert bench.layer.find_cancelled(bench.request("CANCEL")) is None


def test_a_request_by_two_paths_is_merged_until_the_first_is_over() -> None:
    bench = Bench()
    transaction = bench.layer.serve(bench.request("OPTIONS"), bench.flow)
    second = bench.request("OPTIONS", "z9hG4bK2")
    assert bench.layer.merges(second)
    transaction.respond(reply(transaction.request, 200, tag="b"), bench.now)
    bench.run(33)
    assert not bench.layer.merges(second)


# -- the source


def via_of(text: str, flow: Flow) -> tuple[Request, Hop | None, Flow]:
    bench = Bench()
    request = bench.request("OPTIONS")
    request.headers.set("Via", text)
    mark_source(request, flow)
    return request, *response_path(request, flow)


def test_rport_is_filled_in_and_answers_go_to_the_source() -> None:
    flow = Flow("udp", "10.0.0.1", 5060, "192.0.2.7", 40000)
    request, hop, back = via_of("SIP/2.0/UDP 10.0.0.2:5070;rport;branch=z9hG4bK1", flow)
    assert (request.via.received, request.via.rport) == ("192.0.2.7", 40000)
    assert (hop, back) == (None, flow)


@pytest.mark.parametrize(("sent_by", "port"), [("10.0.0.2:5070", 5070), ("10.0.0.2", 5060)])
def test_without_rport_answers_go_to_the_sent_by_port(sent_by: str, port: int) -> None:
    flow = Flow("udp", "10.0.0.1", 5060, "192.0.2.7", 40000)
    request, _, back = via_of(f"SIP/2.0/UDP {sent_by};branch=z9hG4bK1", flow)
    assert request.via.received == "192.0.2.7"
    assert (back.remote_address, back.remote_port) == ("192.0.2.7", port)


def test_received_is_not_added_when_the_source_is_the_sender() -> None:
    request, _, _ = via_of("SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK1", FLOWS["udp"])
    assert request.via.received is None


def test_on_a_stream_the_connection_comes_first_and_the_sent_by_second() -> None:
    flow = Flow("tls", "10.0.0.1", 5061, "192.0.2.7", 40000, 3)
    _, hop, back = via_of("SIP/2.0/TLS 10.0.0.2;branch=z9hG4bK1", flow)
    assert hop == Hop("tls", "192.0.2.7", 5061, "10.0.0.1", 5061)
    assert back == flow


def test_the_source_of_an_ipv6_peer_is_written_without_quotes() -> None:
    flow = Flow("udp", "::1", 5060, "2001:db8::7", 40000)
    request, _, _ = via_of("SIP/2.0/UDP [2001:db8::1]:5070;rport;branch=z9hG4bK1", flow)
    assert request.via.received == "2001:db8::7"
    assert '"' not in str(request.via)


# -- timers


def test_timers_run_in_order_and_cancelled_ones_do_not() -> None:
    queue, ran = TimerQueue(), []
    def action(name: str) -> Callable[[float], None]:
        return lambda now: ran.append((name, now))
    queue.schedule(2.0, action("late"))
    stopped = queue.schedule(1.0, action("stopped"))
    queue.schedule(1.0, action("early"))
    stopped.cancel()
    stopped.cancel()
    assert len(queue) == 2
    assert queue.deadline() == 1.0
    queue.run(1.5)
    assert ran == [("early", 1.5)]
    queue.run(3.0)
    assert ran[-1] == ("late", 3.0)
    assert queue.deadline() is None


def test_a_queue_full_of_cancelled_timers_is_compacted() -> None:
    queue = TimerQueue()
    timers = [queue.schedule(float(n), lambda now: None) for n in range(1000)]
    for timer in timers[100:]:
        timer.cancel()
    assert len(queue) == 100
    assert len(queue._heap) < 400
    assert queue.deadline() == 0.0
