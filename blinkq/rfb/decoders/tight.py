"""Tight, with JPEG (the registry of encodings, number 7), for pixels of our own format."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.decoders.basic import Reading
from blinkq.rfb.decoders.inflater import Inflater
from blinkq.rfb.errors import RFBError
from blinkq.rfb.framebuffer import Framebuffer, Rectangle
from blinkq.rfb.limits import MAX_GRADIENT

__all__ = ["JPEGDecoder", "tight"]

#: A JPEG picture's bytes and the size it must have, to its pixels; raises RFBError.
JPEGDecoder = Callable[[bytes, int, int], NDArray[np.uint8]]

#: Bytes below which data is not compressed.
MIN_TO_COMPRESS = 12
MAX_WIDTH = 2048

_FILL, _JPEG, _PNG = 8, 9, 10
_COPY_FILTER, _PALETTE_FILTER, _GRADIENT_FILTER = 0, 1, 2


def tight(screen: Framebuffer, area: Rectangle, inflaters: list[Inflater], decode_jpeg: JPEGDecoder) -> Reading:
    """One colour, a JPEG picture, or pixels through one of three filters and one of four zlib streams."""
    target = screen.view(area)
    control = (yield 1)[0]
    for number in range(4):
        if control & (1 << number):
            inflaters[number] = Inflater()
    kind = control >> 4
    if kind == _FILL:
        target[..., :3] = _swapped(np.frombuffer((yield 3), np.uint8))
    elif kind == _JPEG:
        size = yield from _compact_length()
        target[..., :3] = decode_jpeg((yield size), area.width, area.height)[..., :3]
    elif kind < 8:
        if area.width > MAX_WIDTH:
            raise RFBError("a rectangle too wide for its encoding")
        filter_kind = (yield 1)[0] if kind & 4 else _COPY_FILTER
        yield from _filtered(target, filter_kind, inflaters[kind & 3])
    else:
        raise RFBError("a Tight rectangle of a kind that was not asked for" if kind == _PNG else f"a Tight rectangle of kind {kind}")
    target[..., 3] = 255


def _filtered(target: NDArray[np.uint8], kind: int, inflater: Inflater) -> Reading:
    height, width = target.shape[:2]
    if kind == _COPY_FILTER:
        data = yield from _data(height * width * 3, inflater)
        target[..., :3] = _swapped(np.frombuffer(data, np.uint8).reshape(height, width, 3))
    elif kind == _GRADIENT_FILTER:
        if height * width > MAX_GRADIENT:
            raise RFBError("a gradient that is too large")
        data = yield from _data(height * width * 3, inflater)
        target[..., :3] = _swapped(_gradient(np.frombuffer(data, np.uint8).reshape(height, width, 3)))
    elif kind == _PALETTE_FILTER:
        colours = (yield 1)[0] + 1
        palette = _swapped(np.frombuffer((yield colours * 3), np.uint8).reshape(colours, 3))
        if colours == 2:
            stride = -(-width // 8)
            data = yield from _data(stride * height, inflater)
            indices = np.unpackbits(np.frombuffer(data, np.uint8).reshape(height, stride), axis=1)[:, :width]
        else:
            data = yield from _data(width * height, inflater)
            indices = np.frombuffer(data, np.uint8).reshape(height, width)
        if indices.size and int(indices.max()) >= colours:
            raise RFBError("a colour that the palette does not have")
        target[..., :3] = palette[indices]
    else:
        raise RFBError(f"a filter of kind {kind}")


def _data(size: int, inflater: Inflater) -> Generator[int, bytes, bytes]:
    if size < MIN_TO_COMPRESS:
        return (yield size)
    length = yield from _compact_length()
    inflater.feed((yield length), size)
    return inflater.take(size)


def _compact_length() -> Generator[int, bytes, int]:
    length = 0
    for shift in (0, 7, 14):
        octet = (yield 1)[0]
        if shift == 14:
            return length | octet << 14
        length |= (octet & 127) << shift
        if not octet & 128:
            break
    return length


def _gradient(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each pixel is told as the difference from what its neighbours above and to the left let expect."""
    height, width, _ = data.shape
    out = np.zeros((height + 1, width + 1, 3), np.int32)
    differences = data.astype(np.int32)
    for y in range(height):
        above, row = out[y], out[y + 1]
        for x in range(width):
            expected = np.clip(above[x + 1] + row[x] - above[x], 0, 255)
            row[x + 1] = (expected + differences[y, x]) & 255
    return out[1:, 1:].astype(np.uint8)


def _swapped(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Red, green, blue, as Tight sends three-byte pixels, in our order."""
    return colours[..., ::-1]
