"""A clock that only goes when it is told to."""

from __future__ import annotations

__all__ = ["FakeClock"]


class FakeClock:
    def __init__(self, monotonic: float = 1000.0, wallclock: float = 1_790_000_000.0) -> None:
        self._monotonic, self._wallclock = monotonic, wallclock

    def monotonic(self) -> float:
        return self._monotonic

    def wallclock(self) -> float:
        return self._wallclock

    def advance(self, seconds: float) -> None:
        self._monotonic += seconds
        self._wallclock += seconds
