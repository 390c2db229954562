"""A thread that does one thing after another, so that no window waits for a disk or a decoder."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.base.logging import get_logger

__all__ = ["Worker"]

log = get_logger("app.worker")


class Worker(QObject):
    """Runs functions in one thread of its own, in the order in which they were given.

    :param name: of the thread
    """

    _worked = pyqtSignal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closed = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._worked.connect(self._hand_over)  # emitted by the thread, so it is queued for ours

    def run(self, work: Callable[[], Any], done: Callable[[Any], object] | None = None) -> None:
        """Have ``work`` done; then ``done`` is called here with what it returned. ``work`` handles its own errors. Nothing after
        ``close``."""
        if not self._closed:
            self._pool.submit(self._work, work, done)

    def close(self, *, finish: bool = False) -> None:
        """End, and ``finish`` what was given first or leave it; nothing is handed over any more. Idempotent."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=not finish)

    def _work(self, work: Callable[[], Any], done: Callable[[Any], object] | None) -> None:
        try:
            result = work()
        except Exception:  # a mistake of ours: it must be seen, and what comes after must go on
            log.exception("work in the background failed")
            return
        if done is not None and not self._closed:
            self._worked.emit(done, result)

    def _hand_over(self, done: Callable[[Any], object], result: Any) -> None:
        if not self._closed:
            done(result)
