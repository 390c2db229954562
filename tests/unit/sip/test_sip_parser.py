"""Bytes to messages: what is taken, what is refused, and what can be answered."""

from __future__ import annotations

import pytest

from blinkq.sip.errors import SIPParseError
from blinkq.sip.message import Message, Request, Response
from blinkq.sip.parser import parse_message

HEADERS = b"""Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
From: <sip:a@h>;tag=1
To: <sip:b@h>
Call-ID: x
CSeq: 1 INVITE
"""


def crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


def invite(more: bytes = b"", body: bytes = b"", start: bytes = b"INVITE sip:b@h SIP/2.0", headers: bytes = HEADERS) -> bytes:
    return crlf(start + b"\n" + headers + more + b"\n") + body


def refusal(data: bytes, *, stream: bool = False) -> SIPParseError:
    with pytest.raises(SIPParseError) as caught:
        parse_message(data, stream=stream)
    return caught.value


def test_a_request() -> None:
    request = parse_message(invite(b"Content-Length: 4\nContent-Type: text/plain\n", b"abcdEXTRA"))
    assert isinstance(request, Request)
    assert (request.method, str(request.uri), request.body) == ("INVITE", "sip:b@h", b"abcd")


def test_a_response() -> None:
    response = parse_message(invite(start=b"SIP/2.0 180 Ringing Now"))
    assert isinstance(response, Response)
    assert (response.code, response.reason) == (180, "Ringing Now")


@pytest.mark.parametrize(("line", "reason"), [(b"SIP/2.0 200", ""), (b"SIP/2.0 200 ", ""), (b"sip/2.0  299   x", "  x")])
def test_odd_status_lines(line: bytes, reason: str) -> None:
    response = parse_message(invite(start=line))
    assert isinstance(response, Response)
    assert response.reason == reason


@pytest.mark.parametrize("line", [b"INVITE sip:b@h SIP/2.0  ", b"INVITE  sip:b@h\t SIP/2.0", b"INVITE sip:b@h sip/2.0"])
def test_odd_request_lines(line: bytes) -> None:
    request = parse_message(invite(start=line))
    assert isinstance(request, Request)
    assert str(request.uri) == "sip:b@h"


def test_line_breaks_before_the_start_line() -> None:
    assert parse_message(b"\r\n\r\n\n" + invite()) == parse_message(invite())


def test_bare_line_feeds() -> None:
    assert parse_message(invite().replace(b"\r\n", b"\n")) == parse_message(invite())


def test_folding() -> None:
    message = parse_message(invite(b"Subject: one\n two \n\t three\nv:\n  SIP/2.0/UDP\n 192.0.2.2\n"))
    assert message.headers.get("subject") == "one two three"
    assert message.vias[1].host == "192.0.2.2"


def test_control_characters_and_bad_utf8_come_out_tame() -> None:
    message = parse_message(invite(b"Subject: a\rb\0c\xff\xc3\xbc\n"))
    assert message.headers.get("subject") == "a b c�ü"
    assert parse_message(message.to_bytes()) == message


def test_a_missing_content_length() -> None:
    assert parse_message(invite(body=b"abc")).body == b"abc"
    assert parse_message(invite(body=b"abc"), stream=True).body == b"abc"


def test_equal_content_lengths_are_one() -> None:
    assert parse_message(invite(b"l: 2\nContent-Length: 2\n", b"ab"), stream=True).body == b"ab"


def test_everything_typed_can_be_read() -> None:
    request = parse_message(
        invite(b"Contact: <sip:c@h>\nRoute: <sip:p;lr>\nRecord-Route: <sip:p;lr>\nMax-Forwards: 7\nExpires: 5\nc: a/b\n")
    )
    for name in dir(Message):
        if isinstance(getattr(Message, name), property):
            getattr(request, name)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (invite(b"Content-Length: 9\n", b"abc"), 400),
        (invite(b"Content-Length: -9\n"), 400),
        (invite(b"Content-Length: 1\nContent-Length: 2\n", b"abc"), 400),
        (invite(b"Content-Length: 99999999999\n", b"abc"), 400),
        (invite(start=b"INVITE sip:b@h SIP/7.0"), 505),
        (invite(start=b"INVITE sip:b@h SIP/2.1"), 505),
        (invite(start=b"INVITE <sip:b@h> SIP/2.0"), 400),
        (invite(start=b"INVITE sip:b@h; lr SIP/2.0"), 400),
        (invite(start=b"INVITE sip:b@h?Route=x SIP/2.0"), 400),
        (invite(start=b"OPTIONS sip:b@h SIP/2.0"), 400),
        (invite(b"To: <sip:b@h>\n"), 400),
        (invite(b"Max-Forwards: x\n"), 400),
        (invite(b"Expires: soon\n"), 400),
        (invite(b"Contact: nobody\n"), 400),
        (invite(b"Route: <sip:p\n"), 400),
        (invite(b"Record-Route: p\n"), 400),
        (invite(b"Content-Type: sdp\n"), 400),
        (invite(body=b"x" * (1024 * 1024 + 1)), 413),
        (invite(headers=HEADERS.replace(b"From: <", b"From: ")), 400),
        (invite(headers=HEADERS.replace(b"1 INVITE", b"INVITE")), 400),
    ],
)
def test_bad_requests_that_can_be_answered(data: bytes, code: int) -> None:
    error = refusal(data)
    assert error.code == code
    assert error.request is not None
    assert error.request.headers.get("call-id") == "x"
    assert len(error.request.vias) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        invite()[:-2],
        invite(start=b"GET / HTTP/1.1"),
        invite(start=b"SIP/2.0 4294967301 better not break the receiver"),
        invite(start=b"SIP/2.0 099 No"),
        invite(start=b"SIP/2.0 700 No"),
        invite(start=b"SIP/2.0 200 OK", more=b"Contact: nobody\n"),
        invite(start=b"SIP/2.0 200 OK", more=b"l: 5\n"),
        invite(start=b"SIP/3.0 200 OK"),
        invite(b"no header\n"),
        invite(b"l: 5\n", start=b"ACK sip:b@h SIP/2.0"),
        invite(headers=b"From: <sip:a@h>\nTo: <sip:b@h>\nCall-ID: x\nCSeq: 1 INVITE\n"),
        invite(headers=HEADERS.replace(b"SIP/2.0/UDP", b"")),
        invite(headers=HEADERS.replace(b"SIP/2.0/UDP", b""), start=b"INVITE sip:b@h ; x SIP/2.0"),
        invite(headers=HEADERS.replace(b"Call-ID: x\n", b"")),
        invite(b"no header\n", start=b"INVITE sip:b@h ; x SIP/2.0"),
    ],
)
def test_what_nobody_can_answer(data: bytes) -> None:
    assert refusal(data).request is None


def test_limits() -> None:
    assert refusal(invite(b"Subject: " + b"x" * 70000 + b"\n")).code == 513
    assert refusal(invite(b"s: x\n" * 600)).code == 513


def test_a_stream_message_ends_with_its_body() -> None:
    assert "longer" in refusal(invite(b"l: 1\n", b"abc"), stream=True).message
