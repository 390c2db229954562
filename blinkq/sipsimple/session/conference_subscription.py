"""The subscription to who is in the conference that a session takes part in (RFC 4575). Engine thread only."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.loop import in_engine
from blinkq.payloads.conference import ConferenceDocument
from blinkq.payloads.conference_state import ConferenceTable
from blinkq.payloads.errors import ParserError
from blinkq.sip.address import NameAddr
from blinkq.sip.events import SubscriptionAccepted, SubscriptionEnded, SubscriptionFailed, SubscriptionNotified
from blinkq.sip.hop import Hop
from blinkq.sip.usages.subscription import SubscribeParameters, Subscription
from blinkq.sipsimple.lookup import DNSLookupError
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.conference_route import FocusAddress, FocusRoutes, focuses_of
from blinkq.sipsimple.session.contact import contact_outside
from blinkq.sipsimple.session.destination import credentials_for
from blinkq.sipsimple.sip_events import SIPEvents

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["ConferenceSubscription"]

#: Seconds asked for.
INTERVAL = 600
#: Seconds to wait before another attempt, by what happened.
LOOKUP_DELAY = (15.0, 30.0)
REFUSED_DELAY = (60.0, 120.0)
NO_ROUTE_DELAY = (60.0, 180.0)
INTERNAL_DELAY = (5.0, 5.0)
#: What will not change by itself: the focus does not tell (RFC 6665 §4.1.2.2).
HOPELESS = frozenset({405, 406, 489})
REFUSED = frozenset({401, 407, 423})
#: Why a focus ended the subscription, when another one is welcome at once (RFC 6665 §4.1.3) …
AGAIN = frozenset({"deactivated", "timeout"})
#: … or after a while; after other reasons it is not.
AGAIN_LATER = frozenset({"probation", "giveup", ""})

log = get_logger("sipsimple.conference")


class ConferenceSubscription(NotificationHandler):
    """Subscribes, and again where that can help, from ``start`` to ``stop``. Posts SIPSessionGotConferenceInfo for the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._table = ConferenceTable()
        self._subscription: Subscription | None = None
        self._routes: FocusRoutes | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def start(self) -> None:
        """Look for the focus and subscribe."""
        NotificationCenter().add_observer(self, name="NetworkConditionsDidChange")
        self._again()

    def stop(self) -> None:
        """Unsubscribe; nothing is posted any more. Idempotent."""
        self._stopped = True
        NotificationCenter().discard_observer(self, name="NetworkConditionsDidChange")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._subscription is not None:
            Runtime.current().sip.call(self._subscription.end)

    def _NH_NetworkConditionsDidChange(self, notification: Notification) -> None:
        self._start_over()

    @in_engine
    def _start_over(self) -> None:
        """The focus would send its notifications to where we are no more."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            Runtime.current().sip.call(subscription.abandon)
        self._again()

    def _again(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._stopped:
            Runtime.spawn(self._begin())  # what a look-up still brings for an older attempt is of no use

    async def _begin(self) -> None:
        self._table = ConferenceTable()
        routes = self._routes = FocusRoutes(self._session, focuses_of(self._session))
        await self._try_next(routes)

    async def _try_next(self, routes: FocusRoutes, failure: SubscriptionFailed | None = None) -> None:
        """The next way, after ``failure`` of the one before: who refuses will do so again over another route."""
        try:
            way = await routes.next(other_address=failure is not None and failure.response is not None)
        except DNSLookupError as error:
            if routes is self._routes:
                self._later(LOOKUP_DELAY, str(error))
            return
        if self._stopped or routes is not self._routes:
            return
        if way is None:
            self._no_way_left(failure)
            return
        try:
            self._subscribe(*way)
        except (BlinkQError, KeyError, ValueError) as error:  # whatever is wrong with addresses costs the roster, not the call
            log.exception("the conference could not be subscribed to")
            self._later(INTERNAL_DELAY, str(error))

    def _no_way_left(self, failure: SubscriptionFailed | None) -> None:
        if failure is not None and failure.code in HOPELESS:
            log.info("the focus does not tell who is in the conference: %s %s", failure.code, failure.reason)
        elif failure is not None and failure.code in REFUSED:
            self._later(REFUSED_DELAY, failure.reason)
        else:
            self._later(NO_ROUTE_DELAY, "no more routes to try")

    def _subscribe(self, focus: FocusAddress, hop: Hop) -> None:
        session = self._session
        parameters = SubscribeParameters(
            request_uri=focus.uri.to_uri(), from_=focus.local, to=NameAddr(focus.uri.to_uri()), hop=hop,
            contact=contact_outside(session, hop), credentials=credentials_for(session.account, focus.uri, hop), event="conference",
            expires=int(getattr(session.account.sip, "subscribe_interval", INTERVAL)), accept=(ConferenceDocument.content_type,),
        )  # fmt: skip
        self._subscription = Runtime.current().sip.call("subscribe", parameters)
        SIPEvents().claim(self._subscription, self._handle)

    def _handle(self, event: Any) -> None:
        if isinstance(event, SubscriptionNotified) and event.subscription is self._subscription:
            self._notified(event)
        elif isinstance(event, SubscriptionFailed | SubscriptionEnded):
            SIPEvents().release(event.subscription)
            if event.subscription is self._subscription:
                self._subscription = None
                if not self._stopped:
                    self._over(event)
        elif isinstance(event, SubscriptionAccepted):
            log.debug("subscribed to the conference for %d s", event.expires)

    def _over(self, event: SubscriptionFailed | SubscriptionEnded) -> None:
        if isinstance(event, SubscriptionEnded):
            if event.reason in AGAIN:
                self._again()
            elif event.reason in AGAIN_LATER:
                delay = float(event.retry_after) if event.retry_after else 0.0
                self._later((max(delay, REFUSED_DELAY[0]), max(delay, REFUSED_DELAY[1])), event.reason or "the focus ended it")
            return
        assert self._routes is not None  # somebody was asked
        Runtime.spawn(self._try_next(self._routes, event))

    def _later(self, delay: tuple[float, float], why: str) -> None:
        if self._stopped:
            return
        engine = Runtime.current()
        log.info("the conference will be subscribed to again: %s", why)
        self._timer = engine.loop.loop.call_later(engine.entropy.uniform(*delay), self._again)

    def _notified(self, event: SubscriptionNotified) -> None:
        media_type = (event.content_type or "").partition(";")[0].strip().lower()
        if self._stopped or not event.body or media_type != ConferenceDocument.content_type:
            return
        try:
            complete = self._table.apply(ConferenceDocument.parse(event.body))
        except ParserError as error:
            log.info("unreadable conference information: %s", error)
            return
        if not complete:  # a part is missing: a refresh brings the whole (RFC 4575 §4.4)
            Runtime.current().sip.call(event.subscription.refresh)
        elif self._table.conference is not None:
            post("SIPSessionGotConferenceInfo", self._session, conference_info=copy.deepcopy(self._table.conference))
