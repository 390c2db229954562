"""The lines about ICE: what is taken, what is left alone, what is written."""

from __future__ import annotations

import pytest

from blinkq.base.logging import redact
from blinkq.sdp.description import Attribute, SessionDescription
from blinkq.sdp.ice import MAX_CANDIDATES, Candidate, IceDescription, defaults_match

HOST = Candidate("1", 1, 2130706431, "10.0.1.1", 8998, "host")
REFLEXIVE = Candidate("2", 1, 1694498815, "192.0.2.3", 45664, "srflx", "10.0.1.1", 8998)
# the example of RFC 8839 §10
RFC = """v=0
o=jdoe 2890844526 2890842807 IN IP6 2001:db8::1
s=
c=IN IP4 192.0.2.3
t=0 0
a=ice-options:ice2
a=ice-pacing:50
a=ice-pwd:asd88fgpdd777uzjYhagZg
a=ice-ufrag:8hhY
m=audio 45664 RTP/AVP 0
b=RS:0
b=RR:0
a=rtpmap:0 PCMU/8000
a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host
a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998
"""


def parsed(*extra: str, connection: str = "192.0.2.3", session: tuple[str, ...] = (), port: int = 45664) -> SessionDescription:
    text = ["v=0", "o=- 1 1 IN IP4 192.0.2.3", f"c=IN IP4 {connection}", *session, f"m=audio {port} RTP/AVP 0", *extra]
    return SessionDescription.parse("\n".join(text).encode())


def test_the_example_of_the_rfc() -> None:
    description = SessionDescription.parse(RFC.encode())
    ice = IceDescription.of(description, 0)
    assert ice == IceDescription("8hhY", "asd88fgpdd777uzjYhagZg", (HOST, REFLEXIVE))
    assert ice.usable
    assert defaults_match(description, 0, ice)
    assert "uzjYhagZg" not in repr(ice)
    assert "asd88" not in redact(RFC)


@pytest.mark.parametrize("candidate", [HOST, REFLEXIVE, Candidate("+/a", 2, 1, "2001:db8::1", 9, "relay", "2001:db8::2", 10)])
def test_a_candidate_reads_as_it_was_written(candidate: Candidate) -> None:
    assert Candidate.parse(str(candidate)) == candidate


@pytest.mark.parametrize(
    "value",
    [
        "1 1 udp 2130706431 10.0.1.1 8998 typ host", "1 1 UDP 2130706431 10.0.1.1 8998 typ host generation 0 ufrag x network-id 1",
        "1  1 Udp 2130706431 10.0.1.1 8998 TYP host", "1 1 UDP 2130706431 10.0.1.1 8998 typ HOST network-cost",
    ],
)  # fmt: skip
def test_ways_to_write_a_candidate(value: str) -> None:
    assert Candidate.parse(value) == HOST


@pytest.mark.parametrize(
    "value",
    [
        "", "1 1 UDP 1 10.0.1.1 8998 typ", "1 1 TCP 1 10.0.1.1 9 typ host tcptype active", "1 1 UDP 1 host.local 8998 typ host",
        "1 1 UDP 1 224.0.0.1 8998 typ host", "1 1 UDP 1 0.0.0.0 8998 typ host", "1 1 UDP 1 255.255.255.255 8998 typ host",
        "1 0 UDP 1 10.0.1.1 8998 typ host", "1 257 UDP 1 10.0.1.1 8998 typ host", "1 1 UDP -1 10.0.1.1 8998 typ host",
        "1 1 UDP 4294967296 10.0.1.1 8998 typ host", "1 1 UDP 1 10.0.1.1 0 typ host", "1 1 UDP 1 10.0.1.1 65536 typ host",
        "1 1 UDP 1 10.0.1.1 8998 typ tunnel", "1 1 UDP 1 10.0.1.1 8998 kind host", "f:1 1 UDP 1 10.0.1.1 8998 typ host",
        f"{'x' * 33} 1 UDP 1 10.0.1.1 8998 typ host", "1 ١ UDP 1 10.0.1.1 8998 typ host", "1 1 UDP 99999999999 10.0.1.1 8998 typ host",
    ],
)  # fmt: skip
def test_candidates_of_no_use(value: str) -> None:
    assert Candidate.parse(value) is None


def test_a_base_that_cannot_be_read_is_left_out() -> None:
    candidate = Candidate.parse("2 1 UDP 1 192.0.2.3 4 typ srflx raddr hidden rport 99999")
    assert candidate is not None
    assert str(candidate) == "2 1 UDP 1 192.0.2.3 4 typ srflx"


def test_what_a_section_says_goes_before_the_session() -> None:
    ice = IceDescription.of(parsed("a=ice-ufrag:sect", "a=ice-pwd:s", session=("a=ice-ufrag:sess", "a=ice-pwd:p", "a=ice-lite")), 0)
    assert ice == IceDescription("sect", "s", lite=True)
    assert not ice.usable


@pytest.mark.parametrize(
    "lines", [(), ("a=ice-ufrag:abcd",), ("a=ice-pwd:abcd",), ("a=ice-ufrag:a:b", "a=ice-pwd:p"), ("a=ice-ufrag", "a=ice-pwd")]
)
def test_without_credentials_there_is_no_ice(lines: tuple[str, ...]) -> None:
    assert IceDescription.of(parsed(*lines, "a=candidate:1 1 UDP 1 10.0.1.1 8998 typ host"), 0) is None


def test_everything_is_written_and_read() -> None:
    ice = IceDescription(
        "ufrag", "secret", (HOST, REFLEXIVE), remote_candidates=((1, "192.0.2.9", 4000), (2, "192.0.2.9", 4001)), complete=True
    )
    lines = [f"a={attribute}" for attribute in ice.attributes()]
    assert lines[-2:] == ["a=remote-candidates:1 192.0.2.9 4000 2 192.0.2.9 4001", "a=end-of-candidates"]
    assert IceDescription.of(parsed(*lines), 0) == ice


def test_a_mismatch_is_all_there_is_to_say() -> None:
    ice = IceDescription("", "", mismatch=True)
    assert ice.attributes() == (Attribute("ice-mismatch"),)
    assert IceDescription.of(parsed("a=ice-mismatch"), 0) == ice
    assert not ice.usable


def test_remote_candidates_that_are_none_are_left_out() -> None:
    ice = IceDescription.of(parsed("a=ice-ufrag:u", "a=ice-pwd:p", "a=remote-candidates:1 host 2 2 192.0.2.1 3 3 192.0.2.1"), 0)
    assert ice is not None
    assert ice.remote_candidates == ((2, "192.0.2.1", 3),)


def test_a_peer_cannot_keep_us_busy() -> None:
    many = [f"a=candidate:1 1 UDP {number} 10.0.1.1 {number} typ host" for number in range(1, 500)]
    ice = IceDescription.of(parsed("a=ice-ufrag:u", "a=ice-pwd:p", *many), 0)
    assert ice is not None
    assert len(ice.candidates) == MAX_CANDIDATES


@pytest.mark.parametrize(
    ("connection", "port", "fits"),
    [("192.0.2.3", 45664, True), ("10.0.1.1", 8998, True), ("192.0.2.3", 8998, False), ("192.0.2.4", 45664, False), ("0.0.0.0", 9, True)],
)
def test_the_default_must_be_a_candidate(connection: str, port: int, fits: bool) -> None:
    description = parsed(connection=connection, port=port)
    assert defaults_match(description, 0, IceDescription("u", "p", (HOST, REFLEXIVE))) is fits
