"""What encoders have in common."""

from __future__ import annotations

import struct
import zlib
from typing import Protocol

from blinkq.rfb.encodings import Encoding
from blinkq.rfb.framebuffer import Rectangle
from blinkq.rfb.pixel_format import PixelFormat, Pixels

__all__ = ["Encoder", "RawEncoder", "ZlibEncoder", "entry", "split"]


class Encoder(Protocol):
    """Writes rectangles of a picture."""

    def encode(self, pixels: Pixels, area: Rectangle, wanted: PixelFormat, quality: int | None) -> list[bytes]:
        """Entries of an update for ``area``, whose pixels are ``pixels``. quality: 0 to 9 lets pictures lose something, None nothing."""


def entry(area: Rectangle, encoding: int, data: bytes) -> bytes:
    """One entry of an update."""
    return struct.pack(">HHHHi", area.x, area.y, area.width, area.height, encoding) + data


def split(pixels: Pixels, area: Rectangle, max_width: int, max_area: int) -> list[tuple[Pixels, Rectangle]]:
    """The rectangle in pieces that are not too large."""
    pieces = []
    for x in range(0, area.width, max_width):
        width = min(max_width, area.width - x)
        rows = max(1, max_area // width)
        for y in range(0, area.height, rows):
            height = min(rows, area.height - y)
            pieces.append((pixels[y : y + height, x : x + width], Rectangle(area.x + x, area.y + y, width, height)))
    return pieces


class RawEncoder:
    """Every pixel."""

    def encode(self, pixels: Pixels, area: Rectangle, wanted: PixelFormat, quality: int | None) -> list[bytes]:
        return [entry(area, Encoding.RAW, wanted.encode(pixels).tobytes())]


class ZlibEncoder:
    """Every pixel, compressed."""

    def __init__(self, level: int) -> None:
        self._stream = zlib.compressobj(level)

    def encode(self, pixels: Pixels, area: Rectangle, wanted: PixelFormat, quality: int | None) -> list[bytes]:
        data = self._stream.compress(wanted.encode(pixels).tobytes()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        return [entry(area, Encoding.ZLIB, struct.pack(">I", len(data)) + data)]
