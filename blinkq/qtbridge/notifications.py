"""Notifications onto the Qt loop.

The middleware posts from the engine thread; windows live in the GUI thread. One observer takes what the windows asked for, puts it into a
deque under a lock, and wakes the GUI thread once when the deque stops being empty; the GUI thread hands everything on in order.

What this is not: a model. It keeps no state but the queue and who listens.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

from PyQt6.QtCore import QMetaObject, QObject, Qt, pyqtSlot

from blinkq.base.logging import get_logger
from blinkq.base.notification import Any, Notification, NotificationCenter

__all__ = ["Handler", "NotificationBridge"]

Handler = Callable[[Notification], None]

log = get_logger("qtbridge")


class NotificationBridge(QObject):
    """Carries notifications from any thread to handlers in the thread that made the bridge (the GUI thread).

    ``listen``, ``forget``, ``expect`` and ``close`` belong to that thread. Handlers run in the order in which the notifications were
    posted. A handler's exception is logged and given to ``on_handler_error``; it keeps nobody else from hearing.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.on_handler_error: Callable[[Notification, Exception], None] | None = None
        self._handlers: dict[tuple[str, object], list[Handler]] = {}
        self._names: dict[str, int] = {}
        self._queue: deque[Notification] = deque()
        self._lock = threading.Lock()

    def carry(self, *names: str) -> None:
        """Carry notifications with ``names`` even while nobody listens.

        What was posted before ``listen`` is then still in the queue: a window that asks for something and listens for the outcome
        afterwards misses nothing, however quick the engine is.
        """
        for name in names:
            if name not in self._names:
                NotificationCenter().add_observer(self, name=name)
            self._names[name] = self._names.get(name, 0) + 1

    def listen(self, name: str, handler: Handler, sender: object = Any) -> None:
        """Call ``handler`` with every notification called ``name`` from ``sender`` (Any: from anybody)."""
        self.carry(name)
        self._handlers.setdefault((name, _key(sender)), []).append(handler)

    def forget(self, name: str, handler: Handler, sender: object = Any) -> None:
        """Undo ``listen`` with the same arguments; silent when there is nothing to undo."""
        handlers = self._handlers.get((name, _key(sender)), [])
        if handler not in handlers:
            return
        # a fresh list: a delivery under way keeps the one that it has
        rest = list(handlers)
        rest.remove(handler)
        if rest:
            self._handlers[name, _key(sender)] = rest
        else:
            del self._handlers[name, _key(sender)]
        self._names[name] -= 1
        if not self._names[name]:
            del self._names[name]
            NotificationCenter().discard_observer(self, name=name)

    def expect(self, *names: str, sender: object = Any) -> asyncio.Future[Notification]:
        """A future of the first notification with one of ``names``, to be awaited in the GUI's loop (qasync).

        Cancel it to stop listening.
        """
        future: asyncio.Future[Notification] = asyncio.get_running_loop().create_future()

        def arrived(notification: Notification) -> None:
            if not future.done():
                future.set_result(notification)

        def done(_future: asyncio.Future[Notification]) -> None:
            for name in names:
                self.forget(name, arrived, sender)

        for name in names:
            self.listen(name, arrived, sender)
        future.add_done_callback(done)
        return future

    def close(self) -> None:
        """Stop listening and drop what is queued. Idempotent."""
        NotificationCenter().purge_observer(self)
        self._handlers.clear()
        self._names.clear()
        with self._lock:
            self._queue.clear()

    def handle_notification(self, notification: Notification) -> None:
        """Called by the notification centre, in any thread."""
        with self._lock:
            wake = not self._queue
            self._queue.append(notification)
        if wake:
            # queued even when posted by the GUI thread itself: a handler must never run inside the command that caused it
            QMetaObject.invokeMethod(self, "_drain", Qt.ConnectionType.QueuedConnection)

    @pyqtSlot()
    def _drain(self) -> None:
        with self._lock:
            batch, self._queue = self._queue, deque()
        for notification in batch:
            for key in ((notification.name, _key(Any)), (notification.name, _key(notification.sender))):
                for handler in self._handlers.get(key, ()):
                    self._hand_over(handler, notification)

    def _hand_over(self, handler: Handler, notification: Notification) -> None:
        try:
            handler(notification)
        except Exception as error:  # one window's mistake must not keep the others from hearing
            log.exception("a window failed on %s", notification.name)
            if self.on_handler_error is not None:
                self.on_handler_error(notification, error)


def _key(sender: object) -> object:
    """Senders are told apart by identity: equality of sessions or accounts is their own affair."""
    return sender if sender is Any else id(sender)
