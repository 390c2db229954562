"""A REFER that the peer sends in a call (RFC 3515): the answer, and our reports of what became of it. The transferee's side."""

from __future__ import annotations

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog import Dialog
from blinkq.sip.dialog_events import ReferReported
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.replaces import Replaces
from blinkq.sip.replies import reply
from blinkq.sip.sipfrag import SIPFRAG, fragment
from blinkq.sip.transactions.transaction import ServerTransaction
from blinkq.sip.usages.call import Call

__all__ = ["IncomingReferral"]

# Seconds for which our reports are promised: longer than a call may ring.
DURATION = 300


class IncomingReferral:
    """One REFER of the peer.

    refer_to: whom we shall call, without the headers in its URI; replaces: the dialog that the new call shall replace; referred_by: the
    header as it stands, None without one; finished: refused, or the last report is sent.
    """

    def __init__(
        self, call: Call, dialog: Dialog, request: Request, transaction: ServerTransaction, refer_to: NameAddr, replaces: Replaces | None,
        first: bool,
    ) -> None:  # fmt: skip
        self.refer_to = refer_to
        self.replaces = replaces
        self.referred_by = request.headers.get("Referred-By")
        self.finished = False
        self._call = call
        self._dialog = dialog
        self._request = request
        self._transaction: ServerTransaction | None = transaction
        # RFC 4488 §4: the peer may ask not to be told.
        self._silent = (request.headers.get("Refer-Sub") or "").strip().lower().startswith("false")
        # RFC 3515 §2.4.6: from the second REFER of a dialog on reports must say which one they are about.
        self._event = "refer" if first else f"refer;id={request.cseq.number}"
        self._status = (100, "Trying")
        self._last: Exchange | None = None

    @property
    def number(self) -> int:
        """The CSeq of the REFER, by which the peer names our reports."""
        return self._request.cseq.number

    def accept(self, now: float) -> None:
        """Answer 202 and report that we try. Raises IllegalStateError when it was answered."""
        headers = [("Refer-Sub", "false")] if self._silent else []
        self._answer("accept", 202, None, [*headers, *self._call.dialog_headers()], now)
        self._report(now)

    def reject(self, code: int, reason: str | None = None, *, now: float) -> None:
        """Refuse it with 300-699. Raises IllegalStateError when it was answered, ValueError."""
        if not 300 <= code <= 699:
            raise ValueError(f"not a refusal: {code}")
        self._answer("reject", code, reason, [], now)
        self.finished = True

    def notify(self, code: int, reason: str | None = None, *, now: float) -> None:
        """Report how the new call goes; a code from 200 on is the last word, after which `ReferReported` comes.

        Nothing is sent when the last word is said, or the call is over. Raises IllegalStateError before `accept`.
        """
        if self._transaction is not None:
            raise IllegalStateError("IncomingReferral.notify before accept")
        if self.finished:
            return
        self._status = (code, fragment(code, reason).decode().partition(" ")[2].partition(" ")[2].strip())
        self.finished = code >= 200
        self._report(now)

    def repeat(self, now: float) -> None:
        """The peer renews its subscription: it wants to know where things stand (RFC 6665 §4.4.1)."""
        self._report(now)

    def stop(self, now: float) -> None:
        """The call is over: nobody can be told any more."""
        if self._transaction is not None:
            self.reject(487, now=now)
        self.finished = True

    # -- ExchangeUser, for our NOTIFYs

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The peer knows, or does not want to."""
        self._reported(exchange)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """The peer does not hear."""
        self._reported(exchange)

    # -- the parts

    def _answer(self, method: str, code: int, reason: str | None, headers: list[tuple[str, str]], now: float) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            raise IllegalStateError(f"IncomingReferral.{method} after it was answered")
        transaction.respond(reply(self._request, code, reason, headers=self._call.context.respond_headers(headers)), now)

    def _report(self, now: float) -> None:
        if self._silent:
            if self.finished:
                self._call.emit(ReferReported(self._call.invitation, self))
            return
        dialog, call = self._dialog, self._call
        state = "terminated;reason=noresource" if self.finished else f"active;expires={DURATION}"
        headers = [("Event", self._event), ("Subscription-State", state), *call.dialog_headers()]
        request = dialog.make_request(
            "NOTIFY", dialog.next_cseq(), headers=headers, body=fragment(*self._status), content_type=f"{SIPFRAG};version=2.0"
        )
        # Not one after the other: should one overtake another, the older one is refused as out of order, and the newest counts.
        self._last = call.exchange(dialog, request, self)
        self._last.start(now)

    def _reported(self, exchange: Exchange) -> None:
        if self.finished and exchange is self._last:
            self._call.emit(ReferReported(self._call.invitation, self))
