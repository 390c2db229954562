"""What was drawn in an X11 window: which part of its pixels is new, and which of them are its own."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Area", "WindowDrawing"]

#: Left, top, right, bottom; a window's own pixels, the last two are outside.
Area = tuple[int, int, int, int]

#: Windows inside the window that are asked to draw themselves. A program that has more draws the others when it likes.
MAX_CHILDREN = 500


class WindowDrawing:
    """Says through the X server's DAMAGE extension what has to be read again.

    When the server begins to keep a window apart from the screen, after a resize, and when it is shown again, what it keeps is filled
    with whatever lay at that place: pieces of other windows perhaps. So after ``renew`` the program is asked to draw everything, and
    only what it has drawn since is its own: ``own`` is True there, and None once it has drawn all. ``generation``: how often that happened.
    """

    def __init__(self, display: Any, window: Any) -> None:
        from Xlib.ext import damage

        display.damage_query_version()
        self.generation = 0
        self.own: NDArray[np.bool_] | None = None
        self._display = display
        self._window = window
        self._rough = window.damage_create(damage.DamageReportBoundingBox)
        self._exact: int | None = None
        self._area: Area | None = None
        self._kept: deque[Any] = deque()

    def event(self) -> Any:
        """The next one that the server sent, of any kind; None when there is none now."""
        if self._kept:
            return self._kept.popleft()
        return self._display.next_event() if self._display.pending_events() else None

    def renew(self, width: int, height: int) -> None:
        """Nothing of what is kept of the window, which has this size now, is known to be its own."""
        from Xlib.ext import damage

        self._end_exact()
        self.own = np.zeros((height, width), np.bool_)
        self._area = None
        early = self._window.damage_create(damage.DamageReportDeltaRectangles)
        self._display.damage_subtract(early)  # it begins with everything
        self._display.sync()  # what is told of it until here came before the question
        waiting = [self._display.next_event() for _ in range(self._display.pending_events())]
        self._kept.extend(event for event in waiting if getattr(event, "damage", None) != early)
        self._exact = early
        self.generation += 1
        _ask_to_draw(self._window)
        self._display.flush()

    def told(self, event: Any) -> None:
        """A DamageNotify event."""
        place = event.area
        area = max(0, place.x), max(0, place.y), place.x + place.width, place.y + place.height
        if event.damage == self._exact and self.own is not None:
            self.own[area[1] : area[3], area[0] : area[2]] = True
        elif event.damage != self._rough:
            return
        self.again(area)

    def take(self, width: int, height: int) -> Area | None:
        """What has to be read now, of a window of this size; None: nothing. What is drawn from here on is told again."""
        area, self._area = self._area, None
        if area is None:
            return None
        self._display.damage_subtract(self._rough)
        left, top, right, bottom = area[0], area[1], min(area[2], width), min(area[3], height)
        if self.own is not None and self.own.all():
            self.own = None
            self._end_exact()
        return (left, top, right, bottom) if left < right and top < bottom else None

    def again(self, area: Area) -> None:
        """This has to be read, again or at all."""
        old = self._area or area
        self._area = min(old[0], area[0]), min(old[1], area[1]), max(old[2], area[2]), max(old[3], area[3])

    def _end_exact(self) -> None:
        if self._exact is not None:
            self._display.damage_destroy(self._exact)
            self._exact = None


def _ask_to_draw(window: Any) -> None:
    """All of it, and of the windows in it."""
    from Xlib import error

    waiting, asked = [window], 0
    while waiting and asked < MAX_CHILDREN:
        current = waiting.pop(0)
        current.clear_area(0, 0, 0, 0, exposures=True)
        asked += 1
        try:
            waiting += current.query_tree().children
        except error.BadWindow:
            pass  # gone meanwhile
