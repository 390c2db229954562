"""Chats and files in the main window: the chat button, the Messages menu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from blinkq.app.address import AddressError, dial_uri, display_address, split_name
from blinkq.app.chat import Chat
from blinkq.app.chat_list import ChatList
from blinkq.app.file_transfer_list import FileTransferList, SendError
from blinkq.app.icons import set_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.middleware import AccountLike
from blinkq.app.questions import ask

__all__ = ["MessageCommands"]


class MessageCommands(QObject):
    """Drives what the main window's form has for chats and files. ``chats_wanted`` and ``files_wanted`` ask for the window of either.

    :param account: the account for what goes out
    :param complain: shows a sentence under the dial box, or none
    """

    chats_wanted = pyqtSignal()
    files_wanted = pyqtSignal()

    def __init__(
        self, ui: MainWindowForm, chats: ChatList, files: FileTransferList, account: Callable[[], AccountLike | None],
        complain: Callable[[str], None], window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._ui = ui
        self._chats = chats
        self._files = files
        self._account = account
        self._complain = complain
        self._window = window
        for action, name in ((ui.chatAction, "chat"), (ui.sendFileAction, "file")):
            set_icon(action, name)
        ui.chatButton.clicked.connect(self._chat_typed)
        ui.chatAction.triggered.connect(self._chat_typed)
        ui.sendFileAction.triggered.connect(self._send_typed)
        ui.chatsAction.triggered.connect(self.chats_wanted)
        ui.filesAction.triggered.connect(self.files_wanted)
        ui.keepMessagesAction.setChecked(chats.store.enabled)
        ui.keepMessagesAction.triggered.connect(self._keep_history)
        ui.clearMessagesAction.triggered.connect(self._clear_history)
        chats.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is unread."""
        unread = self._chats.unread
        self._ui.chatsAction.setText(self.tr("&Chats (%1 unread)").replace("%1", str(unread)) if unread else self.tr("&Chats"))
        set_icon(self._ui.chatButton, "chat", "accent" if unread else "text")
        known = self.tr("Chat with the address (%1 unread)").replace("%1", str(unread))
        self._ui.chatButton.setToolTip(known if unread else self.tr("Chat with the address (Ctrl+Shift+Enter)"))

    def chat(self, address: str, name: str = "", account: AccountLike | None = None) -> Chat | None:
        """Begin a chat; what is wrong with the address is shown."""
        try:
            chat = self._chats.open(address, account or self._account(), name)
        except AddressError as error:
            self._complain(self.tr(str(error)))
            return None
        self._complain("")
        return chat

    def choose_files(self, address: str, name: str = "", account: AccountLike | None = None) -> None:
        """Choose files and send them to an address."""
        uri = self._uri(address, account or self._account())
        if uri is None:
            return
        title = self.tr("Send files to %1").replace("%1", name or display_address(uri))
        paths, _kind = QFileDialog.getOpenFileNames(self._window, title)
        self.send_files([Path(path) for path in paths], uri, name, account)

    def send_files(self, paths: list[Path], address: str, name: str = "", account: AccountLike | None = None) -> None:
        """Send files to an address; what is wrong with it or with them is shown."""
        account = account or self._account()
        uri = self._uri(address, account)
        sent = 0
        for path in paths if uri is not None else []:
            try:
                self._files.send(path, uri or "", account, name)
            except SendError as error:
                self._complain(str(error))
            else:
                sent += 1
        if sent:
            self.files_wanted.emit()

    def _uri(self, address: str, account: AccountLike | None) -> str | None:
        try:
            uri = dial_uri(address, account.id.rpartition("@")[2] if account is not None else None)
        except AddressError as error:
            self._complain(self.tr(str(error)))
            return None
        self._complain("")
        return uri

    def _keep_history(self, keep: bool) -> None:
        self._chats.store.enabled = keep
        if not keep:
            question = self.tr("What is written from now on is not kept when BlinkQ ends. Delete what was kept so far, too?")
            if ask(self._window, self.tr("History of chats"), question, self.tr("Delete")):
                self._chats.store.clear()

    def _clear_history(self) -> None:
        question = self.tr("Delete everything that was written in chats, on the disk and in the windows? It cannot be brought back.")
        if ask(self._window, self.tr("History of chats"), question, self.tr("Delete")):
            self._chats.clear_history()

    def _chat_typed(self) -> None:
        name, address = split_name(self._ui.dialBox.text())
        if not address.strip() and self._chats.chats:
            self.chats_wanted.emit()
        elif self.chat(address, name) is not None:
            self._ui.dialBox.clear()

    def _send_typed(self) -> None:
        name, address = split_name(self._ui.dialBox.text())
        self.choose_files(address, name)
