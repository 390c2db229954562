"""Where pictures of a screen come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from blinkq.base.errors import BlinkQError
from blinkq.rfb.pixel_format import Pixels

__all__ = ["Monitor", "PatternSource", "Place", "ScreenError", "ScreenSource"]


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
