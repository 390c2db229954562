"""What is sent next on a connection: replies, then short messages, then long ones in turns, interruptible (RFC 4975 §7.1.1).

Over WebSocket, which carries one whole chunk in each of its messages (RFC 7977), none is interrupted: they are short instead.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from blinkq.base.clock import Entropy
from blinkq.msrp.chunk import Chunk, end_line
from blinkq.msrp.outgoing import RELAYED_CHUNK, OutgoingMessage
from blinkq.msrp.session import Session
from blinkq.msrp.values import ByteRange

__all__ = ["BURST", "FinishedChunk", "Writer"]

MAX_CHUNK = 1024 * 1024
"""Bytes after which a chunk is ended, so that progress becomes known."""

MAX_CHUNK_TIME = 0.5
"""Seconds after which it is ended on a slow connection."""

MAX_CLOSED = 2 * 1024
"""Bytes of body up to which a chunk may say beforehand where it ends: larger ones must be interruptible (RFC 4975 §5.1)."""

BURST = 64 * 1024
"""Bytes given out in one turn; the driver asks for the next one when the connection can take it."""


@dataclass(slots=True)
class FinishedChunk:
    """A chunk of which all was given out. end: offset after its last byte; last: the message's last chunk."""

    session: Session
    message: OutgoingMessage
    chunk: Chunk
    start: int
    end: int
    last: bool


@dataclass(slots=True)
class _Open:
    session: Session
    message: OutgoingMessage
    chunk: Chunk
    marker: bytes
    start: int
    began: float
    written: int = 0


