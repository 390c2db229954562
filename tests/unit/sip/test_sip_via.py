"""Via values (RFC 3261 §20.42, RFC 3581)."""

from __future__ import annotations

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.via import MAGIC_COOKIE, Via


def test_all_parts() -> None:
    via = Via.parse("SIP/2.0/udp 192.0.2.1:5060 ;Branch=z9hG4bK87a;received=192.0.2.207;rport=1024;ttl=16")
    assert (via.transport, via.host, via.port) == ("UDP", "192.0.2.1", 5060)
    assert via.branch == "z9hG4bK87a"
    assert via.branch.startswith(MAGIC_COOKIE)
    assert (via.received, via.rport, via.wants_rport) == ("192.0.2.207", 1024, True)
    assert str(via) == "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK87a;received=192.0.2.207;rport=1024;ttl=16"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("SIP/2.0/TLS example.com", "example.com", None),
        (" SIP  / 2.0  / TCP     spindle.example.com   ; branch  =   z9hG4bK9ikj8", "spindle.example.com", None),
        ("SIP/2.0/SCTP [2001:db8::9:1]:5070;branch=x", "2001:db8::9:1", 5070),
        ("SIP/2.0/UDP first.example.com: 4000;ttl=16", "first.example.com", 4000),
        ("SIP/7.0/UDP c.example.com", "c.example.com", None),
    ],
)
def test_liberal_reading(text: str, host: str, port: int | None) -> None:
    via = Via.parse(text)
    assert (via.host, via.port) == (host, port)
    assert Via.parse(str(via)) == via


@pytest.mark.parametrize(
    "text", ["", ";;", "SIP/2.0 host", "SIP/2.0/UDP", "SIP/2.0/UDP a b", "SIP/2.0/UDP h:99999", "SIP/2.0/UDP h;b=\"", "2.0/UDP h"]
)
def test_what_is_no_via(text: str) -> None:
    with pytest.raises(SIPParseError):
        Via.parse(text)


def test_received_and_rport_as_peers_write_them() -> None:
    assert Via.parse("SIP/2.0/UDP h;received=[::1]").received == "::1"
    assert Via.parse("SIP/2.0/UDP h;received=::1;rport").received == "::1"
    bare = Via.parse("SIP/2.0/UDP h;rport")
    assert (bare.rport, bare.wants_rport, bare.received, bare.branch) == (None, True, None, None)
    assert Via.parse("SIP/2.0/UDP h;rport=x").rport is None
    assert Via.parse("SIP/2.0/UDP h;rport=70000").rport is None
    assert Via.parse("SIP/2.0/UDP h;rport=" + "9" * 5000).rport is None
    assert not Via.parse("SIP/2.0/UDP h").wants_rport


def test_made_by_hand() -> None:
    via = Via("UDP", "::1", 5060, {"branch": "z9hG4bK1", "rport": None})
    assert str(via) == "SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1;rport"
    assert str(via.with_parameter("received", "::2").with_parameter("rport", "9")) == (
        "SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1;rport=9;received=::2"
    )
    assert via.without_parameter("rport") == via.replace(parameters={"branch": "z9hG4bK1"})
    assert Via("TCP", "[::1]") == Via("tcp", "::1")
    for fields in (("UDP", "a b"), ("U P", "h"), ("UDP", "h", 70000)):
        with pytest.raises(ValueError, match="not a"):
            Via(*fields)  # type: ignore[arg-type]
