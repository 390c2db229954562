"""KeptRequest: what REGISTER and PUBLISH have in common. Something stands at a server for a while, is refreshed in time, and removed.

What this is not: what the requests say, and what an answer means for what stands there (``registration.py``, ``publication.py``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import Any, Generic, TypeVar

from blinkq.sip.address import NameAddr
from blinkq.sip.authentication import KnownChallenges
from blinkq.sip.context import Context
from blinkq.sip.digest import Credentials
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.timers import Timer

__all__ = ["MAX_EXPIRES", "KeptRequest"]

# A refresh is sent this many seconds before what was granted is over, so that retransmissions have time; never before half of it.
REFRESH_MARGIN = 30
# A server granting less is asked no more often than this, in seconds.
MIN_REFRESH = 5
# An expiry above this is not believed, in seconds (a day): it would outlive a sleeping laptop's network.
MAX_EXPIRES = 86400


S = TypeVar("S", bound=Enum)


class KeptRequest(ABC, Generic[S]):
    """One thing at a server, with one request under way at a time; subclasses say which, and have a table of states.

    expires: seconds granted; owner: free for the middleware.
    """

    #: The states of a subclass in which the last request goes out, and in which all is over.
    _removing: S
    _ended: S
    _state: S

    def __init__(self, context: Context, from_: NameAddr, expires: int) -> None:
        self.expires = 0
        self.call_id = context.call_id()
        self.owner: Any = None
        self._context = context
        self._from = from_.without_parameter("tag").with_parameter("tag", context.tag())
        self._cseq = context.entropy.integer(1, 1 << 15)
        self._requested = expires
        self._exchange: Exchange | None = None
        self._known: KnownChallenges = {}
        self._timer: Timer | None = None
        self._too_brief_answered = False
        self._end_wanted = False

    def abandon(self, now: float) -> None:
        """End without a word to the server, which is gone or has forgotten us: nothing is sent any more, not even repeated.

        The last event follows. Idempotent.
        """
        if self._state is self._ended:
            return
        self._end_wanted = True
        self._stop_timer()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.abandon(now)
        self._finish(None, "abandoned")

    # -- ExchangeUser

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:  # no subclass needs it
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The server answered."""
        self._exchange = None
        if self._state is self._removing:
            self._finish(response.code, response.reason)
        elif response.code < 300:
            self._too_brief_answered = False
            self._succeed(response, now)
        elif response.code != 423 or not self._lengthen(response, now):
            self._too_brief_answered = False
            self._fail(response.code, response.reason, response, now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """The server did not answer."""
        self._exchange = None
        if self._state is self._removing:
            self._finish(code, reason)
        else:
            self._too_brief_answered = False
            self._fail(code, reason, None, now)

    # -- for subclasses

    @abstractmethod
    def _succeed(self, response: Response, now: float) -> None:
        """It stands there."""

    @abstractmethod
    def _fail(self, code: int, reason: str, response: Response | None, now: float) -> None:
        """It was refused, or nobody answered."""

    @abstractmethod
    def _finish(self, code: int | None, reason: str) -> None:
        """It is over."""

    @abstractmethod
    def _repeat(self, now: float) -> None:
        """Ask the same again, for ``_requested`` seconds."""

    @abstractmethod
    def _refresh_is_due(self, now: float) -> None:
        """Half the time is over, or nearly all of a long one."""

    def _begin(self, request: Request, hop: Hop, credentials: Credentials | None, timeout: float | None, now: float) -> None:
        """Send a request."""
        self._exchange = Exchange(self._context, self, request, hop, None, self._next_cseq, credentials=credentials, known=self._known)
        self._exchange.start(now, timeout)

    def _schedule_refresh(self, now: float) -> None:
        delay = max(self.expires / 2, self.expires - REFRESH_MARGIN, MIN_REFRESH)
        self._timer = self._context.timers.schedule(now + delay, self._refresh_is_due)

    def _granted(self, response: Response) -> int:
        """The seconds that the answer grants."""
        return min(self._requested if response.expires is None else response.expires, MAX_EXPIRES)

    def _next_cseq(self) -> int:
        self._cseq += 1
        return self._cseq

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lengthen(self, response: Response, now: float) -> bool:
        """423 Interval Too Brief (RFC 3261 §10.2.8, RFC 3903 §4.1): ask for what the server wants, once."""
        wanted = response.min_expires
        if wanted is None or self._too_brief_answered or self._end_wanted or not self._requested < wanted <= MAX_EXPIRES:
            return False
        self._too_brief_answered = True
        self._requested = wanted
        self._repeat(now)
        return True
