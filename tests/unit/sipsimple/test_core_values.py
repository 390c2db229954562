"""SIPURI, headers, routes, credentials: values that applications make and compare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.sip.address import NameAddr
from blinkq.sip.uri import URI
from blinkq.sipsimple.core import (
    SIPURI,
    ContactHeader,
    Credentials,
    FromHeader,
    FrozenContactHeader,
    FrozenCredentials,
    FrozenFromHeader,
    FrozenSIPURI,
    RecordRouteHeader,
    Route,
    RouteHeader,
    SIPCoreError,
    ToHeader,
    sip_status_messages,
)
from blinkq.sipsimple.util import Route as UtilRoute


def test_uris_are_made_of_parts() -> None:
    uri = SIPURI("example.com", user="alice", password="pw", port=5070, secure=True, parameters={"transport": "TCP"}, headers={"a": "b"})
    assert str(uri) == "sips:alice:pw@example.com:5070;transport=TCP?a=b"
    assert uri.transport == "tcp"
    assert SIPURI.parse(str(uri)) == uri
    assert FrozenSIPURI.new(uri) == uri
    assert SIPURI.parse(b"sip:[2001:db8::1]:5080").host == "2001:db8::1"
    assert str(SIPURI("2001:db8::1")) == "sip:[2001:db8::1]"
    assert repr(SIPURI("example.com")) == "<SIPURI 'sip:example.com'>"
    for port in (0, 65536):
        with pytest.raises(ValueError):
            SIPURI("example.com", port=port)


@pytest.mark.parametrize("text", ["tel:+3112", "alice@example.com", "sip:", "", "sip:a b@c"])
def test_what_is_no_sip_uri_is_refused(text: str) -> None:
    with pytest.raises(SIPCoreError):
        SIPURI.parse(text)


def test_the_transport_of_a_uri_can_be_set() -> None:
    uri = SIPURI("example.com")
    uri.transport = "TLS"
    assert str(uri) == "sip:example.com;transport=tls"
    uri.transport = "udp"
    assert uri.parameters == {}


def test_frozen_values_are_frozen_and_hashable() -> None:
    uri = FrozenSIPURI("example.com", user="alice")
    with pytest.raises(AttributeError):
        uri.user = "bob"
    with pytest.raises(TypeError):
        uri.parameters["x"] = "y"  # type: ignore[index]
    with pytest.raises(TypeError):
        hash(SIPURI("example.com"))
    assert {uri: 1}[FrozenSIPURI("EXAMPLE.com", user="alice")] == 1
    header = FrozenFromHeader(uri, "Alice", {"tag": "x"})
    with pytest.raises(AttributeError):
        header.display_name = "Bob"
    assert hash(header) == hash(FrozenFromHeader(uri, "Alice", {"Tag": "x"}))
    with pytest.raises(TypeError):
        hash(FromHeader(uri))
    assert hash(FrozenCredentials("a", "b")) == hash(FrozenCredentials("a", "b"))
    with pytest.raises(AttributeError):
        FrozenCredentials("a", "b").username = "c"
    with pytest.raises(TypeError):
        hash(Credentials("a", "b"))


def test_addresses_are_matched_by_the_parts_given() -> None:
    uri = SIPURI("example.com", user="alice", port=5070, parameters={"transport": "tcp"})
    assert all(map(uri.matches, ["example.com", "alice@EXAMPLE.com", "sip:alice@example.com:5070", "alice@example.com;transport=tcp"]))
    assert not any(map(uri.matches, ["sips:alice@example.com", "bob@example.com", "example.com:5060", "example.org", "example.com;x=y"]))


def test_headers() -> None:
    header = FromHeader(SIPURI("example.com", user="alice"), 'Alice "A"', {"tag": "abc"})
    assert (header.name, header.tag, type(header.uri)) == ("From", "abc", SIPURI)
    assert str(header) == 'From: "Alice \\"A\\"" <sip:alice@example.com>;tag=abc'
    frozen = FrozenFromHeader.new(header)
    assert frozen == header
    assert type(frozen.uri) is FrozenSIPURI
    assert FromHeader.from_name_addr(NameAddr.parse(header.body)) == header
    assert header != ToHeader(header.uri, header.display_name, header.parameters)
    assert header != "x"
    assert repr(RouteHeader(Route("10.0.0.1").uri)) == "<RouteHeader <sip:10.0.0.1:5060;transport=udp>>"
    assert RecordRouteHeader(SIPURI("a")).name == "Record-Route"
    contact = ContactHeader(SIPURI("a"), parameters={"q": "0.5", "expires": "60"})
    assert (contact.q, contact.expires) == (0.5, 60)
    broken = FrozenContactHeader(SIPURI("a"), parameters={"q": "x", "expires": None})
    assert (broken.q, broken.expires) == (None, None)
    with pytest.raises(ValueError):
        ContactHeader.from_name_addr(NameAddr(URI("tel", opaque="+31")))


def test_routes() -> None:
    assert UtilRoute is Route
    route = Route("127.0.0.1", transport="TLS", tls_name="example.com")
    assert (route.port, route.transport, str(route)) == (5061, "tls", "sip:127.0.0.1:5061;transport=tls")
    assert route.get_uri() == route.uri == SIPURI("127.0.0.1", port=5061, parameters={"transport": "tls"})
    assert Route("::1").port == 5060
    assert Route("127.0.0.1", 5060) == Route("127.0.0.1")
    assert len({Route("127.0.0.1", 5060), Route("127.0.0.1")}) == 1
    assert Route("127.0.0.1") != "x"
    assert repr(Route("127.0.0.1")) == "Route('127.0.0.1', 5060, 'udp')"
    for arguments in (("example.com",), ("127.0.0.1", 0), ("127.0.0.1", 5060, "sctp")):
        with pytest.raises(ValueError):
            Route(*arguments)  # type: ignore[arg-type]


def test_credentials() -> None:
    credentials = Credentials("alice", "secret", realm="example.com")
    assert repr(credentials) == "<Credentials for 'alice'>"
    assert FrozenCredentials.new(credentials) == credentials
    assert credentials != "x"
    assert (credentials.to_digest().username, credentials.to_digest().realm) == ("alice", "example.com")
    assert Credentials("a", "b").to_digest().realm is None
    with pytest.raises(ValueError):
        Credentials("a", "b", digest=True)


def test_status_messages() -> None:
    assert sip_status_messages[404] == "Not Found"
    with pytest.raises(IndexError):
        sip_status_messages[999]


@given(st.text(max_size=40) | st.text("sip:@;=?&[]<>\"a1.%", max_size=40))
def test_no_text_makes_parsing_fail_otherwise(text: str) -> None:
    try:
        uri = SIPURI.parse(text)
    except SIPCoreError:
        return
    assert SIPURI.parse(str(uri)) == uri
