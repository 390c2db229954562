"""Bytes to messages (RFC 3261 §7, §18.3). Each call reads one whole message: a datagram, or what `framing` cut from a stream.

Liberal where the meaning is plain (bare line feeds, white space, compact and folded headers, a missing Content-Length), and final where
it is not: in a message that comes out, every typed property can be read without raising. What a peer may ask for is not judged here.
"""

from __future__ import annotations

import re

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import TOKEN
from blinkq.sip.headers import Headers, headers_of_lines
from blinkq.sip.limits import MAX_BODY_SIZE, MAX_HEAD_SIZE, MAX_HEADER_LINES
from blinkq.sip.message import Message, Request, Response
from blinkq.sip.uri import URI

_head_end = re.compile(rb"\r?\n\r?\n")
_line_break = re.compile(r"\r?\n")
_stray = re.compile(r"\r(?!\n)|\0")
_fold = re.compile(r"(?<![ \t])[ \t]*+\r\n[ \t]++")  # the look-behind keeps long runs of spaces linear
_request_line = re.compile(rf"({TOKEN}++)[ \t]++(\S++)[ \t]++[sS][iI][pP]/([0-9]++\.[0-9]++)[ \t]*+")
_almost_request_line = re.compile(rf"({TOKEN}++)[ \t].*[ \t][sS][iI][pP]/[0-9]")
_status_line = re.compile(r"[sS][iI][pP]/2\.0[ \t]++([0-9]{3}+)(?:[ \t](.*+))?+")
_content_length = re.compile(r"[0-9]{1,10}+")
_SINGLE = frozenset(("from", "to", "call-id", "cseq", "max-forwards", "content-type", "expires"))  # RFC 3261 §7.3.1
_UNREADABLE = URI(host="unreadable.invalid")  # stands for a Request-URI that is none, in requests that only serve to reply 400


def parse_message(data: bytes, *, stream: bool = False) -> Request | Response:
    """The message that `data` is: one datagram, or one message cut from a stream (`stream`).

    Octets behind the body are dropped from a datagram (RFC 3261 §18.3) and refused in a stream, where they mean that the framing is lost.
    Raises SIPParseError; its `code` and `request` say which reply to give, if any.
    """
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")  # RFC 3261 §7.5
    start_line, lines, body = _split_message(data)
    match = _request_line.fullmatch(start_line)
    if match is None:
        response = _status_line.fullmatch(start_line)
        if response is not None:
            return _response(int(response[1]), response[2], lines, body, stream)
        raise _bad_request_line(start_line, lines)
    method, uri_text, version = match.groups()
    headers = _headers(lines)
    request = Request(method, _UNREADABLE, headers)
    try:
        if version != "2.0":
            raise SIPParseError("SIP version not supported", 505)
        uri = request.uri = URI.parse(uri_text)
        if uri.headers:
            raise SIPParseError("headers in the Request-URI")  # RFC 3261 §19.1.1, table 1
        request.body = _body(headers, body, stream)
        _check(request)
        if request.cseq.method != method:
            raise SIPParseError("CSeq and request line name different methods")  # RFC 3261 §8.1.1.5
    except SIPParseError as error:
        error.request = request if _can_be_answered(request) else None
        raise
    return request


def _split_message(data: bytes) -> tuple[str, list[str], bytes]:
    """Start line, unfolded header lines, and all that follows the empty line."""
    end = data.find(b"\r\n\r\n")
    rest = end + 4
    if end < 0:
        match = _head_end.search(data)
        if match is None:
            raise SIPParseError("no empty line after the headers")
        end, rest = match.span()
    if end > MAX_HEAD_SIZE:
        raise SIPParseError("headers too large", 513)
    # What is not UTF-8 becomes U+FFFD at once, so that no later reader can stumble over it.
    head = data[:end].decode("utf-8", "replace")
    breaks = head.count("\r\n")
    if head.count("\n") != breaks or head.count("\r") != breaks or "\0" in head:
        head = _line_break.sub("\r\n", _stray.sub(" ", head))
    if "\r\n " in head or "\r\n\t" in head:
        head = _fold.sub(" ", head)
    lines = head.split("\r\n")
    if len(lines) > MAX_HEADER_LINES:
        raise SIPParseError("too many header lines", 513)
    return lines[0], lines[1:], data[rest:]


def _headers(lines: list[str]) -> Headers:
    try:
        return headers_of_lines(lines)
    except ValueError as error:
        raise SIPParseError(str(error)) from None


def _response(code: int, reason: str | None, lines: list[str], body: bytes, stream: bool) -> Response:
    if not 100 <= code <= 699:
        raise SIPParseError("status code out of range")
    headers = _headers(lines)
    response = Response(code, reason or "", headers, _body(headers, body, stream))
    _check(response)
    return response


def _bad_request_line(start_line: str, lines: list[str]) -> SIPParseError:
    """The error for a start line that is none; with a request to answer when it was meant as a request line (RFC 4475 §3.1.2.8)."""
    match = _almost_request_line.match(start_line)
    request = Request(match[1], _UNREADABLE, _headers(lines)) if match else None
    return SIPParseError("bad start line", 400, request if request is not None and _can_be_answered(request) else None)


def _body(headers: Headers, rest: bytes, stream: bool) -> bytes:
    if len(rest) > MAX_BODY_SIZE:
        raise SIPParseError("body too large", 413)
    lengths = headers.get_all("content-length")
    if not lengths:
        return rest
    if (len(lengths) > 1 and len(set(lengths)) > 1) or _content_length.fullmatch(lengths[0]) is None:
        raise SIPParseError("bad Content-Length")
    length = int(lengths[0])
    if length > len(rest):
        raise SIPParseError("body shorter than Content-Length")
    if length < len(rest):
        if stream:
            raise SIPParseError("body longer than Content-Length")
        return rest[:length]
    return rest


def _check(message: Message) -> None:
    """Read every typed header once. What is read is kept, so later readers find it made."""
    for key, values in message.headers._values.items():
        if len(values) > 1 and key in _SINGLE:
            raise SIPParseError(f"more than one {key} header")
    message.via  # noqa: B018 - reading is the check, here and below
    message.from_  # noqa: B018
    message.to  # noqa: B018
    message.call_id  # noqa: B018
    message.cseq  # noqa: B018
    for key, name in _OPTIONAL:
        if key in message.headers._values:
            getattr(message, name)


_OPTIONAL = (
    ("contact", "contacts"),
    ("route", "routes"),
    ("record-route", "record_routes"),
    ("max-forwards", "max_forwards"),
    ("expires", "expires"),
    ("content-type", "content_type"),
)


def _can_be_answered(request: Request) -> bool:
    """True when a reply would find its way (readable Via) and its transaction (the four headers it copies)."""
    if request.method == "ACK" or not all(request.headers.get(name) for name in ("from", "to", "call-id", "cseq")):
        return False
    try:
        return bool(request.vias)
    except SIPParseError:
        return False
