"""One tab of the chat window: what was written, what is being written, and files dropped into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import QEvent, QMimeData, Qt, QUrl, pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PyQt6.QtWidgets import QFrame, QLabel, QMenu, QPushButton, QToolButton, QWidget

from blinkq.app.chat import Chat
from blinkq.app.chat_entries import ChatEntry, EntryKind
from blinkq.app.chat_media import ChatMedia
from blinkq.app.chat_view import ChatView, shown_address
from blinkq.app.file_transfer_list import FileTransferList, SendError
from blinkq.app.find_bar import FindBar
from blinkq.app.form_loader import load_form
from blinkq.app.icons import set_icon
from blinkq.app.media_session import MediaStage
from blinkq.app.opening import open_file, show_in_folder
from blinkq.app.picture import Picture
from blinkq.app.picture_window import PictureWindow
from blinkq.app.questions import ask
from blinkq.app.room_pane import RoomForm, RoomPane
from blinkq.app.widgets import ElidedLabel, fill_menu, set_level, set_mark

__all__ = ["ChatPage", "ChatPageForm"]


class ChatPageForm(RoomForm, Protocol):
    """Widgets of chat_page.ui."""

    titleLabel: ElidedLabel
    stateLabel: ElidedLabel
    callButton: QToolButton
    fileButton: QToolButton
    imageButton: QToolButton
    endButton: QToolButton
    moreButton: QToolButton
    findBar: FindBar
    view: ChatView
    composingLabel: QLabel
    endedFrame: QFrame
    endedLabel: QLabel
    reconnectButton: QPushButton
    sendButton: QPushButton

    def setupUi(self, widget: QWidget) -> None: ...


class ChatPage(QWidget):
    """Shows a Chat. ``call_wanted`` asks to call the other party; ``reconnect_wanted`` to begin a session again; ``clear_wanted``
    to forget what was written."""

    call_wanted = pyqtSignal(Chat)
    reconnect_wanted = pyqtSignal(Chat)
    clear_wanted = pyqtSignal(Chat)

    def __init__(self, chat: Chat, files: FileTransferList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chat = chat
        self._files = files
        self.media = ChatMedia(chat, files, self)
        self._picture_window: PictureWindow | None = None
        self.ui: ChatPageForm = load_form("chat_page")
        self.ui.setupUi(self)
        self.setAcceptDrops(True)
        self._prepare()
        self._connect()
        self.ui.view.show_entries(chat.entries)
        self.refresh()

    # public ----------------------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the chat as it is now."""
        chat, ui = self.chat, self.ui
        over = chat.stage in (None, MediaStage.OVER)
        ui.titleLabel.setText(chat.title)
        ui.stateLabel.setText(self._state_text())
        set_level(ui.stateLabel, "good" if chat.open else "muted")
        ui.endButton.setEnabled(not over)
        ui.endedFrame.setVisible(over)
        ui.endedLabel.setText(self.tr("You are not connected with %1.").replace("%1", chat.title))
        self.room_pane.refresh()
        composing = chat.peer_composing.active
        ui.composingLabel.setVisible(not over)
        ui.composingLabel.setText(self.tr("%1 is typing…").replace("%1", chat.who_composes) if composing else " ")

    def send_files(self, paths: list[Path]) -> None:
        """Send files to the other party, each shown in the chat."""
        self.media.send_files(paths)

    def begin_find(self) -> None:
        """Look for words in what was written; more of it is fetched for that."""
        if not self.ui.findBar.isVisible() and self.chat.entries[:1] and self.chat.entries[0].kind is EntryKind.MORE:
            self.chat.earlier_wanted.emit()
        self.ui.findBar.begin()

    def retire(self) -> None:
        """The chat is going: stop following it."""
        for signal, slot in self._following():
            signal.disconnect(slot)
        self.media.retire()

    # events ----------------------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        data = event.mimeData() if event is not None else None
        if event is not None and data is not None and (data.hasUrls() or data.hasImage() or data.hasText()):
            event.setDropAction(Qt.DropAction.CopyAction)  # what is sent stays where it is, whatever the other window proposes
            event.accept()
            self._invite(True)

    def dragMoveEvent(self, event: QDragMoveEvent | None) -> None:
        if event is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dragLeaveEvent(self, _event: QDragLeaveEvent | None) -> None:
        self._invite(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        self._invite(False)
        data = event.mimeData() if event is not None else None
        if event is None or data is None:
            return
        if not self.take(data):
            text = data.text()
            self.ui.messageEdit.insertPlainText(text)
            if not text:  # it was promised, and is not given
                self.chat.note(self.tr("The other program gave nothing. Try it once more, or use the buttons above."), "error")
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.ui.peopleList.setFixedWidth(min(max(self.width() // 4, 100), 180))

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "ui"):
            self.ui.view.redraw()

    def take(self, data: QMimeData) -> bool:
        """Send the files or the picture that was dropped or pasted; False when there are none."""
        return self.media.take(data)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _invite(self, over: bool) -> None:
        """Show that what is held over the page can be dropped."""
        set_mark(self.ui.view, "drop", over)
        label = self.drop_label
        if over:
            label.setText(self.tr("Drop to send to %1").replace("%1", self.chat.title))
            label.setGeometry(self.ui.view.geometry().adjusted(3, 3, -3, -3))
            label.raise_()
        label.setVisible(over)

    def _prepare(self) -> None:
        ui = self.ui
        font = ui.titleLabel.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        ui.titleLabel.setFont(font)
        for button, name in (
            (ui.callButton, "call"), (ui.imageButton, "image"), (ui.fileButton, "file"), (ui.endButton, "hang-up"), (ui.moreButton, "more"),
        ):  # fmt: skip
            set_icon(button, name)
        set_icon(ui.sendButton, "send", "on_accent")
        ui.view.setAccessibleName(self.tr("Messages with %1").replace("%1", self.chat.title))
        self.drop_label = QLabel(self)
        self.drop_label.setObjectName("dropLabel")
        self.drop_label.setTextFormat(Qt.TextFormat.PlainText)
        self.drop_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.drop_label.setWordWrap(True)
        self.drop_label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.drop_label.hide()
        self.menu = QMenu(self)
        fill_menu(self.menu, (self.tr("&Find… (Ctrl+F)"), self.begin_find), (self.tr("&Clear this chat…"), self._clear))
        ui.moreButton.setMenu(self.menu)
        self.room_pane = RoomPane(ui, self.chat, self.menu, self)
        self.media.recipient = lambda: self.room_pane.recipient
        ui.findBar.hide()
        ui.view.setPlaceholderText(self.tr("Write a message, or drop pictures and files here."))
        ui.messageEdit.setFocus()
        self.setFocusProxy(ui.messageEdit)

    def _connect(self) -> None:
        ui = self.ui
        for signal, slot in self._following():
            signal.connect(slot)
        ui.messageEdit.submitted.connect(self._send)
        ui.messageEdit.textChanged.connect(lambda: self.chat.typing(ui.messageEdit.toPlainText()))
        ui.messageEdit.media_pasted.connect(self.take)
        ui.sendButton.clicked.connect(self._send)
        ui.callButton.clicked.connect(lambda: self.call_wanted.emit(self.chat))
        ui.imageButton.clicked.connect(self.media.choose_pictures)
        ui.fileButton.clicked.connect(self.media.choose_files)
        ui.endButton.clicked.connect(self.chat.end)
        ui.reconnectButton.clicked.connect(self._reconnect)
        ui.findBar.wanted.connect(self._find)
        ui.findBar.closed.connect(self._end_find)
        QShortcut(QKeySequence.StandardKey.Find, self).activated.connect(self.begin_find)
        ui.view.link_wanted.connect(self._open_link)
        ui.view.command_wanted.connect(self._command)

    def _following(self) -> list[tuple[pyqtBoundSignal, Callable[..., None]]]:
        chat, view = self.chat, self.ui.view
        return [
            (chat.changed, self.refresh), (chat.entry_added, view.append_entry), (chat.entry_changed, view.update_entry),
            (chat.trimmed, self._show_all),
        ]  # fmt: skip

    def _show_all(self) -> None:
        self.ui.view.show_entries(self.chat.entries)

    def _state_text(self) -> str:
        chat = self.chat
        state = {
            MediaStage.LOOKING_UP: self.tr("Looking up the server…"), MediaStage.CALLING: self.tr("Connecting…"),
            MediaStage.RINGING: self.tr("Waiting for an answer…"), MediaStage.ANSWERING: self.tr("Connecting…"),
            MediaStage.RUNNING: self.tr("Connected"),
        }.get(chat.stage or MediaStage.OVER, self.tr("Not connected"))  # fmt: skip
        if chat.open and chat.link is not None and chat.link.part_of_call:
            state = self.tr("Part of the call")
        if chat.in_room and chat.room is not None and chat.room.count:
            count = chat.room.count
            people = self.tr("one participant") if count == 1 else self.tr("%1 participants").replace("%1", str(count))
            return f"{state} · {people} · {chat.peer}"
        return f"{state} · {chat.peer}"

    def _send(self) -> None:
        edit = self.ui.messageEdit
        if self.chat.write(edit.toPlainText(), self.room_pane.recipient) is not None:
            blocked = edit.blockSignals(True)  # emptied because it was sent, which is not "stopped typing"
            edit.clear()
            edit.blockSignals(blocked)
            edit.fit()
        edit.setFocus()

    def _reconnect(self) -> None:
        self.reconnect_wanted.emit(self.chat)
        self.ui.messageEdit.setFocus()

    def _find(self, text: str, backwards: bool) -> None:
        self.ui.findBar.tell(self.ui.view.find_text(text, backwards=backwards))

    def _end_find(self) -> None:
        cursor = self.ui.view.textCursor()
        cursor.clearSelection()
        self.ui.view.setTextCursor(cursor)
        self.ui.messageEdit.setFocus()

    def _clear(self) -> None:
        question = self.tr("Delete everything that was written with %1, here and in the history? It cannot be brought back.")
        if ask(self, self.tr("Clear the chat"), question.replace("%1", self.chat.title), self.tr("Delete")):
            self.clear_wanted.emit(self.chat)

    def _open_link(self, url: QUrl) -> None:
        question = self.tr("Open this address?\n\n%1").replace("%1", shown_address(url))
        if url.scheme().lower() in ("http", "https", "mailto") and ask(self, self.tr("Open a link"), question, self.tr("Open")):
            QDesktopServices.openUrl(url)

    def _command(self, command: str, entry: ChatEntry) -> None:
        transfer = entry.transfer
        if transfer is None:
            if command == "retry":
                self.chat.retry(entry)
            elif command == "more":
                self.chat.earlier_wanted.emit()
            elif command == "file":
                self.media.send_as_file(entry)
            elif command == "picture" and entry.picture is not None:
                self._show_picture(entry.picture)
            elif command == "save" and entry.picture is not None:
                self.media.save(entry.picture)
        elif command == "cancel":
            transfer.cancel()
        elif command == "retry":
            try:
                self.chat.show_transfer(self._files.retry(transfer))
            except SendError as error:
                self.chat.note(str(error), "error")
        elif command == "open":
            open_file(self, transfer)
        elif command == "folder":
            show_in_folder(transfer)

    def _show_picture(self, picture: Picture) -> None:
        """In its full size; one window for all pictures of the chat."""
        if self._picture_window is None:
            self._picture_window = PictureWindow(self.chat.pictures, self.media.save, self.window())
        self._picture_window.show_picture(picture, self.chat.title)
