"""A picture of a screen that rectangles are drawn into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blinkq.rfb.errors import RFBError
from blinkq.rfb.limits import MAX_PIXELS, MAX_SIDE
from blinkq.rfb.pixel_format import Pixels

__all__ = ["Framebuffer", "Rectangle"]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels from the upper left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height

    def within(self, width: int, height: int) -> bool:
        """Whether it lies inside a screen of that size."""
        return self.x + self.width <= width and self.y + self.height <= height


class Framebuffer:
    """pixels: see Pixels; width, height: pixels. Raises RFBError for a size that is not possible."""

    def __init__(self, width: int, height: int) -> None:
        if not 0 < width <= MAX_SIDE or not 0 < height <= MAX_SIDE or width * height > MAX_PIXELS:
            raise RFBError(f"a screen of {width} x {height} pixels is not possible")
        self.width = width
        self.height = height
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        self.pixels[..., 3] = 255

    def view(self, area: Rectangle) -> Pixels:
        """The pixels of a rectangle, to be drawn into. Raises RFBError where it leaves the screen."""
        if not area.within(self.width, self.height):
            raise RFBError("a rectangle outside the screen")
        return self.pixels[area.y : area.y + area.height, area.x : area.x + area.width]

    def copy(self, area: Rectangle, x: int, y: int) -> None:
        """Move what is at (x, y) to ``area``; both may overlap."""
        source = self.view(Rectangle(x, y, area.width, area.height)).copy()
        self.view(area)[:] = source

    def resized(self, width: int, height: int) -> Framebuffer:
        """A screen of another size with the same picture, as far as it goes."""
        other = Framebuffer(width, height)
        across, down = min(width, self.width), min(height, self.height)
        other.pixels[:down, :across] = self.pixels[:down, :across]
        return other