@dataclass(slots=True)
class Writer:
    """Decides; the connection keeps the books. All it gives out is in `output`, chunks of it that ended in `finished`.

    whole: each entry of `output` is one whole chunk.
    """

    entropy: Entropy
    whole: bool = False
    output: list[bytes] = field(default_factory=list)
    finished: list[FinishedChunk] = field(default_factory=list)
    _urgent: deque[bytes] = field(default_factory=deque)
    _short: deque[tuple[Session, OutgoingMessage]] = field(default_factory=deque)
    _long: deque[tuple[Session, OutgoingMessage]] = field(default_factory=deque)
    _open: _Open | None = None

    def add(self, session: Session, message: OutgoingMessage) -> None:
        """Queue a message."""
        short = message.all_provided and message.buffered <= session.whole_size
        (self._short if short else self._long).append((session, message))

    def add_urgent(self, data: bytes) -> None:
        """A whole chunk that goes before everything."""
        self._urgent.append(data)

    def remove(self, message: OutgoingMessage) -> None:
        """Forget a message; what was begun of it ends with '#'."""
        if self._open is not None and self._open.message is message:
            self._close("#")
        for queue in (self._short, self._long):
            for entry in [entry for entry in queue if entry[1] is message]:
                queue.remove(entry)

    def give_up(self, session: Session, message: OutgoingMessage) -> None:
        """Forget a message, and tell the peer if it was begun; between two chunks an empty one does so."""
        if self._open is not None and self._open.message is not message:
            self._close("+")
        untold = self._open is None and message.start < message.position and not message.sent
        self.remove(message)
        if untold:
            chunk = self._new_chunk(session, message, ByteRange(message.position + 1, None, message.size))
            self.output.append(chunk.to_bytes(b"", "#"))

    def remove_session(self, session: Session) -> None:
        for message in [message for owner, message in (*self._short, *self._long) if owner is session]:
            self.remove(message)

    @property
    def ready(self) -> bool:
        """Something could be sent now."""
        return bool(self._urgent or self._short) or any(message.sendable for _, message in self._long)

    def hungry(self, low_water: int) -> list[tuple[Session, OutgoingMessage]]:
        """Long messages whose body comes bit by bit and of which little is left in memory."""
        found = []
        for session, message in self._long:
            if not message.asked and message.buffered < low_water and not message.exhausted and not message.finished:
                message.asked = True
                found.append((session, message))
        return found

    def flush_urgent(self) -> None:
        """Give out what cannot wait, whatever the connection's state."""
        if self._urgent:
            self._close("+")
            self.output += self._urgent
            self._urgent.clear()

    def fill(self, budget: int, may_begin: bool, now: float) -> None:
        """Give out about `budget` bytes. may_begin: False keeps new chunks back."""
        self.flush_urgent()
        while budget > 0:
            if self._short and may_begin:
                self._close("+")
                session, message = self._short.popleft()
                budget -= self._whole(session, message)
                continue
            written = self._part(may_begin) if self.whole else self._piece(may_begin, now)
            if not written:
                return
            budget -= written

    def _whole(self, session: Session, message: OutgoingMessage) -> int:
        """As much of a message as one chunk takes."""
        start, most = message.position, session.whole_size
        pieces: list[bytes] = []
        while message.position - start < most and (piece := message.take(most - (message.position - start))):
            pieces.append(piece)
        body = b"".join(pieces)
        byte_range = ByteRange(start + 1, start + len(body) if len(body) <= MAX_CLOSED else None, message.size)
        chunk = self._new_chunk(session, message, byte_range)
        while f"-------{chunk.transaction_id}".encode() in body:
            chunk = self._new_chunk(session, message, byte_range)
        message.sent = message.exhausted
        self.output.append(chunk.to_bytes(body, "$" if message.sent else "+"))
        self.finished.append(FinishedChunk(session, message, chunk, start, message.position, message.sent))
        return len(body) + 1

    def _part(self, may_begin: bool) -> int:
        """One chunk of the long message whose turn it is; 0 when there is nothing to send."""
        entry = next((entry for entry in self._long if entry[1].sendable), None) if may_begin else None
        if entry is None:
            return 0
        written = self._whole(*entry)
        self._long.remove(entry)
        if not entry[1].sent:
            self._long.append(entry)
        return written

    def _piece(self, may_begin: bool, now: float) -> int:
        """Some bytes of a long message; 0 when there is nothing to send."""
        current = self._open
        if current is not None and not current.message.sendable:
            if not current.message.exhausted and not any(message.sendable for _, message in self._long):
                return 0  # its next bytes are not here yet, and nobody else waits
            self._close("+")
            current = None
        if current is None:
            current = self._begin(now) if may_begin else None
            if current is None:
                return 0
        message = current.message
        data = message.take(current.session.whole_size)
        if current.marker in data:  # cannot happen by chance; the body must not end its own chunk all the same
            self._close("+")
            current = self._begin_chunk(current.session, message, message.position - len(data), now)
        if data:
            self.output.append(data)
            current.written += len(data)
        if message.exhausted:
            message.sent = True
            self._long.remove((current.session, message))
            self._close("$")
        elif (
            current.written >= (RELAYED_CHUNK if current.session.relayed else MAX_CHUNK)
            or now - current.began >= MAX_CHUNK_TIME
            or any(other is not message and other.sendable for _, other in self._long)
        ):
            self._close("+")
            self._long.rotate(-1)
        return len(data) + 1

    def _begin(self, now: float) -> _Open | None:
        for session, message in self._long:
            if message.sendable:
                while self._long[0][1] is not message:
                    self._long.rotate(-1)
                return self._begin_chunk(session, message, message.position, now)
        return None

    def _begin_chunk(self, session: Session, message: OutgoingMessage, start: int, now: float) -> _Open:
        chunk = self._new_chunk(session, message, ByteRange(start + 1, None, message.size))
        self.output.append(chunk.head())
        self._open = _Open(session, message, chunk, f"-------{chunk.transaction_id}".encode(), start, now)
        return self._open

    def _close(self, flag: str) -> None:
        current, self._open = self._open, None
        if current is None:
            return
        self.output.append(end_line(current.chunk, flag))
        end = current.start + current.written
        self.finished.append(FinishedChunk(current.session, current.message, current.chunk, current.start, end, flag == "$"))

    def _new_chunk(self, session: Session, message: OutgoingMessage, byte_range: ByteRange) -> Chunk:
        headers = [("Message-ID", message.message_id), ("Byte-Range", str(byte_range))]
        if message.success_report:
            headers.append(("Success-Report", "yes"))
        if message.failure_report != "yes":
            headers.append(("Failure-Report", message.failure_report))
        headers += message.headers
        headers.append(("Content-Type", message.content_type))
        return Chunk(
            self.entropy.token(8), session.remote_path, (session.local_uri,), "SEND", headers=tuple(headers), has_body=True
        )
