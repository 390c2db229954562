"""Zlib and ZRLE (RFC 6143 §7.7.6; zlib as in the registry of encodings), for pixels of our own format."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.decoders.basic import Reading
from blinkq.rfb.decoders.inflater import Inflater
from blinkq.rfb.errors import RFBError
from blinkq.rfb.framebuffer import Framebuffer, Rectangle
from blinkq.rfb.limits import MAX_COMPRESSED

__all__ = ["ZRLE_SIDE", "zlib_rect", "zrle"]

ZRLE_SIDE = 64


def zlib_rect(screen: Framebuffer, area: Rectangle, inflater: Inflater) -> Reading:
    """Every pixel, compressed."""
    size = _length((yield 4))
    wanted = area.area * 4
    inflater.feed((yield size), wanted)
    target = screen.view(area)
    target[:] = np.frombuffer(inflater.take(wanted), np.uint8).reshape(target.shape)
    target[..., 3] = 255


def zrle(screen: Framebuffer, area: Rectangle, inflater: Inflater) -> Reading:
    """Tiles of 64 by 64 pixels: raw, of few colours, or in runs."""
    size = _length((yield 4))
    tiles = -(-area.width // ZRLE_SIDE) * -(-area.height // ZRLE_SIDE)
    # the longest tile: a palette, and a run for each pixel
    inflater.feed((yield size), tiles * 400 + area.area * 4)
    target = screen.view(area)
    for y in range(0, area.height, ZRLE_SIDE):
        for x in range(0, area.width, ZRLE_SIDE):
            _tile(target[y : y + ZRLE_SIDE, x : x + ZRLE_SIDE], inflater)
    target[..., 3] = 255
    inflater.clear()


def _tile(tile: NDArray[np.uint8], source: Inflater) -> None:
    kind = source.take(1)[0]
    height, width = tile.shape[:2]
    if kind == 0:
        tile[..., :3] = np.frombuffer(source.take(height * width * 3), np.uint8).reshape(height, width, 3)
    elif kind == 1:
        tile[..., :3] = np.frombuffer(source.take(3), np.uint8)
    elif kind <= 16:
        palette = _palette(source, kind)
        tile[..., :3] = palette[_packed(source, kind, height, width)]
    elif kind == 128:
        tile[..., :3] = _runs(source, height * width).reshape(height, width, 3)
    elif kind >= 130:
        palette = _palette(source, kind - 128)
        tile[..., :3] = palette[_indexed_runs(source, height * width, len(palette))].reshape(height, width, 3)
    else:
        raise RFBError(f"a tile of kind {kind}")


def _palette(source: Inflater, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(source.take(size * 3), np.uint8).reshape(size, 3)


def _packed(source: Inflater, colours: int, height: int, width: int) -> NDArray[np.uint8]:
    bits = 1 if colours == 2 else 2 if colours <= 4 else 4
    stride = -(-width * bits // 8)
    rows = np.frombuffer(source.take(stride * height), np.uint8).reshape(height, stride)
    spread = np.unpackbits(rows, axis=1).reshape(height, -1, bits)
    indices = (spread @ (1 << np.arange(bits)[::-1])).astype(np.uint8)[:, :width]
    if indices.size and int(indices.max()) >= colours:
        raise RFBError("a colour that the palette does not have")
    return indices


def _run_length(source: Inflater, left: int) -> int:
    length = 1
    while True:
        more = source.take(1)[0]
        length += more
        if length > left:
            raise RFBError("a run that leaves its tile")
        if more != 255:
            return length


def _runs(source: Inflater, total: int) -> NDArray[np.uint8]:
    colours: list[bytes] = []
    lengths: list[int] = []
    left = total
    while left:
        colours.append(source.take(3))
        lengths.append(_run_length(source, left))
        left -= lengths[-1]
    return np.repeat(np.frombuffer(b"".join(colours), np.uint8).reshape(-1, 3), lengths, axis=0)


def _indexed_runs(source: Inflater, total: int, colours: int) -> NDArray[np.uint8]:
    indices: list[int] = []
    lengths: list[int] = []
    left = total
    while left:
        index = source.take(1)[0]
        indices.append(index & 127)
        lengths.append(_run_length(source, left) if index & 128 else 1)
        left -= lengths[-1]
    if max(indices) >= colours:
        raise RFBError("a colour that the palette does not have")
    return np.repeat(np.array(indices, np.uint8), lengths)


def _length(data: bytes) -> int:
    (size,) = struct.unpack(">I", data)
    if size > MAX_COMPRESSED:
        raise RFBError("a compressed rectangle that is too large")
    return int(size)
