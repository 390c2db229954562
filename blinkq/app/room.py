"""The room that a chat is in, when the other side is one: who is there, our nickname, and who can be written to alone.

A room is the focus of a conference (RFC 4579, RFC 7701): what it says of itself and of who takes part is shown, and never more than fits.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.chat_entries import clean_line
from blinkq.app.message_media import ChatStreamLike
from blinkq.app.middleware import SessionLike
from blinkq.base.errors import BlinkQError
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["MAX_NICKNAME", "MAX_PARTICIPANTS", "ROOM_NOTIFICATIONS", "Participant", "Room"]

#: more than these are counted and not shown
MAX_PARTICIPANTS = 500
MAX_NICKNAME = 64
#: the room's answer that somebody else has the name (RFC 7701 §7.2)
_TAKEN = 425


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a room: the whole address, and what to call them."""

    uri: str
    name: str

    @property
    def address(self) -> str:
        """The address without scheme and parameters."""
        return display_address(self.uri)


class Room(QObject):
    """What the other side of a chat is as a room. ``changed`` after anything of it has; ``told`` with a sentence for the chat and its level
    as in ``set_level``."""

    changed = pyqtSignal()
    told = pyqtSignal(str, str)

    def __init__(self, bridge: NotificationBridge, session: SessionLike, stream: ChatStreamLike, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.participants: list[Participant] = []
        #: how many there are, shown or not
        self.count = 0
        self.nickname = ""
        self._bridge = bridge
        self._session = session
        self._stream = stream
        self._listening = [(name, session if name.startswith("SIPSession") else stream) for name in ROOM_NOTIFICATIONS]
        for name, sender in self._listening:
            bridge.listen(name, getattr(self, f"_NH_{name}"), sender)

    # what is shown ---------------------------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether the other side is a room at all."""
        return bool(self._session.remote_focus) or self.nickname_allowed or self.private_allowed

    @property
    def nickname_allowed(self) -> bool:
        """One can choose what one is called there."""
        return self._stream.nickname_allowed

    @property
    def private_allowed(self) -> bool:
        """It passes messages on to one participant alone."""
        return self._stream.private_messages_allowed

    def is_us(self, participant: Participant) -> bool:
        """Whether a participant is the account of the chat."""
        return participant.address.lower() == display_address(self._session.account.id).lower()

    def name_of(self, uri: str, name: str | None) -> str:
        """What to call somebody who calls themselves ``name`` in their messages; with the address where it could be somebody else."""
        address = display_address(uri)
        known = next((one.name for one in self.participants if one.address.lower() == address.lower()), "")
        shown = clean_line(name or "", MAX_NICKNAME) or known or clean_line(address)
        double = any(one.name.casefold() == shown.casefold() and one.address.lower() != address.lower() for one in self.participants)
        return f"{shown} ({clean_line(address)})" if double or shown.casefold() == self.tr("You").casefold() else shown

    # commands --------------------------------------------------------------------------------------------------------------------

    def set_nickname(self, nickname: str) -> None:
        """Ask for a name; the answer is told."""
        wanted = clean_line(nickname, MAX_NICKNAME)
        if not wanted:
            return
        try:
            self._stream.set_local_nickname(wanted)
        except (BlinkQError, RuntimeError, ValueError) as error:
            self.told.emit(self.tr("The nickname could not be asked for: %1.").replace("%1", str(error)), "error")

    def close(self) -> None:
        """Stop listening. Idempotent."""
        for name, sender in self._listening:
            self._bridge.forget(name, getattr(self, f"_NH_{name}"), sender)
        self._listening = []

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionGotConferenceInfo(self, notification: Notification) -> None:
        users = notification.data.conference_info.users
        found: dict[str, Participant] = {}
        for user in users or ():
            uri = str(user.entity)
            if len(found) < MAX_PARTICIPANTS and uri not in found:
                name = clean_line(str(user.display_text) if user.display_text is not None else "", MAX_NICKNAME)
                found[uri] = Participant(uri, name or clean_line(display_address(uri)))
        self.count = len(users or ())
        self.participants = sorted(found.values(), key=lambda one: (one.name.casefold(), one.uri))
        self.changed.emit()

    def _NH_ChatStreamDidSetNickname(self, notification: Notification) -> None:
        self.nickname = clean_line(str(notification.data.nickname), MAX_NICKNAME)
        self.told.emit(self.tr("You are called “%1” here.").replace("%1", self.nickname), "muted")
        self.changed.emit()

    def _NH_ChatStreamDidNotSetNickname(self, notification: Notification) -> None:
        data = notification.data
        wanted = clean_line(str(data.nickname), MAX_NICKNAME)
        if data.code == _TAKEN:
            self.told.emit(self.tr("The room does not give the nickname “%1”: somebody else may have it.").replace("%1", wanted), "error")
        else:
            text = self.tr("The room does not give the nickname “%1”: %2.")
            reason = f"{data.code} {clean_line(str(data.reason or ''))}".strip()
            self.told.emit(text.replace("%2", reason).replace("%1", wanted), "error")


ROOM_NOTIFICATIONS = ("SIPSessionGotConferenceInfo", "ChatStreamDidSetNickname", "ChatStreamDidNotSetNickname")
