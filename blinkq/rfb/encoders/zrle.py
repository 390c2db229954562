"""ZRLE (RFC 6143 §7.7.6): tiles of one colour, of few colours, or raw; zlib finds the runs better than we would."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.decoders.zlibs import ZRLE_SIDE
from blinkq.rfb.encoders.encoder import entry
from blinkq.rfb.encodings import Encoding
from blinkq.rfb.framebuffer import Rectangle
from blinkq.rfb.pixel_format import PixelFormat, Pixels

__all__ = ["ZRLEEncoder"]


class ZRLEEncoder:
    """One zlib stream for the connection."""

    def __init__(self, level: int) -> None:
        self._stream = zlib.compressobj(level)

    def encode(self, pixels: Pixels, area: Rectangle, wanted: PixelFormat, quality: int | None) -> list[bytes]:
        parts: list[bytes] = []
        for y in range(0, area.height, ZRLE_SIDE):
            for x in range(0, area.width, ZRLE_SIDE):
                parts.append(_tile(pixels[y : y + ZRLE_SIDE, x : x + ZRLE_SIDE], wanted))
        data = self._stream.compress(b"".join(parts)) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        return [entry(area, Encoding.ZRLE, struct.pack(">I", len(data)) + data)]


def _tile(tile: Pixels, wanted: PixelFormat) -> bytes:
    values = np.ascontiguousarray(tile).view(np.uint32)[..., 0] & np.uint32(0xFFFFFF)
    if (values == values[0, 0]).all():
        return b"\x01" + _compact(tile[:1, :1], wanted)
    colours, indices = np.unique(values, return_inverse=True)
    if len(colours) > 16:
        return b"\x00" + _compact(tile, wanted)
    palette = colours.astype("<u4").view(np.uint8).reshape(1, -1, 4)
    bits = 1 if len(colours) == 2 else 2 if len(colours) <= 4 else 4
    return bytes([len(colours)]) + _compact(palette, wanted) + _pack(indices.reshape(values.shape), bits)


def _pack(indices: NDArray[np.intp], bits: int) -> bytes:
    height, width = indices.shape
    planes = (indices[..., None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(planes.reshape(height, width * bits).astype(np.uint8), axis=1).tobytes()


def _compact(pixels: Pixels, wanted: PixelFormat) -> bytes:
    """Three bytes a pixel where four are not needed."""
    if not wanted.short:
        return wanted.encode(pixels).tobytes()
    data = wanted.encode(pixels)
    return (data[..., 1:] if wanted.unused_is_highest == wanted.big_endian else data[..., :3]).tobytes()
