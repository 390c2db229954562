"""One request of ours from the first attempt to its final answer: digest retries and CANCEL included.

A transaction is one attempt; an exchange is what the usage meant. It adds Via, resends with credentials when challenged, and
cancels an INVITE at the moment RFC 3261 §9.1 allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from blinkq.sip.authentication import Authentication, KnownChallenges
from blinkq.sip.context import Context
from blinkq.sip.derived_requests import cancellation
from blinkq.sip.digest import Credentials
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import CSeq, Request, Response
from blinkq.sip.status import reason_phrase
from blinkq.sip.timers import Timer
from blinkq.sip.transactions.invite_client import InviteClientTransaction
from blinkq.sip.transactions.transaction import ClientTransaction

__all__ = ["Exchange", "ExchangeUser", "Nobody"]


class ExchangeUser(Protocol):
    """Who wants to know the outcome."""

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """A provisional response came."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The final response came; for an INVITE every 2xx, also repeated ones and those of other branches."""

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """No final response will come: 408, 503, or 487 when our CANCEL was ignored."""


class Nobody:
    """The user of requests whose outcome changes nothing: CANCEL, and BYEs of calls that are already over."""

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to do."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to do."""

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """Nothing to do."""


class _CancelUser:
    """Ignores what becomes of a CANCEL: the INVITE's own answer counts."""

    def on_response(self, transaction: ClientTransaction, response: Response, flow: Flow, now: float) -> None:
        """Nothing to do."""

    def on_no_response(self, transaction: ClientTransaction, code: int, reason: str, now: float) -> None:
        """Nothing to do."""


class Exchange:
    """One request and its final answer.

    request: without Via, changed in place for each attempt; hop, flow: where it goes; next_cseq: gives the number of a
    further attempt; credentials: None to answer no challenge; in_dialog: only trusted realms are answered; known: challenges
    to answer in advance.
    """

    def __init__(
        self,
        context: Context,
        user: ExchangeUser,
        request: Request,
        hop: Hop,
        flow: Flow | None,
        next_cseq: Callable[[], int],
        *,
        credentials: Credentials | None = None,
        in_dialog: bool = False,
        known: KnownChallenges | None = None,
    ) -> None:
        self.request = request
        self.hop = hop
        self.flow = flow
        self.cancelled = False
        self.finished = False
        self._context = context
        self._user = user
        self._next_cseq = next_cseq
        self._authentication: Authentication | None = None
        if credentials is not None:
            self._authentication = Authentication(
                credentials, context.realms, context.entropy, in_dialog=in_dialog, known=known
            )
        self._transaction: ClientTransaction | None = None
        self._progressing = False
        self._cancel_headers: tuple[tuple[str, str], ...] = ()
        self._impatience: Timer | None = None

    def start(self, now: float, timeout: float | None = None) -> None:
        """Send the first attempt. Without an answer the user is told 408 after `timeout` seconds, if that is sooner than timer F."""
        if self._authentication is not None:
            self._authentication.put(self.request)
        if timeout is not None:
            self._impatience = self._context.timers.schedule(now + timeout, self._on_impatience)
        self._send(now)

    def cancel(self, now: float, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Take the INVITE back, as soon as a provisional response allows it. Idempotent; too late after the final answer."""
        if self.cancelled or self.finished:
            return
        self.cancelled = True
        self._cancel_headers = tuple(headers)
        if self._progressing:
            self._send_cancel(now)

    def repeat(self, changes: Iterable[tuple[str, str]], now: float) -> None:
        """Send the request once more with some headers changed, when its final answer asked for that (RFC 4028 §7.4)."""
        self.finished = False
        self.request = self.request.copy()
        for name, value in changes:
            self.request.headers.set(name, value)
        self.request.headers.set("CSeq", str(CSeq(self._next_cseq(), self.request.method)))
        self._progressing = False
        self._send(now)

    def abandon(self, now: float) -> None:
        """Nobody waits for the answer any more: stop repeating the request."""
        self._finish()
        transaction, self._transaction = self._transaction, None
        assert transaction is not None  # it was started
        transaction.transport_failed("abandoned", now)

    # -- ClientUser

    def on_response(self, transaction: ClientTransaction, response: Response, flow: Flow, now: float) -> None:
        """A response to the present attempt."""
        if response.code < 200:
            if not self._progressing:
                self._progressing = True
                if self.cancelled:
                    self._send_cancel(now)
            self._user.on_provisional(self, response, flow, now)
            return
        if response.code in (401, 407):
            if self._retry(response, flow, now):
                return
        elif self._authentication is not None and not self.finished:
            self._authentication.accepted(flow)
        self._finish()
        self._user.on_final(self, response, flow, now)

    def on_no_response(self, transaction: ClientTransaction, code: int, reason: str, now: float) -> None:
        """The present attempt got no answer."""
        if not self.finished:
            self._finish()
            self._user.on_unanswered(self, code, reason, now)

    # -- attempts

    def _retry(self, response: Response, flow: Flow, now: float) -> bool:
        if self._authentication is None or self.cancelled or not self._authentication.answer(response, flow):
            return False
        # §8.1.3.5: same Call-ID, From and To, the next CSeq, a new branch. The request object is a new one because the
        # finished transaction still acknowledges with the old one.
        self.request = self.request.copy()
        cseq = CSeq(self._next_cseq(), self.request.method)
        self.request.headers.set("CSeq", str(cseq))
        self._authentication.put(self.request)
        self._progressing = False
        self._send(now)
        return True

    def _send(self, now: float) -> None:
        self._context.stamp(self.request, self.hop)
        transactions = self._context.transactions
        self._transaction = transactions.send(self.request, self.hop, self.flow, self, now)

    def _send_cancel(self, now: float) -> None:
        transaction = self._transaction
        assert transaction is not None  # there was a provisional response
        cancel = cancellation(self.request, self._cancel_headers)
        self._context.transactions.send(cancel, self.hop, self.flow, _CancelUser(), now)
        # §9.1: after 64*T1 without a final response the INVITE counts as cancelled.
        self._context.timers.schedule(now + self._context.config.timing.patience, self._on_cancel_ignored)

    def _on_cancel_ignored(self, now: float) -> None:
        if self.finished:
            return
        self._finish()
        assert isinstance(self._transaction, InviteClientTransaction)  # only an INVITE is cancelled
        self._transaction.abandon()
        self._user.on_unanswered(self, 487, "Request Terminated", now)

    def _on_impatience(self, now: float) -> None:
        self.abandon(now)
        self._user.on_unanswered(self, 408, reason_phrase(408), now)

    def _finish(self) -> None:
        self.finished = True
        if self._impatience is not None:
            self._impatience.cancel()
