"""Cutting a byte stream into chunks (RFC 4975 §7.3): bodies are handed on as they come, whatever their size."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.msrp.chunk import Chunk, parse_head
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.limits import MAX_HEAD_SIZE

__all__ = ["ChunkBegan", "ChunkBody", "ChunkEnded", "ChunkReader", "Piece"]

_FLAGS = b"$+#"


@dataclass(frozen=True, slots=True)
class ChunkBegan:
    """The headers of a chunk are there."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class ChunkBody:
    """Some of the body of the chunk that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ChunkEnded:
    """flag: '$' the message is whole, '+' more of it follows, '#' the sender gave it up."""

    flag: str


Piece = ChunkBegan | ChunkBody | ChunkEnded


class ChunkReader:
    """Takes what a connection delivers. How the bytes were cut changes only where the bodies are cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0  # no end of headers begins before this place
        self._end: bytes | None = None  # what ends the body being read; None while reading headers
        self._skip = 0  # bytes of the empty line's break that are still before the body
        self._error: MSRPParseError | None = None

    def receive_data(self, data: bytes) -> list[Piece]:
        """What `data` completed, in order.

        Raises MSRPParseError when the stream cannot be read any further: the connection must close. What came before the fault is
        returned first; the next call raises.
        """
        found: list[Piece] = []
        if self._error is None:
            self._buffer += data
            try:
                while self._read_head(found) if self._end is None else self._read_body(found):
                    pass
            except MSRPParseError as error:
                self._error = error
                self._buffer.clear()
        if self._error is not None and not found:
            raise self._error
        return found

    @property
    def error(self) -> MSRPParseError | None:
        return self._error

    def _read_head(self, found: list[Piece]) -> bool:
        buffer = self._buffer
        if not self._scanned:
            while buffer.startswith(b"\r\n"):  # some clients keep connections alive with empty lines
                del buffer[:2]
            if buffer and not buffer.startswith(b"MSRP "[: len(buffer)]) and buffer != b"\r":
                raise MSRPParseError(f"not MSRP: {bytes(buffer[:40])!r}")
        line_end = buffer.find(b"\r\n")
        if line_end < 0:
            if len(buffer) > MAX_HEAD_SIZE:
                raise MSRPParseError("start line too long")
            return False
        words = bytes(buffer[:line_end]).split(b" ", 2)
        marker = b"\r\n-------" + (words[1] if len(words) > 1 else b"")
        # headers end with an empty line, or with the end line where there is no body
        place = max(line_end, self._scanned - len(marker) - 3)
        blank, end = buffer.find(b"\r\n\r\n", place), buffer.find(marker, place)
        if end >= 0 and (blank < 0 or end < blank):
            return self._bodyless(found, end, len(marker))
        if blank >= 0:
            if blank > MAX_HEAD_SIZE:
                raise MSRPParseError("headers too large")
            found.append(ChunkBegan(parse_head(bytes(buffer[:blank]), True)))
            del buffer[: blank + 2]  # the empty line's break may already belong to the end line
            self._scanned, self._end, self._skip = 0, marker, 2
            return True
        if len(buffer) > MAX_HEAD_SIZE:
            raise MSRPParseError("headers too large")
        self._scanned = len(buffer)
        return False

    def _bodyless(self, found: list[Piece], end: int, length: int) -> bool:
        buffer = self._buffer
        if end > MAX_HEAD_SIZE:
            raise MSRPParseError("headers too large")
        flag = buffer[end + length : end + length + 3]
        if len(flag) < 3:
            return False
        if flag[0] not in _FLAGS or flag[1:] != b"\r\n":
            raise MSRPParseError("a chunk that does not end as it began")
        found += [ChunkBegan(parse_head(bytes(buffer[:end]), False)), ChunkEnded(chr(flag[0]))]
        del buffer[: end + length + 3]
        self._scanned = 0
        return True

    def _read_body(self, found: list[Piece]) -> bool:
        """Hand on what is surely body; what may be the end line stays for the next look."""
        assert self._end is not None
        buffer, marker = self._buffer, self._end
        search = 0
        while True:
            place = buffer.find(marker, search)
            flag = b"" if place < 0 else buffer[place + len(marker) : place + len(marker) + 3]
            if place < 0 or len(flag) < 3:
                break
            if flag[0] in _FLAGS and flag[1:] == b"\r\n":
                self._hand_on(found, place)
                found.append(ChunkEnded(chr(flag[0])))
                del buffer[: place + len(marker) + 3]
                self._end = None
                return True
            search = place + 1
        # what could still turn out to be the end line stays
        keep = place if place >= 0 else max(0, len(buffer) - len(marker) + 1)
        if keep > 0:
            self._hand_on(found, keep)
            del buffer[:keep]
        return False

    def _hand_on(self, found: list[Piece], until: int) -> None:
        start = min(self._skip, until)
        self._skip -= start
        if until > start:
            found.append(ChunkBody(bytes(self._buffer[start:until])))
