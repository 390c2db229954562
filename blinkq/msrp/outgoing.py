"""A message of ours on its way: what of it is still to be sent, what has been answered."""

from __future__ import annotations

from collections import deque

from blinkq.msrp.ranges import Ranges

__all__ = ["LOW_WATER", "PIECE", "RELAYED_CHUNK", "OutgoingMessage"]

LOW_WATER = 512 * 1024
"""Bytes: when less than this is left in memory of a body that comes bit by bit, more of it is wanted."""


PIECE = 32 * 1024
"""Bytes written before others get their turn; a message of at most this many left goes out in one chunk."""

RELAYED_CHUNK = 8 * 1024
"""The same through relays, some of which take a chunk only as a whole, into a small buffer."""


class OutgoingMessage:
    """Made by `Session.send`.

    message_id; content_type; size: bytes, None while not known; start: the offset at which sending began (a resumed file);
    success_report; failure_report 'yes', 'no' or 'partial'; finished: True after its last event; owner: free for whoever sends.
    """

    def __init__(
        self,
        message_id: str,
        content_type: str,
        size: int | None,
        *,
        start: int = 0,
        success_report: bool = False,
        failure_report: str = "yes",
        headers: tuple[tuple[str, str], ...] = (),
        owner: object = None,
    ) -> None:
        self.message_id = message_id
        self.content_type = content_type
        self.size = size
        self.start = start
        self.success_report = success_report
        self.failure_report = failure_report
        self.headers = headers
        self.owner = owner
        self.position = start  # the next byte to send
        self.sent = False  # the last byte is out
        self.cancelled = False
        self.finished = False
        self.asked = False  # more data was asked for and has not come yet
        self.unanswered = 0  # chunks
        self.answered = Ranges()  # what the next hop has
        self.delivered = Ranges()  # what the peer reported
        self._pieces: deque[memoryview] = deque()
        self._buffered = 0
        self._closed = False  # no more data will be provided

    @property
    def buffered(self) -> int:
        """Bytes in memory that wait to be sent."""
        return self._buffered

    @property
    def all_provided(self) -> bool:
        """No more of the body will come."""
        return self._closed

    @property
    def exhausted(self) -> bool:
        """Nothing is left to send, now or later."""
        return self._closed and not self._buffered

    @property
    def sendable(self) -> bool:
        return not self.finished and not self.sent and (self._buffered > 0 or self._closed)

    def provide(self, data: bytes, last: bool = False) -> None:
        """More of the body. last: there is no more after it."""
        if data:
            self._pieces.append(memoryview(data))
            self._buffered += len(data)
        self.asked = False
        if last:
            self._closed = True
            if self.size is None:
                self.size = self.position + self._buffered

    def take(self, size: int) -> bytes:
        """At most `size` bytes to send now."""
        if not self._pieces:
            return b""
        view = self._pieces[0]
        if len(view) <= size:
            self._pieces.popleft()
        else:
            self._pieces[0], view = view[size:], view[:size]
        self._buffered -= len(view)
        self.position += len(view)
        return bytes(view)

    def forget(self) -> None:
        """Drop what was not sent."""
        self._pieces.clear()
        self._buffered = 0
        self._closed = True
