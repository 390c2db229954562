"""The agent's timers: one queue of things to do later, and the durations of RFC 3261 §17.1.1.1.

The queue knows no clock: whoever owns it asks for `deadline()` and calls `run(now)`. One queue serves the whole agent, so
that thousands of waiting transactions cost one look at the head of a heap.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

Action = Callable[[float], None]

# A stopped timer stays in the heap until its time comes; when more than half of a heap of this size is dead, it is rebuilt.
COMPACTION_SIZE = 256


@dataclass(frozen=True, slots=True)
class Timing:
    """The base timers in seconds (RFC 3261 table 4); everything else is a multiple of them."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    # Timer D: how long a client keeps answering repeated failures with ACK on UDP ("greater than 32 s").
    d: float = 32.0

    @property
    def patience(self) -> float:
        """64*T1: timers B, F, H, J, L and M."""
        return 64 * self.t1


@dataclass(order=True, slots=True)
class Timer:
    """A thing to do at `when`; `cancel` makes it a no-op."""

    when: float
    order: int
    action: Action | None = field(compare=False)
    queue: TimerQueue = field(compare=False, repr=False)

    def cancel(self) -> None:
        """Forget the action. May be called any number of times, also after the timer ran."""
        if self.action is not None:
            self.action = None
            self.queue.note_cancelled()


class TimerQueue:
    """Timers in the order of their time, and of their making where the times are equal."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._count = itertools.count()
        self._dead = 0

    def schedule(self, when: float, action: Action) -> Timer:
        """Run `action(now)` at `when` (seconds of the owner's clock)."""
        timer = Timer(when, next(self._count), action, self)
        heapq.heappush(self._heap, timer)
        return timer

    def deadline(self) -> float | None:
        """When `run` must be called next; None when nothing waits."""
        while self._heap and self._heap[0].action is None:
            heapq.heappop(self._heap)
            self._dead -= 1
        return self._heap[0].when if self._heap else None

    def run(self, now: float) -> None:
        """Run everything that is due at `now`, in order; what these actions schedule for `now` runs too."""
        while (when := self.deadline()) is not None and when <= now:
            timer = heapq.heappop(self._heap)
            action, timer.action = timer.action, None
            assert action is not None  # `deadline` has thrown the dead ones out
            action(now)

    def note_cancelled(self) -> None:
        """Called by a timer that was stopped; keeps the heap from filling with dead entries."""
        self._dead += 1
        if len(self._heap) >= COMPACTION_SIZE and self._dead * 2 > len(self._heap):
            self._heap = [timer for timer in self._heap if timer.action is not None]
            heapq.heapify(self._heap)
            self._dead = 0

    def __len__(self) -> int:
        return len(self._heap) - self._dead
