"""No datagram on a media port, not even one signed by the peer itself, makes the ICE agent raise."""

from __future__ import annotations

import asyncio
import socket
import struct

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from blinkq.voice.ice_agent import Agent, host_candidate
from blinkq.voice.ice_socket import IceSocket
from blinkq.voice.transport import is_stun

PASSWORD = "p" * 22
SOURCES = st.sampled_from([("127.0.0.1", 9), ("192.0.2.1", 4000), ("192.0.2.1", 4001)])
NUMBERS = st.sampled_from(sorted(stun.ATTRIBUTES_BY_TYPE)) | st.integers(0, 0xFFFF)
ATTRIBUTES = st.lists(st.tuples(NUMBERS, st.binary(max_size=24)), max_size=6)


def message(kind: int, attributes: list[tuple[int, bytes]], *, signed: bool) -> bytes:
    """A STUN message with these attributes; ``signed`` with the right password and the user name that goes with it."""
    if signed:
        attributes = [(stun.ATTRIBUTES_BY_NAME["USERNAME"][0], b"ours:theirs"), *attributes]
    body = b"".join(struct.pack("!HH", number, len(value)) + value + b"\0" * (-len(value) % 4) for number, value in attributes)
    header = struct.pack("!HHI", kind, len(body) + (24 if signed else 0), stun.COOKIE) + b"t" * 12
    if not signed:
        return header + body
    digest = stun.message_integrity(header + body, PASSWORD.encode())
    return header + body + struct.pack("!HH", stun.ATTRIBUTES_BY_NAME["MESSAGE-INTEGRITY"][0], len(digest)) + digest


def hand_in(datagrams: list[tuple[bytes, tuple[str, int]]]) -> None:
    async def body() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            one = IceSocket(sock, host_candidate(1, *sock.getsockname(), 65535))
            agent = Agent([one], "ours", PASSWORD, False)
            for data, source in datagrams:
                one.take(data, source)
            await agent.end()

    asyncio.run(body())


@given(st.lists(st.tuples(st.binary(max_size=120), SOURCES), max_size=5))
def test_any_bytes(datagrams: list[tuple[bytes, tuple[str, int]]]) -> None:
    hand_in(datagrams)


@given(st.lists(st.tuples(st.sampled_from([0x0001, 0x0101, 0x0111, 0x0011, 0x0003]), ATTRIBUTES, st.booleans(), SOURCES), max_size=5))
def test_any_attributes(messages: list[tuple[int, list[tuple[int, bytes]], bool, tuple[str, int]]]) -> None:
    hand_in([(message(kind, attributes, signed=signed), source) for kind, attributes, signed, source in messages])


@given(st.binary(max_size=4))
def test_what_is_stun_is_told_by_the_first_byte(data: bytes) -> None:
    assert is_stun(data) is (len(data) > 0 and data[0] < 4)
