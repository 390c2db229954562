"""What a chat's page shows of a room: who is there, whom a message goes to alone, and our nickname."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence, QShortcut
from PyQt6.QtWidgets import QFrame, QInputDialog, QLineEdit, QListWidget, QListWidgetItem, QMenu, QToolButton, QWidget

from blinkq.app.chat import Chat
from blinkq.app.icons import set_icon
from blinkq.app.message_edit import MessageEdit
from blinkq.app.room import MAX_NICKNAME, Participant
from blinkq.app.widgets import ElidedLabel, fill_menu, set_mark

__all__ = ["RoomForm", "RoomPane"]

_WHO = Qt.ItemDataRole.UserRole


class RoomForm(Protocol):
    """Widgets of chat_page.ui that belong to rooms."""

    peopleList: QListWidget
    privateFrame: QFrame
    privateLabel: ElidedLabel
    privateEndButton: QToolButton
    messageEdit: MessageEdit


class RoomPane(QObject):
    """Drives them. ``recipient``: whom alone the next message is for.

    :param menu: gets the entry for the nickname
    """

    def __init__(self, ui: RoomForm, chat: Chat, menu: QMenu, page: QWidget) -> None:
        super().__init__(page)
        self.recipient: Participant | None = None
        self._ui = ui
        self._chat = chat
        self._page = page
        self._shown: list[Participant] = []
        self.nickname_action = QAction(self.tr("&Nickname…"), self)
        self.nickname_action.triggered.connect(self._ask_nickname)
        menu.addAction(self.nickname_action)
        set_icon(ui.privateEndButton, "close")
        set_mark(ui.privateEndButton, "flat", True)
        ui.privateEndButton.clicked.connect(lambda: self.write_to(None))
        escape = QShortcut(QKeySequence("Esc"), ui.messageEdit)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        escape.activated.connect(lambda: self.write_to(None))
        ui.peopleList.itemActivated.connect(lambda item: self.write_to(item.data(_WHO)))
        ui.peopleList.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        ui.peopleList.customContextMenuRequested.connect(lambda place: self._open_menu(ui.peopleList.itemAt(place)))
        ui.peopleList.setSpacing(2)
        self.refresh()

    def refresh(self) -> None:
        """Show the room as it is now."""
        room, ui = self._chat.room, self._ui
        inside = self._chat.in_room and room is not None
        people = room.participants if inside and room is not None else []
        self.nickname_action.setVisible(inside and room is not None and room.nickname_allowed)
        ui.peopleList.setVisible(bool(people))
        if people != self._shown:
            self._shown = list(people)
            self._fill(people)
        # whatever becomes of the room: only a person makes of what was meant for one something for all
        ui.privateFrame.setVisible(self.recipient is not None)
        if self.recipient is not None:
            ui.privateLabel.setText(self.tr("Only %1 reads this message.").replace("%1", self.recipient.name))

    def write_to(self, participant: Participant | None) -> None:
        """Let what is written next be for one participant alone, or for everybody again."""
        if participant is None or self._can_write_to(participant):
            self.recipient = participant
            self.refresh()
            self._ui.messageEdit.setFocus()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _can_write_to(self, participant: Participant) -> bool:
        room = self._chat.room
        return room is not None and self._chat.in_room and room.private_allowed and not room.is_us(participant)

    def _fill(self, people: list[Participant]) -> None:
        people_list, room = self._ui.peopleList, self._chat.room
        people_list.clear()
        for one in people:
            us = room is not None and room.is_us(one)
            item = QListWidgetItem(self.tr("%1 (you)").replace("%1", one.name) if us else one.name)
            item.setData(_WHO, one)
            item.setToolTip(one.address)
            people_list.addItem(item)

    def _open_menu(self, item: QListWidgetItem | None) -> None:
        menu = self.menu_for(item.data(_WHO)) if item is not None else None
        if menu is not None:
            menu.popup(self._ui.peopleList.cursor().pos())

    def menu_for(self, participant: Participant) -> QMenu | None:
        """What can be done with a participant; None for nothing."""
        if not self._can_write_to(participant):
            return None
        menu = QMenu(self._ui.peopleList)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = self.tr("&Write to %1 alone").replace("%1", participant.name.replace("&", "&&"))
        fill_menu(menu, (text, lambda: self.write_to(participant)))
        return menu

    def _ask_nickname(self) -> None:
        room = self._chat.room
        if room is None:
            return
        title, question = self.tr("Nickname"), self.tr("What shall the others in the room call you?")
        text, agreed = QInputDialog.getText(self._page, title, question, QLineEdit.EchoMode.Normal, room.nickname)
        if agreed and self._chat.room is room:
            room.set_nickname(text[:MAX_NICKNAME])
