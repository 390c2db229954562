"""The face that every sans-IO core shows to the pump.

A core takes bytes, commands and ``now``; it never waits, never learns the time or chance by itself, never calls back. After every
call its outputs are drained, in order: transmissions first come first sent, events between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Core"]


class Core(Protocol):
    """What the pump needs of a core. ``now`` is in seconds of a monotonic clock."""

    def tick(self, now: float) -> None:
        """Let the timers run that are due at ``now``."""

    def deadline(self) -> float | None:
        """When ``tick`` must be called next, or None."""

    def drain(self) -> Sequence[object]:
        """Take the outputs gathered since the last call: transmissions and events in order."""
