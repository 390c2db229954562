"""When to try to register again: which failures pass by themselves, and how long to wait. Pure decisions.

A server that comes back should find us registered within five seconds, for which attempts stay less than that apart; a server that says
no is left in peace.
"""

from __future__ import annotations

from enum import Enum

from blinkq.base.clock import Entropy

__all__ = ["Failure", "RetryPolicy"]

#: Seconds between attempts while the outage is young.
FIRST_DELAYS = (1.0, 2.0, 3.0, 4.0)
#: Seconds after which an outage counts as long, and what the delays then grow to.
YOUNG_OUTAGE = 600.0
LONG_DELAY = 30.0
#: Each delay is stretched or shrunk by this share, so that a server that returns does not meet all its clients at once.
SPREAD = 0.2
#: Seconds to leave a server alone that refuses us: wrong password, unknown account.
REFUSAL_DELAY = (60.0, 120.0)
#: Seconds of a Retry-After that are honoured; more would look like a dead account.
MAX_RETRY_AFTER = 300


class Failure(Enum):
    """Why a registration failed, as far as it matters for what is next."""

    PASSING = "the server cannot be reached, or has trouble: try the next route, and again soon"
    REFUSAL = "the server understood and said no: another attempt will not change that soon"

    @classmethod
    def of(cls, code: int) -> Failure:
        """The kind of a SIP status code (RFC 3261 §21): 408, 480 and 5xx pass, everything else is a refusal."""
        # 513 Message Too Large and 505 Version Not Supported will be the same next time
        return cls.PASSING if code in (408, 480) or (500 <= code < 600 and code not in (505, 513)) else cls.REFUSAL


class RetryPolicy:
    """Counts the failures since the last success."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._attempts = 0
        self._since: float | None = None

    def succeeded(self) -> None:
        """Begin anew."""
        self._attempts = 0
        self._since = None

    def delay(self, failure: Failure, now: float, retry_after: int | None = None) -> float:
        """Seconds until the next attempt, after a failure at ``now``; ``retry_after`` is what the server asked for."""
        if failure is Failure.REFUSAL:
            return self._entropy.uniform(*REFUSAL_DELAY)
        if self._since is None:
            self._since = now
        if now - self._since > YOUNG_OUTAGE:
            delay = LONG_DELAY
        else:
            delay = FIRST_DELAYS[min(self._attempts, len(FIRST_DELAYS) - 1)]
        self._attempts += 1
        delay *= self._entropy.uniform(1 - SPREAD, 1 + SPREAD)
        return max(delay, float(min(retry_after, MAX_RETRY_AFTER))) if retry_after else delay
