"""Where pictures of a screen come from."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from blinkq.base.errors import BlinkQError
from blinkq.rfb.pixel_format import Pixels

__all__ = ["Monitor", "MonitorSource", "PatternSource", "Place", "ScreenError", "ScreenSource", "monitors"]


class ScreenError(BlinkQError):
    """The screen cannot be read, or not be operated; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of what is shown, in pixels of the whole screen. shown: False while it is hidden (minimised, say) and its last picture stays."""

    left: int
    top: int
    width: int
    height: int
    shown: bool = True


class ScreenSource(Protocol):
    """Used by one thread, the one that made it."""

    def place(self) -> Place | None:
        """Where it is now, None where nobody knows. Raises ScreenError when it is gone."""

    def grab(self) -> Pixels | None:
        """As it looks now, None when it looks as it did the last time; the array is the caller's. Raises ScreenError."""

    def close(self) -> None:
        """Let go of the screen. Idempotent."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """number: 0 is all monitors together, others count from 1; place and size in pixels."""

    number: int
    left: int
    top: int
    width: int
    height: int


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
        known = self._screen.monitors
        if not 0 <= number < len(known):
            self._screen.close()
            raise ScreenError(f"There is no monitor {number}.")
        place = known[number]
        self.monitor = Monitor(number, place["left"], place["top"], place["width"], place["height"])
        self._number = number

    def place(self) -> Place:
        return Place(self.monitor.left, self.monitor.top, self.monitor.width, self.monitor.height)

    def grab(self) -> Pixels:
        from mss.exception import ScreenShotError

        try:
            shot = self._screen.grab(self._screen.monitors[self._number])
        except (ScreenShotError, IndexError) as error:
            raise ScreenError(f"The screen cannot be read any more: {error}.") from error
        pixels = np.frombuffer(bytearray(shot.raw), np.uint8).reshape(shot.height, shot.width, 4)
        pixels[..., 3] = 255
        return pixels

    def close(self) -> None:
        self._screen.close()


class PatternSource:
    """A test screen: coloured bars, and a white square that wanders."""

    def __init__(self, width: int = 640, height: int = 400) -> None:
        bars = np.array([(255, 255, 255), (0, 255, 255), (255, 255, 0), (0, 255, 0), (255, 0, 255), (0, 0, 255), (255, 0, 0), (0, 0, 0)])
        self._base = np.full((height, width, 4), 255, np.uint8)
        self._base[..., :3] = bars[np.arange(width) * len(bars) // width] // 4 * 3
        self._step = 0

    def place(self) -> None:
        """Nowhere."""

    def grab(self) -> Pixels:
        pixels = self._base.copy()
        height, width = pixels.shape[:2]
        self._step += 4
        x, y = self._step % (width - 40), self._step // 3 % (height - 40)
        pixels[y : y + 40, x : x + 40] = 255
        return pixels

    def close(self) -> None:
        """Nothing is held."""


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
