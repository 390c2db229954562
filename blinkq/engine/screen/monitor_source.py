"""Pictures of whole monitors."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from blinkq.engine.screen.changes import ScreenChanges, open_changes
from blinkq.engine.screen.source import Monitor, Place, ScreenError
from blinkq.rfb.pixel_format import Pixels

__all__ = ["MonitorSource", "monitors"]


def monitors() -> list[Monitor]:
    """All of them, the whole screen first. Raises ScreenError where there is none."""
    with _open() as screen:
        return [
            Monitor(number, place["left"], place["top"], place["width"], place["height"]) for number, place in enumerate(screen.monitors)
        ]


class MonitorSource:
    """One monitor, or all of them.

    number: see Monitor. Raises ScreenError where there is no screen or no such monitor.
    """

    def __init__(self, number: int = 0) -> None:
        self._screen = _open()
        self._changes: ScreenChanges | None = None
        known = self._screen.monitors
        if not 0 <= number < len(known):
            self._screen.close()
            raise ScreenError(f"There is no monitor {number}.")
        place = known[number]
        self.monitor = Monitor(number, place["left"], place["top"], place["width"], place["height"])
        self._number = number
        self._changes = open_changes()

    def place(self) -> Place:
        return Place(self.monitor.left, self.monitor.top, self.monitor.width, self.monitor.height)

    def grab(self) -> Pixels | None:
        from mss.exception import ScreenShotError

        if self._changes is not None and not self._changes.any():
            return None
        try:
            shot = self._screen.grab(self._screen.monitors[self._number])
        except (ScreenShotError, IndexError) as error:
            raise ScreenError(f"The screen cannot be read any more: {error}.") from error
        pixels = np.frombuffer(bytearray(shot.raw), np.uint8).reshape(shot.height, shot.width, 4)
        pixels[..., 3] = 255
        return pixels

    def close(self) -> None:
        if self._changes is not None:
            self._changes.close()
        self._screen.close()


def _open() -> Any:  # the class differs from system to system
    # imported here: whoever never shares a screen need not have what reading one needs
    import mss
    from mss.exception import ScreenShotError

    if sys.platform == "linux" and _wayland():
        raise ScreenError(
            "BlinkQ cannot share this screen: under Wayland only the desktop itself can allow that. Share it from BlinkQ's windows, or "
            "sign in to an X11 (Xorg) session."
        )
    try:
        return mss.MSS(with_cursor=sys.platform == "linux")
    except (ScreenShotError, OSError) as error:
        raise ScreenError(f"The screen cannot be read: {error}.") from error


def _wayland() -> bool:
    """Whether there is a Wayland desktop and no X server, or one (Xwayland) that has only the windows of old programs."""
    from Xlib import error
    from Xlib.display import Display

    try:
        display = Display()
    except (error.DisplayError, error.XauthError, error.ConnectionClosedError, OSError):
        return bool(os.environ.get("WAYLAND_DISPLAY"))
    try:
        if display.has_extension("XWAYLAND"):
            return True
        if not display.has_extension("RANDR"):
            return False
        known = display.screen().root.xrandr_get_screen_resources()  # older ones are known by the names of their monitors
        names = [display.xrandr_get_output_info(output, known.config_timestamp).name for output in known.outputs]
        return any(name.startswith("XWAYLAND") for name in names)
    finally:
        display.close()
