"""Success-Report and Failure-Report in every combination, failures that come late, and messages that are given up (RFC 4975 §7.1)."""

from __future__ import annotations

import itertools

import pytest
from support.msrp_pair import ALICE, BOB, Pair

from blinkq.base.clock import SeededEntropy
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.connection import RESPONSE_TIMEOUT, Connection
from blinkq.msrp.events import MessageAborted, MessageDelivered, MessageFailed, MessageReceived, MessageSent, RequestAnswered, SessionFailed
from blinkq.msrp.limits import MAX_QUIET_CHUNKS, MAX_SETTLED
from blinkq.msrp.reader import ChunkBegan, ChunkEnded, ChunkReader

FAILURE_REPORTS = ("yes", "no", "partial")


def chunks(data: bytes) -> list[tuple[Chunk, str]]:
    """The chunks of a stream with their flags."""
    pieces = ChunkReader().receive_data(data)
    began = [piece.chunk for piece in pieces if isinstance(piece, ChunkBegan)]
    return list(zip(began, [piece.flag for piece in pieces if isinstance(piece, ChunkEnded)], strict=True))


def report(message_id: str, code: int, namespace: str = "000") -> bytes:
    headers = (("Message-ID", message_id), ("Byte-Range", "1-5/5"), ("Status", f"{namespace} {code:03d} because"))
    return Chunk("rep0rt", (ALICE,), (BOB,), "REPORT", headers=headers).to_bytes()


@pytest.mark.parametrize(("success", "failure", "good"), list(itertools.product((True, False), FAILURE_REPORTS, (True, False))))
def test_every_combination(success: bool, failure: str, good: bool) -> None:
    """What the receiver answers, and what the sender makes of it."""
    pair = Pair()
    if not good:
        pair.bob.session.accept_types = ("text/html",)
    pair.alice.session.send("text/plain", b"hello", success_report=success, failure_report=failure, now=0.0)
    pair.run()
    answers = [chunk for chunk, _ in chunks(bytes(pair.bob.sent))]
    codes = [chunk.code for chunk in answers if chunk.code is not None]
    reports = [chunk.status.code for chunk in answers if chunk.method == "REPORT"]
    if good:
        assert codes == ([200] if failure == "yes" else [])
        assert reports == ([200] if success else [])
        assert len(pair.alice.of(MessageDelivered)) == success
        assert not pair.alice.of(MessageFailed)
        assert len(pair.bob.of(MessageReceived)) == 1
    else:
        assert codes == ([] if failure == "no" else [415])
        assert reports == []
        assert [event.code for event in pair.alice.of(MessageFailed)] == codes
        assert not pair.bob.of(MessageReceived)
    assert len(pair.alice.of(MessageSent)) == 1
    assert pair.alice.connection.deadline() is None
    assert bool(pair.alice.session.unfinished) == (success and not good and failure == "no")


@pytest.mark.parametrize("failure", FAILURE_REPORTS)
def test_silence_is_a_failure_only_where_an_answer_was_asked_for(failure: str) -> None:
    pair = Pair()
    pair.alice.session.send("text/plain", b"hello", failure_report=failure, now=0.0)
    pair.alice.connection.drain()
    assert pair.alice.connection.deadline() == (RESPONSE_TIMEOUT if failure == "yes" else None)
    pair.alice.connection.tick(RESPONSE_TIMEOUT)
    failed = [event for event in pair.alice.connection.drain() if isinstance(event, MessageFailed)]
    assert [event.code for event in failed] == ([408] if failure == "yes" else [])


def test_an_extension_that_is_not_answered_does_not_end_the_session() -> None:
    pair = Pair()
    pair.alice.session.request("NICKNAME", now=0.0)
    pair.alice.connection.tick(RESPONSE_TIMEOUT)
    events = pair.alice.connection.drain()
    assert [event.code for event in events if isinstance(event, RequestAnswered)] == [408]
    assert not any(isinstance(event, SessionFailed) for event in events)
    pair.alice.connection.hello(pair.alice.session, RESPONSE_TIMEOUT)
    pair.alice.connection.tick(2 * RESPONSE_TIMEOUT)
    assert [event.code for event in pair.alice.connection.drain() if isinstance(event, SessionFailed)] == [408]


