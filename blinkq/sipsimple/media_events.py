"""Who hears what the media process reports: numbers for streams, players, recorders and mixers, and their handlers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Literal

from blinkq.base.logging import get_logger
from blinkq.media.control import Event
from blinkq.sipsimple.singleton import Singleton

__all__ = ["MediaEvents", "MediaObject"]

MediaObject = Literal["mixer", "stream", "player", "recorder"]

log = get_logger("sipsimple.media_events")

_KINDS: tuple[MediaObject, ...] = ("stream", "player", "recorder", "mixer")


class MediaEvents(metaclass=Singleton):
    """Hands each event of the media process to the object it names. Handlers run on the engine thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._handlers: dict[tuple[MediaObject, int], Callable[[Event], None]] = {}

    def number(self) -> int:
        """A number that no other stream, player, recorder or mixer has."""
        with self._lock:
            return next(self._numbers)

    def add(self, kind: MediaObject, number: int, handler: Callable[[Event], None]) -> None:
        """Let ``handler`` take the events of one object."""
        self._handlers[kind, number] = handler

    def discard(self, kind: MediaObject, number: int) -> None:
        """Undo ``add``; harmless when there is nothing to undo."""
        self._handlers.pop((kind, number), None)

    def dispatch(self, event: Event) -> bool:
        """Hand ``event`` to its object; False when it names none that is known."""
        for kind in _KINDS:
            number = getattr(event, kind, None)
            if number is not None:
                handler = self._handlers.get((kind, number))
                if handler is None:
                    return False
                handler(event)
                return True
        return False
