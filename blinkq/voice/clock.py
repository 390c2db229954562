"""The clock thread: one tick every 20 ms as long as there is something to do, parked otherwise.

Everything that a tick touches (mixers, streams, players, recorders) belongs to this thread alone; other threads change it by posting
functions, which run between two ticks.

What this is not: it knows nothing of audio; ``house.py`` holds what a tick does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from blinkq.base.clock import monotonic
from blinkq.base.logging import get_logger

__all__ = ["MAX_BURST", "PERIOD", "Clock", "Schedule"]

#: Length of a tick in seconds; every block of samples in the media process is this long.
PERIOD = 0.020

#: Ticks made up for after a stall (200 ms, what a peer's jitter buffer can still use); when further behind, the rest is skipped.
MAX_BURST = 10

_log = get_logger("voice.clock")


class Schedule:
    """When ticks are due: a fixed grid of deadlines, so that a late tick does not move the ones after it."""

    def __init__(self, period: float = PERIOD, max_burst: int = MAX_BURST) -> None:
        self.period = period
        self.max_burst = max_burst
        self.deadline = 0.0

    def start(self, now: float) -> None:
        """Begin a new grid with a tick due at once."""
        self.deadline = now

    def due(self, now: float) -> tuple[int, int]:
        """How many ticks to run now, and how many to leave out for good; moves the deadline past ``now``."""
        if now < self.deadline:
            return 0, 0
        count = int((now - self.deadline) / self.period) + 1
        self.deadline += count * self.period
        if count <= self.max_burst:
            return count, 0
        return 1, count - 1


class Clock:
    """A thread that calls ``tick(now, skipped)`` on the schedule while ``busy()`` is true.

    ``skipped`` is the number of ticks that were left out just before this one; ``on_start`` runs first on the new thread. ``post`` may
    be called from any thread. An exception in a tick or in a posted function is logged and does not stop the clock: the other calls go
    on.
    """

    def __init__(
        self,
        tick: Callable[[float, int], None],
        busy: Callable[[], bool],
        *,
        monotonic: Callable[[], float] = monotonic,
        sleep: Callable[[float], None] = time.sleep,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._tick = tick
        self._busy = busy
        self._monotonic = monotonic
        self._sleep = sleep
        self._on_start = on_start
        self._schedule = Schedule()
        self._posted: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._ticking = False
        self._failures = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; it parks until something is posted."""
        self._thread = threading.Thread(target=self.run, name="clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Run what was posted, end the thread and wait for it. Idempotent."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    def post(self, function: Callable[[], None]) -> None:
        """Have ``function`` run on the clock thread before its next tick (at once when the clock is parked)."""
        self._posted.append(function)
        self._wake.set()

    def run(self) -> None:
        """The thread's body; public so that a test can run it in its own thread."""
        self._on_start()
        while True:
            self._run_posted()
            if self._stopping:
                return
            if not self._busy():
                self._park()
                continue
            now = self._monotonic()
            if not self._ticking:
                self._ticking = True
                self._schedule.start(now)
            self._run_due(now)
            delay = self._schedule.deadline - self._monotonic()
            if delay > 0:
                self._sleep(delay)

    def _run_due(self, now: float) -> None:
        count, skipped = self._schedule.due(now)
        for _ in range(count):
            try:
                self._tick(now, skipped)
            except Exception:
                # One broken stream must not silence the others; logged rarely, for it would come back 50 times a second.
                self._failures += 1
                if self._failures in (1, 10, 100) or self._failures % 1000 == 0:
                    _log.exception("tick failed (%d times so far)", self._failures)
            skipped = 0

    def _park(self) -> None:
        self._ticking = False
        self._wake.wait()
        self._wake.clear()

    def _run_posted(self) -> None:
        while self._posted:
            function = self._posted.popleft()
            try:
                function()
            except Exception:
                # Posted by the control thread on behalf of a command; its failure must not take the clock with it.
                _log.exception("posted function failed")
