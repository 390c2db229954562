"""All file transfers: sends files, alone or in calls, follows those that others send, tries again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.call import Call
from blinkq.app.chat_entries import clean_line
from blinkq.app.file_transfer import FILE_NOTIFICATIONS, FileTransfer, TransferStage
from blinkq.app.media_session import MEDIA_NOTIFICATIONS, MediaSession, MediaStage
from blinkq.app.message_media import FileStreamLike
from blinkq.app.middleware import AccountLike, Middleware
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["FileTransferList", "SendError"]

log = get_logger("app.file_transfers")

_Made = TypeVar("_Made")

#: bytes of a file that goes as a part of a call: while a larger one is prepared the call could not be put on hold
MAX_SIZE_IN_CALL = 100_000_000
#: streams of a call, its sound among them; others refuse what is beyond
MAX_IN_CALL = 4
#: files that go to one party at once, each in a session of its own: that many questions can be answered there
MAX_AT_ONCE = 3


class SendError(Exception):
    """A file cannot be sent; the message is a sentence for people."""


class FileTransferList(QObject):
    """The transfers. ``added`` with each that is sent or was accepted, ``removed`` with those taken off the list;
    ``changed`` when anything shown has."""

    added = pyqtSignal(FileTransfer)
    removed = pyqtSignal(FileTransfer)
    changed = pyqtSignal()

    def __init__(self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.transfers: list[FileTransfer] = []
        #: the name that the user gave to whoever has an address, "" for somebody unknown
        self.name_of: Callable[[str], str] = lambda _uri: ""
        self._middleware = middleware
        self._bridge = bridge
        self._clock = clock
        self._queue: deque[tuple[FileTransfer, Callable[[], None]]] = deque()
        bridge.carry(*MEDIA_NOTIFICATIONS, *FILE_NOTIFICATIONS)

    @property
    def live(self) -> list[FileTransfer]:
        """Those that are not over."""
        return [transfer for transfer in self.transfers if not transfer.over]

    # commands --------------------------------------------------------------------------------------------------------------------

    def send(self, path: Path, uri: str, account: AccountLike | None, name: str = "", transfer_id: str | None = None) -> FileTransfer:
        """Send a file to an address. Raises SendError."""
        link, stream = self._begin(path, uri, account, transfer_id)
        name = name or self.name_of(uri)
        transfer = FileTransfer(self._bridge, self._clock, link, stream, name, account, self, path=path)
        self._add(transfer)
        self._start(transfer, lambda: link.dial(account, name))
        return transfer

    def send_in_call(self, paths: Sequence[Path], call: Call) -> list[FileTransfer]:
        """Send files to the other party of a call, as a part of it as far as they are small, else beside it. Raises SendError for the
        first that cannot be read; the others are sent."""
        links: list[MediaSession] = []
        sent: list[FileTransfer] = []
        failed: SendError | None = None
        for path in paths:
            try:
                sent.append(self._send_with(path, call, links))
            except SendError as error:
                failed = failed or error
        if links:
            links[0].propose(*links[1:])
        if failed is not None:
            raise failed
        return sent

    def retry(self, transfer: FileTransfer) -> FileTransfer:
        """Send a file again that did not arrive; the other side goes on where it stopped when it can. Raises SendError."""
        if transfer.path is None or not transfer.retryable:
            raise SendError(self.tr("Only the other side can send this file again."))
        again = self.send(transfer.path, transfer.uri, transfer.account, transfer.who, transfer.transfer_id)
        again.call = transfer.call
        self.remove(transfer)
        return again

    def remove(self, transfer: FileTransfer) -> None:
        """Take one that is over off the list; the file stays."""
        if transfer.over and transfer in self.transfers:
            self.transfers.remove(transfer)
            self.removed.emit(transfer)
            self.changed.emit()

    def clear(self) -> None:
        """Take all that are over off the list; the files stay."""
        for transfer in [transfer for transfer in self.transfers if transfer.over]:
            self.remove(transfer)

    def close(self) -> None:
        """Stop listening. Idempotent."""
        for transfer in self.transfers:
            transfer.forget()

    # what others send ------------------------------------------------------------------------------------------------------------

    def follow(self, link: MediaSession, stream: FileStreamLike, name: str, account: AccountLike | None, call: Call | None) -> FileTransfer:
        """Follow a file that somebody sends, alone or in a call, which a person has just agreed to."""
        transfer = FileTransfer(self._bridge, self._clock, link, stream, name, account, self, call=call)
        self._add(transfer)
        return transfer

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _begin(self, path: Path, uri: str, account: AccountLike | None, transfer_id: str | None) -> tuple[MediaSession, FileStreamLike]:
        """A session of its own for a file, not yet dialled. Raises SendError."""
        session = self._try(path, lambda: self._middleware.new_session(account))
        stream = self._try(path, lambda: self._stream(session.account, path, transfer_id))
        return MediaSession(self._middleware, self._bridge, session, stream, uri, MediaStage.LOOKING_UP, self), stream

    def _send_with(self, path: Path, call: Call, links: list[MediaSession]) -> FileTransfer:
        """Send a file to the other party of a call; what is to be proposed there is added to ``links``."""
        stream = self._try(path, lambda: self._stream(call.session.account, path, None))
        room = MAX_IN_CALL - len(call.session.streams or ())
        within = len(links) < room and (stream.file_selector.size or 0) <= MAX_SIZE_IN_CALL
        if within:
            link = MediaSession(self._middleware, self._bridge, call.session, stream, call.uri, MediaStage.CALLING, self, part_of_call=True)
        else:
            link, stream = self._begin(path, call.uri, call.account, stream.transfer_id)
        transfer = FileTransfer(self._bridge, self._clock, link, stream, call.name, call.account, self, path=path, call=call)
        transfer.detour = lambda: self._send_beside(transfer)
        self._add(transfer)
        if within:
            links.append(link)
        else:
            self._start(transfer, lambda: link.dial(call.account, call.name))
        return transfer

    def _send_beside(self, transfer: FileTransfer) -> tuple[MediaSession, FileStreamLike] | None:
        """A way for a file that a call has no place for."""
        assert transfer.path is not None
        try:
            link, stream = self._begin(transfer.path, transfer.uri, transfer.account, transfer.transfer_id)
        except SendError as error:
            log.info("file for %s: %s", transfer.peer, error)
            return None
        link.dial(transfer.account, transfer.who)
        return link, stream

    def _stream(self, account: AccountLike, path: Path, transfer_id: str | None) -> FileStreamLike:
        if path.is_dir():
            raise SendError(self.tr("%1 is a folder: pack it into one file first.").replace("%1", path.name))
        return self._middleware.media.new_file(account, path, transfer_id)

    def _try(self, path: Path, make: Callable[[], _Made]) -> _Made:
        """What cannot be made becomes a SendError."""
        try:
            return make()
        except OSError as error:
            reason = clean_line(error.strerror or str(error))
            raise SendError(self.tr("%1 cannot be read: %2.").replace("%1", path.name).replace("%2", reason)) from None
        except (BlinkQError, ValueError) as error:
            log.warning("no file can be sent: %s", error)
            raise SendError(self.tr("BlinkQ cannot send files at the moment. Wait until it has started, then try again.")) from None

    def _start(self, transfer: FileTransfer, dial: Callable[[], None]) -> None:
        """Begin, or wait until there are fewer on their way to the same party."""
        transfer.finished.connect(self._start_next)
        if self._busy(transfer) < MAX_AT_ONCE:
            dial()
        else:
            transfer.wait()
            self._queue.append((transfer, dial))

    def _start_next(self) -> None:
        waiting = [(transfer, dial) for transfer, dial in self._queue if not transfer.over]
        self._queue.clear()
        for transfer, dial in waiting:
            if self._busy(transfer) < MAX_AT_ONCE:
                transfer.begin()
                dial()
            else:
                self._queue.append((transfer, dial))

    def _busy(self, transfer: FileTransfer) -> int:
        """How many others are on their way to the same party."""
        own = [other for other in self.live if not other.incoming and other.peer == transfer.peer and other is not transfer]
        return sum(other.stage is not TransferStage.QUEUED for other in own)

    def _add(self, transfer: FileTransfer) -> None:
        self.transfers.append(transfer)
        transfer.changed.connect(self.changed)
        self.added.emit(transfer)
        self.changed.emit()