@pytest.mark.parametrize("code", [400, 403, 413, 415, 481, 501, 506])
@pytest.mark.parametrize("failure", ["yes", "partial"])
def test_refusals(failure: str, code: int) -> None:
    pair = Pair()
    message = pair.alice.session.send("text/plain", b"hello", failure_report=failure, now=0.0)
    pair.alice.connection.drain()
    sent, _ = chunks(pair_bytes(pair, message.message_id))[0]
    answer = sent.response(code).to_bytes()
    pair.alice.connection.receive_data(answer, 1.0)
    pair.alice.connection.receive_data(answer, 2.0)  # once is enough
    events = pair.alice.connection.drain()
    assert [event.code for event in events if isinstance(event, MessageFailed)] == [code]
    assert [event.code for event in events if isinstance(event, SessionFailed)] == ([code] if code in (481, 506) else [])


def pair_bytes(pair: Pair, message_id: str) -> bytes:
    """The request of a message, as it went out."""
    pending = [*pair.alice.connection._pending.values(), *pair.alice.connection._quiet.values()]
    return next(item.chunk for item in pending if item.chunk.message_id == message_id).to_bytes(b"")


def test_a_failure_further_on_is_told_when_the_next_hop_had_accepted() -> None:
    pair = Pair()
    for failure in FAILURE_REPORTS:
        message = pair.alice.session.send("text/plain", b"hello", failure_report=failure, now=0.0)
        pair.run()
        assert message.finished
        for _ in range(2):
            pair.alice.connection.receive_data(report(message.message_id, 408, "999"), 1.0)  # of another namespace
            pair.alice.connection.receive_data(report(message.message_id, 200), 1.0)
            pair.alice.connection.receive_data(report(message.message_id, 408), 1.0)
        failed = [event for event in pair.alice.connection.drain() if isinstance(event, MessageFailed)]
        assert [(event.code, event.reason) for event in failed] == ([] if failure == "no" else [(408, "because")])
        assert not pair.alice.session.settled


def test_what_is_remembered_is_bounded() -> None:
    pair = Pair()
    for number in range(2 * MAX_QUIET_CHUNKS):
        pair.alice.session.send("text/plain", b"%d" % number, failure_report=("yes", "partial")[number % 2], now=0.0)
        pair.run()
    assert len(pair.alice.session.settled) == MAX_SETTLED
    assert len(pair.alice.connection._quiet) == MAX_QUIET_CHUNKS
    pair.alice.session.end(0.0)
    assert not pair.alice.session.settled
    assert not pair.alice.connection._quiet


def test_only_small_chunks_say_where_they_end() -> None:
    pair = Pair()
    for size in (2048, 2049):
        pair.alice.session.send("text/plain", b"x" * size, now=0.0)
    pair.run()
    sent = [chunk.header("Byte-Range") for chunk, _ in chunks(bytes(pair.alice.sent)) if chunk.method]
    assert sent == ["1-2048/2048", "1-*/2049"]
    assert [len(event.body) for event in pair.bob.of(MessageReceived)] == [2048, 2049]


@pytest.mark.parametrize("whole", [True, False])
def test_a_message_given_up_between_two_chunks_is_told(whole: bool) -> None:
    pair = Pair()
    pair.alice.connection = Connection(SeededEntropy(9), pair.alice.find, whole_chunks=whole)
    pair.alice.connection.attach(pair.alice.session, 0.0)
    session = pair.alice.session
    first = session.send("text/plain", size=300_000, now=0.0)
    session.provide(first, b"a" * 100_000, now=0.0)
    pair.run()
    second = session.send("text/plain", size=200_000, now=0.0)
    session.provide(second, b"b" * 100_000, now=0.0)
    pair.run()
    session.cancel(first, 0.0)  # while a chunk of the second one is open
    session.provide(second, b"b" * 100_000, last=True, now=0.0)
    untouched = session.send("text/plain", size=300_000, now=0.0)
    session.cancel(untouched, 0.0)  # of which nothing went out
    pair.run()
    (aborted,) = pair.bob.of(MessageAborted)
    assert (aborted.message.message_id, aborted.code) == (first.message_id, 0)
    assert [event.body for event in pair.bob.of(MessageReceived)] == [b"b" * 200_000]
    assert not pair.bob.session.incoming
    assert [chunk.message_id for chunk, flag in chunks(bytes(pair.alice.sent)) if flag == "#"] == [first.message_id]
