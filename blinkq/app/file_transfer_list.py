"""All file transfers: sends, asks about files that others send, tries again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.chat_entries import clean_line
from blinkq.app.chat_list import MAX_ASKING, Asker
from blinkq.app.file_transfer import FILE_NOTIFICATIONS, FileTransfer
from blinkq.app.file_wording import size_text
from blinkq.app.media_session import MEDIA_NOTIFICATIONS, MediaSession, MediaStage
from blinkq.app.message_media import FileStreamLike
from blinkq.app.middleware import AccountLike, Middleware, SessionLike, StreamLike
from blinkq.app.peer_request import Decision, PeerRequest
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["FileTransferList", "SendError"]

log = get_logger("app.file_transfers")

_BUSY_HERE = 486


class SendError(Exception):
    """A file cannot be sent; the message is a sentence for people."""


class FileTransferList(QObject):
    """The transfers. ``added`` with each that is sent or was accepted, ``removed`` with those taken off the list; ``asked`` with a question
    for a person; ``changed`` when anything shown has."""

    added = pyqtSignal(FileTransfer)
    removed = pyqtSignal(FileTransfer)
    asked = pyqtSignal(PeerRequest)
    changed = pyqtSignal()

    def __init__(self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.transfers: list[FileTransfer] = []
        #: the name that the user gave to whoever has an address, "" for somebody unknown
        self.name_of: Callable[[str], str] = lambda _uri: ""
        self._middleware = middleware
        self._bridge = bridge
        self._clock = clock
        self._asking = 0
        bridge.carry(*MEDIA_NOTIFICATIONS, *FILE_NOTIFICATIONS)

    @property
    def live(self) -> list[FileTransfer]:
        """Those that are not over."""
        return [transfer for transfer in self.transfers if not transfer.over]

    # commands --------------------------------------------------------------------------------------------------------------------

    def send(self, path: Path, uri: str, account: AccountLike | None, name: str = "", transfer_id: str | None = None) -> FileTransfer:
        """Send a file to an address. Raises SendError."""
        if path.is_dir():
            raise SendError(self.tr("%1 is a folder: pack it into one file first.").replace("%1", path.name))
        try:
            session = self._middleware.new_session(account)
            stream = self._middleware.media.new_file(session.account, path, transfer_id)
        except OSError as error:
            reason = clean_line(error.strerror or str(error))
            raise SendError(self.tr("%1 cannot be read: %2.").replace("%1", path.name).replace("%2", reason)) from None
        except (BlinkQError, ValueError) as error:
            log.warning("no file can be sent: %s", error)
            raise SendError(self.tr("BlinkQ cannot send files at the moment. Wait until it has started, then try again.")) from None
        link = MediaSession(self._middleware, self._bridge, session, stream, uri, MediaStage.LOOKING_UP, self)
        name = name or self.name_of(uri)
        transfer = FileTransfer(self._bridge, self._clock, link, stream, name, account, self, path=path)
        self._add(transfer)
        link.dial(account, name)
        return transfer

    def retry(self, transfer: FileTransfer) -> FileTransfer:
        """Send a file again that did not arrive; the other side goes on where it stopped when it can. Raises SendError."""
        if transfer.path is None or not transfer.retryable:
            raise SendError(self.tr("Only the other side can send this file again."))
        again = self.send(transfer.path, transfer.uri, transfer.account, transfer.who, transfer.transfer_id)
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

    def take(self, session: SessionLike, stream: StreamLike) -> None:
        """Somebody wants to send a file, or to have one (which nobody offered: refused)."""
        file = cast(FileStreamLike, stream)
        if session.state != "incoming":  # it may have been given up while the notification travelled
            return
        if file.direction != "recvonly" or self._asking >= MAX_ASKING:
            session.reject(_BUSY_HERE)
            return
        identity = session.remote_identity
        uri = str(identity.uri) if identity is not None else ""
        name = self.name_of(uri) or clean_line((identity.display_name if identity is not None else "") or "")
        link = MediaSession(self._middleware, self._bridge, session, stream, uri, MediaStage.INCOMING, self)
        transfer = FileTransfer(self._bridge, self._clock, link, file, name, session.account, self)
        self._asking += 1

        def accept() -> None:
            self._add(transfer)
            transfer.accept()

        def closed() -> None:
            self._asking -= 1
            request.deleteLater()

        session.send_ring_indication()
        request = PeerRequest(
            Asker(link, name or display_address(uri)), self.tr("Take a file?"), self._question(transfer), "file",
            Decision(accept, transfer.cancel), self, during_call=False,
        )  # fmt: skip
        request.closed.connect(closed)
        self.asked.emit(request)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _question(self, transfer: FileTransfer) -> str:
        size = size_text(transfer.size) if transfer.size is not None else self.tr("size not told")
        who = "" if transfer.title == transfer.peer else f"({transfer.peer}) "
        text = self.tr("wants to send you a file:\n%1 (%2)\nIt will be kept in %3 and not be opened by itself.")
        return who + text.replace("%2", size).replace("%3", str(transfer.directory)).replace("%1", transfer.name)

    def _add(self, transfer: FileTransfer) -> None:
        self.transfers.append(transfer)
        transfer.changed.connect(self.changed)
        self.added.emit(transfer)
        self.changed.emit()
