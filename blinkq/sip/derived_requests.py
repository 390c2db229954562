"""Requests that repeat an INVITE: the ACK of a failure (RFC 3261 §17.1.1.3) and the CANCEL (§9.1).

The ACK of a 2xx is a request of its own and comes from the dialog.
"""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.sip.headers import Headers
from blinkq.sip.limits import DEFAULT_MAX_FORWARDS
from blinkq.sip.message import Request, Response

__all__ = ["acknowledgement", "cancellation"]


def acknowledgement(invite: Request, response: Response) -> Request:
    """The ACK for a response of 300 or above to `invite`: same Request-URI, Via, From, Call-ID, Route; the response's To."""
    return _repeat(invite, "ACK", response.headers.get("To") or invite.headers.get("To") or "")


def cancellation(invite: Request, headers: Iterable[tuple[str, str]] = ()) -> Request:
    """The CANCEL for `invite`; `headers` are added, as Reason (RFC 3326)."""
    request = _repeat(invite, "CANCEL", invite.headers.get("To") or "")
    for name, value in headers:
        request.headers.add(name, value)
    return request


def _repeat(invite: Request, method: str, to: str) -> Request:
    headers = Headers()
    headers.add("Via", str(invite.via))
    headers.add("Max-Forwards", str(DEFAULT_MAX_FORWARDS))
    headers.add("From", invite.headers.get("From") or "")
    headers.add("To", to)
    headers.add("Call-ID", invite.call_id)
    headers.add("CSeq", f"{invite.cseq.number} {method}")
    for route in invite.headers.get_all("Route"):
        headers.add("Route", route)
    if (agent := invite.headers.get("User-Agent")) is not None:
        headers.add("User-Agent", agent)
    return Request(method, invite.uri, headers)
