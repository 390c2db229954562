"""Requests and responses: typed headers, writing, copies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blinkq.sip.address import NameAddr
from blinkq.sip.errors import SIPParseError
from blinkq.sip.message import CSeq, Headers, Message, Request, Response
from blinkq.sip.uri import URI
from blinkq.sip.via import Via

BOB = URI.parse("sip:bob@example.com")


def make(*lines: tuple[str, str]) -> Request:
    return Request("INVITE", BOB, Headers(lines))


def test_who_and_where() -> None:
    request = make(
        ("Via", "SIP/2.0/UDP a;branch=1, SIP/2.0/TCP b"),
        ("v", "SIP/2.0/TLS c"),
        ("From", "A <sip:a@h>;tag=1"),
        ("To", "<sip:b@h>"),
        ("Call-ID", "x@h"),
        ("CSeq", "7  INVITE"),
        ("Contact", '"x, y" <sip:c@h>;q=1, sip:d@h'),
        ("Route", "<sip:p1;lr>,<sip:p2;lr>"),
        ("Record-Route", "<sip:p3;lr>"),
    )
    assert [via.host for via in request.vias] == ["a", "b", "c"]
    assert request.via.branch == "1"
    assert request.from_ is request.from_
    assert (request.from_.tag, request.to.tag, request.call_id) == ("1", None, "x@h")
    assert request.cseq == CSeq(7, "INVITE")
    assert [str(contact.uri) for contact in request.contacts] == ["sip:c@h", "sip:d@h"]
    assert not request.contact_star
    assert [str(route) for route in request.routes] == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert [route.uri.host for route in request.record_routes] == ["p3"]


@pytest.mark.parametrize("name", ["via", "from_", "to", "call_id", "cseq"])
def test_what_must_be_there(name: str) -> None:
    with pytest.raises(SIPParseError, match="no "):
        getattr(make(), name)


def test_what_may_be_absent() -> None:
    request = make()
    assert request.vias == request.contacts == request.routes == request.record_routes == []
    numbers = (request.max_forwards, request.expires, request.min_expires, request.retry_after)
    assert numbers == (None, None, None, None)
    assert (request.content_type, request.user_agent, request.reason_text, request.reason_cause) == (None, None, None, None)
    assert request.require == request.supported == request.allow == frozenset()


def test_typed_headers_follow_the_text() -> None:
    request = make(("To", "<sip:a@h>"))
    assert request.to.tag is None
    request.headers.set("to", "<sip:a@h>;tag=1")
    assert request.to.tag == "1"
    request.headers.remove("to")
    with pytest.raises(SIPParseError):
        _ = request.to
    request.headers.add("Via", "SIP/2.0/UDP a")
    assert len(request.vias) == 1
    request.headers.prepend("Via", "SIP/2.0/UDP b")
    assert [via.host for via in request.vias] == ["b", "a"]


def test_lists_handed_out_are_the_callers() -> None:
    request = make(("Via", "SIP/2.0/UDP a"))
    request.vias.clear()
    assert len(request.vias) == 1


def test_replacing_the_topmost_via() -> None:
    request = make(("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"), ("Via", "SIP/2.0/UDP c"), ("To", "<sip:a@h>"))
    request.replace_via(request.via.with_parameter("received", "192.0.2.1"))
    assert request.headers.get_all("via") == ["SIP/2.0/UDP a;received=192.0.2.1", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]


def test_contact_star() -> None:
    request = make(("Contact", "*"))
    assert request.contact_star
    assert request.contacts == []


@pytest.mark.parametrize(
    ("value", "number"), [("70", 70), ("0", 0), ("300", 255), ("9" * 30, 255), ("5 (comment)", 5), ("5;duration=3", 5)]
)
def test_numbers(value: str, number: int) -> None:
    assert make(("Max-Forwards", value)).max_forwards == number


@pytest.mark.parametrize("value", ["", "-1", "x", "1.5", "9" * 41, "１"])
def test_bad_numbers(value: str) -> None:
    request = make(("Expires", value), ("Min-Expires", value), ("Retry-After", value))
    with pytest.raises(SIPParseError, match="expires"):
        _ = request.expires
    assert (request.min_expires, request.retry_after) == (None, None)


def test_hints() -> None:
    request = make(("Expires", "99999999999"), ("Min-Expires", "60"), ("Retry-After", "18000 (I'm in a meeting);duration=3600"))
    assert (request.expires, request.min_expires, request.retry_after) == (2**32 - 1, 60, 18000)


def test_what_it_carries_and_can_do() -> None:
    request = make(
        ("Content-Type", "Application / SDP ; charset=utf-8"),
        ("Require", "100REL, timer"),
        ("k", "Replaces,,outbound"),
        ("Allow", "INVITE, ACK"),
        ("Allow", "bye"),
        ("Server", "Other"),
    )
    assert request.content_type == "application/sdp"
    assert request.require == {"100rel", "timer"}
    assert request.supported == {"replaces", "outbound"}
    assert request.allow == {"INVITE", "ACK", "bye"}
    assert request.user_agent == "Other"
    request.headers.set("user-agent", "BlinkQ")
    assert request.user_agent == "BlinkQ"
    with pytest.raises(SIPParseError, match="Content-Type"):
        _ = make(("Content-Type", "sdp")).content_type


@pytest.mark.parametrize(
    ("value", "cause", "text"),
    [
        ('SIP ;cause=200 ;text="Call completed elsewhere"', 200, "Call completed elsewhere"),
        ('Q.850;cause=16;text="a, b"', 16, "a, b"),
        ('X;y, SIP;cause=486;text="Busy"', 486, "Busy"),
        ("SIP", None, None),
        ("SIP;cause=x", None, None),
        ("SIP;cause=" + "9" * 5000, None, None),
        ('SIP;text="open', None, None),
    ],
)
def test_reasons(value: str, cause: int | None, text: str | None) -> None:
    request = make(("Reason", value))
    assert (request.reason_cause, request.reason_text) == (cause, text)


@pytest.mark.parametrize("text", ["", "1", "INVITE 1", "-1 INVITE", "4294967296 INVITE", "36893488147419103232 X", "1 A B", "1 é"])
def test_bad_cseq(text: str) -> None:
    with pytest.raises(SIPParseError, match="CSeq"):
        CSeq.parse(text)


def test_cseq() -> None:
    assert str(CSeq.parse(" 0009  ACK ")) == "9 ACK"
    for number, method in ((-1, "ACK"), (2**32, "ACK"), (1, "")):
        with pytest.raises(ValueError, match="not a CSeq"):
            CSeq(number, method)


def test_writing_a_request() -> None:
    request = Request("MESSAGE", BOB, body="Grüße".encode())
    request.headers.add("via", str(Via("UDP", "192.0.2.1", 5060, {"branch": "z9hG4bK1"})))
    request.headers.add("f", str(NameAddr(BOB, "Bob", {"tag": "1"})))
    request.headers.add("Content-Length", "999")
    assert request.to_bytes() == (
        b"MESSAGE sip:bob@example.com SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
        b'From: "Bob" <sip:bob@example.com>;tag=1\r\n'
        b"Content-Length: 7\r\n"
        b"\r\n"
        b"Gr\xc3\xbc\xc3\x9fe"
    )
    assert repr(request) == "<Request MESSAGE sip:bob@example.com>"


def test_writing_a_response() -> None:
    assert Response(486).to_bytes() == b"SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n"
    assert Response(200, "a\r\nb\ud800").to_bytes() == b"SIP/2.0 200 a  b?\r\nContent-Length: 0\r\n\r\n"
    assert Response(100, "").reason == ""
    assert repr(Response(404)) == "<Response 404 Not Found>"


def test_illegal_messages_are_not_made() -> None:
    with pytest.raises(ValueError, match="method"):
        Request("IN VITE", BOB)
    for code in (99, 700):
        with pytest.raises(ValueError, match="status code"):
            Response(code)
    with pytest.raises(NotImplementedError):
        Message().to_bytes()


@pytest.mark.parametrize("build", [lambda: make(("To", "<sip:a@h>")), lambda: Response(200, headers=Headers([("To", "<sip:a@h>")]))])
def test_copies_are_equal_and_their_own(build: Callable[[], Request | Response]) -> None:
    message = build()
    twin = message.copy()
    assert twin == message
    twin.headers.set("To", "<sip:b@h>")
    assert twin != message
    assert message.to.uri.user == "a"
    assert message != 5
