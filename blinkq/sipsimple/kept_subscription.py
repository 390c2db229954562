"""A subscription of an account that is kept: made, refreshed, and made again after whatever ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sip.address import NameAddr
from blinkq.sip.events import SubscriptionAccepted, SubscriptionEnded, SubscriptionFailed, SubscriptionNotified
from blinkq.sip.hop import Hop
from blinkq.sip.usages.subscription import SubscribeParameters, Subscription
from blinkq.sipsimple.event_retry import SubscriptionRetry
from blinkq.sipsimple.kept_usage import END_TIMEOUT, Check, Failed, KeptUsage
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["KeptSubscription"]

#: Seconds for one SUBSCRIBE, so that the next route gets its chance.
SUBSCRIBE_TIMEOUT = 5.0


class KeptSubscription(KeptUsage):
    """Keeps ``account`` subscribed to ``event`` of ``target`` from ``start()`` to ``stop()``. Engine thread only.

    :param nick: begin of the names of its notifications, like "Presence"
    :param accept: content types that may be notified
    :param notified: is given every SubscriptionNotified
    :param lost: is told why when nothing is known any more

    Posts ``<nick>SubscriptionDidStart``, ``<nick>SubscriptionGotNotify``, ``<nick>SubscriptionDidFail`` and
    ``<nick>SubscriptionDidEnd`` in its own name.
    """

    def __init__(
        self, account: Account, target: SIPURI, event: str, nick: str, accept: str, notified: Callable[[SubscriptionNotified], None],
        lost: Callable[[str], None],
    ) -> None:  # fmt: skip
        super().__init__(account, SubscriptionRetry(Runtime.current().entropy))
        self.target = target
        self.event = event
        self._nick = nick
        self._accept = accept
        self._notified = notified
        self._lost = lost
        self._subscription: Subscription | None = None
        self._early: SubscriptionNotified | None = None

    @property
    def active(self) -> bool:
        """Whether it stands."""
        return self._hop is not None

    def ask_again(self) -> None:
        """Refresh at once, which brings the full state; nothing happens while it does not stand."""
        if self._subscription is not None and self._hop is not None:
            Runtime.current().sip.call(self._subscription.refresh)

    def __str__(self) -> str:
        return f"subscription to {self.event} of {self.target}"

    async def _keep(self) -> float:
        await self._try_routes(self._subscribe)
        post(f"{self._nick}SubscriptionDidStart", self)
        early, self._early = self._early, None
        if early is not None:
            self._take(early)
        while True:
            event = await self._next_event()
            match event:
                case SubscriptionNotified():
                    self._take(event)
                case SubscriptionFailed():
                    self._forget()
                    again = event.code in (404, 408, 481)
                    delay = self._retry.lost() if again else self._retry.refused(event.code, event.retry_after).delay
                    raise Failed(event.reason, delay, event.code)
                case SubscriptionEnded():
                    self._forget()
                    post(f"{self._nick}SubscriptionDidEnd", self, originator=event.originator, reason=event.reason)
                    self._lost(event.reason or "the server ended it")
                    return self._retry.ended(event.reason, event.retry_after)
                case Check():
                    self.ask_again()
                case FlowClosed():
                    self._abandon()
                    raise Failed(event.error, self._retry.lost())
                case LocalAddressChanged():
                    self._abandon()
                    raise Failed("The address of this computer has changed.", self._retry.lost())

    async def _subscribe(self, hop: Hop) -> None:
        """Send a SUBSCRIBE to ``hop`` and wait for the answer, or for a NOTIFY that is faster."""
        sip = Runtime.current().sip
        subscription: Subscription = sip.call("subscribe", self._parameters(hop))
        self._subscription = subscription
        SIPEvents().claim(subscription, self._events.put_nowait)
        while True:
            event: Any = await self._next_event()
            if getattr(event, "subscription", None) is not subscription:
                continue
            match event:
                case SubscriptionAccepted():
                    return
                case SubscriptionNotified():
                    self._early = event  # taken when DidStart has been posted
                    return
                case SubscriptionFailed():
                    self._forget()
                    attempt = self._retry.refused(event.code, event.retry_after)
                    code = None if event.response is None else event.code
                    raise Failed(event.reason, attempt.delay, code, next_route=attempt.next_route)
                case SubscriptionEnded():
                    self._forget()
                    raise Failed(event.reason or "ended", self._retry.ended(event.reason, event.retry_after))

    def _parameters(self, hop: Hop) -> SubscribeParameters:
        account = self.account
        return SubscribeParameters(
            request_uri=self.target.to_uri(), from_=NameAddr(account.uri.to_uri(), account.display_name or ""),
            to=NameAddr(self.target.to_uri()), contact=NameAddr(account.contact.for_hop(hop).to_uri()), hop=hop,
            credentials=account.credentials.to_digest(), event=self.event, expires=int(account.sip.subscribe_interval),
            accept=(self._accept,), timeout=SUBSCRIBE_TIMEOUT,
        )  # fmt: skip

    def _take(self, event: SubscriptionNotified) -> None:
        post(
            f"{self._nick}SubscriptionGotNotify", self, event=self.event, content_type=event.content_type, body=event.body,
            state=event.status.state, reason=event.status.reason,
        )  # fmt: skip
        self._notified(event)

    def _report(self, failure: Failed) -> None:
        post(f"{self._nick}SubscriptionDidFail", self, code=failure.code, reason=failure.reason, delay=failure.delay)
        self._lost(failure.reason)

    async def _withdraw(self) -> None:
        subscription, self._hop = self._subscription, None
        if subscription is None:
            return
        Runtime.current().sip.call(subscription.end)
        try:
            async with asyncio.timeout(END_TIMEOUT):
                while not isinstance(event := await self._events.get(), SubscriptionEnded | SubscriptionFailed):
                    if isinstance(event, SubscriptionNotified):
                        self._take(event)
        except TimeoutError:
            Runtime.current().sip.call(subscription.abandon)
        self._forget()
        post(f"{self._nick}SubscriptionDidEnd", self, originator="local", reason="")
        self._lost("unsubscribed")

    def _abandon(self) -> None:
        if self._subscription is not None:
            Runtime.current().sip.call(self._subscription.abandon)
        self._forget()

    def _forget(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            SIPEvents().release(subscription)
        # what it said before its end does not concern the next one
        kept = [event for event in _drain(self._events) if getattr(event, "subscription", None) is not subscription]
        for event in kept:
            self._events.put_nowait(event)


def _drain(queue: asyncio.Queue[object]) -> list[object]:
    events = []
    while not queue.empty():
        events.append(queue.get_nowait())
    return events
