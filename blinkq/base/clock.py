"""Injectable time and chance: the only doors through which the engine learns either.

Pure rooms take ``now`` as an argument and chance as an ``Entropy``; only drivers hold a Clock.
"""

from __future__ import annotations

import random
import secrets
import sys
import time
from typing import Protocol

__all__ = ["Clock", "Entropy", "SeededEntropy", "SystemClock", "SystemEntropy", "monotonic"]

#: Seconds that never go back. Windows' monotonic clock steps by 16 ms before Python 3.13, too coarse for audio; its counter does not.
monotonic = time.perf_counter if sys.platform == "win32" else time.monotonic


class Clock(Protocol):
    """Source of time."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary beginning."""

    def wallclock(self) -> float:
        """Seconds since 1970-01-01 UTC."""


class SystemClock:
    """The computer's clock."""

    def monotonic(self) -> float:
        return monotonic()

    def wallclock(self) -> float:
        return time.time()


class Entropy(Protocol):
    """Source of chance."""

    def token(self, nbytes: int = 8) -> str:
        """``nbytes`` random bytes as lower-case hexadecimal digits (twice as many characters)."""

    def octets(self, count: int) -> bytes:
        """``count`` random bytes."""

    def integer(self, low: int, high: int) -> int:
        """A whole number between ``low`` and ``high``, both included."""

    def uniform(self, low: float, high: float) -> float:
        """A number between ``low`` and ``high``."""


class SystemEntropy:
    """Cryptographically strong chance: tags, branches, nonces and keys come from here."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def token(self, nbytes: int = 8) -> str:
        return secrets.token_hex(nbytes)

    def octets(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


class SeededEntropy:
    """Repeatable chance for tests and simulations; never for keys."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def token(self, nbytes: int = 8) -> str:
        return self._random.randbytes(nbytes).hex()

    def octets(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)
