"""Provisional responses that arrive for certain (RFC 3262): ours until their PRACK comes, and the PRACKs for the peer's."""

from __future__ import annotations

import re
from collections.abc import Callable

from blinkq.sip.dialog import Dialog
from blinkq.sip.exchange import Nobody
from blinkq.sip.message import Request, Response
from blinkq.sip.timers import Timer
from blinkq.sip.transactions.invite_server import InviteServerTransaction
from blinkq.sip.usages.call import Call

__all__ = ["ProgressAcknowledger", "ReliableProgress"]

# RFC 3262 §3: the first number is below 2^31, so that it can grow for as long as the call rings.
_FIRST_RSEQ = 1 << 16

_rack = re.compile(r"\s*+([0-9]{1,10}+)\s++([0-9]{1,10}+)\s++(\S++)\s*+")


class ReliableProgress:
    """Ours, for a caller that requires it: one at a time, repeated at T1, 2*T1 ... for 64*T1.

    :param on_missing: called with `now` when a PRACK never came
    """

    def __init__(self, call: Call, transaction: InviteServerTransaction, on_missing: Callable[[float], None]) -> None:
        self._call = call
        self._transaction = transaction
        self._on_missing = on_missing
        self._rseq = call.context.entropy.integer(1, _FIRST_RSEQ)
        self._unacknowledged: Response | None = None
        self._next: Response | None = None
        self._interval = 0.0
        self._timers: dict[str, Timer] = {}

    def send(self, response: Response, now: float) -> None:
        """Send it, or keep it until the one before is acknowledged (§3); of those that wait only the newest is of interest."""
        if self._unacknowledged is not None:
            self._next = response
            return
        self._rseq += 1
        response.headers.set("Require", "100rel")
        response.headers.set("RSeq", str(self._rseq))
        self._unacknowledged = response
        self._interval = self._call.context.config.t1
        self._transaction.respond(response, now)
        self._schedule("limit", now + self._call.context.config.timing.patience, self._on_limit)
        self._schedule("repeat", now + self._interval, self._on_repeat)

    def receive_prack(self, prack: Request, now: float) -> bool:
        """Whether it is for the response that waits for one."""
        match = _rack.fullmatch(prack.headers.get("RAck") or "")
        invite = self._transaction.request.cseq.number
        if match is None or self._unacknowledged is None or match.groups() != (str(self._rseq), str(invite), "INVITE"):
            return False
        self.stop()
        waiting, self._next = self._next, None
        if waiting is not None:
            self.send(waiting, now)
        return True

    def stop(self) -> None:
        """Acknowledged, or overtaken by the final response (§3)."""
        self._unacknowledged = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _schedule(self, name: str, when: float, action: Callable[[float], None]) -> None:
        self._timers[name] = self._call.context.timers.schedule(when, action)

    def _on_repeat(self, now: float) -> None:
        assert self._unacknowledged is not None  # or the timer would not run
        self._transaction.respond(self._unacknowledged, now)
        self._interval *= 2
        self._schedule("repeat", now + self._interval, self._on_repeat)

    def _on_limit(self, now: float) -> None:
        self.stop()
        self._on_missing(now)


class ProgressAcknowledger:
    """The peer's: in order, each once, with a PRACK for each (§4)."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._last: dict[str, int] = {}  # by the tag of the branch

    def admits(self, response: Response) -> bool:
        """Whether a provisional response is new; one that is sent unreliably always is."""
        rseq = _rseq_of(response)
        if rseq is None:
            return True
        last = self._last.get(response.to.tag or "")
        return last is None or rseq == last + 1

    def acknowledge(self, response: Response, dialog: Dialog, now: float) -> bool:
        """Send the PRACK that an admitted response wants; False when it wants none."""
        rseq = _rseq_of(response)
        if rseq is None:
            return False
        self._last[response.to.tag or ""] = rseq
        headers = [("RAck", f"{rseq} {response.cseq.number} {response.cseq.method}"), *self._call.dialog_headers()]
        request = dialog.make_request("PRACK", dialog.next_cseq(), headers=headers)
        self._call.exchange(dialog, request, Nobody()).start(now)
        return True


def _rseq_of(response: Response) -> int | None:
    """The number of a reliable provisional response; None when it is none."""
    text = (response.headers.get("RSeq") or "").strip()
    if "100rel" not in response.require or response.to.tag is None or response.code == 100:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
