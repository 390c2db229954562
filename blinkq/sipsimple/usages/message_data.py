"""What notifications carry of a SIP message: its headers by name, its body, and what stands in its first line."""

from __future__ import annotations

from typing import Any

from blinkq.sip.errors import SIPParseError
from blinkq.sip.message import Message, Request, Response
from blinkq.sipsimple.headers import FrozenFromHeader, FrozenToHeader
from blinkq.sipsimple.sip_uri import FrozenSIPURI
from blinkq.sipsimple.values.message_headers import message_headers

__all__ = ["addresses", "content_type_of", "notify_data", "outcome_data", "request_data", "response_data"]


def request_data(request: Request) -> dict[str, Any]:
    """method, request_uri, headers, body (None when it is empty)."""
    return {"method": request.method, "request_uri": FrozenSIPURI.from_uri(request.uri), **_content(request)}


def response_data(response: Response) -> dict[str, Any]:
    """code, reason, headers, body."""
    return {"code": response.code, "reason": response.reason, **_content(response)}


def outcome_data(code: int, reason: str, response: Response | None) -> dict[str, Any]:
    """The same of an answer that may have come from ourselves, which has neither headers nor body."""
    return {"code": code, "reason": reason} if response is None else response_data(response)


def notify_data(request: Request, event: str) -> dict[str, Any]:
    """request_uri, from_header, to_header, headers, body, content_type, event."""
    return {
        "request_uri": FrozenSIPURI.from_uri(request.uri), **addresses(request), **_content(request),
        "content_type": content_type_of(request), "event": event,
    }  # fmt: skip


def addresses(request: Request) -> dict[str, Any]:
    """from_header and to_header; None for addresses of another scheme than sip."""
    found: dict[str, Any] = {}
    for name, read in (("from_header", lambda: FrozenFromHeader.from_name_addr(request.from_)),
                       ("to_header", lambda: FrozenToHeader.from_name_addr(request.to))):  # fmt: skip
        try:
            found[name] = read()
        except ValueError:
            found[name] = None
    return found


def content_type_of(message: Message) -> str | None:
    """The content type without parameters, None when there is none."""
    try:
        return message.content_type
    except SIPParseError:
        return None


def _content(message: Message) -> dict[str, Any]:
    return {"headers": message_headers(message.headers), "body": message.body or None}
