"""Messages between two connections: whole, cut, refused, reported, given up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.msrp_pair import ALICE, BOB, Pair

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.msrp import limits
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.connection import Connection
from blinkq.msrp.events import (
    ChunkDelivered,
    ConnectionFailed,
    DataReceived,
    DataWanted,
    MessageAborted,
    MessageDelivered,
    MessageFailed,
    MessageReceived,
    MessageSent,
    MessageStarted,
    RequestAnswered,
    RequestReceived,
    SessionBound,
    SessionFailed,
    Transmit,
)
from blinkq.msrp.reader import ChunkBegan, ChunkEnded, ChunkReader
from blinkq.msrp.session import Session


def bodies(pair: Pair) -> list[bytes | None]:
    return [event.body for event in pair.bob.of(MessageReceived)]


def test_a_short_message_with_its_report() -> None:
    pair = Pair()
    message = pair.alice.session.send("text/plain", b"hello", success_report=True, now=0.0)
    pair.run()
    assert bodies(pair) == [b"hello"]
    assert len(pair.bob.of(SessionBound)) == 1
    assert [type(event) for event in pair.alice.events] == [MessageSent, ChunkDelivered, MessageDelivered]
    assert message.finished
    assert not pair.alice.session.unfinished
    assert not pair.bob.session.incoming
    assert pair.alice.connection.deadline() is None
    received = pair.bob.of(MessageReceived)[0].message
    assert received.content_type == "text/plain"
    assert received.message_id == message.message_id


def test_whole_chunks_for_connections_of_messages() -> None:
    """RFC 7977: each thing that is given out is one chunk, from its first line to its last."""
    pair = Pair()
    pair.alice.connection = Connection(SeededEntropy(9), pair.alice.find, whole_chunks=True)
    pair.alice.connection.attach(pair.alice.session, 0.0)
    long = [pair.alice.session.send("text/plain", name * 200_000, success_report=True, now=0.0) for name in (b"a", b"b")]
    unknown = pair.alice.session.send("text/plain", success_report=True, now=0.0)
    pair.alice.session.provide(unknown, b"bit by bit", now=0.0)
    pair.alice.session.send("text/plain", b"short", now=0.0)
    given: list[bytes] = []
    while pair.alice.connection.wants_turn:
        pair.alice.connection.turn(0.0)
    pair.alice.session.provide(unknown, b", to the end", last=True, now=0.0)
    given += [output.data for output in pair.alice.connection.drain() if isinstance(output, Transmit)]
    for data in given:
        pieces = ChunkReader().receive_data(data)
        assert [isinstance(piece, ChunkBegan) for piece in pieces].count(True) == 1
        assert isinstance(pieces[0], ChunkBegan)
        assert isinstance(pieces[-1], ChunkEnded)
        assert (pieces[0].chunk.byte_range.end is None) == (len(data) > 2500)  # the large ones could be interrupted
        assert len(data) < 34 * 1024
    pair.bob.connection.receive_data(b"".join(given), 0.0)
    pair.run()
    assert sorted((body or b"")[:3] + b"%d" % len(body or b"") for body in bodies(pair)) == [b"aaa200000", b"bbb200000", b"bit22", b"sho5"]
    assert all(message.sent for message in (*long, unknown))


def test_messages_wait_for_their_connection_and_keep_their_order() -> None:
    pair = Pair()
    for number in range(1000):
        pair.bob.session.send("text/plain", b"%d" % number, success_report=True, now=0.0)
    assert not pair.bob.connection.drain()
    pair.alice.connection.hello(pair.alice.session, 0.0)
    pair.run()
    assert [event.body for event in pair.alice.of(MessageReceived)] == [b"%d" % number for number in range(1000)]
    assert len(pair.bob.of(MessageDelivered)) == 1000
    assert [event.code for event in pair.alice.of(RequestAnswered)] == [200]


def test_a_long_message_is_interrupted_by_a_short_one() -> None:
    pair = Pair()
    pair.alice.connection.set_writable(False, 0.0)
    long = bytes(range(256)) * 10000
    pair.alice.session.send("image/png", long, success_report=True, now=0.0)
    pair.alice.connection.set_writable(True, 0.0)
    pair.alice.session.send("text/plain", b"quick", success_report=True, now=0.0)
    pair.run()
    assert bodies(pair) == [b"quick", long]
    assert [event.message.size for event in pair.alice.of(MessageDelivered)] == [5, len(long)]
    assert b"+\r\nMSRP" in bytes(pair.alice.sent)


def test_two_long_messages_share_the_connection() -> None:
    pair = Pair()
    first, second = b"a" * 700_000, b"b" * 900_000
    pair.alice.connection.set_writable(False, 0.0)
    pair.alice.session.send("text/plain", first, now=0.0)
    pair.alice.session.send("text/plain", second, now=0.0)
    pair.alice.connection.set_writable(True, 0.0)
    pair.run()
    assert bodies(pair) == [first, second]
    acknowledged = [event.acknowledged for event in pair.alice.of(ChunkDelivered) if event.message.size == 700_000]
    assert acknowledged == sorted(acknowledged)
    assert acknowledged[-1] == 700_000
    assert len(acknowledged) > 5


@given(st.lists(st.integers(0, 300_000), max_size=6), st.integers(1, 70_000), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_cutting_the_wire_changes_nothing(sizes: list[int], step: int, seed: int) -> None:
    pair = Pair(lambda data: [data[place : place + step] for place in range(0, len(data), step)])
    sent = [SeededEntropy(seed + number).octets(size) for number, size in enumerate(sizes)]
    for body in sent:
        pair.alice.session.send("application/octet-stream", body, success_report=True, now=0.0)
    pair.run()
    assert sorted(bodies(pair)) == sorted(sent)
    assert len(pair.alice.of(MessageDelivered)) == len(sizes)


def provider(pair: Pair, body: bytes, step: int) -> Any:
    def on_event(event: Any) -> None:
        if isinstance(event, DataWanted):
            at = event.message.position + event.message.buffered
            event.session.provide(event.message, body[at : at + step], last=at + step >= len(body), now=pair.now)

    return on_event


@pytest.mark.parametrize("start", [0, 400_000])
def test_a_file_goes_as_it_is_read(start: int) -> None:
    body = SeededEntropy(9).octets(1_000_000)
    pair = Pair()
    pair.bob.session.assemble = False
    message = pair.alice.session.send("application/octet-stream", size=len(body), start=start, success_report=True, now=0.0)
    pair.run(provider(pair, body, 100_000))
    data = pair.bob.of(DataReceived)
    assert data[0].offset == start
    assert b"".join(event.data for event in data) == body[start:]
    assert len(pair.bob.of(MessageStarted)) == 1
    assert message.sent
    assert message.answered.pairs() == [(start, len(body))]
    assert max(event.message.buffered for event in pair.alice.of(DataWanted)) < 700_000
    # from the middle on, only whoever has the beginning can say that it is whole
    assert len(pair.bob.of(MessageReceived)) == (1 if start == 0 else 0)


def test_a_cancelled_file_ends_with_the_sign_of_it() -> None:
    pair = Pair()
    pair.bob.session.assemble = False
    message = pair.alice.session.send("application/octet-stream", size=10_000_000, now=0.0)
    pair.alice.session.provide(message, b"x" * 200_000, now=0.0)
    pair.run()
    pair.alice.session.cancel(message, 0.0)
    pair.alice.session.cancel(message, 0.0)
    pair.run()
    assert [(event.code, event.reason) for event in pair.alice.of(MessageFailed)] == [(0, "Cancelled")]
    assert [(event.code, event.message.received) for event in pair.bob.of(MessageAborted)] == [(0, 200_000)]
    assert not pair.bob.session.incoming


def test_a_refused_file_stops() -> None:
    pair = Pair()
    pair.bob.session.assemble = False
    message = pair.alice.session.send("application/octet-stream", size=50_000_000, now=0.0)

    def on_event(event: Any) -> None:
        if isinstance(event, DataWanted):
            event.session.provide(event.message, b"x" * 500_000, now=0.0)
        elif isinstance(event, MessageStarted):
            event.session.refuse(event.message, 413)

    pair.run(on_event)
    assert [(event.code, event.reason) for event in pair.alice.of(MessageFailed)] == [(413, "Stop Sending")]
    assert message.position < 5_000_000


def test_types_and_sizes_that_are_not_taken() -> None:
    pair = Pair(accept_types=("text/*",), max_size=1000)
    pair.alice.session.send("image/png", b"x", now=0.0)
    pair.alice.session.send("text/plain", b"x" * 1001, now=0.0)
    pair.alice.session.send("text/plain", b"x" * 1000, now=0.0)
    pair.run()
    assert [event.code for event in pair.alice.of(MessageFailed)] == [415, 413]
    assert [event.code for event in pair.bob.of(MessageAborted)] == [415, 413]
    assert bodies(pair) == [b"x" * 1000]


@pytest.mark.parametrize(("wish", "answers"), [("yes", 1), ("partial", 0), ("no", 0)])
def test_failure_reports(wish: str, answers: int) -> None:
    pair = Pair()
    message = pair.alice.session.send("text/plain", b"x", failure_report=wish, now=0.0)
    pair.run()
    assert pair.bob.sent.count(b" 200 OK") == answers
    assert bodies(pair) == [b"x"]
    assert message.finished


def test_partial_failure_reports_tell_failures() -> None:
    pair = Pair(accept_types=("text/plain",))
    pair.alice.session.send("image/png", b"x", failure_report="partial", success_report=True, now=0.0)
    pair.alice.session.send("image/png", b"x", failure_report="no", now=0.0)
    pair.run()
    assert pair.bob.sent.count(b" 415 ") == 1


def test_silence_fails_the_message() -> None:
    pair = Pair()
    pair.alice.session.send("text/plain", b"x", success_report=True, now=0.0)
    pair.alice.connection.drain()
    assert pair.alice.connection.deadline() == 30.0
    pair.alice.connection.tick(29.0)
    assert pair.alice.connection.drain() == []
    pair.alice.connection.tick(30.0)
    events = pair.alice.connection.drain()
    assert [(type(event), event.code) for event in events] == [(MessageFailed, 408)]


def test_keep_alive_and_its_silence() -> None:
    pair = Pair(keep_alive=60.0)
    assert pair.alice.connection.deadline() == 60.0
    pair.now = 60.0
    pair.alice.connection.tick(60.0)
    pair.run()
    assert [event.code for event in pair.alice.of(RequestAnswered)] == [200]
    assert bodies(pair) == []
    pair.alice.connection.tick(120.0)
    pair.alice.connection.drain()
    pair.alice.connection.tick(150.0)
    assert [type(event) for event in pair.alice.connection.drain()] == [RequestAnswered, SessionFailed]


def test_a_keep_alive_goes_out_when_its_deadline_says_so() -> None:
    """Also where the sum of two times, less one of them, is not quite the other: or the driver would ask for a turn for ever."""
    pair = Pair(keep_alive=60.0)
    pair.now = 990.8701741838819
    pair.alice.connection.hello(pair.alice.session, pair.now)
    pair.run()
    deadline = pair.alice.connection.deadline()
    assert deadline is not None
    assert deadline - pair.now < 60.0
    pair.alice.connection.tick(deadline)
    assert (pair.alice.connection.deadline() or 0.0) > deadline


def send_raw(pair: Pair, chunk: Chunk, body: bytes | None = None, flag: str = "$") -> bytes:
    pair.bob.connection.receive_data(chunk.to_bytes(body, flag), 0.0)
    outputs = pair.bob.connection.drain()
    pair.bob.events += outputs
    return b"".join(output.data for output in outputs if hasattr(output, "data") and not isinstance(output, DataReceived))


def chunk(
    byte_range: str | None = None, *, to: Any = BOB, from_: Any = ALICE, method: str = "SEND", mid: str = "m1", **headers: str
) -> Chunk:
    lines = [("Message-ID", mid)] + ([("Byte-Range", byte_range)] if byte_range else [])
    lines += [(name.replace("_", "-"), value) for name, value in headers.items()] + [("Content-Type", "text/plain")]
    return Chunk("tid12345", (to,), (from_,), method, headers=tuple(lines))


def test_requests_for_others_are_refused() -> None:
    pair = Pair()
    assert b" 481 " in send_raw(pair, chunk(to=ALICE), b"x")
    assert b" 481 " in send_raw(pair, chunk(from_=BOB), b"x")
    assert b" 501 " in send_raw(pair, chunk(method="NICKNAME"))
    assert b" 200 " in send_raw(pair, chunk(), b"x")
    assert b" 400 " in send_raw(pair, chunk("5-1/3", mid="m2"), b"x")
    assert send_raw(pair, chunk(method="REPORT", mid="nobody", Status="000 200 OK")) == b""
    other = Pair()
    other.bob.session = pair.bob.session
    assert b" 506 " in send_raw(other, chunk(), b"x")


def test_chunks_in_any_order_and_overlapping() -> None:
    pair = Pair()
    parts = [("7-9/9", b"ghi", "$"), ("1-3/9", b"abc", "+"), ("3-6/9", b"cdef", "+")]
    for byte_range, body, flag in parts:
        assert b" 200 OK" in send_raw(pair, chunk(byte_range), body, flag)
    assert bodies(pair) == [b"abcdefghi"]


@pytest.mark.parametrize(
    ("byte_range", "body", "flag"),
    [("1-2/9", b"abc", "+"), ("1-*/2", b"abc", "+"), ("1-*/5", b"abc", "$"), ("1-3/*", b"abcd", "$")],
)
def test_sizes_that_lie(byte_range: str, body: bytes, flag: str) -> None:
    pair = Pair()
    answer = send_raw(pair, chunk(byte_range), body, flag)
    if flag == "$" and byte_range == "1-*/5":
        assert b" 400 " in answer
    assert bodies(pair) == []
    assert len(pair.bob.of(MessageAborted)) == 1
    assert not pair.bob.session.incoming


def test_sizes_that_contradict_each_other() -> None:
    pair = Pair()
    send_raw(pair, chunk("1-3/9"), b"abc", "+")
    assert b" 400 " in send_raw(pair, chunk("4-6/8"), b"def", "+")
    assert b" 400 " in send_raw(pair, chunk("7-9/9"), b"ghi", "$")
    assert bodies(pair) == []


def test_what_a_peer_begins_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    for number in range(limits.MAX_INCOMPLETE_MESSAGES):
        assert b" 200 " in send_raw(pair, chunk("1-1/9", mid=f"m{number}"), b"a", "+")
    assert b" 413 " in send_raw(pair, chunk("1-1/9", mid="one more"), b"a", "+")
    assert len(pair.bob.session.incoming) == limits.MAX_INCOMPLETE_MESSAGES
    monkeypatch.setattr("blinkq.msrp.incoming.MAX_GAPS", 3)
    answers = [send_raw(pair, chunk(f"{place}-{place}/99", mid="m1"), b"a", "+") for place in (20, 30, 40, 50)]
    assert b" 400 " in answers[-1]


def test_a_message_far_from_its_beginning_takes_no_memory() -> None:
    pair = Pair()
    assert b" 413 " in send_raw(pair, chunk("9000000000-*/*"), b"a", "+")


def test_extension_requests() -> None:
    pair = Pair(methods=frozenset({"NICKNAME"}))
    pair.alice.session.request("NICKNAME", ("Use-Nickname", '"Al"'), now=0.0)
    pair.run()
    (event,) = pair.bob.of(RequestReceived)
    assert event.chunk.header("use-nickname") == '"Al"'
    pair.bob.session.respond(event.chunk, 425, now=0.0)
    pair.run()
    assert [(event.code, event.reason) for event in pair.alice.of(RequestAnswered)] == [(425, "Nickname Reserved")]


def test_a_session_that_the_peer_does_not_know_fails() -> None:
    pair = Pair()
    pair.bob.session.ended = True
    pair.alice.session.send("text/plain", b"x", now=0.0)
    pair.run()
    assert [type(event) for event in pair.alice.events] == [MessageSent, MessageFailed, SessionFailed]


def test_the_end_of_a_session_fails_what_was_on_its_way() -> None:
    pair = Pair()
    pair.alice.session.send("text/plain", b"x", success_report=True, now=0.0)
    pair.alice.connection.drain()
    pair.alice.session.end(0.0)
    pair.alice.session.end(0.0)
    assert [(type(event), event.reason) for event in pair.alice.connection.drain()] == [(MessageFailed, "Stream ended")]
    assert pair.alice.connection.deadline() is None
    assert not pair.alice.connection.sessions
    with pytest.raises(IllegalStateError):
        pair.alice.session.send("text/plain", b"x", now=0.0)
    with pytest.raises(IllegalStateError):
        pair.alice.session.request("NICKNAME", now=0.0)


def test_a_lost_connection_fails_its_sessions_once() -> None:
    pair = Pair()
    pair.alice.session.send("text/plain", b"x", success_report=True, now=0.0)
    pair.alice.connection.drain()
    pair.alice.connection.closed("reset by peer", 0.0)
    pair.alice.connection.closed("reset by peer", 0.0)
    assert [type(event) for event in pair.alice.connection.drain()] == [SessionFailed, MessageFailed]


def test_rubbish_closes_the_connection() -> None:
    pair = Pair()
    pair.bob.connection.receive_data(chunk().to_bytes(b"x") + b"rubbish\r\n", 0.0)
    kinds = [type(event) for event in pair.bob.connection.drain()]
    assert MessageReceived in kinds
    assert kinds[-1] is ConnectionFailed
    pair.bob.connection.receive_data(b"more", 0.0)
    assert pair.bob.connection.drain() == []


def test_a_message_that_ends_while_its_bytes_come() -> None:
    pair = Pair()
    data = chunk().to_bytes(b"x" * 100)
    pair.bob.connection.receive_data(data[:-50], 0.0)
    pair.bob.session.end(0.0)
    pair.bob.connection.receive_data(data[-50:], 0.0)
    assert any(b" 481 " in event.data for event in pair.bob.connection.drain() if hasattr(event, "data"))


def test_reports_by_hand() -> None:
    pair = Pair(automatic_reports=False)
    pair.alice.session.send("text/plain", b"good", success_report=True, now=0.0)
    pair.alice.session.send("text/plain", b"bad", success_report=True, now=0.0)
    pair.alice.session.send("text/plain", b"quiet", failure_report="no", now=0.0)
    pair.run()
    good, bad, quiet = (event.message for event in pair.bob.of(MessageReceived))
    pair.bob.session.report(good, 200, now=0.0)
    pair.bob.session.report(bad, 400, "not CPIM", now=0.0)
    pair.bob.session.report(quiet, 200, now=0.0)
    pair.bob.session.report(quiet, 400, now=0.0)
    pair.run()
    assert len(pair.alice.of(MessageDelivered)) == 1
    assert [(event.code, event.reason) for event in pair.alice.of(MessageFailed)] == [(400, "not CPIM")]


@given(st.binary(max_size=300), st.integers(0, 300))
def test_any_bytes_after_good_ones(data: bytes, place: int) -> None:
    pair = Pair()
    good = chunk("1-*/*").to_bytes(b"x" * 100)
    pair.bob.connection.receive_data(good[:place] + data + good[place:], 0.0)
    pair.bob.connection.tick(1e6)
    pair.bob.connection.closed("end", 1e6)


def test_without_a_connection_a_message_can_be_cancelled() -> None:
    session = Session(ALICE, (BOB,), SeededEntropy(1))
    message = session.send("text/plain", b"x", now=0.0)
    session.cancel(message, 0.0)
    assert message.finished
    assert not session.unfinished
