"""A conversation in its window as a person operates it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, QUrl
from support.fake_messages import FakeChat
from support.fake_middleware import FakeSession
from support.gui_person import Person

from blinkq.app.chat import Chat
from blinkq.app.chat_entries import EntryKind, Mark
from blinkq.app.chat_page import ChatPage

__all__ = ["Conversation"]


class Conversation:
    """The page of a chat as a person operates it, and the network under it."""

    def __init__(self, person: Person) -> None:
        self.person = person

    @property
    def page(self) -> ChatPage:
        page = self.person.application.messages.chat_window.page
        assert page is not None
        return page

    @property
    def chat(self) -> Chat:
        return self.page.chat

    @property
    def session(self) -> FakeSession:
        return self.person.middleware.sessions[-1]

    @property
    def stream(self) -> FakeChat:
        return self.person.middleware.media.chats[-1]

    @property
    def text(self) -> str:
        """What can be read."""
        return self.page.ui.view.toPlainText()

    def begin(self, address: str = "bob@example.com") -> None:
        self.person.ui.dialBox.setText(address)
        self.person.click(self.person.ui.chatButton)

    def connect(self) -> None:
        self.person.middleware.found()
        self.person.settle()
        self.session.starts()
        self.person.settle()

    def write(self, text: str) -> None:
        self.person.qtbot.keyClicks(self.page.ui.messageEdit, text)
        self.person.qtbot.keyClick(self.page.ui.messageEdit, Qt.Key.Key_Return)
        self.person.settle()

    def marks(self) -> list[Mark | None]:
        return [entry.mark for entry in self.chat.entries if entry.kind is EntryKind.OWN]

    def follow(self, command: str) -> None:
        """Click on one of our links."""
        view = self.page.ui.view
        number = len(self.chat.entries) - 1
        view.anchorClicked.emit(QUrl(f"blinkq-chat:{command}/{number}"))
        self.person.settle()
