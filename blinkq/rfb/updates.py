"""One FramebufferUpdate: rectangles in many encodings, and what else travels among them (RFC 6143 §7.6.1, §7.8)."""

from __future__ import annotations

import struct
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.decoders.basic import Reading, copy_rect, hextile, raw, rre
from blinkq.rfb.decoders.inflater import Inflater
from blinkq.rfb.decoders.tight import JPEGDecoder, tight
from blinkq.rfb.decoders.zlibs import zlib_rect, zrle
from blinkq.rfb.encodings import Encoding
from blinkq.rfb.errors import RFBError
from blinkq.rfb.framebuffer import Framebuffer, Rectangle
from blinkq.rfb.limits import MAX_BURST, MAX_CURSOR, MAX_NAME, MAX_RESIZES, MAX_WORK
from blinkq.rfb.messages import CursorChanged

__all__ = ["UpdateReader"]


class UpdateReader:
    """Draws into ``screen``. After ``read`` the attributes tell what one update brought.

    screen: another one after a change of size; areas: what was drawn; cursor, screens, name: None when the update did not tell.
    """

    def __init__(self, screen: Framebuffer, decode_jpeg: JPEGDecoder) -> None:
        self.screen = screen
        self.areas: list[Rectangle] = []
        self.cursor: CursorChanged | None = None
        self.screens: tuple[bytes, ...] | None = None
        self.name: str | None = None
        self._work = 0  # pixels drawn by this update
        self._burst = 0  # and by what came at a time
        self._resizes = 0
        self._decode_jpeg = decode_jpeg
        self._zlib = Inflater()
        self._zrle = Inflater()
        self._tight = [Inflater() for _ in range(4)]

    def begin_burst(self) -> None:
        """More bytes came: what they may draw is counted anew."""
        self._burst = 0

    def read(self) -> Reading:
        """From after the message's kind to its end."""
        self.areas, self.cursor, self.screens, self.name = [], None, None, None
        self._work = self._resizes = 0
        (count,) = struct.unpack(">xH", (yield 3))
        for _ in range(count):
            x, y, width, height, kind = struct.unpack(">HHHHi", (yield 12))
            if kind == Encoding.LAST_RECT:
                return
            yield from self._rectangle(Rectangle(x, y, width, height), kind)

    def _rectangle(self, area: Rectangle, kind: int) -> Reading:
        match kind:
            case Encoding.DESKTOP_SIZE:
                self._resize(area)
            case Encoding.EXTENDED_DESKTOP_SIZE:
                yield from self._extended_size(area)
            case Encoding.CURSOR:
                yield from self._cursor_shape(area)
            case Encoding.X_CURSOR:
                yield from self._x_cursor(area)
            case Encoding.DESKTOP_NAME:
                (size,) = struct.unpack(">I", (yield 4))
                if size > MAX_NAME:
                    raise RFBError("the desktop's name is too long")
                self.name = (yield size).decode("utf-8", "replace")
            case _:
                if not area.within(self.screen.width, self.screen.height):
                    raise RFBError("a rectangle outside the screen")
                self._work += area.area
                self._burst += area.area
                whole = max(self.screen.width * self.screen.height, 65536)
                if self._work > MAX_WORK * whole or self._burst > MAX_BURST * whole:
                    raise RFBError("an update that draws the screen over and over")
                if area.area:
                    yield from self._picture(area, kind)
                    self.areas.append(area)

    def _picture(self, area: Rectangle, kind: int) -> Reading:
        match kind:
            case Encoding.RAW:
                yield from raw(self.screen, area)
            case Encoding.COPY_RECT:
                yield from copy_rect(self.screen, area)
            case Encoding.RRE:
                yield from rre(self.screen, area)
            case Encoding.HEXTILE:
                yield from hextile(self.screen, area)
            case Encoding.ZLIB:
                yield from zlib_rect(self.screen, area, self._zlib)
            case Encoding.ZRLE:
                yield from zrle(self.screen, area, self._zrle)
            case Encoding.TIGHT:
                yield from tight(self.screen, area, self._tight, self._decode_jpeg)
            case _:
                raise RFBError(f"an encoding that was not asked for: {kind}")

    def _resize(self, area: Rectangle) -> None:
        if (area.width, area.height) != (self.screen.width, self.screen.height):
            self._resizes += 1
            if self._resizes > MAX_RESIZES:
                raise RFBError("an update that changes the screen's size over and over")
            self.screen = self.screen.resized(area.width, area.height)

    def _extended_size(self, area: Rectangle) -> Reading:
        count = (yield 4)[0]
        screens = []
        for _ in range(count):
            screens.append((yield 16))
        if area.x == 0 or area.y == 0:  # x: who asked; y: 0 where it was done
            self._resize(area)
        self.screens = tuple(screens)

    def _cursor_shape(self, area: Rectangle) -> Reading:
        self._check_cursor(area)
        pixels = np.frombuffer((yield area.area * 4), np.uint8).reshape(area.height, area.width, 4).copy()
        pixels[..., 3] = (yield from self._mask(area)) * 255
        self._set_cursor(pixels, area)

    def _x_cursor(self, area: Rectangle) -> Reading:
        self._check_cursor(area)
        if not area.area:
            self._set_cursor(np.zeros((0, 0, 4), np.uint8), area)
            return
        colours = np.frombuffer((yield 6), np.uint8).reshape(2, 3)[:, ::-1]
        bitmap = yield from self._mask(area)
        pixels = np.empty((area.height, area.width, 4), np.uint8)
        pixels[..., :3] = colours[1 - bitmap]
        pixels[..., 3] = (yield from self._mask(area)) * 255
        self._set_cursor(pixels, area)

    def _mask(self, area: Rectangle) -> Generator[int, bytes, NDArray[np.uint8]]:
        stride = -(-area.width // 8)
        bits = np.frombuffer((yield stride * area.height), np.uint8).reshape(area.height, stride)
        return np.unpackbits(bits, axis=1)[:, : area.width]

    def _check_cursor(self, area: Rectangle) -> None:
        if max(area.width, area.height) > MAX_CURSOR:
            raise RFBError("a pointer that is too large")

    def _set_cursor(self, pixels: NDArray[np.uint8], area: Rectangle) -> None:
        hot_x, hot_y = min(area.x, max(0, area.width - 1)), min(area.y, max(0, area.height - 1))
        self.cursor = CursorChanged(pixels if area.area else None, hot_x, hot_y)
