"""The headers of a received message as notifications carry them: a dictionary from names to values of fitting types."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from blinkq.sip.address import NameAddr
from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import split_commas
from blinkq.sip.headers import Headers
from blinkq.sip.message import CSeq
from blinkq.sipsimple.headers import (
    BaseIdentityHeader,
    FrozenContactHeader,
    FrozenFromHeader,
    FrozenRecordRouteHeader,
    FrozenRouteHeader,
    FrozenToHeader,
)
from blinkq.sipsimple.values.header import FrozenHeader, FrozenSubjectHeader
from blinkq.sipsimple.values.parameter_headers import (
    FrozenContentTypeHeader,
    FrozenEventHeader,
    FrozenReasonHeader,
    FrozenReferToHeader,
    FrozenReplacesHeader,
    FrozenSubscriptionStateHeader,
)
from blinkq.sipsimple.values.transport_headers import FrozenRetryAfterHeader, FrozenViaHeader, FrozenWarningHeader

__all__ = ["message_headers"]

# passwords' fingerprints are nothing that an application should log with the rest
_HIDDEN = {"Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate"}


def message_headers(headers: Headers) -> dict[str, Any]:
    """The values of ``headers`` by name; a value that cannot be read is a FrozenHeader with its text.

    Contact, Route, Record-Route, Via: lists of frozen headers. Content-Length, Expires, Max-Forwards, Min-Expires: int. CSeq:
    (number, method). Accept, Allow, Allow-Events, Require, Supported, Unsupported: lists of text. From, To, Content-Type, Event and
    their like: one frozen header, made of the first line. All others: FrozenHeader. Those of authentication are left out.
    """
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for name, _ in headers.items()):
        if name not in _HIDDEN:
            lines = headers.get_all(name)
            try:
                found[name] = _READERS[name](lines) if name in _READERS else FrozenHeader(name, lines[0])
            except (SIPParseError, ValueError):
                found[name] = FrozenHeader(name, lines[0])
    return found


def _addresses(kind: type[BaseIdentityHeader]) -> Callable[[list[str]], Any]:
    return lambda lines: [kind.from_name_addr(NameAddr.parse(value)) for value in _split(lines)]


def _address(kind: type[BaseIdentityHeader]) -> Callable[[list[str]], Any]:
    return lambda lines: kind.from_name_addr(NameAddr.parse(lines[0]))


def _contacts(lines: list[str]) -> list[FrozenContactHeader]:
    if lines[0] == "*":
        return [FrozenContactHeader(None)]
    return [FrozenContactHeader.from_name_addr(NameAddr.parse(value)) for value in _split(lines)]


def _tokens(lines: list[str]) -> list[str]:
    return [value for value in _split(lines) if value]


def _split(lines: Iterable[str]) -> list[str]:
    return [value for line in lines for value in split_commas(line)]


def _number(lines: list[str]) -> int:
    text = lines[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError("not a number")
    return int(text)


def _cseq(lines: list[str]) -> tuple[int, str]:
    cseq = CSeq.parse(lines[0])
    return cseq.number, cseq.method


_READERS: dict[str, Callable[[list[str]], Any]] = {
    "Contact": _contacts, "Route": _addresses(FrozenRouteHeader), "Record-Route": _addresses(FrozenRecordRouteHeader),
    "From": _address(FrozenFromHeader), "To": _address(FrozenToHeader), "CSeq": _cseq,
    "Via": lambda lines: [FrozenViaHeader.from_body(value) for value in _split(lines)],
    "Content-Type": lambda lines: FrozenContentTypeHeader.from_body(lines[0]),
    "Event": lambda lines: FrozenEventHeader.from_body(lines[0]),
    "Subscription-State": lambda lines: FrozenSubscriptionStateHeader.from_body(lines[0]),
    "Reason": lambda lines: FrozenReasonHeader.from_body(split_commas(lines[0])[0]),
    "Refer-To": lambda lines: FrozenReferToHeader.from_body(lines[0]),
    "Replaces": lambda lines: FrozenReplacesHeader.from_body(lines[0]),
    "Subject": lambda lines: FrozenSubjectHeader.from_body(lines[0]),
    "Retry-After": lambda lines: FrozenRetryAfterHeader.from_body(lines[0]),
    "Warning": lambda lines: FrozenWarningHeader.from_body(split_commas(lines[0])[0]),
    **dict.fromkeys(("Accept", "Allow", "Allow-Events", "Require", "Supported", "Unsupported"), _tokens),
    **dict.fromkeys(("Content-Length", "Expires", "Max-Forwards", "Min-Expires"), _number),
}  # fmt: skip
