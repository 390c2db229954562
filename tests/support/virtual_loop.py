"""An asyncio loop under virtual time: the clock moves only when nothing is ready, and then at once to the next timer.

A minute of retransmissions takes a millisecond, and takes the same course each time. Threads and real sockets have no place here;
``run_in_executor`` runs its function at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["VirtualClock", "VirtualLoop", "run"]

#: Virtual seconds after which a test is taken to hang.
LIMIT = 24 * 3600.0
#: Virtual wall clock at the beginning: 2026-01-01 00:00 UTC.
EPOCH = 1767225600.0

T = TypeVar("T")


class Stuck(AssertionError):
    """Nothing is ready, no timer is armed, and the test still waits."""


class _InstantSelector(selectors.SelectSelector):
    """Never waits: tells the loop to move its clock instead."""

    advance: Callable[[float | None], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self.advance(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. ``time()`` is virtual and begins at 1000 s, so that nobody takes 0 for "unset"."""

    def __init__(self) -> None:
        selector = _InstantSelector()
        super().__init__(selector)
        selector.advance = self._advance
        self._now = 1000.0
        self._limit = self._now + LIMIT

    def time(self) -> float:
        return self._now

    def _advance(self, seconds: float | None) -> None:
        if seconds is None:
            raise Stuck("nothing is ready and no timer is armed: the test would wait for ever")
        scheduled = self._scheduled  # type: ignore[attr-defined]  # the heap of timers of BaseEventLoop
        # exactly to the timer: adding a difference could miss it by a rounding
        self._now = max(self._now, scheduled[0].when()) if scheduled else self._now + seconds
        if self._now > self._limit:
            raise Stuck(f"more than {LIMIT:.0f} virtual seconds went by")

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # no Executor is involved
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # goes to the one who awaits, as it does with an executor
            future.set_exception(error)
        return future


class VirtualClock:
    """The Clock of the loop's virtual time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        return self._loop.time()

    def wallclock(self) -> float:
        return EPOCH + self._loop.time()


def run(coro: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end under virtual time; a task left over, or an error nobody saw, is an AssertionError."""
    loop = VirtualLoop()
    errors: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    try:
        asyncio.set_event_loop(loop)
        result = loop.run_until_complete(coro)
        loop.run_until_complete(asyncio.sleep(0))
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert not errors, errors
    assert not left, f"tasks left over: {left}"
    return result
