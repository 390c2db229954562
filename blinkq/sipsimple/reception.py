"""Reception: what peers send outside calls, given to whoever in the middleware takes it, if the peer may send it at all.

The policy is the one of calls (``SessionManager.admit``). What nobody takes the SIP agent refuses by itself. What this is not: the
answers; those are the takers' business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.sip.event_package import EventPackage
from blinkq.sip.events import RequestReceived, SubscriptionReceived
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.usages.incoming_request import IncomingRequest
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.manager import SessionManager
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_events import SIPEvents

__all__ = ["Policy", "Reception", "RequestTaker", "SubscriptionTaker"]

log = get_logger("sipsimple.reception")

#: called with the account that it is for, and the request or subscription to be answered
RequestTaker = Callable[[Any, IncomingRequest], None]
SubscriptionTaker = Callable[[Any, IncomingSubscription], None]
#: the account that a request is for (None where there are none), or the code to refuse it with
Policy = Callable[[Request, Flow], Any]


class Reception(metaclass=Singleton):
    """Who takes which requests. Takers are called on the engine thread; they may be set before the engine runs."""

    def __init__(self) -> None:
        self._admit: Policy = lambda request, flow: 480
        self._requests: dict[str, RequestTaker] = {}
        self._notifies: dict[str, RequestTaker] = {}
        self._subscriptions: dict[str, SubscriptionTaker] = {}

    def start(self, admit: Policy | None = None) -> None:
        """The engine runs: receive what ``admit`` lets in (by default the session manager). Engine thread only."""
        self._admit = admit or SessionManager().admit
        SIPEvents().received_handler = self._received
        self._apply()

    def take_requests(self, method: str, taker: RequestTaker | None) -> None:
        """Give requests of this method outside dialogs (MESSAGE ...) to ``taker``; None refuses them again."""
        self._take(self._requests, method, taker)

    def take_notifies(self, event: str, taker: RequestTaker | None) -> None:
        """Give NOTIFYs about ``event`` that belong to no subscription to ``taker``; None refuses them again."""
        self._take(self._notifies, event, taker)

    def take_subscriptions(self, event: str, taker: SubscriptionTaker | None) -> None:
        """Give subscriptions to ``event`` (for "refer": REFERs outside calls) to ``taker``; None refuses them again."""
        self._take(self._subscriptions, event, taker)

    @property
    def methods(self) -> frozenset[str]:
        """The methods that are taken."""
        return frozenset(self._requests)

    @property
    def events(self) -> frozenset[str]:
        """The events that peers may subscribe to."""
        return frozenset(self._subscriptions)

    def _take(self, takers: dict[str, Any], key: str, taker: object) -> None:
        if taker is None:
            takers.pop(key, None)
        else:
            takers[key] = taker
        if Runtime.engine is not None:
            Runtime.engine.loop.call(self._apply)

    def _apply(self) -> None:
        if Runtime.engine is not None:
            agent = Runtime.engine.sip.agent
            agent.incoming_requests = set(self._requests)
            agent.unsolicited_events = set(self._notifies)
            agent.incoming_events = set(self._subscriptions)

    # -- what comes

    def _received(self, event: RequestReceived | SubscriptionReceived) -> None:
        if isinstance(event, RequestReceived):
            incoming = event.request
            if incoming.request.method == "NOTIFY":
                taker = self._notifies.get(EventPackage.of(incoming.request).name)
            else:
                taker = self._requests.get(incoming.request.method)
            self._give(incoming, incoming.answer, taker)
        else:
            subscription = event.incoming_subscription
            self._give(subscription, subscription.reject, self._subscriptions.get(subscription.event.name))

    def _give(self, incoming: Any, refuse: Callable[..., None], taker: Callable[[Any, Any], None] | None) -> None:
        request = incoming.request
        found = self._admit(request, incoming.flow)
        if isinstance(found, int):
            log.info("refused a %s from %s with %d", request.method, incoming.flow.remote_address, found)
        elif taker is None:  # given up a moment ago
            found = 480
        if not isinstance(found, int) and taker is not None:
            taker(found, incoming)
            return
        try:
            Runtime.current().sip.call(refuse, found)
        except IllegalStateError as error:
            log.debug("%s", error)
