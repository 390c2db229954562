"""SIP messages: Request and Response, with the headers everybody needs read as types, once, when first asked for.

Building and reading only: no transactions, no policy. Bytes become messages in `parser`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from blinkq.sip.address import NameAddr
from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import TOKEN, is_token, parse_parameters, split_commas, split_tokens, unquote
from blinkq.sip.headers import Headers
from blinkq.sip.limits import MAX_CSEQ, MAX_DELTA_SECONDS, MAX_FORWARDS
from blinkq.sip.status import reason_phrase
from blinkq.sip.uri import URI
from blinkq.sip.via import Via

__all__ = ["CSeq", "Headers", "Message", "Request", "Response"]

T = TypeVar("T")

_cseq = re.compile(rf"\s*+([0-9]{{1,10}}+)\s++({TOKEN}++)\s*+")
_number = re.compile(r"([0-9]{1,40}+)\s*+(?:[;(].*+)?+", re.DOTALL)  # Retry-After and Expires may carry parameters or a comment
_media_type = re.compile(rf"({TOKEN}++)\s*+/\s*+({TOKEN}++)")
_control = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CSeq:
    """The CSeq header: number and method. Raises ValueError for what no CSeq can carry."""

    number: int
    method: str

    def __post_init__(self) -> None:
        if not 0 <= self.number <= MAX_CSEQ or not self.method:
            raise ValueError(f"not a CSeq: {self.number} {self.method}")

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Raises SIPParseError."""
        match = _cseq.fullmatch(text)
        if match is None or (number := int(match[1])) > MAX_CSEQ:
            raise SIPParseError("bad CSeq")
        return cls(number, match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class Message:
    """What requests and responses share. Typed properties raise SIPParseError when the header is missing (where it must not be) or bad.

    headers: text, may be changed; typed properties follow. body: bytes.
    """

    __slots__ = ("body", "headers")

    def __init__(self, headers: Headers | None = None, body: bytes = b"") -> None:
        self.headers = Headers() if headers is None else headers
        self.body = body

    # -- who and where

    @property
    def vias(self) -> list[Via]:
        """All Via values, topmost first."""
        return list(self._typed_list("via", Via.parse))

    @property
    def via(self) -> Via:
        """The topmost Via."""
        vias = self._typed_list("via", Via.parse)
        if not vias:
            raise SIPParseError("no Via")
        return vias[0]

    def replace_via(self, via: Via) -> None:
        """Put `via` in the place of the topmost one (a server adding `received`, RFC 3261 §18.2.1)."""
        values = [str(via), *self.headers.get_split("via")[1:]]
        self.headers.set_all("via", values)

    @property
    def from_(self) -> NameAddr:
        """The From address."""
        return self._typed_value("from", NameAddr.parse)

    @property
    def to(self) -> NameAddr:
        """The To address."""
        return self._typed_value("to", NameAddr.parse)

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        call_id = self.headers.get("call-id")
        if not call_id:
            raise SIPParseError("no Call-ID")
        return call_id

    @property
    def cseq(self) -> CSeq:
        """The CSeq."""
        return self._typed_value("cseq", CSeq.parse)

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contact addresses; empty for `Contact: *` (see `contact_star`)."""
        return [] if self.contact_star else list(self._typed_list("contact", NameAddr.parse))

    @property
    def contact_star(self) -> bool:
        """True for `Contact: *` (RFC 3261 §10.2.2)."""
        return self.headers.get("contact") == "*"

    @property
    def routes(self) -> list[NameAddr]:
        """The Route set, first hop first."""
        return list(self._typed_list("route", NameAddr.parse))

    @property
    def record_routes(self) -> list[NameAddr]:
        """The Record-Route values as they stand."""
        return list(self._typed_list("record-route", NameAddr.parse))

    # -- numbers

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, at most 255; None when absent."""
        return self._number("max-forwards", MAX_FORWARDS)

    @property
    def expires(self) -> int | None:
        """Expires in seconds; None when absent."""
        return self._number("expires", MAX_DELTA_SECONDS)

    @property
    def min_expires(self) -> int | None:
        """Min-Expires in seconds (RFC 3261 §20.23); None when absent or unreadable: it is only a hint."""
        return self._hint("min-expires")

    @property
    def retry_after(self) -> int | None:
        """Retry-After in seconds; None when absent or unreadable: it is only a hint."""
        return self._hint("retry-after")

    # -- what it carries and can do

    @property
    def content_type(self) -> str | None:
        """The media type in lower case without parameters, as 'application/sdp'; None when absent."""
        text = self.headers.get("content-type")
        if text is None:
            return None
        match = _media_type.match(text)
        if match is None:
            raise SIPParseError("bad Content-Type")
        return f"{match[1]}/{match[2]}".lower()

    @property
    def require(self) -> frozenset[str]:
        """The option tags of Require, in lower case."""
        return frozenset(tag.lower() for tag in split_tokens(self.headers.get_all("require")))

    @property
    def supported(self) -> frozenset[str]:
        """The option tags of Supported, in lower case."""
        return frozenset(tag.lower() for tag in split_tokens(self.headers.get_all("supported")))

    @property
    def allow(self) -> frozenset[str]:
        """The methods of Allow (their case counts)."""
        return split_tokens(self.headers.get_all("allow"))

    @property
    def user_agent(self) -> str | None:
        """What the sender calls itself: User-Agent, or Server in a response; None when it does not say."""
        return self.headers.get("user-agent") or self.headers.get("server")

    @property
    def reason_text(self) -> str | None:
        """The text of the Reason header (RFC 3326); None when there is none to read."""
        return self._reason("text")

    @property
    def reason_cause(self) -> int | None:
        """The cause number of the Reason header (RFC 3326); None when there is none to read."""
        cause = self._reason("cause")
        return int(cause) if cause and cause.isascii() and cause.isdigit() and len(cause) <= 4 else None

    # -- writing

    def to_bytes(self) -> bytes:
        """The message as it is sent, with a Content-Length that fits the body."""
        self.headers.set("content-length", str(len(self.body)))
        lines = [self._start_line(), *[f"{name}: {value}" for name, value in self.headers.items()], "\r\n"]
        # Text from the caller may hold lone surrogates, which UTF-8 cannot carry: they go out as '?'.
        return "\r\n".join(lines).encode("utf-8", "replace") + self.body

    def _start_line(self) -> str:
        raise NotImplementedError

    # -- typed reading

    def _typed_value(self, key: str, parse: Callable[[str], T]) -> T:
        typed = self.headers._typed
        value: T | None = typed.get(key)
        if value is None:
            lines = self.headers._values.get(key)
            if not lines:
                raise SIPParseError(f"no {key} header")
            value = typed[key] = parse(lines[0])
        return value

    def _typed_list(self, key: str, parse: Callable[[str], T]) -> tuple[T, ...]:
        typed = self.headers._typed
        values: tuple[T, ...] | None = typed.get(key)
        if values is None:
            found: list[T] = []
            for line in self.headers._values.get(key, ()):
                if "," in line:
                    found += map(parse, split_commas(line))
                else:
                    found.append(parse(line))
            values = typed[key] = tuple(found)
        return values

    def _number(self, key: str, largest: int) -> int | None:
        text = self.headers.get(key)
        if text is None:
            return None
        match = _number.fullmatch(text)
        if match is None:
            raise SIPParseError(f"bad {key} header")
        return min(int(match[1]), largest)

    def _hint(self, key: str) -> int | None:
        try:
            return self._number(key, MAX_DELTA_SECONDS)
        except SIPParseError:
            return None

    def _reason(self, name: str) -> str | None:
        for line in self.headers.get_all("reason"):
            try:
                for value in split_commas(line):
                    parameters = parse_parameters(value.partition(";")[2])
                    if (text := parameters.get(name)) is not None:
                        return unquote(text)
            except SIPParseError:
                continue  # a remark for people is no ground for refusing the message
        return None


class Request(Message):
    """A request. Raises ValueError when `method` is no token."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: URI, headers: Headers | None = None, body: bytes = b"") -> None:
        if not is_token(method):
            raise ValueError(f"not a method: {method!r}")
        super().__init__(headers, body)
        self.method = method
        self.uri = uri

    def copy(self) -> Request:
        """A request of its own with the same content."""
        return Request(self.method, self.uri, self.headers.copy(), self.body)

    def _start_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Request):
            return NotImplemented
        return (self.method, self.uri, self.body, self.headers) == (other.method, other.uri, other.body, other.headers)

    __hash__ = None  # type: ignore[assignment]  # requests change

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.uri}>"


class Response(Message):
    """A response. reason: the registered phrase when not given. Raises ValueError when `code` is outside 100-699."""

    __slots__ = ("code", "reason")

    def __init__(self, code: int, reason: str | None = None, headers: Headers | None = None, body: bytes = b"") -> None:
        if not 100 <= code <= 699:
            raise ValueError(f"not a status code: {code}")
        super().__init__(headers, body)
        self.code = code
        self.reason = reason_phrase(code) if reason is None else _control.sub(" ", reason)

    def copy(self) -> Response:
        """A response of its own with the same content."""
        return Response(self.code, self.reason, self.headers.copy(), self.body)

    def _start_line(self) -> str:
        return f"SIP/2.0 {self.code} {self.reason}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Response):
            return NotImplemented
        return (self.code, self.reason, self.body, self.headers) == (other.code, other.reason, other.body, other.headers)

    __hash__ = None  # type: ignore[assignment]  # responses change

    def __repr__(self) -> str:
        return f"<Response {self.code} {self.reason}>"
