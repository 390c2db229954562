"""All conversations: opens them, and follows the chats that are part of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import dial_uri, display_address
from blinkq.app.call import Call, CallStage
from blinkq.app.chat import CHAT_NOTIFICATIONS, Chat
from blinkq.app.media_session import MEDIA_NOTIFICATIONS, MediaSession, MediaStage
from blinkq.app.message_history import MessageRecord
from blinkq.app.message_media import ChatStreamLike
from blinkq.app.message_store import FIRST_RECORDS, MORE_RECORDS, MessageStore
from blinkq.app.middleware import AccountLike, Middleware, SessionLike, StreamLike
from blinkq.app.room import ROOM_NOTIFICATIONS
from blinkq.app.worker import Worker
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["MAX_ASKING", "Asker", "ChatList"]

log = get_logger("app.chat_list")

#: so many strangers are asked about at once; others hear that we are busy
MAX_ASKING = 4


class Asker(QObject):
    """Whoever begins a session without sound, while a person decides about it."""

    finished = pyqtSignal()

    def __init__(self, link: MediaSession, title: str) -> None:
        super().__init__(link)
        self.title = title
        self.peer = display_address(link.uri)
        link.finished.connect(self.finished)


class ChatList(QObject):
    """The conversations. ``added`` and ``removed`` with a Chat; ``opened`` with a Chat that shall be seen now; ``arrived`` with one
    that somebody has written in; ``changed`` when anything shown has."""

    added = pyqtSignal(Chat)
    removed = pyqtSignal(Chat)
    opened = pyqtSignal(Chat)
    arrived = pyqtSignal(Chat)
    changed = pyqtSignal()

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, store: MessageStore, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.store = store
        self.chats: list[Chat] = []
        #: the name that the user gave to whoever has an address, "" for somebody unknown
        self.name_of: Callable[[str], str] = lambda _uri: ""
        #: the calls that chats may be added to
        self.calls: Callable[[], list[Call]] = list
        self._middleware = middleware
        self._bridge = bridge
        self._clock = clock
        #: decodes and packs pictures
        self.pictures = Worker("pictures", self)
        bridge.carry(*MEDIA_NOTIFICATIONS, *CHAT_NOTIFICATIONS, *ROOM_NOTIFICATIONS)
        bridge.listen("SIPSessionDidRenegotiateStreams", self._NH_SIPSessionDidRenegotiateStreams)
        bridge.listen("SIPSessionDidStart", self._NH_SIPSessionDidStart)

    @property
    def unread(self) -> int:
        """Messages that nobody has looked at."""
        return sum(chat.unread for chat in self.chats)

    # commands --------------------------------------------------------------------------------------------------------------------

    def open(self, text: str, account: AccountLike | None, name: str = "") -> Chat:
        """Begin a chat with what was typed, or show the one that there is. Raises AddressError."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        chat = self.chat_with(uri, account, name)
        if chat.link is None or chat.link.over:
            self.connect_chat(chat)
        self.opened.emit(chat)
        return chat

    def chat_with(self, uri: str, account: AccountLike | None, name: str = "") -> Chat:
        """The conversation with an address; a new one when there is none."""
        key = display_address(uri).lower()
        known = next((chat for chat in self.chats if chat.peer.lower() == key), None)
        if known is not None:
            return known
        chat = Chat(self._bridge, self._clock, self.pictures, uri, name or self.name_of(uri), account, self)
        chat.session_wanted.connect(lambda: self.connect_chat(chat))
        chat.changed.connect(self.changed)
        chat.arrived.connect(lambda _entry: self.arrived.emit(chat))
        chat.settled.connect(lambda entry: self.store.keep(chat.peer, entry))
        chat.earlier_wanted.connect(lambda: self._read_earlier(chat, MORE_RECORDS))
        self.chats.append(chat)
        self.added.emit(chat)
        self.changed.emit()
        self._read_earlier(chat, FIRST_RECORDS)
        return chat

    def connect_chat(self, chat: Chat) -> None:
        """Give a conversation a session, unless it has one."""
        if chat.link is not None and not chat.link.over:
            return
        try:
            session = self._middleware.new_session(chat.account)
            stream = self._middleware.media.new_chat(session.account)
        except (BlinkQError, ValueError) as error:
            log.warning("no chat is possible: %s", error)
            chat.give_up(self.tr("BlinkQ cannot begin chats at the moment. Wait until it has started, then try again."))
            return
        link = MediaSession(self._middleware, self._bridge, session, stream, chat.uri, MediaStage.LOOKING_UP, chat)
        chat.attach(link, stream)
        link.dial(chat.account, chat.name)

    def add_to_call(self, call: Call) -> None:
        """Propose a chat to the other party of a call, or show the one that it has."""
        chat = self.chat_of(call)
        if chat is None and call.stage is CallStage.TALKING:
            stream = self._middleware.media.new_chat(call.session.account)
            chat = self.chat_with(call.uri, call.account, call.name)
            link = self._link(call.session, stream, call.uri, MediaStage.CALLING, chat)
            chat.attach(link, stream)
            link.propose()
        if chat is not None:
            self.opened.emit(chat)

    def remove_from_call(self, call: Call) -> None:
        """Take the chat out of a call, which goes on."""
        chat = self.chat_of(call)
        if chat is not None:
            chat.end()

    def chat_of(self, call: Call) -> Chat | None:
        """The conversation that is part of a call."""
        for chat in self.chats:
            if chat.link is not None and not chat.link.over and chat.link.session is call.session:
                return chat
        return None

    def close_chat(self, chat: Chat) -> None:
        """End a conversation and forget what was written."""
        if chat in self.chats:
            chat.end()
            chat.forget()
            self.chats.remove(chat)
            self.removed.emit(chat)
            self.changed.emit()
            chat.deleteLater()

    def clear_history(self, chat: Chat | None = None) -> None:
        """Forget what was written in a conversation, or in all that there ever were; on the disk, too."""
        self.store.clear(chat.peer if chat is not None else None)
        for known in self.chats if chat is None else [chat]:
            known.clear()

    def close(self) -> None:
        """Stop listening. Idempotent."""
        self._bridge.forget("SIPSessionDidRenegotiateStreams", self._NH_SIPSessionDidRenegotiateStreams)
        self._bridge.forget("SIPSessionDidStart", self._NH_SIPSessionDidStart)
        for chat in self.chats:
            chat.forget()
        self.pictures.close()

    # what others begin -----------------------------------------------------------------------------------------------------------

    def _read_earlier(self, chat: Chat, count: int) -> None:
        def show(records: list[MessageRecord]) -> None:
            if chat in self.chats:
                chat.show_earlier(records, more=len(records) == count)

        self.store.read(chat.peer, count, chat.oldest, show)

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        self._adopt(notification.sender, list(notification.data.added_streams))

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        self._adopt(notification.sender, list(notification.data.streams))

    def _adopt(self, session: SessionLike, streams: list[StreamLike]) -> None:
        """A chat runs in a call, since a person agreed to it: show it."""
        call = next((call for call in self.calls() if call.session is session), None)
        stream = next((stream for stream in streams if stream.type == "chat"), None)
        if call is None or stream is None or self.chat_of(call) is not None:
            return
        chat = self.chat_with(call.uri, call.account, call.name)
        chat.attach(self._link(session, stream, call.uri, MediaStage.RUNNING, chat), cast(ChatStreamLike, stream))
        self.opened.emit(chat)

    def _link(self, session: SessionLike, stream: StreamLike, uri: str, stage: MediaStage, parent: QObject) -> MediaSession:
        in_call = stage in (MediaStage.CALLING, MediaStage.RUNNING)
        return MediaSession(self._middleware, self._bridge, session, stream, uri, stage, parent, part_of_call=in_call)
