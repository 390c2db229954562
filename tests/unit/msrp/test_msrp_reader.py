"""Chunks out of a byte stream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.msrp_pair import ALICE, BOB

from blinkq.msrp.chunk import Chunk
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.reader import ChunkBegan, ChunkBody, ChunkEnded, ChunkReader, Piece

HEAD = b"To-Path: msrp://bob.example:7002/bbb;tcp\r\nFrom-Path: msrp://alice.example:7001/aaa;tcp\r\n"
SEND = b"MSRP a786hjs2 SEND\r\n" + HEAD + b"Message-ID: 87652491\r\nByte-Range: 1-25/25\r\nContent-Type: text/plain\r\n\r\n"
BODY = b"Hey Bob, are you there?\r\n"
STREAM = (
    SEND + BODY + b"\r\n-------a786hjs2$\r\n"
    b"MSRP a786hjs2 200 OK\r\n" + HEAD + b"-------a786hjs2$\r\n"
    b"\r\n" + SEND.replace(b"a786hjs2", b"dkei38sd") + b"\r\n-------dkei38s\r\n-------dkei38sd?\r\n\r\n-------dkei38sd+\r\n"
    b"MSRP dkei38sd 481\r\n" + HEAD + b"-------dkei38sd#\r\n" + SEND.replace(b"a786hjs2", b"empty123") + b"-------empty123$\r\n"
)


def whole(pieces: list[Piece]) -> list[tuple[Chunk, bytes, str]]:
    found: list[tuple[Chunk, bytes, str]] = []
    for piece in pieces:
        if isinstance(piece, ChunkBegan):
            found.append((piece.chunk, b"", ""))
        elif isinstance(piece, ChunkBody):
            found[-1] = (found[-1][0], found[-1][1] + piece.data, "")
        else:
            found[-1] = (*found[-1][:2], piece.flag)
    return found


def test_a_stream_of_chunks() -> None:
    send, response, second, third, empty = whole(ChunkReader().receive_data(STREAM))
    assert send[0].method == "SEND"
    assert send[1] == BODY
    assert send[2] == "$"
    assert send[0].message_id == "87652491"
    assert send[0].to_path == (BOB,)
    assert send[0].from_path == (ALICE,)
    assert (response[0].code, response[0].comment, response[1]) == (200, "OK", b"")
    assert second[1:] == (b"\r\n-------dkei38s\r\n-------dkei38sd?\r\n", "+")
    assert (third[0].code, third[0].comment, third[2]) == (481, "", "#")
    assert empty[0].has_body
    assert empty[1:] == (b"", "$")


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_cutting_the_stream_changes_nothing(places: list[int]) -> None:
    reader, pieces, start = ChunkReader(), [], 0
    for place in [*sorted(places), len(STREAM)]:
        pieces += reader.receive_data(STREAM[start:place])
        start = place
    assert whole(pieces) == whole(ChunkReader().receive_data(STREAM))


def test_byte_by_byte() -> None:
    reader = ChunkReader()
    pieces = [piece for place in range(len(STREAM)) for piece in reader.receive_data(STREAM[place : place + 1])]
    assert whole(pieces) == whole(ChunkReader().receive_data(STREAM))


def test_a_body_is_handed_on_before_its_end_comes() -> None:
    reader = ChunkReader()
    pieces = reader.receive_data(SEND + b"x" * 1000)
    assert isinstance(pieces[0], ChunkBegan)
    assert isinstance(pieces[1], ChunkBody)
    assert len(pieces[1].data) > 900
    assert reader.receive_data(b"\r\n-------a786hjs2$\r\n")[-1] == ChunkEnded("$")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"MSRP x SEND\r\n" + HEAD + b"\r\n",
        b"MSRP a786hjs2 SEND\r\nTo-Path: msrp://b/b;tcp\r\n\r\n",
        b"MSRP a786hjs2 SEND\r\n" + HEAD + HEAD + b"\r\n",
        b"MSRP a786hjs2 SEND\r\n" + HEAD + b"no header\r\n\r\n",
        b"MSRP a786hjs2 SEND\r\n" + HEAD + b"-------a786hjs2!\r\n",
        b"MSRP a786hjs2 SEND\r\n" + HEAD + b"X: y\r\n" * 100 + b"\r\n",
        b"MSRP " + b"a" * 20000,
        b"MSRP a786hjs2 SEND\r\n" + HEAD + b"X: " + b"y" * 20000,
        b"MSRP a786hjs2 SEND\r\n" + HEAD + b"X: " + b"y" * 20000 + b"\r\n\r\n",
        b"MSRP a786hjs2 SEND\r\n" + HEAD + b"X: " + b"y" * 20000 + b"\r\n-------a786hjs2$\r\n",
    ],
)
def test_what_is_not_msrp_ends_the_stream(data: bytes) -> None:
    reader = ChunkReader()
    good = reader.receive_data(STREAM)
    assert len(whole(good)) == 5
    with pytest.raises(MSRPParseError):
        reader.receive_data(data)
    assert reader.error is not None
    with pytest.raises(MSRPParseError):
        reader.receive_data(STREAM)


def test_what_came_before_the_fault_is_delivered() -> None:
    reader = ChunkReader()
    assert len(whole(reader.receive_data(STREAM + b"rubbish\r\n"))) == 5
    assert reader.error is not None


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    for stream in (data, b"MSRP " + data, SEND + data, STREAM[:300] + data + STREAM[300:]):
        try:
            ChunkReader().receive_data(stream)
        except MSRPParseError:
            pass


def test_chunks_are_written_as_they_are_read() -> None:
    for chunk, body, flag in whole(ChunkReader().receive_data(STREAM)):
        data = chunk.to_bytes(body if chunk.has_body else None, flag)
        assert whole(ChunkReader().receive_data(data)) == [(chunk, body, flag)]
