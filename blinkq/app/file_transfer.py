"""One file on its way, either way: how far, how fast, and what became of it.

What this is not: a widget, or what starts transfers (``file_transfer_list``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.call import Call
from blinkq.app.chat_entries import clean_line
from blinkq.app.media_failures import failure_text
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.message_media import FileStreamLike
from blinkq.app.middleware import AccountLike
from blinkq.app.wording import explanation_text
from blinkq.base.clock import Clock
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.streams.msrp.file_selector import safe_name

__all__ = ["FILE_NOTIFICATIONS", "FileTransfer", "TransferStage"]

#: the speed is that of the latest seconds
_SPEED_WINDOW = 5.0
#: how long the sender of a file that has arrived may take to end the session (ms)
_PATIENCE = 5000
#: codes with which a program refuses a file in a call, unlike a person
_NO_PLACE = (0, 415, 488, 491, 501, 606)
#: what the middleware says when the session ended before the file
_INTERRUPTED = "Interrupted transfer"


class TransferStage(StrEnum):
    """Where a transfer is in its life."""

    CONNECTING = "connecting"
    HASHING = "hashing"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class FileTransfer(QObject):
    """A file. ``changed`` after anything shown has; ``finished`` once when it is over, well or not.

    ``path``: our file, or where the one that came is kept once it is whole.
    """

    changed = pyqtSignal()
    finished = pyqtSignal()

    def __init__(
        self, bridge: NotificationBridge, clock: Clock, link: MediaSession, stream: FileStreamLike, name: str, account: AccountLike | None,
        parent: QObject | None = None, *, path: Path | None = None, call: Call | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.uri = link.uri
        #: the call that it was begun in
        self.call = call
        #: asked for another way when a call does not take the file; None when there is none
        self.detour: Callable[[], tuple[MediaSession, FileStreamLike] | None] = lambda: None
        self.who = clean_line(name)
        self.account = account
        self.incoming = path is None
        self.path = path
        self.name = path.name if path is not None else safe_name(stream.file_selector.name)
        self.size = stream.file_selector.size
        self.directory = stream.handler.save_directory
        self.transfer_id = stream.transfer_id
        self.stage = TransferStage.CONNECTING
        self.transferred = 0
        self.hashed = 0.0
        self.reason = ""
        self._bridge = bridge
        self._clock = clock
        self._points: deque[tuple[float, int]] = deque()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(lambda: self._link.end())
        self._follow(link, stream)

    # what is shown ---------------------------------------------------------------------------------------------------------------

    @property
    def peer(self) -> str:
        """The other party's address without scheme and parameters."""
        return display_address(self.uri)

    @property
    def title(self) -> str:
        """The other party's name, or its address when it has none."""
        return self.who or self.peer

    @property
    def over(self) -> bool:
        return self.stage in (TransferStage.DONE, TransferStage.CANCELLED, TransferStage.FAILED)

    @property
    def retryable(self) -> bool:
        """Whether sending it again makes sense."""
        return not self.incoming and self.stage in (TransferStage.FAILED, TransferStage.CANCELLED)

    @property
    def ringing(self) -> bool:
        """Whether a person on the other side is being asked."""
        return self._link.stage is MediaStage.RINGING

    @property
    def fraction(self) -> float:
        """How much of it is there, 0 to 1."""
        if self.stage is TransferStage.DONE:
            return 1.0
        return min(self.transferred / self.size, 1.0) if self.size else 0.0

    @property
    def speed(self) -> float | None:
        """Bytes a second of late; None while that is not known."""
        if len(self._points) < 2:
            return None
        (begin, first), (end, last) = self._points[0], self._points[-1]
        return (last - first) / (end - begin) if end > begin else None

    @property
    def seconds_left(self) -> float | None:
        """At the present speed."""
        speed = self.speed
        return (self.size - self.transferred) / speed if self.size and speed else None

    # commands --------------------------------------------------------------------------------------------------------------------

    def wait(self) -> None:
        """Others go first."""
        self._enter(TransferStage.QUEUED)

    def begin(self) -> None:
        """Its turn has come."""
        if self.stage is TransferStage.QUEUED:
            self._enter(TransferStage.CONNECTING)

    def cancel(self) -> None:
        """Stop it. Nothing happens when it is over."""
        if not self.over:
            self.reason = ""
            self._end(TransferStage.CANCELLED)
            self._link.end()

    def forget(self) -> None:
        """Stop listening. Idempotent."""
        for name in FILE_NOTIFICATIONS:
            self._bridge.forget(name, getattr(self, f"_NH_{name}"), self._stream.handler)

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _NH_FileTransferHandlerHashProgress(self, notification: Notification) -> None:
        if self.stage in (TransferStage.CONNECTING, TransferStage.HASHING) and not self.incoming:
            self.hashed = notification.data.processed / notification.data.total if notification.data.total else 1.0
            self.stage = TransferStage.HASHING
            self.changed.emit()

    def _NH_FileTransferHandlerDidInitialize(self, _notification: Notification) -> None:
        if self.stage is TransferStage.HASHING:
            self._enter(TransferStage.CONNECTING)

    def _NH_FileTransferHandlerDidNotInitialize(self, notification: Notification) -> None:
        self.reason = failure_text(clean_line(str(notification.data.reason)))

    def _NH_FileTransferHandlerDidStart(self, _notification: Notification) -> None:
        self._enter(TransferStage.RUNNING)

    def _NH_FileTransferHandlerProgress(self, notification: Notification) -> None:
        now = self._clock.monotonic()
        self.transferred = notification.data.transferred_bytes
        self.size = notification.data.total_bytes if notification.data.total_bytes is not None else self.size
        self._points.append((now, self.transferred))
        while len(self._points) > 2 and now - self._points[0][0] > _SPEED_WINDOW:
            self._points.popleft()
        self._enter(TransferStage.RUNNING)
        self.changed.emit()

    def _NH_FileTransferHandlerDidEnd(self, notification: Notification) -> None:
        if not notification.data.error:
            if self.incoming and self._stream.handler.filename:
                self.path = Path(self._stream.handler.filename)
                self.name = self.path.name
            self._end(TransferStage.DONE)
            if self.incoming:  # whoever sends the file ends the session when it knows that all arrived, or we do when it does not
                self._patience.start(_PATIENCE)
            else:
                self._link.end()
        elif str(notification.data.reason) != _INTERRUPTED and not self.over:
            self.reason = failure_text(clean_line(str(notification.data.reason or "")))
            self._end(TransferStage.FAILED)
            self._link.end()
        # an interruption has a reason, which the end of the session is about to tell

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _follow(self, link: MediaSession, stream: FileStreamLike) -> None:
        self._link, self._stream = link, stream
        for notification in FILE_NOTIFICATIONS:
            self._bridge.listen(notification, getattr(self, f"_NH_{notification}"), stream.handler)
        link.changed.connect(self.changed)
        link.finished.connect(self._link_finished)

    def _link_finished(self) -> None:
        self._patience.stop()
        other = self.detour() if not self.over and self.stage is not TransferStage.RUNNING and self._call_refused else None
        if other is not None:
            self.forget()
            self._enter(TransferStage.CONNECTING)
            self._follow(*other)
            return
        if not self.over:
            self.reason = self.reason or self._why()
            self._end(TransferStage.FAILED)
        self.forget()

    @property
    def _call_refused(self) -> bool:
        """The call goes on without the file, and nobody said that it is not wanted."""
        explanation = self._link.explanation
        return self._link.part_of_call and explanation is not None and explanation.code in _NO_PLACE

    def _why(self) -> str:
        """The session ended, and the file with it."""
        if self._link.explanation is not None:
            return explanation_text(self._link.explanation)
        if not self._link.ended_by_peer:
            return failure_text(_INTERRUPTED)
        return self.tr("%1 stopped it.").replace("%1", self.title)

    def _enter(self, stage: TransferStage) -> None:
        if not self.over and stage is not self.stage:
            self.stage = stage
            self.changed.emit()

    def _end(self, stage: TransferStage) -> None:
        if not self.over:
            self.stage = stage
            self.changed.emit()
            self.finished.emit()


FILE_NOTIFICATIONS = (
    "FileTransferHandlerHashProgress", "FileTransferHandlerDidInitialize", "FileTransferHandlerDidNotInitialize",
    "FileTransferHandlerDidStart", "FileTransferHandlerProgress", "FileTransferHandlerDidEnd",
)  # fmt: skip
