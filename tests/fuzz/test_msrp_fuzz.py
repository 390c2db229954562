"""Whatever chunks a peer makes, in whatever order and cut, nothing raises, what is kept is bounded, and true messages stay true."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.msrp_pair import ALICE, BOB, Pair

from blinkq.msrp.chunk import Chunk
from blinkq.msrp.events import ConnectionFailed, MessageReceived
from blinkq.msrp.limits import MAX_INCOMPLETE_MESSAGES
from blinkq.msrp.uri import MSRPURI

NUMBERS = st.one_of(st.integers(0, 40).map(str), st.sampled_from(["*", "9223372036854775807", "99999999999999999999", "-1", ""]))
RANGES = st.one_of(st.none(), st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda numbers: f"{numbers[0]}-{numbers[1]}/{numbers[2]}"))
URIS = st.sampled_from([ALICE, BOB, MSRPURI.parse("msrps://mallory.example:1/aaa;tcp")])
METHODS = st.sampled_from(["SEND", "SEND", "SEND", "REPORT", "NICKNAME", "FILE_OFFSET", "AUTH"])
TYPES = st.sampled_from(["text/plain", "message/cpim", "", ";", "*"])
STATUSES = st.sampled_from(["000 200 OK", "000 413", "001 200", "x", "000 999 \x1b[2J"])
BODIES = st.one_of(st.none(), st.binary(max_size=60), st.just(b"\r\n-------tid00001$\r\n"))


@st.composite
def chunks(draw: st.DrawFn) -> bytes:
    headers = [("Message-ID", draw(st.sampled_from(["m1", "m2", "m3", "", "\u2028"])))]
    byte_range = draw(RANGES)
    if byte_range is not None:
        headers.append(("Byte-Range", byte_range))
    headers += [("Status", draw(STATUSES)), ("Failure-Report", draw(st.sampled_from(["yes", "no", "partial", "?"])))]
    headers += [("Success-Report", draw(st.sampled_from(["yes", "no", ""]))), ("Content-Type", draw(TYPES))]
    path = tuple(draw(st.lists(URIS, min_size=1, max_size=3)))
    made = Chunk(draw(st.sampled_from(["tid00001", "tid00002"])), path, (draw(URIS),), draw(METHODS), headers=tuple(headers))
    return made.to_bytes(draw(BODIES), draw(st.sampled_from("$+#")))


@given(st.lists(chunks(), max_size=12), st.integers(1, 400), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_chunks(pieces: list[bytes], step: int, assemble: bool) -> None:
    pair = Pair(assemble=assemble, max_size=100)
    pair.bob.session.send("text/plain", b"to be reported", message_id="m1", success_report=True, now=0.0)
    stream = b"".join(pieces)
    for place in range(0, len(stream), step):
        pair.bob.connection.receive_data(stream[place : place + step], 0.0)
        pair.bob.events += pair.bob.connection.drain()
        assert len(pair.bob.session.incoming) <= MAX_INCOMPLETE_MESSAGES
        assert sum(message.kept for message in pair.bob.session.incoming.values()) <= 3 * 200
    assert all(event.body is None or len(event.body) <= 100 for event in pair.bob.of(MessageReceived))
    pair.bob.connection.tick(1000.0)
    pair.bob.connection.closed("over", 1000.0)
    pair.bob.events += pair.bob.connection.drain()
    assert len(pair.bob.of(ConnectionFailed)) <= 1
    assert pair.bob.session.ended or pair.bob.session.connection is None
