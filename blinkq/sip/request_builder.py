"""Putting a request together (RFC 3261 §8.1.1), with the rewriting that strict routers need (§12.2.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blinkq.sip.address import NameAddr
from blinkq.sip.headers import Headers
from blinkq.sip.limits import DEFAULT_MAX_FORWARDS
from blinkq.sip.message import Request
from blinkq.sip.uri import URI

__all__ = ["build_request"]


def build_request(
    method: str,
    target: URI,
    *,
    route_set: Sequence[NameAddr],
    from_: NameAddr,
    to: NameAddr,
    call_id: str,
    cseq: int,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Request:
    """A request without Via, which its sender stamps. Raises ValueError for header values with line breaks."""
    uri, routes = target, [str(route) for route in route_set]
    if route_set and not route_set[0].uri.loose:
        # A strict router wants to be the Request-URI, and the target at the end.
        uri = route_set[0].uri
        routes = [*routes[1:], f"<{target}>"]
    made = Headers()
    made.add("Max-Forwards", str(DEFAULT_MAX_FORWARDS))
    for route in routes:
        made.add("Route", route)
    made.add("From", str(from_))
    made.add("To", str(to))
    made.add("Call-ID", call_id)
    made.add("CSeq", f"{cseq} {method}")
    for name, value in headers:
        made.add(name, value)
    if content_type is not None:
        made.add("Content-Type", content_type)
    return Request(method, _request_uri(uri), made, body)


def _request_uri(uri: URI) -> URI:
    """`uri` without what a Request-URI must not carry (§19.1.1, table 1)."""
    if uri.opaque or not (uri.headers or "method" in uri.parameters):
        return uri
    parameters = {name: value for name, value in uri.parameters.items() if name != "method"}
    return uri.replace(headers={}, parameters=parameters)
