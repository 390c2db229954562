"""Which bytes of a message are there."""

from __future__ import annotations

from bisect import bisect_left

__all__ = ["Ranges"]


class Ranges:
    """Half-open ranges of offsets, kept apart and in order."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Note that [start, end) is there; overlapping and touching ranges become one."""
        if end <= start:
            return
        first = bisect_left(self._ends, start)
        last = first
        while last < len(self._starts) and self._starts[last] <= end:
            start, end = min(start, self._starts[last]), max(end, self._ends[last])
            last += 1
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: int, end: int) -> bool:
        """Whether all of [start, end) is there."""
        if end <= start:
            return True
        index = bisect_left(self._ends, end)
        return index < len(self._starts) and self._starts[index] <= start

    @property
    def total(self) -> int:
        """How many bytes are there."""
        return sum(self._ends) - sum(self._starts)

    def __len__(self) -> int:
        return len(self._starts)

    def pairs(self) -> list[tuple[int, int]]:
        """The ranges, in order."""
        return list(zip(self._starts, self._ends, strict=True))
