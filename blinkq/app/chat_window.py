"""The window of the conversations: a tab for each, with what is unread."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSettings, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PyQt6.QtWidgets import QApplication, QTabBar, QTabWidget, QToolButton, QVBoxLayout, QWidget

from blinkq.app.chat import Chat
from blinkq.app.chat_list import ChatList
from blinkq.app.chat_page import ChatPage
from blinkq.app.file_transfer_list import FileTransferList
from blinkq.app.icons import icon, set_icon
from blinkq.app.questions import ask
from blinkq.app.widgets import set_mark

__all__ = ["ChatWindow"]

_MINIMUM = (380, 440)
_USUAL = (560, 620)


class ChatWindow(QWidget):
    """Shows the conversations. ``call_wanted`` asks to call the other party of one."""

    call_wanted = pyqtSignal(Chat)

    def __init__(self, chats: ChatList, files: FileTransferList, settings: QSettings) -> None:
        super().__init__()
        self.pages: dict[int, ChatPage] = {}
        self._chats = chats
        self._files = files
        self._settings = settings
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("chatTabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setMovable(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setAccessibleName(self.tr("Chats"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.tabs)
        self.setMinimumSize(*_MINIMUM)
        self.resize(*_USUAL)
        geometry = settings.value("chat_window/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        for keys, slot in (("Ctrl+W", self._close_current), ("Ctrl+PgUp", lambda: self._step(-1)), ("Ctrl+PgDown", lambda: self._step(1))):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        self.tabs.currentChanged.connect(self._chosen)
        chats.added.connect(self._added)
        chats.removed.connect(self._removed)
        chats.opened.connect(self.show_chat)
        chats.changed.connect(self.refresh)
        self.refresh()

    # public ----------------------------------------------------------------------------------------------------------------------

    @property
    def page(self) -> ChatPage | None:
        """The one that is seen."""
        page = self.tabs.currentWidget()
        return page if isinstance(page, ChatPage) else None

    def show_chat(self, chat: Chat) -> None:
        """Bring a conversation to the front, ready to write."""
        page = self.pages.get(id(chat))
        if page is None:
            return
        self.tabs.setCurrentWidget(page)
        self.come_to_front()
        page.setFocus()

    def come_to_front(self) -> None:
        """Show the window above the others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_quietly(self) -> None:
        """Something has come: let the window be seen, without taking the keyboard from what is being done."""
        if not self.isVisible():
            self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
            self.show()
            self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, False)
        QApplication.alert(self)

    def refresh(self) -> None:
        """Show titles and what is unread."""
        page = self.page
        if page is not None and self.isActiveWindow() and page.chat.unread:
            page.chat.seen()  # comes back here
            return
        for index in range(self.tabs.count()):
            shown = self.tabs.widget(index)
            if isinstance(shown, ChatPage):
                chat = shown.chat
                title = chat.title.replace("&", "&&")
                self.tabs.setTabText(index, f"({chat.unread}) {title}" if chat.unread else title)
                self.tabs.setTabToolTip(index, f"{chat.peer}\n{self._unread_text(chat.unread)}" if chat.unread else chat.peer)
                role = "accent" if chat.unread else "good" if chat.open else "muted"
                self.tabs.setTabIcon(index, icon("chat", role, role))
        unread = self._chats.unread
        about = page.chat.title if page is not None else self.tr("Chats")
        self.setWindowTitle(f"({unread}) {about} – BlinkQ" if unread else f"{about} – BlinkQ")

    def retire(self) -> None:
        """BlinkQ is going: let go of the conversations."""
        self._settings.setValue("chat_window/geometry", self.saveGeometry())
        for page in self.pages.values():
            page.retire()
        self.pages.clear()
        self.hide()

    # events ----------------------------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._settings.setValue("chat_window/geometry", self.saveGeometry())
        super().closeEvent(event)  # the conversations go on: the window is only hidden

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.ActivationChange, QEvent.Type.PaletteChange) and hasattr(self, "tabs"):
            self.refresh()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _added(self, chat: Chat) -> None:
        page = ChatPage(chat, self._files, self)
        page.call_wanted.connect(self.call_wanted)
        page.reconnect_wanted.connect(self._chats.connect_chat)
        page.clear_wanted.connect(self._chats.clear_history)
        self.pages[id(chat)] = page
        index = self.tabs.addTab(page, chat.title.replace("&", "&&"))
        close = QToolButton(self.tabs)
        close.setAccessibleName(self.tr("Close the chat with %1").replace("%1", chat.title))
        close.setToolTip(self.tr("Close (Ctrl+W)"))
        close.setIconSize(QSize(12, 12))
        set_mark(close, "flat", True)
        set_mark(close, "small", True)
        set_icon(close, "close")
        close.clicked.connect(lambda: self._close_tab(self.tabs.indexOf(page)))
        bar = self.tabs.tabBar()
        if bar is not None:
            bar.setDrawBase(False)
            bar.setTabButton(index, QTabBar.ButtonPosition.RightSide, close)
        self.refresh()

    def _removed(self, chat: Chat) -> None:
        page = self.pages.pop(id(chat), None)
        if page is not None:
            page.retire()
            self.tabs.removeTab(self.tabs.indexOf(page))
            page.deleteLater()
        if not self.pages:
            self.close()

    def _close_tab(self, index: int) -> None:
        page = self.tabs.widget(index)
        if not isinstance(page, ChatPage):
            return
        if self._chats.store.enabled:
            question, needed = self.tr("End the chat with %1?"), page.chat.open
        else:
            question, needed = self.tr("End the chat with %1? What was written is not kept."), bool(page.chat.entries)
        question = question.replace("%1", page.chat.title)
        if not needed or ask(self, self.tr("Close the chat"), question, self.tr("Close")):
            self._chats.close_chat(page.chat)

    def _close_current(self) -> None:
        if self.page is not None:
            self._close_tab(self.tabs.currentIndex())

    def _step(self, step: int) -> None:
        if self.tabs.count():
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + step) % self.tabs.count())

    def _chosen(self, _index: int) -> None:
        page = self.page
        if page is not None:
            page.setFocus()
        self.refresh()

    def _unread_text(self, count: int) -> str:
        return self.tr("one unread message") if count == 1 else self.tr("%1 unread messages").replace("%1", str(count))
