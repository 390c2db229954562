"""Cutting streams into messages."""

from __future__ import annotations

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.framing import KeepAlivePing, KeepAlivePong, StreamFramer
from blinkq.sip.limits import StreamLimits

ONE = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
TWO = b"SIP/2.0 200 OK\r\nl :\r\n 0\r\n\r\n"
BARE = b"BYE sip:a SIP/2.0\r\n\r\n"


def test_whole_messages() -> None:
    framer = StreamFramer()
    assert framer.receive_data(ONE + TWO + BARE) == [ONE, TWO, BARE]
    assert framer.receive_data(b"") == []
    assert framer.error is None


def test_byte_by_byte() -> None:
    framer = StreamFramer()
    found = [item for octet in ONE + TWO + ONE for item in framer.receive_data(bytes([octet]))]
    assert found == [ONE, TWO, ONE]


def test_pings_and_pongs_on_a_connection_we_accepted() -> None:
    framer = StreamFramer()
    assert framer.receive_data(b"\r\n\r\n") == [KeepAlivePong(), KeepAlivePing()]
    assert framer.receive_data(b"\r") == []
    assert framer.receive_data(b"\n" + ONE) == [KeepAlivePong(), ONE]
    assert framer.receive_data(b"\r\n") == [KeepAlivePong()]
    assert framer.receive_data(b"\r\n") == [KeepAlivePing()]


def test_only_pongs_on_a_connection_we_opened() -> None:
    framer = StreamFramer(opened_by_us=True)
    assert framer.receive_data(b"\r\n\r\n" + ONE) == [KeepAlivePong(), KeepAlivePong(), ONE]


@pytest.mark.parametrize("length", [b"-1", b"x", b"", b"99999999999", b"1\r\nl: 2"])
def test_a_length_nobody_can_follow(length: bytes) -> None:
    framer = StreamFramer()
    with pytest.raises(SIPParseError):
        framer.receive_data(b"BYE sip:a SIP/2.0\r\nContent-Length: " + length + b"\r\n\r\n")
    with pytest.raises(SIPParseError):
        framer.receive_data(ONE)


def test_what_came_before_a_fault_is_delivered() -> None:
    framer = StreamFramer()
    assert framer.receive_data(ONE + b"X\r\nl: x\r\n\r\n") == [ONE]
    assert framer.error is not None
    with pytest.raises(SIPParseError, match="Content-Length"):
        framer.receive_data(b"")


def test_limits() -> None:
    limits = StreamLimits(head=len(BARE) - 4, body=5)
    framer = StreamFramer(limits)
    for octet in BARE[:-1]:
        assert framer.receive_data(bytes([octet])) == []
    assert framer.receive_data(BARE[-1:]) == [BARE]
    with pytest.raises(SIPParseError) as caught:
        framer.receive_data(b"x" * len(BARE))
    assert caught.value.code == 513
    with pytest.raises(SIPParseError) as caught:
        StreamFramer(StreamLimits(body=5)).receive_data(b"X\r\nl: 6\r\n\r\n")
    assert caught.value.code == 413
    assert StreamFramer(StreamLimits(body=5)).receive_data(b"X\r\nl: 5 \r\n\r\n12345") == [b"X\r\nl: 5 \r\n\r\n12345"]
