"""The way out of the media process: events are queued by any thread and written to the pipe by one.

The clock thread must never wait for the engine to read, so the queue is bounded: when the engine does not read for long, levels and
statistics are thrown away first, and nothing else is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from blinkq.media.control import Event, Level, StreamStatistics
from blinkq.media.wire import encode

__all__ = ["MAX_QUEUED", "Outbox"]

#: Frames that may wait before figures that will be superseded within a second are left out.
MAX_QUEUED = 500


class Outbox:
    """Writes events as frames through ``write`` (which may block) on its own thread."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._frames: deque[bytes] = deque()
        self._condition = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Start the thread that writes."""
        self._thread.start()

    def send(self, event: Event, sequence: int = 0) -> None:
        """Queue an event; ``sequence`` is that of the command it answers, or 0."""
        if len(self._frames) > MAX_QUEUED and isinstance(event, Level | StreamStatistics):
            return
        frame = encode(sequence, event)
        with self._condition:
            self._frames.append(frame)
            self._condition.notify()

    def close(self) -> None:
        """Write what is queued, then end the thread. Idempotent."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._frames and not self._closing:
                    self._condition.wait()
                data = b"".join(self._frames)
                self._frames.clear()
            if not data:
                return
            try:
                self._write(data)
            except OSError:
                # The engine is gone; the end of our input ends the process.
                return
