"""Who of the green threads runs: one at a time, in the order in which they were begun, giving way where they wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Baton"]


class Baton:
    """A lock whose turns are reserved before they are waited for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def reserve(self) -> threading.Event:
        """A turn; it has come when the event is set."""
        turn = threading.Event()
        with self._lock:
            if self._held:
                self._waiting.append(turn)
            else:
                self._held = True
                turn.set()
        return turn

    def release(self) -> None:
        """End a turn; the next one comes."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let others run while this block waits for something."""
        self.release()
        try:
            yield
        finally:
            self.reserve().wait()
