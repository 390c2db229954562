"""``application.python.queue``: a thread that handles events one at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

from blinkq.base.logging import get_logger

__all__ = ["EventQueue"]

log = get_logger("compat.queues")

_STOP = object()


class EventQueue(threading.Thread):
    """Handles what is put into it, in order, on its own thread.

    :param handler: called with each event; subclasses may override ``handle`` instead
    :param name: the thread's name
    :param preload: events that wait from the beginning
    """

    def __init__(self, handler: Callable[[Any], object] | None = None, name: str | None = None, preload: Iterable[Any] = ()) -> None:
        super().__init__(name=name, daemon=True)
        self._handler = handler
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for event in preload:
            self.put(event)

    def put(self, event: Any) -> None:
        """Add an event."""
        self._events.put(event)

    def handle(self, event: Any) -> None:
        """Handle one event. What it raises is logged."""
        if self._handler is not None:
            self._handler(event)

    def stop(self) -> None:
        """End the thread when what is in the queue by now has been handled."""
        self._events.put(_STOP)

    def purge(self) -> None:
        """Drop the events that wait."""
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return
            if event is _STOP:
                self._events.put(event)
                return

    def run(self) -> None:
        """The thread's work."""
        while (event := self._events.get()) is not _STOP:
            try:
                self.handle(event)
            except Exception:
                log.exception("%s could not handle %r", self.name, event)
            del event
