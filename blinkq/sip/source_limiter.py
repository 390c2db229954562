"""How many new calls one source address may try (a token bucket for each, forgotten oldest first)."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["SourceLimiter"]

# Addresses remembered; an attacker with more than these has other means anyway.
MAX_SOURCES = 1024


class SourceLimiter:
    """Admits `burst` at once and `rate` a second from each address."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._sources: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admits(self, address: str, now: float) -> bool:
        """Whether one more from `address` is fine; counts it when it is."""
        tokens, since = self._sources.pop(address, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        admitted = tokens >= 1
        self._sources[address] = (tokens - 1 if admitted else tokens, now)
        if len(self._sources) > MAX_SOURCES:
            self._sources.popitem(last=False)
        return admitted
