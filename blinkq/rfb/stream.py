"""A byte stream read by a generator that says how many bytes it needs next: both cores are written as one straight run of reading."""

from __future__ import annotations

from collections.abc import Generator

from blinkq.rfb.errors import RFBError

__all__ = ["Script", "StreamReader"]

#: Yields how many bytes it wants, gets exactly that many.
Script = Generator[int, bytes, None]


class StreamReader:
    """Feeds ``script``. Raises what the script raises."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._buffer = bytearray()
        self._start = 0
        self._wanted = next(script)
        self._over = False

    def feed(self, data: bytes) -> None:
        """Bytes of the other party, cut anywhere."""
        if self._over:
            return
        self._buffer += data
        try:
            while len(self._buffer) - self._start >= self._wanted:
                piece = bytes(self._buffer[self._start : self._start + self._wanted])
                self._start += self._wanted
                self._wanted = self._script.send(piece)
        except (StopIteration, RFBError):
            self._over = True
            self._buffer.clear()
            self._start = 0
            raise
        if self._start > 65536 or self._start == len(self._buffer):
            del self._buffer[: self._start]
            self._start = 0
