"""What applications give to a session's methods, checked before anything changes: a session must not stop half-way for a wrong type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.sipsimple.route import Route
from blinkq.sipsimple.streams.interface import IMediaStream

__all__ = ["check_refusal", "list_of_routes", "list_of_streams"]

REFUSALS = range(300, 700)


def list_of_routes(method: str, routes: Any) -> list[Route]:
    """From a Route, or Routes; TypeError for anything else."""
    found = [routes] if isinstance(routes, Route) else _list(method, "routes", routes)
    for route in found:
        if not isinstance(route, Route):
            raise TypeError(f"{method}: routes are Route objects, not {route!r}")
    return found


def list_of_streams(method: str, streams: Any) -> list[Any]:
    """From a stream, or streams, each one once; TypeError for what does not provide IMediaStream."""
    found = [streams] if IMediaStream.providedBy(streams) else _list(method, "streams", streams)
    for stream in found:
        if not IMediaStream.providedBy(stream):
            raise TypeError(f"{method}: {stream!r} is not a stream")
    return list(dict.fromkeys(found))


def check_refusal(method: str, code: Any, what: str) -> None:
    """TypeError for what is no number, ValueError for a code that does not refuse ``what``."""
    if not isinstance(code, int) or isinstance(code, bool):
        raise TypeError(f"{method}: a code is a number, not {code!r}")
    if code not in REFUSALS:
        raise ValueError(f"{code} does not refuse {what}")


def _list(method: str, what: str, values: Any) -> list[Any]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{method}: {what} are a list, not {values!r}")
    return list(values)
