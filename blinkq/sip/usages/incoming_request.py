"""A request of a peer outside dialogs that the middleware answers: MESSAGE, an unsolicited NOTIFY, or what else it asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.sip.context import Context
from blinkq.sip.events import RequestReceived
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.replies import reply

__all__ = ["IncomingRequest"]

# Seconds in which the owner must answer, before the client's timer F (32 s) gives up. RFC 4320 §4.1: never with 408.
PATIENCE = 30.0


class IncomingRequest:
    """One request, answered once.

    request: as it came; flow: the way it came; owner: free for the middleware.
    """

    def __init__(self, context: Context, request: Request, flow: Flow, now: float) -> None:
        self.request = request
        self.flow = flow
        self.owner: Any = None
        self._context = context
        self._transaction = context.transactions.serve(request, flow)
        self._timer = context.timers.schedule(now + PATIENCE, lambda then: self.answer(500, now=then))
        self._answered = False
        context.emit(RequestReceived(self))

    @property
    def answered(self) -> bool:
        """Whether it has its answer."""
        return self._answered

    def answer(
        self,
        code: int,
        reason: str | None = None,
        *,
        headers: Iterable[tuple[str, str]] = (),
        content_type: str | None = None,
        body: bytes = b"",
        now: float,
    ) -> None:
        """Send the final answer (200-699). Raises IllegalStateError for a second one, ValueError for another code."""
        if self._answered:
            raise IllegalStateError("IncomingRequest.answer: it is answered")
        if not 200 <= code <= 699:
            raise ValueError(f"not a final code: {code}")
        response = reply(
            self.request,
            code,
            reason,
            tag=self._context.tag(),
            headers=self._context.respond_headers(headers),
            body=body,
            content_type=content_type,
        )
        self._answered = True
        self._timer.cancel()
        if not self._transaction.terminated:  # its way may be broken
            self._transaction.respond(response, now)
