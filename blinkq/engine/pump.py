"""The pump: the one way in which a sans-IO core is driven.

Call in, drain, hand the outputs on in order, re-arm one timer. What this is not: a queue between threads; it lives on the engine loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from blinkq.base.clock import Clock
from blinkq.base.core import Core
from blinkq.base.logging import get_logger

__all__ = ["Pump"]

#: Seconds by which a timer may fire early (rounding of clocks) and still count as on time.
EARLY = 0.001

C = TypeVar("C", bound=Core)
log = get_logger("engine.pump")


class Pump(Generic[C]):
    """Drives ``core``: every output goes to ``sink``, in order, one at a time.

    The sink may call back into the pump: the core is then called at once (it is not in the middle of anything), and what comes out
    waits until the outputs before it have been handed on.
    """

    def __init__(self, core: C, clock: Clock, loop: asyncio.AbstractEventLoop, sink: Callable[[object], None]) -> None:
        self.core = core
        self._clock = clock
        self._loop = loop
        self._sink = sink
        self._outputs: deque[object] = deque()
        self._delivering = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed: float | None = None
        self._closed = False

    def call(self, method: str | Callable[..., Any], *args: object, **kwargs: object) -> Any:
        """Call a method of the core (by name), or of one of its objects (bound), with ``now`` added; returns its result.

        What the method raises (our own misuse) is raised here after its outputs were handed on.
        """
        function: Callable[..., Any] = getattr(self.core, method) if isinstance(method, str) else method
        try:
            return function(*args, now=self._clock.monotonic(), **kwargs)
        finally:
            self._drain()

    def inject(self, output: object) -> None:
        """Hand on an output that the driver itself made, after all that came before it."""
        self._outputs.append(output)
        self._drain()

    def close(self) -> None:
        """Stop the timer; the core is not touched any more. Idempotent."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drain(self) -> None:
        self._outputs.extend(self.core.drain())
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._outputs:
                self._deliver(self._outputs.popleft())
        finally:
            self._delivering = False
        self._arm()

    def _deliver(self, output: object) -> None:
        try:
            self._sink(output)
        except Exception:  # a fault in one handler must not swallow the outputs after it: they belong to other calls
            log.exception("the handler of %s failed", type(output).__name__)

    def _arm(self) -> None:
        deadline = None if self._closed else self.core.deadline()
        if deadline is None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = self._armed = None
            return
        if self._timer is not None:
            # An armed timer that fires too early only looks again; re-arming for each message would cost more.
            if self._armed is not None and self._armed <= deadline:
                return
            self._timer.cancel()
        self._armed = deadline
        self._timer = self._loop.call_at(self._loop.time() + max(0.0, deadline - self._clock.monotonic()), self._fire)

    def _fire(self) -> None:
        self._timer = None
        armed, now = self._armed, self._clock.monotonic()
        if armed is not None and now < armed <= now + EARLY:
            now = armed
        deadline = self.core.deadline()
        if deadline is not None and deadline <= now:
            self.core.tick(now)
            self._drain()
        else:
            self._arm()
