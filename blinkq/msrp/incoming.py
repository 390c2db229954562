"""A message of the peer, put together from its chunks (RFC 4975 §7.3.1)."""

from __future__ import annotations

from blinkq.msrp.chunk import Chunk
from blinkq.msrp.limits import MAX_GAPS
from blinkq.msrp.ranges import Ranges

__all__ = ["IncomingMessage"]


class IncomingMessage:
    """message_id, content_type: of its first chunk; chunk: that first chunk; total: its size in bytes, None while unknown.

    Bodies are kept here only when `assemble` is true.
    """

    def __init__(self, chunk: Chunk, assemble: bool) -> None:
        self.chunk = chunk
        self.message_id = chunk.message_id or ""
        self.content_type = chunk.content_type or ""
        self.total: int | None = None
        self._assemble = assemble
        self._received = Ranges()
        self._parts: dict[int, bytearray] = {}
        self._tail = -1  # where the part that grows begins
        self.kept = 0  # bytes held in memory

    @property
    def received(self) -> int:
        """Bytes of it that are there."""
        return self._received.total

    @property
    def complete(self) -> bool:
        return self.total is not None and self._received.covers(0, self.total)

    @property
    def too_scattered(self) -> bool:
        return len(self._received) > MAX_GAPS or len(self._parts) > MAX_GAPS

    def assume(self, prefix: int) -> None:
        """The first ``prefix`` bytes are there from an earlier time."""
        self._received.add(0, prefix)

    def claim(self, total: int | None) -> bool:
        """Note the size that a chunk says; False when it contradicts what is known."""
        if total is None:
            return True
        if self.total is not None and self.total != total:
            return False
        pairs = self._received.pairs()
        if pairs and pairs[-1][1] > total:
            return False
        self.total = total
        return True

    def add(self, offset: int, data: bytes) -> None:
        """Bytes at `offset` (from 0)."""
        self._received.add(offset, offset + len(data))
        if not self._assemble:
            return
        self.kept += len(data)
        part = self._parts.get(self._tail)
        if part is not None and self._tail + len(part) == offset:
            part += data
            return
        known = self._parts.get(offset)
        if known is None or len(known) < len(data):
            self._parts[offset] = bytearray(data)
        self._tail = offset

    def body(self) -> bytes:
        """All of it; only when complete."""
        if len(self._parts) == 1 and 0 in self._parts:
            return bytes(self._parts[0][: self.total])
        whole = bytearray(self.total or 0)
        for offset, part in sorted(self._parts.items()):
            whole[offset : offset + len(part)] = part
        return bytes(whole[: self.total])
