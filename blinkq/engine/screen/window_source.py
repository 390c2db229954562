"""Pictures of one window under X11: its own pixels, whatever lies above it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from blinkq.engine.screen.source import Place, ScreenError
from blinkq.engine.screen.window import Window, application_of, geometry_of
from blinkq.engine.screen.window_drawing import Area, WindowDrawing
from blinkq.engine.screen.x11 import errors_told, open_display
from blinkq.rfb.pixel_format import Pixels

__all__ = ["WindowSource"]

#: Times that the place was asked for, after which it is looked up although nothing said that it changed: not all window managers tell.
LOOKS = 8

_FAILURE = "The window cannot be read"
_GONE = "The shared window was closed."
#: What is shown where nothing is known to be the window's own: a middle grey.
_NOTHING = 0x80


class WindowSource:
    """One window's contents, without its title bar. The X server keeps them apart from the screen (its Composite extension), and says what
    was drawn: a window that stands still costs next to nothing. While it is minimised, its last picture stays.

    Raises ScreenError where the window is gone, or where the X server cannot do that: what is cut out of a screen shows other windows too.
    """

    def __init__(self, window: Window) -> None:
        self._display: Any = open_display(_FAILURE, "Composite", "DAMAGE")
        self._closed = False
        self._looks = 0
        self._seen: Place | None = None  # the place before
        self._changed = True
        self._pixels: Pixels | None = None
        try:
            with errors_told(_FAILURE):
                self._window = self._display.create_resource_object("window", window.id)
                self._open(window)
        except ScreenError:
            self.close()
            raise

    def place(self) -> Place:
        with errors_told(_FAILURE):
            self._listen()
            self._looks += 1
            if self._looks >= LOOKS:
                self._look()
        return self._place

    def grab(self) -> Pixels | None:
        with errors_told(_FAILURE):
            self._listen()
            self._fit()
            area = self._drawing.take(self._place.width, self._place.height) if self._place.shown else None
            if area is not None:
                self._read(area)
        if not self._changed or self._pixels is None:
            return None
        self._changed = False
        return self._pixels.copy()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._display.close()  # and with it what the server does for us

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _open(self, window: Window) -> None:
        from Xlib import X, error
        from Xlib.ext import composite

        display = self._display
        display.composite_query_version()
        try:
            kind = self._window.get_attributes().visual
            same = application_of(self._window) == window.application
        except error.BadWindow as problem:
            raise ScreenError(_GONE) from problem
        if not same:
            raise ScreenError(_GONE)  # its number belongs to another one now
        visual = next((visual for depth in display.screen().allowed_depths for visual in depth.visuals if visual.visual_id == kind), None)
        masks = (visual.red_mask, visual.green_mask, visual.blue_mask) if visual is not None else ()
        if masks != (0xFF0000, 0xFF00, 0xFF) or display.display.info.image_byte_order != (0 if sys.byteorder == "little" else 1):
            raise ScreenError(f"{_FAILURE}: BlinkQ does not know its kind of colours.")
        self._window.change_attributes(event_mask=X.StructureNotifyMask)
        self._window.composite_redirect_window(composite.RedirectAutomatic)
        self._drawing = WindowDrawing(display, self._window)
        self._look()

    def _listen(self) -> None:
        """What happened to the window."""
        from Xlib import X

        moved = shown = False
        while (event := self._drawing.event()) is not None:
            if event.type == X.DestroyNotify:
                raise ScreenError(_GONE)
            if event.type == self._display.extension_event.DamageNotify:
                self._drawing.told(event)
            else:
                moved = True
                shown = shown or event.type == X.MapNotify
        if moved:
            self._look(shown)

    def _look(self, renew: bool = False) -> None:
        """Where it is now. renew: what the server keeps of it is new in any case"""
        from Xlib import X, error

        self._looks = 0
        before = self._seen
        try:
            left, top, width, height = geometry_of(self._display, self._window)
            self._edge = self._window.get_geometry().border_width
            shown = self._window.get_attributes().map_state == X.IsViewable
        except (error.BadWindow, error.BadDrawable) as problem:
            raise ScreenError(_GONE) from problem
        self._place = self._seen = Place(left, top, width, height, shown)
        if shown and (renew or before is None or not before.shown or (before.width, before.height) != (width, height)):
            self._drawing.renew(width, height)

    def _fit(self) -> None:
        """A hidden window keeps its last picture."""
        size = (self._place.height, self._place.width)
        if self._pixels is None or (self._place.shown and self._pixels.shape[:2] != size):
            before, self._pixels = self._pixels, np.full((*size, 4), _NOTHING, np.uint8)
            self._pixels[..., 3] = 255
            if before is not None:  # better than a flash of grey
                height, width = min(size[0], before.shape[0]), min(size[1], before.shape[1])
                self._pixels[:height, :width] = before[:height, :width]
            self._changed = True

    def _read(self, area: Area) -> None:
        """This part, from where the server keeps the window."""
        from Xlib import X, error

        assert self._pixels is not None
        left, top, right, bottom = area
        own = None if self._drawing.own is None else self._drawing.own[top:bottom, left:right, None].copy()
        generation = self._drawing.generation
        kept = self._window.composite_name_window_pixmap()  # another one after each resize and each time it is shown
        try:
            shot = kept.get_image(left + self._edge, top + self._edge, right - left, bottom - top, X.ZPixmap, 0xFFFFFFFF)
        except (error.BadMatch, error.BadDrawable, error.BadPixmap):
            shot = None  # hidden or resized at this moment
        finally:
            kept.free()
        self._listen()
        if shot is None or self._drawing.generation != generation:
            self._drawing.again(area)
            return
        part = np.frombuffer(shot.data, np.uint8)[: (bottom - top) * (right - left) * 4].reshape(bottom - top, right - left, 4)
        target = self._pixels[top:bottom, left:right, :3]
        if own is None:
            target[:] = part[..., :3]
        else:
            np.copyto(target, part[..., :3], where=own)
        self._changed = True
