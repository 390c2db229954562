"""A 2xx to an INVITE, repeated until its ACK comes (RFC 3261 §13.3.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from blinkq.sip.context import Context
from blinkq.sip.message import Response
from blinkq.sip.timers import Action, Timer
from blinkq.sip.transactions.invite_server import InviteServerTransaction

__all__ = ["AcceptedAnswer"]


class AcceptedAnswer:
    """One 2xx on its way.

    Sends it at T1, 2*T1 ... up to every T2, on every transport, for 64*T1; then `on_missing(now)` is called.
    """

    def __init__(
        self,
        context: Context,
        transaction: InviteServerTransaction,
        response: Response,
        on_missing: Callable[[float], None],
    ) -> None:
        self.cseq = transaction.request.cseq.number
        self._context = context
        self._transaction = transaction
        self._response = response
        self._on_missing = on_missing
        self._interval = context.config.t1
        self._timers: dict[str, Timer] = {}

    def start(self, now: float) -> None:
        """Send it for the first time."""
        self._transaction.respond(self._response, now)
        self._schedule("limit", now + self._context.config.timing.patience, self._on_limit)
        self._schedule("repeat", now + self._interval, self._on_repeat)

    def stop(self) -> None:
        """The ACK came, or nobody cares any more."""
        for timer in self._timers.values():
            timer.cancel()

    def _schedule(self, name: str, when: float, action: Action) -> None:
        self._timers[name] = self._context.timers.schedule(when, action)

    def _on_repeat(self, now: float) -> None:
        self._transaction.respond(self._response, now)
        self._interval = min(self._interval * 2, self._context.config.t2)
        self._schedule("repeat", now + self._interval, self._on_repeat)

    def _on_limit(self, now: float) -> None:
        self.stop()
        self._on_missing(now)
