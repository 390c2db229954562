"""Responses to a request (RFC 3261 §8.2.6), and where they go (§18.2, RFC 3581)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from blinkq.sip.errors import SIPParseError
from blinkq.sip.headers import Headers
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response

__all__ = ["DEFAULT_PORTS", "mark_source", "reply", "response_path"]

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}


def reply(
    request: Request,
    code: int,
    reason: str | None = None,
    *,
    tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """A response to `request`: Via, From, To, Call-ID and CSeq are copied, `tag` is put into a To that has none."""
    copied = Headers()
    for via in request.headers.get_all("Via"):
        copied.add("Via", via)
    copied.add("From", request.headers.get("From") or "")
    to = request.headers.get("To") or ""
    if tag is not None and code > 100:
        to = _tagged(request, tag)
    copied.add("To", to)
    copied.add("Call-ID", request.headers.get("Call-ID") or "")
    copied.add("CSeq", request.headers.get("CSeq") or "")
    if code == 100 and (timestamp := request.headers.get("Timestamp")) is not None:
        copied.add("Timestamp", timestamp)  # §8.2.6.1
    for name, value in headers:
        copied.add(name, value)
    if content_type is not None:
        copied.add("Content-Type", content_type)
    return Response(code, reason, copied, body)


def _tagged(request: Request, tag: str) -> str:
    try:
        address = request.to
    except SIPParseError:
        return request.headers.get("To") or ""  # refused because of it, perhaps
    return str(address if address.tag is not None else address.with_parameter("tag", tag))


def mark_source(request: Request, flow: Flow) -> None:
    """Write into the top Via of `request` where it really came from (RFC 3261 §18.2.1, RFC 3581 §4)."""
    via = request.via
    if via.wants_rport:
        marked = via.with_parameter("received", flow.remote_address).with_parameter("rport", str(flow.remote_port))
    elif via.host.lower() != flow.remote_address.lower():
        marked = via.with_parameter("received", flow.remote_address)
    else:
        return
    request.replace_via(marked)


def response_path(request: Request, flow: Flow) -> tuple[Hop | None, Flow]:
    """Where responses to `request`, marked and received over `flow`, go.

    On a stream: the same connection, or when it is gone a new one to the sent-by port (RFC 3261 §18.2.2); on UDP: the
    source when the peer asked for it with rport, else the source address at the sent-by port.
    """
    via = request.via
    port = via.port or DEFAULT_PORTS.get(flow.transport, 5060)
    if flow.reliable:
        return Hop(flow.transport, flow.remote_address, port, flow.local_address, flow.local_port), flow
    if via.wants_rport:
        return None, flow
    return None, replace(flow, remote_port=port)
