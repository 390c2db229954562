"""A REFER that we send in a call, and the peer's reports about it (RFC 3515, RFC 5589): the transferor's side of a transfer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from blinkq.sip.address import NameAddr
from blinkq.sip.dialog import Dialog
from blinkq.sip.dialog_events import ReferAccepted, ReferEnded, ReferProgressed
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import SubscriptionStatus
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.sipfrag import status_of
from blinkq.sip.timers import Timer
from blinkq.sip.usages.call import Call

__all__ = ["Referral"]

# Seconds without a word of the peer after which the outcome counts as unknown. A person may have to pick up a telephone in between, and
# peers report ringing only once.
PATIENCE = 90.0


class Referral:
    """One REFER of ours. `ReferAccepted` and `ReferProgressed` may come, `ReferEnded` always does.

    finished: it has come; cseq: the number of our REFER, by which the peer's reports may name it.
    """

    def __init__(self, call: Call, on_failure: Callable[[Response, float], None]) -> None:
        self.finished = False
        self.cseq = 0
        self._call = call
        self._on_failure = on_failure
        self._accepted = False
        self._patience: Timer | None = None

    def start(self, dialog: Dialog, refer_to: NameAddr, headers: Iterable[tuple[str, str]], now: float) -> None:
        """Send it."""
        self.cseq = dialog.next_cseq()
        own = [("Refer-To", str(refer_to)), *self._call.dialog_headers(), *headers]
        self._call.exchange(dialog, dialog.make_request("REFER", self.cseq, headers=own), self).start(now)

    def receive(self, notify: Request, now: float) -> None:
        """A report of the peer; it may overtake the answer to the REFER (RFC 3515 §2.4.4)."""
        if self.finished:
            return
        self._accept(202, "Accepted", now)
        status = status_of(notify.body)
        if status is not None:
            self._emit_progress(*status)
        state = _state_of(notify)
        if status is not None and status[0] >= 200:
            self._end(*status)
        elif state.state == "terminated":
            self._end(0, state.reason or "the peer reports no more")
        else:
            self._wait(now)

    def stop(self, now: float) -> None:
        """The call is over, and its dialog with it."""
        if not self.finished:
            self._end(0, "invite dialog ended")

    # -- ExchangeUser

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The peer took it or refused it."""
        self.cseq = exchange.request.cseq.number  # another one, when we were asked for credentials
        if self.finished:
            return
        if response.code >= 300:
            self._end(response.code, response.reason)
            self._on_failure(response, now)
            return
        self._accept(response.code, response.reason, now)
        if (response.headers.get("Refer-Sub") or "").strip().lower().startswith("false"):
            self._end(200, "OK", known=False)  # RFC 4488 §4

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """No answer."""
        if not self.finished:
            self._end(code, reason)

    # -- the parts

    def _accept(self, code: int, reason: str, now: float) -> None:
        if self._accepted:
            return
        self._accepted = True
        self._call.emit(ReferAccepted(self._call.invitation, self, code, reason))
        self._wait(now)

    def _emit_progress(self, code: int, reason: str) -> None:
        self._call.emit(ReferProgressed(self._call.invitation, self, code, reason))

    def _wait(self, now: float) -> None:
        self._wait_no_more()
        self._patience = self._call.context.timers.schedule(now + PATIENCE, self._on_silence)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _on_silence(self, now: float) -> None:
        self._end(0, "timeout")

    def _end(self, code: int, reason: str, known: bool = True) -> None:
        self.finished = True
        self._wait_no_more()
        self._call.emit(ReferEnded(self._call.invitation, self, code, reason, known))


def _state_of(notify: Request) -> SubscriptionStatus:
    """How the subscription stands; without a readable header it goes on."""
    try:
        return SubscriptionStatus.of(notify)
    except SIPParseError:
        return SubscriptionStatus("active")
