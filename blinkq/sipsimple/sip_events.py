"""Who hears what the SIP agent reports: its usages to those who made them, invitations and what peers begin to those who ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.logging import get_logger
from blinkq.sip.events import RequestReceived, SubscriptionReceived
from blinkq.sipsimple.singleton import Singleton

__all__ = ["SIPEvents"]

log = get_logger("sipsimple.sip_events")

#: Events kept for a usage that nobody has claimed yet; it reports at most a few before its maker gets hold of it.
MAX_UNCLAIMED = 64

Handler = Callable[[Any], None]

#: what an event may carry its usage as; "request" last, as the events of others carry a message by that name
_USAGES = ("registration", "subscription", "incoming_subscription", "publication", "request")


class SIPEvents(metaclass=Singleton):
    """Hands each event of the SIP endpoint to its handler. Engine thread only.

    An event may come out while the call that makes its usage has not returned yet: it waits until the usage is claimed.
    """

    def __init__(self) -> None:
        #: takes every event of an invitation
        self.invitation_handler: Handler | None = None
        #: takes RequestReceived and SubscriptionReceived
        self.received_handler: Handler | None = None
        #: takes what is of no usage (FlowClosed, LocalAddressChanged)
        self.flow_handler: Handler | None = None
        self._handlers: dict[int, tuple[object, Handler]] = {}
        self._unclaimed: list[tuple[object, Any]] = []

    def claim(self, usage: object, handler: Handler) -> None:
        """Let ``handler`` take the events of a usage (registration, request, subscription ...), those that have come already first."""
        self._handlers[id(usage)] = (usage, handler)
        waiting = [event for owner, event in self._unclaimed if owner is usage]
        self._unclaimed = [(owner, event) for owner, event in self._unclaimed if owner is not usage]
        for event in waiting:
            handler(event)

    def release(self, usage: object) -> None:
        """Undo ``claim``; harmless when it was not claimed."""
        self._handlers.pop(id(usage), None)

    def dispatch(self, event: Any) -> None:
        """Hand one event on."""
        if hasattr(event, "invitation"):
            handler = self.invitation_handler
        elif isinstance(event, RequestReceived | SubscriptionReceived):
            handler = self.received_handler
        else:
            usage = next((found for name in _USAGES if (found := getattr(event, name, None)) is not None), None)
            if usage is not None:
                self._dispatch_usage(usage, event)
                return
            handler = self.flow_handler
        if handler is None:
            log.debug("nobody takes %s", type(event).__name__)
        else:
            handler(event)

    def _dispatch_usage(self, usage: object, event: Any) -> None:
        _, handler = self._handlers.get(id(usage), (None, None))
        if handler is not None:
            handler(event)
        else:
            self._unclaimed = [*self._unclaimed[-MAX_UNCLAIMED + 1 :], (usage, event)]
