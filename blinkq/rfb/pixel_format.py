"""How pixels are written (RFC 6143 §7.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blinkq.rfb.errors import RFBError

__all__ = ["OURS", "PixelFormat", "Pixels"]

#: Height x width x 4 bytes: blue, green, red, unused; what screens and windows have in memory.
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """As on the wire. Shifts are counted from the lowest bit of a pixel read in its own byte order."""

    bits_per_pixel: int = 32
    depth: int = 24
    big_endian: bool = False
    true_colour: bool = True
    red_max: int = 255
    green_max: int = 255
    blue_max: int = 255
    red_shift: int = 16
    green_shift: int = 8
    blue_shift: int = 0

    @classmethod
    def parse(cls, data: bytes) -> PixelFormat:
        """From 16 bytes. Raises RFBError for what cannot be."""
        bits, depth, big, true, *rest = struct.unpack(">BBBBHHHBBB3x", data)
        made = cls(bits, depth, bool(big), bool(true), *rest)
        shifts = (made.red_shift, made.green_shift, made.blue_shift)
        maxima = (made.red_max, made.green_max, made.blue_max)
        if bits not in (8, 16, 32) or not 0 < depth <= bits:
            raise RFBError(f"pixels of {bits} bits are not possible")
        if true and any(shift >= bits or not top or top & (top + 1) for shift, top in zip(shifts, maxima, strict=True)):
            raise RFBError("a pixel format that makes no sense")
        return made

    def to_bytes(self) -> bytes:
        return struct.pack(
            ">BBBBHHHBBB3x", self.bits_per_pixel, self.depth, self.big_endian, self.true_colour, self.red_max, self.green_max,
            self.blue_max, self.red_shift, self.green_shift, self.blue_shift,
        )  # fmt: skip

    @property
    def size(self) -> int:
        """Bytes of a pixel."""
        return self.bits_per_pixel // 8

    @property
    def is_ours(self) -> bool:
        """Whether pixels are in memory as they are on the wire."""
        return self == OURS or (self.bits_per_pixel == 32 and self._layout == OURS._layout and not self.big_endian)

    @property
    def short(self) -> bool:
        """Whether ZRLE sends three bytes of the four: those that hold all of the colours (RFC 6143 §7.7.5)."""
        if self.bits_per_pixel != 32 or not self.true_colour or self.depth > 24:
            return False
        return self.unused_is_highest or min(self._layout[3:]) >= 8

    @property
    def unused_is_highest(self) -> bool:
        """Whether the byte without colour is the one of most weight."""
        return all(shift + top.bit_length() <= 24 for top, shift in zip(self._layout[:3], self._layout[3:], strict=True))

    @property
    def tight(self) -> bool:
        """Whether Tight sends three bytes for a pixel: red, green, blue."""
        return self.bits_per_pixel == 32 and self.true_colour and self.depth == 24 and self._layout[:3] == (255, 255, 255)

    @property
    def _layout(self) -> tuple[int, ...]:
        return self.red_max, self.green_max, self.blue_max, self.red_shift, self.green_shift, self.blue_shift

    def encode(self, pixels: Pixels) -> NDArray[np.uint8]:
        """Pixels of ours in this format: the last axis becomes ``size`` bytes. Only for true colour."""
        if self.is_ours:
            return pixels
        value = np.zeros(pixels.shape[:-1], np.uint32)
        red, green, blue = (self.red_max, self.red_shift), (self.green_max, self.green_shift), (self.blue_max, self.blue_shift)
        for channel, (top, shift) in zip((2, 1, 0), (red, green, blue), strict=True):
            level = pixels[..., channel].astype(np.uint32)
            value |= ((level * top + 127) // 255) << np.uint32(shift)
        order = ">" if self.big_endian else "<"
        raw = value.astype(f"{order}u{self.size}")
        return raw.view(np.uint8).reshape(*pixels.shape[:-1], self.size)


OURS = PixelFormat()
"""Little-endian blue, green, red, unused."""
