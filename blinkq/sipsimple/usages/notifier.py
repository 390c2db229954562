"""What IncomingSubscription and IncomingReferral have in common: a peer that wants to be told, and what became of telling it."""

from __future__ import annotations

from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sip.events import IncomingSubscriptionEnded, IncomingSubscriptionRefreshed, NotifyAnswered
from blinkq.sip.status import reason_phrase
from blinkq.sip.usages.incoming_subscription import IncomingSubscription as Usage
from blinkq.sip.usages.incoming_subscription import IncomingSubscriptionState
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.usages.engine_object import EndpointAddress, EngineObject
from blinkq.sipsimple.usages.message_data import outcome_data, request_data

__all__ = ["Notifier"]


class Notifier(EngineObject):
    """``state`` is None, then INCOMING, PENDING, ACTIVE and TERMINATED as the kind has them."""

    #: the beginning of the notifications' names, and the name of the answer's
    _kind = ""
    _answered = ""

    def __init__(self, usage: Usage) -> None:
        super().__init__()
        self.state: str | None = None
        self.peer_address = EndpointAddress(usage.flow.remote_address, usage.flow.remote_port)
        self.call_id = usage.call_id
        self.event = usage.event.name
        self._usage = usage
        self._decided = False

    def _require(self, method: str, *states: str) -> None:
        """Raise IllegalStateError unless it is in one of ``states``. Call it under the guard."""
        state = "answered" if self._decided and self.state == "INCOMING" else self.state
        if state not in states:
            raise IllegalStateError(f"{type(self).__name__}.{method} in state {state}")

    def _no_way(self, error: str) -> None:
        """Its requests go the way the first one came."""

    # -- on the engine thread

    def _announce(self, name: str, **data: Any) -> None:
        SIPEvents().claim(self._usage, self._event)
        self._move("INCOMING")
        post(f"{self._kind}{name}", self, **request_data(self._usage.request), **data)

    def _call(self, method: Any, *args: Any, **kwargs: Any) -> bool:
        """Call the usage; False when the other side was faster and it is over."""
        try:
            Runtime.current().sip.call(method, *args, **kwargs)
        except IllegalStateError:
            return False
        return True

    def _answer(self, method: Any, answer: int, state: str | None, **kwargs: Any) -> None:
        if self._usage.state is not IncomingSubscriptionState.RECEIVED:
            return  # it has waited too long: the agent has answered 500
        post(f"{self._kind}{self._answered}", self, code=answer, reason=reason_phrase(answer))
        if state is not None:
            self._move(state)
            post(f"{self._kind}SentNotify", self)
        self._call(method, **kwargs)

    def _event(self, event: Any) -> None:
        match event:
            case NotifyAnswered(code=code, reason=reason, response=response):
                name = "NotifyDidSucceed" if code < 300 else "NotifyDidFail"
                post(f"{self._kind}{name}", self, **outcome_data(code, reason, response))
            case IncomingSubscriptionRefreshed():
                post(f"{self._kind}GotRefreshingSubscribe", self, **request_data(event.request))
            case IncomingSubscriptionEnded():
                self._over(event)
        if self._usage.settled:
            SIPEvents().release(self._usage)

    def _over(self, event: IncomingSubscriptionEnded) -> None:
        if event.request is not None and event.reason == "unsubscribed":
            post(f"{self._kind}GotUnsubscribe", self, **request_data(event.request))
        elif event.originator == "remote" and event.reason == "timeout":
            self._timed_out()
        self._move("TERMINATED")
        post(f"{self._kind}DidEnd", self)

    def _timed_out(self) -> None:
        """It was not refreshed."""

    def _move(self, state: str) -> None:
        previous, self.state = self.state, state
        if previous != state:
            post(f"{self._kind}ChangedState", self, prev_state=previous, state=state)
