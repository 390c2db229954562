"""Whether anything on an X11 screen may have changed: asking costs far less than looking."""

from __future__ import annotations

from typing import Any

from blinkq.engine.screen.source import ScreenError
from blinkq.engine.screen.x11 import errors_told, has_x11, open_display

__all__ = ["ScreenChanges", "open_changes"]

#: Answers "no" after which it is "yes" all the same: not everything that graphics cards do is told.
DOUBT = 8

_FAILURE = "The screen cannot be watched"


def open_changes() -> ScreenChanges | None:
    """None where nobody tells."""
    if not has_x11():
        return None
    try:
        return ScreenChanges()
    except ScreenError:
        return None


class ScreenChanges:
    """Through the DAMAGE extension. Raises ScreenError where the X server lacks it, and when it is gone."""

    def __init__(self) -> None:
        from Xlib.ext import damage

        self._display: Any = open_display(_FAILURE, "DAMAGE")
        with errors_told(_FAILURE):
            self._display.damage_query_version()
            self._root = self._display.screen().root
            self._damage = self._root.damage_create(damage.DamageReportNonEmpty)
            self._display.sync()
        self._pointer: tuple[int, int] | None = None
        self._doubt = DOUBT

    def any(self) -> bool:
        """Since the last time; True at first. The pointer is part of the picture."""
        with errors_told(_FAILURE):
            at = self._root.query_pointer()  # an answer: what happened before it has been told now
            told = False
            while self._display.pending_events():
                told = self._display.next_event().type == self._display.extension_event.DamageNotify or told
            if told:
                self._display.damage_subtract(self._damage)
                self._display.sync()  # before the picture is taken, on another connection: what is drawn meanwhile is told again
        pointer = at.root_x, at.root_y
        changed = told or pointer != self._pointer or self._doubt >= DOUBT
        self._pointer = pointer
        self._doubt = 0 if changed else self._doubt + 1
        return changed

    def close(self) -> None:
        """Idempotent."""
        if self._display is not None:
            self._display.close()
            self._display = None
