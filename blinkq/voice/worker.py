"""A thread with a queue, for what may block: disks and sound servers. Started with its first job."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from blinkq.base.clock import monotonic
from blinkq.base.logging import get_logger

__all__ = ["MAX_JOBS", "Worker"]

#: Jobs that may wait. A disk that hangs for minutes fills it; what comes after is refused instead of eating memory.
MAX_JOBS = 2000

_log = get_logger("voice.worker")


class Worker:
    """Runs jobs one after another on its own thread.

    ``poll`` is called about every ``poll_interval`` seconds once ``start_polling`` was called.
    """

    def __init__(self, name: str, poll: Callable[[], None] | None = None, poll_interval: float = 2.0) -> None:
        self._name = name
        self._poll = poll
        self._poll_interval = poll_interval
        self._polling = False
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(MAX_JOBS)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def post(self, job: Callable[[], None]) -> bool:
        """Queue a job; False when the queue is full (the job is not done then)."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        self._ensure_thread()
        return True

    def start_polling(self) -> None:
        """From now on call ``poll`` regularly. Idempotent."""
        if not self._polling:
            self._polling = True
            self.post(lambda: None)

    def stop(self, timeout: float = 3.0) -> None:
        """Finish what is queued and end the thread, waiting at most ``timeout`` seconds (a dead sound server may never answer)."""
        thread = self._thread
        if thread is None:
            return
        try:
            self._jobs.put(None, timeout=timeout)
        except queue.Full:
            return
        thread.join(timeout)

    def _ensure_thread(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        next_poll = 0.0
        while True:
            timeout = max(0.0, next_poll - monotonic()) if self._polling else None
            try:
                job = self._jobs.get(timeout=timeout)
            except queue.Empty:
                next_poll = monotonic() + self._poll_interval
                job = self._poll
            if job is None:
                return
            try:
                job()
            except Exception:
                # A job reports its own failures; what arrives here is ours to find, and the next job must still run.
                _log.exception("job failed")
