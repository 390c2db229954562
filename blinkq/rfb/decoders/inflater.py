"""zlib streams that last for a connection, bounded by what they should give."""

from __future__ import annotations

import zlib

from blinkq.rfb.errors import RFBError

__all__ = ["Inflater"]


class Inflater:
    """One zlib stream. What it gives is never more than was asked for, whatever was sent."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._ready = bytearray()

    def feed(self, data: bytes, limit: int) -> None:
        """Take compressed bytes that stand for at most ``limit`` bytes. Raises RFBError."""
        try:
            out = self._stream.decompress(data, limit + 1)
            if len(out) > limit or self._stream.unconsumed_tail:
                raise RFBError("compressed data that grows beyond its rectangle")
        except zlib.error as error:
            raise RFBError(f"compressed data that cannot be read: {error}") from None
        self._ready += out

    def take(self, size: int) -> bytes:
        """Exactly ``size`` bytes of what was fed. Raises RFBError where there are fewer."""
        if len(self._ready) < size:
            raise RFBError("compressed data that ends too early")
        data = bytes(self._ready[:size])
        del self._ready[:size]
        return data

    def left(self) -> int:
        """Bytes that nobody took yet."""
        return len(self._ready)

    def clear(self) -> None:
        """Forget them: a rectangle may say more than it needs."""
        self._ready.clear()
