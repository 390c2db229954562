"""Tight: one colour, few colours, JPEG where something may be lost, or compressed pixels."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.decoders.tight import MAX_WIDTH, MIN_TO_COMPRESS
from blinkq.rfb.encoders.encoder import entry, split
from blinkq.rfb.encodings import Encoding
from blinkq.rfb.framebuffer import Rectangle
from blinkq.rfb.jpeg import encode_jpeg
from blinkq.rfb.pixel_format import PixelFormat, Pixels

__all__ = ["TightEncoder"]

#: Pixels of one entry; and up to how many of them colours are counted.
MAX_AREA, MAX_COUNTED = 256 * 1024, 16384
#: Of these qualities of the viewer (0 to 9) the JPEG quality is made.
JPEG_QUALITY = (15, 29, 41, 42, 62, 77, 79, 86, 92, 96)

_FULL, _MONO, _INDEXED = 0, 1, 2  # the zlib streams


class TightEncoder:
    """Four zlib streams for the connection, of which three are used. Only for viewers with three-byte pixels."""

    def __init__(self, level: int) -> None:
        self._streams = [zlib.compressobj(level) for _ in range(3)]

    def encode(self, pixels: Pixels, area: Rectangle, wanted: PixelFormat, quality: int | None) -> list[bytes]:
        pieces = split(pixels, area, MAX_WIDTH, MAX_AREA)
        return [entry(place, Encoding.TIGHT, self._piece(piece, quality)) for piece, place in pieces]

    def _piece(self, pixels: Pixels, quality: int | None) -> bytes:
        values = np.ascontiguousarray(pixels).view(np.uint32)[..., 0] & np.uint32(0xFFFFFF)
        if (values == values[0, 0]).all():
            return b"\x80" + pixels[0, 0, 2::-1].tobytes()
        if values.size <= MAX_COUNTED:
            colours, indices = np.unique(values, return_inverse=True)
            if len(colours) <= 64:
                return self._palette(colours, indices.reshape(values.shape))
        if quality is not None and values.size >= 256:
            data = encode_jpeg(pixels, JPEG_QUALITY[quality])
            return b"\x90" + _length(len(data)) + data
        return bytes([_FULL << 4]) + self._compressed(_FULL, np.ascontiguousarray(pixels[..., 2::-1]).tobytes())

    def _palette(self, colours: NDArray[np.uint32], indices: NDArray[np.intp]) -> bytes:
        palette = colours.astype("<u4").view(np.uint8).reshape(-1, 4)[:, 2::-1].tobytes()
        stream = _MONO if len(colours) == 2 else _INDEXED
        packed = np.packbits(indices.astype(np.uint8), axis=1) if stream == _MONO else indices.astype(np.uint8)
        head = bytes([(4 | stream) << 4, 1, len(colours) - 1])
        return head + palette + self._compressed(stream, packed.tobytes())

    def _compressed(self, stream: int, data: bytes) -> bytes:
        if len(data) < MIN_TO_COMPRESS:
            return data
        packed = self._streams[stream].compress(data) + self._streams[stream].flush(zlib.Z_SYNC_FLUSH)
        return _length(len(packed)) + packed


def _length(size: int) -> bytes:
    if size < 128:
        return bytes([size])
    if size < 16384:
        return bytes([size & 127 | 128, size >> 7])
    return bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14])
