"""Windows of an X server that draw themselves when the test says so: what is shared alone, and what lies above it."""

from __future__ import annotations

import select
from typing import Any

import numpy as np
from numpy.typing import NDArray
from Xlib import X, Xutil
from Xlib.display import Display

__all__ = ["COVER", "XWindow", "drawing"]

#: Blue, green, red of what must never be seen in another window's picture.
COVER = (255, 0, 255)


def drawing(width: int, height: int, seed: int = 1) -> NDArray[np.uint8]:
    """A picture (blue, green, red) in which every pixel is another one and none is COVER's colour."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([(x * seed) % 251, (y + x) % 241, (y * seed) % 239], axis=2).astype(np.uint8)


class XWindow:
    """Without a background of its own, as most programs' windows are. pump: does what its program would do."""

    def __init__(self, display: str, place: tuple[int, int, int, int], title: str, picture: NDArray[np.uint8] | None = None) -> None:
        self.display = Display(display)
        screen = self.display.screen()
        events = X.ExposureMask | X.KeyPressMask | X.ButtonPressMask | X.ButtonReleaseMask | X.PointerMotionMask | X.StructureNotifyMask
        self.window: Any = screen.root.create_window(*place, 3, screen.root_depth, X.InputOutput, X.CopyFromParent, event_mask=events)
        self.window.set_wm_name(title)
        self.window.set_wm_class("drawer", "Drawer")
        self.window.set_wm_normal_hints(flags=Xutil.USPosition)
        self._context = self.window.create_gc()
        self.picture = picture
        self.size = place[2:]
        self.happened: list[Any] = []  # keys and buttons
        for _ in range(60):
            self.window.map()  # again and again: a window manager that only begins overhears it
            self.pump()
            if self._exposed or select.select([self.display.fileno()], [], [], 0.5)[0]:
                break
        self.until(lambda: self._exposed)

    _exposed = False

    def pump(self) -> None:
        """Draw where that was asked for, and note keys and buttons."""
        while self.display.pending_events():
            event = self.display.next_event()
            if event.type == X.Expose:
                self._exposed = True
                self.draw()
            elif event.type == X.ConfigureNotify:
                self.size = event.width, event.height
            elif event.type in (X.KeyPress, X.ButtonPress, X.ButtonRelease):
                self.happened.append((event.type, event.detail))
            elif event.type == X.MotionNotify:
                self.happened.append((event.type, (event.event_x, event.event_y)))
        self.display.flush()

    def until(self, done: Any) -> None:
        """Pump until ``done()``."""
        self.pump()
        while not done():
            if not self.display.pending_events():
                assert select.select([self.display.fileno()], [], [], 30)[0], "nothing happens"
            self.pump()

    def draw(self) -> None:
        """As its program would; one colour where there is no picture."""
        if self.picture is None:
            blue, green, red = COVER
            self._context.change(foreground=red << 16 | green << 8 | blue)
            self.window.fill_rectangle(self._context, 0, 0, *self.size)
        else:
            height, width = self.picture.shape[:2]
            pixels = np.dstack([self.picture, np.zeros((height, width), np.uint8)])
            step = max(1, 200_000 // (width * 4))
            for top in range(0, height, step):
                part = pixels[top : top + step]
                self.window.put_image(self._context, 0, top, width, len(part), X.ZPixmap, 24, 0, part.tobytes())
        self.display.flush()

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Look so from now on."""
        self.picture = picture
        self.draw()

    def close(self) -> None:
        self.display.close()
