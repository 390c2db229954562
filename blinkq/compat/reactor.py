"""``twisted.internet.reactor``, as far as scripts that drive the Engine themselves use it: a loop in the main thread, with timers.

What this is not: Twisted. There are no connections, protocols or deferreds here.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from blinkq.base.logging import get_logger
from blinkq.compat.reactor_errors import AlreadyCalled, AlreadyCancelled, ReactorNotRunning

__all__ = ["callFromThread", "callInThread", "callLater", "run", "stop"]

log = get_logger("compat.reactor")


class DelayedCall:
    """A call that waits for its time."""

    def __init__(self, due: float, call: Callable[[], object]) -> None:
        self.due = due
        self.call = call
        self.called = self.cancelled = False

    def active(self) -> bool:
        """Whether the call is still to come."""
        return not (self.called or self.cancelled)

    def cancel(self) -> None:
        """Do not call. Raises AlreadyCalled or AlreadyCancelled."""
        if self.called:
            raise AlreadyCalled("the call was made already")
        if self.cancelled:
            raise AlreadyCancelled("the call was cancelled already")
        self.cancelled = True


class Reactor:
    """Runs calls one at a time in the thread of ``run``. All methods but ``run`` may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._news = threading.Condition()
        self._calls: deque[Callable[[], object]] = deque()
        self._timers: list[tuple[float, int, DelayedCall]] = []
        self._numbers = itertools.count()
        self.running = False
        self._stopping = False

    def run(self, installSignalHandlers: bool = True) -> None:
        """Work until ``stop``. Ctrl-C ends it too."""
        self.running = True
        try:
            while (call := self._next()) is not None:
                try:
                    call()
                except Exception:
                    log.exception("a call of the reactor failed")
        except KeyboardInterrupt:
            pass
        finally:
            self.running = self._stopping = False

    def stop(self) -> None:
        """Let ``run`` return. Raises ReactorNotRunning."""
        with self._news:
            if not self.running:
                raise ReactorNotRunning("the reactor is not running")
            self._stopping = True
            self._news.notify()

    def callFromThread(self, func: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Call ``func`` soon."""
        with self._news:
            self._calls.append(lambda: func(*args, **kwargs))
            self._news.notify()

    def callInThread(self, func: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Call ``func`` in a thread of its own."""
        threading.Thread(target=func, args=args, kwargs=kwargs, daemon=True).start()

    def callLater(self, delay: float, func: Callable[..., object], *args: Any, **kwargs: Any) -> DelayedCall:
        """Call ``func`` in ``delay`` seconds."""
        delayed = DelayedCall(self._clock() + delay, lambda: func(*args, **kwargs))
        with self._news:
            heapq.heappush(self._timers, (delayed.due, next(self._numbers), delayed))
            self._news.notify()
        return delayed

    def _next(self) -> Callable[[], object] | None:
        """The next call, when its time has come; None to stop."""
        with self._news:
            while not self._stopping:
                if self._calls:
                    return self._calls.popleft()
                now = self._clock()
                if self._timers and self._timers[0][0] <= now:
                    _, _, delayed = heapq.heappop(self._timers)
                    if delayed.active():
                        delayed.called = True
                        return delayed.call
                    continue
                self._news.wait(self._timers[0][0] - now if self._timers else None)
        return None


_reactor = Reactor()

run = _reactor.run
stop = _reactor.stop
callFromThread = _reactor.callFromThread  # noqa: N816 - the names that scripts know, these three
callInThread = _reactor.callInThread  # noqa: N816
callLater = _reactor.callLater  # noqa: N816
