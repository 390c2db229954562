"""The session timer (RFC 4028): a call whose peer vanished without a word ends, because nobody refreshes it any more."""

from __future__ import annotations

from collections.abc import Callable

from blinkq.sip.errors import SIPParseError
from blinkq.sip.message import Request, Response
from blinkq.sip.session_expires import SessionExpires, min_se_of
from blinkq.sip.status import reason_phrase
from blinkq.sip.timers import Timer
from blinkq.sip.usages.call import Call

__all__ = ["SessionTimer", "too_small"]

Pairs = list[tuple[str, str]]

# RFC 4028 §10: BYE is sent that many seconds before the session expires (or a third of it, if that is less).
FAREWELL = 32
# Seconds until a refresh that was refused for the moment is tried again.
RETRY = 10.0


class SessionTimer:
    """The timer of one call; it runs once a 2xx has agreed on it.

    :param refresh: called with `now` when the session is to be refreshed by us
    """

    def __init__(self, call: Call, refresh: Callable[[float], None]) -> None:
        self._call = call
        self._refresh = refresh
        self._interval = call.context.config.session_expires
        self._min_se = call.context.config.min_se
        self._running = False
        self._ours = False
        self._timers: list[Timer] = []
        call.on_over.append(lambda _now: self.stop())

    # -- requests of ours

    def request_headers(self) -> Pairs:
        """For an INVITE or UPDATE of ours."""
        if not self._running:
            return []
        return self._headers("uac" if self._ours else "uas")

    def first_headers(self) -> Pairs:
        """For the INVITE that begins the call: we should like a timer, whoever refreshes."""
        return self._headers(None)

    def enlarge(self, response: Response) -> Pairs | None:
        """What to change in a request that a 422 refused (§7.4); None when it does not ask for more than was offered."""
        try:
            least = min_se_of(response)
        except SIPParseError:
            return None
        if "Min-SE" not in response.headers or least <= self._min_se:
            return None
        self._min_se, self._interval = least, max(self._interval, least)
        return self.request_headers() or self.first_headers()

    def answered(self, response: Response, now: float) -> None:
        """A 2xx to an INVITE or UPDATE of ours (§7.2)."""
        try:
            agreed = SessionExpires.of(response)
        except SIPParseError:
            agreed = None
        self._agree(agreed, agreed is not None and agreed.refresher != "uas", now)

    # -- requests of the peer

    def answer(self, request: Request, now: float) -> Pairs:
        """The headers of our 2xx to an INVITE or UPDATE (§9); from now on the timer runs, if the peer wants one."""
        try:
            wanted = SessionExpires.of(request)
            least = min_se_of(request)
        except SIPParseError:
            wanted, least = None, 0
        if wanted is None:
            self._agree(None, False, now)
            return []
        # Table 2: who does not know the timer cannot refresh.
        refresher = wanted.refresher or "uas" if "timer" in request.supported else "uas"
        agreed = SessionExpires(max(wanted.seconds, least, self._min_se), "uac" if refresher == "uac" else "uas")
        self._agree(agreed, refresher == "uas", now)
        return [("Session-Expires", str(agreed)), *([("Require", "timer")] if refresher == "uac" else [])]

    def stop(self) -> None:
        """No timer (any more). Idempotent."""
        self._running = False
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def retry(self, now: float) -> None:
        """Our refresh did not succeed, and the session is not over: try again in a while."""
        if self._running and self._ours:
            self._schedule(now + RETRY, self._refresh)

    # -- the parts

    def _headers(self, refresher: str | None) -> Pairs:
        value = str(self._interval) if refresher is None else f"{self._interval};refresher={refresher}"
        return [("Session-Expires", value), ("Min-SE", str(self._min_se))]

    def _agree(self, agreed: SessionExpires | None, ours: bool, now: float) -> None:
        self.stop()
        if agreed is None:
            return
        # what is shorter than allowed, in an answer, would have us refresh without pause
        self._running, self._ours, self._interval = True, ours, max(agreed.seconds, self._call.context.config.min_se)
        if ours:
            self._schedule(now + self._interval / 2, self._refresh)
        self._schedule(now + self._interval - min(FAREWELL, self._interval / 3), self._expire)

    def _schedule(self, when: float, action: Callable[[float], None]) -> None:
        self._timers.append(self._call.context.timers.schedule(when, action))

    def _expire(self, now: float) -> None:
        call = self._call
        assert call.dialog is not None  # the timer runs since a 2xx
        call.bye(call.dialog, now, [("Reason", 'SIP;cause=408;text="Session timer expired"')])
        call.finish("local", 408, reason_phrase(408), "session timer expired", now)


def too_small(request: Request, min_se: int) -> Pairs | None:
    """The headers of a 422 when `request` wants its session refreshed more often than we like; None otherwise (§9)."""
    try:
        wanted = SessionExpires.of(request)
    except SIPParseError:
        return None
    if wanted is None or wanted.seconds >= min_se or "timer" not in request.supported:
        return None
    return [("Min-SE", str(min_se))]
