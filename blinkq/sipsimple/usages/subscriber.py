"""What Subscription and Referral have in common: a life from NULL to TERMINATED, told in notifications."""

from __future__ import annotations

from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sip.event_package import EventPackage
from blinkq.sip.events import SubscriptionAccepted, SubscriptionEnded, SubscriptionFailed, SubscriptionNotified
from blinkq.sip.usages.subscription import SubscribeParameters
from blinkq.sip.usages.subscription import Subscription as Usage
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.usages.engine_object import EngineObject
from blinkq.sipsimple.usages.message_data import notify_data

__all__ = ["Subscriber"]


class Subscriber(EngineObject):
    """``state`` is NULL, SENT, ACCEPTED, PENDING, ACTIVE or TERMINATED. ``call_id`` is None before the first request."""

    #: the beginning of the notifications' names
    _kind = ""
    #: content types that are handed on; None for all
    _accepted: tuple[str, ...] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.state = "NULL"
        self._usage: Usage | None = None
        self._requested = self._ending = self._started = False

    @property
    def call_id(self) -> str | None:
        """The Call-ID of its dialog, None before the first request."""
        return None if self._usage is None else self._usage.call_id

    def end(self, timeout: float | None = None) -> None:
        """End it. ``timeout``: seconds to wait for the other side. Does nothing before the beginning and after the end."""
        with self._guard:
            if not self._requested or self._ending or self.state == "TERMINATED":
                return
            self._ending = True
        self._command(self._end, timeout)

    def _require(self, method: str, legal: bool) -> None:
        """Raise IllegalStateError unless it goes on and ``legal``. Call it under the guard."""
        if self._ending or self.state == "TERMINATED" or not legal:
            state = self.state if not self._ending or self.state == "TERMINATED" else "ending"
            raise IllegalStateError(f"{type(self).__name__}.{method} in state {state}")

    # -- on the engine thread

    def _start(self, parameters: SubscribeParameters) -> None:
        post(f"{self._kind}WillStart", self)
        self._move("SENT")
        self._usage = Runtime.current().sip.call("subscribe", parameters)
        SIPEvents().claim(self._usage, self._event)

    async def _end(self, timeout: float | None) -> None:
        if self._usage is not None and self.state != "TERMINATED":
            post(f"{self._kind}WillEnd", self)
            Runtime.current().sip.call(self._usage.end, timeout=timeout)

    def _event(self, event: Any) -> None:
        match event:
            case SubscriptionAccepted():
                if not event.refreshed and not self._ending:
                    self._did_start()
                    if self.state == "SENT":
                        self._move("ACCEPTED")
            case SubscriptionNotified():
                self._did_start()
                if event.status.state != "terminated":
                    self._move("ACTIVE" if event.status.state == "active" else "PENDING")
                self._hand_on(event)
            case SubscriptionFailed():
                self._failed(event.code, event.reason, event.min_expires)
            case SubscriptionEnded():
                SIPEvents().release(self._usage)
                self._move("TERMINATED")
                post(f"{self._kind}DidEnd", self)

    def _did_start(self) -> None:
        if not self._started:
            self._started = True
            post(f"{self._kind}DidStart", self)

    def _hand_on(self, event: SubscriptionNotified) -> None:
        if event.body and self._accepted is not None and event.content_type not in self._accepted:
            return
        name = EventPackage.of(event.request).name
        post(f"{self._kind}GotNotify", self, **notify_data(event.request, name))

    def _no_way(self, error: str) -> None:
        if self.state != "TERMINATED":
            self._failed(503, error, None)

    def _failed(self, code: int, reason: str, min_expires: int | None) -> None:
        SIPEvents().release(self._usage)
        self._move("TERMINATED")
        post(f"{self._kind}DidFail", self, **self._failure(code, reason, min_expires))

    def _failure(self, code: int, reason: str, min_expires: int | None) -> dict[str, Any]:
        return {"code": code, "reason": reason}

    def _move(self, state: str) -> None:
        previous, self.state = self.state, state
        if previous != state:
            post(f"{self._kind}ChangedState", self, prev_state=previous, state=state)
