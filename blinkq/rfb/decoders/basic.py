"""Raw, CopyRect, RRE and Hextile (RFC 6143 §7.7.1 to §7.7.4), for pixels of our own format."""

from __future__ import annotations

import struct
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.errors import RFBError
from blinkq.rfb.framebuffer import Framebuffer, Rectangle
from blinkq.rfb.limits import MAX_WORK

__all__ = ["Reading", "copy_rect", "hextile", "raw", "rre"]

#: Yields how many bytes are wanted next, gets them.
Reading = Generator[int, bytes, None]

HEXTILE_SIDE = 16
_RAW, _BACKGROUND, _FOREGROUND, _SUBRECTANGLES, _COLOURED = 1, 2, 4, 8, 16


def raw(screen: Framebuffer, area: Rectangle) -> Reading:
    """Every pixel."""
    target = screen.view(area)
    rows = max(1, 65536 // max(1, area.width * 4))  # a screenful is drawn as it comes
    for start in range(0, area.height, rows):
        count = min(rows, area.height - start)
        data = yield count * area.width * 4
        target[start : start + count] = np.frombuffer(data, np.uint8).reshape(count, area.width, 4)
    target[..., 3] = 255


def copy_rect(screen: Framebuffer, area: Rectangle) -> Reading:
    """From elsewhere on the screen."""
    x, y = struct.unpack(">HH", (yield 4))
    screen.copy(area, x, y)


def rre(screen: Framebuffer, area: Rectangle) -> Reading:
    """A background and rectangles of one colour."""
    count, background = struct.unpack(">I4s", (yield 8))
    if count > area.area:
        raise RFBError("more rectangles than pixels")
    target = screen.view(area)
    target[:] = _pixel(background)
    done = drawn = 0
    while done < count:
        batch = min(count - done, 4096)
        data = yield batch * 12
        for colour, x, y, width, height in struct.iter_unpack(">4sHHHH", data):
            drawn += width * height
            if drawn > MAX_WORK * area.area:
                raise RFBError("rectangles that draw over each other again and again")
            _fill(target, colour, x, y, width, height)
        done += batch


def hextile(screen: Framebuffer, area: Rectangle) -> Reading:
    """Tiles of 16 by 16 pixels."""
    target = screen.view(area)
    background = foreground = b"\0\0\0\0"
    for y in range(0, area.height, HEXTILE_SIDE):
        for x in range(0, area.width, HEXTILE_SIDE):
            tile = target[y : y + HEXTILE_SIDE, x : x + HEXTILE_SIDE]
            kind = (yield 1)[0]
            if kind & _RAW:
                data = yield tile.shape[0] * tile.shape[1] * 4
                tile[:] = np.frombuffer(data, np.uint8).reshape(tile.shape)
                continue
            if kind & _BACKGROUND:
                background = yield 4
            if kind & _FOREGROUND:
                foreground = yield 4
            tile[:] = _pixel(background)
            if kind & _SUBRECTANGLES:
                count = (yield 1)[0]
                size = 6 if kind & _COLOURED else 2
                data = yield count * size
                for place in range(0, len(data), size):
                    colour = data[place : place + 4] if size == 6 else foreground
                    corner, extent = data[place + size - 2], data[place + size - 1]
                    _fill(tile, colour, corner >> 4, corner & 15, (extent >> 4) + 1, (extent & 15) + 1)
    target[..., 3] = 255


def _pixel(data: bytes) -> NDArray[np.uint8]:
    pixel = np.frombuffer(data, np.uint8).copy()
    pixel[3] = 255
    return pixel


def _fill(target: NDArray[np.uint8], colour: bytes, x: int, y: int, width: int, height: int) -> None:
    if x + width > target.shape[1] or y + height > target.shape[0]:
        raise RFBError("a rectangle outside the one that holds it")
    target[y : y + height, x : x + width] = _pixel(colour)
