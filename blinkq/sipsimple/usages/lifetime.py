"""How long something lasts that a server granted for some seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from blinkq.sipsimple.runtime import Runtime

__all__ = ["Lifetime"]


class Lifetime:
    """Counts down what was granted last. Engine thread only, but for ``remaining``.

    :param expired: called when the time is over and nothing was granted anew
    """

    def __init__(self, expired: Callable[[], None]) -> None:
        self._expired = expired
        self._end: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def remaining(self) -> int:
        """Seconds left, 0 when it is over."""
        engine = Runtime.engine
        return 0 if self._end is None or engine is None else max(0, round(self._end - engine.clock.monotonic()))

    def grant(self, seconds: int) -> None:
        """It lasts that long from now."""
        self.stop()
        engine = Runtime.current()
        self._end = engine.clock.monotonic() + seconds
        self._timer = engine.loop.loop.call_later(seconds, self._over)

    def stop(self) -> None:
        """It is over, without a word."""
        self._end = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self.stop()
        self._expired()
