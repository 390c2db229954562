"""Chats and files as one part of BlinkQ: who takes which session, their windows, and what the tray tells of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from blinkq.app.call_list import CallList
from blinkq.app.chat import Chat
from blinkq.app.chat_list import ChatList
from blinkq.app.chat_window import ChatWindow
from blinkq.app.file_transfer import FileTransfer, TransferStage
from blinkq.app.file_transfer_list import FileTransferList
from blinkq.app.file_transfers_window import FileTransfersWindow
from blinkq.app.message_alert import MessageAlert
from blinkq.app.message_store import MessageStore
from blinkq.app.middleware import Middleware
from blinkq.base.clock import Clock
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Messages"]

#: characters of a message that the tray shows
_PREVIEW = 80


class Messages(QObject):
    """Holds the conversations and transfers. ``call_wanted`` with the Chat whose party to call."""

    call_wanted = pyqtSignal(Chat)

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, calls: CallList, settings: QSettings, history: Path,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.store = MessageStore(history, settings, self)
        self.chats = ChatList(middleware, bridge, clock, self.store, self)
        self.files = FileTransferList(middleware, bridge, clock, self)
        self.alert = MessageAlert(middleware, settings, self)
        self.chats.calls = lambda: calls.live
        self.chat_window = ChatWindow(self.chats, self.files, settings)
        self.files_window = FileTransfersWindow(self.files, settings)
        #: tells something beside the tray: a title and a text
        self.tell: Callable[[str, str], None] = lambda _title, _text: None
        self.chat_window.call_wanted.connect(self.call_wanted)
        self.chats.arrived.connect(self._arrived)
        self.files.added.connect(self._file_added)

    def name_with(self, name_of: Callable[[str], str]) -> None:
        """Whom the user knows by name."""
        self.chats.name_of = self.files.name_of = name_of

    def come_to_front(self) -> None:
        """Show what was told last: the chats while something is unread, else the files."""
        (self.chat_window if self.chats.unread else self.files_window).come_to_front()

    def close(self) -> None:
        """Give everything back. Idempotent."""
        self.alert.close()
        self.chats.close()
        self.store.close()
        self.files.close()
        self.chat_window.retire()
        self.files_window.hide()

    def _arrived(self, chat: Chat) -> None:
        page = self.chat_window.page
        if self.chat_window.isActiveWindow() and page is not None and page.chat is chat:
            return
        self.chat_window.show_quietly()
        self.alert.play()
        text = chat.entries[-1].text or self.tr("has sent a picture")
        self.tell(chat.title, f"{text[:_PREVIEW]}…" if len(text) > _PREVIEW else text)

    def _file_added(self, transfer: FileTransfer) -> None:
        transfer.finished.connect(lambda: self._file_over(transfer))
        if transfer.incoming:
            self.files_window.come_to_front()
            known = next((chat for chat in self.chats.chats if chat.peer.lower() == transfer.peer.lower()), None)
            if known is not None:
                known.show_transfer(transfer)

    def _file_over(self, transfer: FileTransfer) -> None:
        if transfer.stage is TransferStage.DONE:
            text = self.tr("%1 has arrived.") if transfer.incoming else self.tr("%1 was sent.")
        elif transfer.stage is TransferStage.FAILED:
            text = self.tr("%1 did not arrive.")
        else:
            return
        self.tell(transfer.title, text.replace("%1", transfer.name))
