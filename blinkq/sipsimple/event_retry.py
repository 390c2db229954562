"""When to subscribe or publish again after something went wrong. Pure decisions; seconds everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.base.clock import Entropy

__all__ = ["Attempt", "PublicationRetry", "SubscriptionRetry"]

NO_NETWORK = (20.0, 60.0)  # the address changes anyway when there is a network again, and then we try at once
NAME_LOOKUP = (15.0, 30.0)
CREDENTIALS = (60.0, 120.0)  # 401, 403, 407: somebody must correct something first
NO_MORE_ROUTES = (60.0, 180.0)
UNSUPPORTED = (3600.0, 3600.0)  # the server does not have this event package, and will not learn it today
LOST = (0.5, 2.0)  # the way broke, or the server wants us to begin anew: at once, but not all subscriptions in one instant
MAX_WAIT = 3600.0  # what we believe of a Retry-After

_UNSUPPORTED_CODES = frozenset({405, 406, 415, 489, 501})
_CREDENTIAL_CODES = frozenset({401, 403, 407})


@dataclass(frozen=True, slots=True)
class Attempt:
    """What follows a refusal: seconds to wait, and whether another route of the same server may do better."""

    delay: float
    next_route: bool


class SubscriptionRetry:
    """Decides for one subscription."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy

    def refused(self, code: int, retry_after: int | None = None) -> Attempt:
        """A SUBSCRIBE was answered with ``code``, or not at all (408)."""
        if code in _UNSUPPORTED_CODES:
            return Attempt(self._within(UNSUPPORTED), False)
        if code in _CREDENTIAL_CODES or code == 423:
            return Attempt(self._within(CREDENTIALS), False)
        return Attempt(max(self._within(NO_MORE_ROUTES), min(float(retry_after or 0), MAX_WAIT)), True)

    def lookup_failed(self) -> float:
        """The servers could not be found."""
        return self._within(NAME_LOOKUP)

    def no_network(self) -> float:
        """There is no way to any of the servers."""
        return self._within(NO_NETWORK)

    def lost(self) -> float:
        """What stood is gone because the way there is, or because the notifier forgot it."""
        return self._within(LOST)

    def ended(self, reason: str, retry_after: int | None = None) -> float:
        """The notifier ended it (RFC 6665 §4.1.3)."""
        if retry_after is not None and reason in ("probation", "giveup", ""):
            return min(float(retry_after), MAX_WAIT)
        if reason in ("deactivated", "timeout"):
            return self._within(LOST)
        if reason in ("rejected", "noresource", "invariant"):
            return self._within(UNSUPPORTED)
        return self._within(CREDENTIALS)

    def _within(self, bounds: tuple[float, float]) -> float:
        return self._entropy.uniform(*bounds)


class PublicationRetry(SubscriptionRetry):
    """Decides for one publication: servers that cannot be reached are tried sooner, with delays that double from 1 to 30 s."""

    FIRST, LONGEST = 1.0, 30.0

    def __init__(self, entropy: Entropy) -> None:
        super().__init__(entropy)
        self._wait = self.FIRST

    def succeeded(self) -> None:
        """Begin anew."""
        self._wait = self.FIRST

    def refused(self, code: int, retry_after: int | None = None) -> Attempt:
        """A PUBLISH was answered with ``code``, or not at all (408)."""
        attempt = super().refused(code, retry_after)
        return Attempt(max(self._doubling(), min(float(retry_after or 0), MAX_WAIT)), True) if attempt.next_route else attempt

    def lookup_failed(self) -> float:
        """The servers could not be found."""
        return self._doubling()

    def no_network(self) -> float:
        """There is no way to any of the servers."""
        return self._doubling()

    def _doubling(self) -> float:
        wait, self._wait = self._wait, min(self._wait * 2, self.LONGEST)
        return self._entropy.uniform(wait, 2 * wait)
