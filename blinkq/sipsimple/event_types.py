"""Which event packages can be subscribed to, and the content types that their NOTIFYs may have."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.sip.event_package import EventPackage
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["add_event_types", "all_event_types", "event_types"]

_BUILT_IN = {
    "conference": ("application/conference-info+xml",),
    "dialog": ("application/dialog-info+xml",),
    "message-summary": ("application/simple-message-summary",),
    "presence": ("multipart/related", "application/rlmi+xml", "application/pidf+xml"),
    "presence.winfo": ("application/watcherinfo+xml",),
    "refer": ("message/sipfrag",),
    "xcap-diff": ("application/xcap-diff+xml",),
}

_types: dict[str, tuple[str, ...]] = dict(_BUILT_IN)


def event_types(event: str) -> tuple[str, ...]:
    """The content types of an event. Raises SIPCoreError for an event that is not known."""
    try:
        return _types[event]
    except KeyError:
        raise SIPCoreError(f"the event {event!r} is not known: add it with Engine().add_event()") from None


def all_event_types() -> dict[str, list[str]]:
    """Every event that is known, with its content types."""
    return {event: list(types) for event, types in _types.items()}


def add_event_types(event: str, types: Iterable[str]) -> None:
    """Know an event. Raises ValueError when it is known, or is no event."""
    if event in _types:
        raise ValueError(f"the event {event!r} is known")
    _types[EventPackage(event).name] = tuple(types)
