"""One conversation: what was written and what became of it, over one session after another with the same party.

What this is not: a widget, or what finds and answers sessions (``chat_list``).
"""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.chat_entries import ChatEntry, EntryKind, Mark, clean_line, clean_text, plain_of_html
from blinkq.app.composing import OwnComposing, PeerComposing
from blinkq.app.file_transfer import FileTransfer, TransferStage
from blinkq.app.file_wording import size_text
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.message_history import MessageRecord
from blinkq.app.message_media import ChatStreamLike
from blinkq.app.middleware import AccountLike
from blinkq.app.picture import Picture, PictureError, kind_of, thumbnail
from blinkq.app.room import Participant, Room
from blinkq.app.wording import explanation_text
from blinkq.app.worker import Worker
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.payloads.cpim import ChatIdentity
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["CHAT_NOTIFICATIONS", "MAX_ENTRIES", "MAX_PICTURES", "Chat"]

log = get_logger("app.chat")

#: entries that are kept; the oldest go first
MAX_ENTRIES = 2000
#: pictures that are kept, and their bytes: the oldest are let go, since a chat with many could fill the memory
MAX_PICTURES, MAX_PICTURE_BYTES = 60, 64_000_000


class Chat(QObject):
    """A conversation. ``changed`` after its state has; ``entry_added`` and ``entry_changed`` with a ChatEntry; ``trimmed`` when the oldest
    went or earlier ones came; ``arrived`` with every message of the other side; ``settled`` with every entry that is worth keeping, once;
    ``session_wanted`` asks for a session, since there is something to send; ``earlier_wanted`` for entries before those that there are."""

    changed = pyqtSignal()
    entry_added = pyqtSignal(object)
    entry_changed = pyqtSignal(object)
    trimmed = pyqtSignal()
    arrived = pyqtSignal(object)
    settled = pyqtSignal(object)
    session_wanted = pyqtSignal()
    earlier_wanted = pyqtSignal()

    def __init__(
        self, bridge: NotificationBridge, clock: Clock, pictures: Worker, uri: str, name: str, account: AccountLike | None,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.uri = uri
        self.name = clean_line(name)
        self.account = account
        self.entries: list[ChatEntry] = []
        self.unread = 0
        #: moment and number of the oldest message from the history that is shown
        self.oldest: tuple[float, int] | None = None
        self.link: MediaSession | None = None
        self.room: Room | None = None
        self._stream: ChatStreamLike | None = None
        self._bridge = bridge
        self._clock = clock
        #: decodes and packs pictures
        self.pictures = pictures
        self.own_composing = OwnComposing(self._send_composing, self)
        self.peer_composing = PeerComposing(self)
        #: who was typing last
        self.who_composes = ""
        self.peer_composing.changed.connect(self.changed)

    # what is shown ---------------------------------------------------------------------------------------------------------------

    @property
    def peer(self) -> str:
        """The other party's address without scheme and parameters."""
        return display_address(self.uri)

    @property
    def title(self) -> str:
        """The other party's name, or its address when it has none."""
        return self.name or self.peer

    @property
    def stage(self) -> MediaStage | None:
        """Of the present session; None while there is none."""
        return self.link.stage if self.link is not None else None

    @property
    def open(self) -> bool:
        """Messages can go out now."""
        return self.stage is MediaStage.RUNNING

    @property
    def in_room(self) -> bool:
        """The other side is a room with others in it."""
        return self.open and self.room is not None and self.room.exists

    # commands --------------------------------------------------------------------------------------------------------------------

    def attach(self, link: MediaSession, stream: ChatStreamLike) -> None:
        """Go on over this session; one that there was is ended."""
        old, self.link = self.link, link
        if old is not None:
            self._let_go()
            old.end()
        self._stream = stream
        self.room = Room(self._bridge, link.session, stream, self)
        self.room.changed.connect(self.changed)
        self.room.told.connect(self.note)
        for name in CHAT_NOTIFICATIONS:
            self._bridge.listen(name, getattr(self, f"_NH_{name}"), stream)
        link.changed.connect(self.changed)
        link.running.connect(self._running)
        link.finished.connect(lambda: self._finished(link))
        if link.stage is MediaStage.RUNNING:
            self._running()
        self.changed.emit()

    def write(self, text: str, recipient: Participant | None = None) -> ChatEntry | None:
        """Send a message, in a room to one participant alone if ``recipient`` is given; without a session it waits for one. None for
        nothing but space."""
        text = text.strip("\n")
        if not text.strip():
            return None
        entry = ChatEntry(EntryKind.OWN, text, self._clock.wallclock(), self.tr("You"), Mark.WAITING, recipient=recipient)
        entry.private = recipient is not None
        self.own_composing.sent()
        self._add(entry)
        self._transmit(entry)
        return entry

    def write_picture(self, picture: Picture, recipient: Participant | None = None) -> ChatEntry:
        """Send a picture, as ``write`` does text."""
        entry = ChatEntry(EntryKind.OWN, "", self._clock.wallclock(), self.tr("You"), Mark.WAITING, picture=picture, recipient=recipient)
        entry.private = recipient is not None
        self._add(entry)
        self._keep_few_pictures()
        self._transmit(entry)
        return entry

    def retry(self, entry: ChatEntry) -> None:
        """Send a message again that was not delivered."""
        if entry.mark is Mark.FAILED:
            entry.reason = ""
            self._set_mark(entry, Mark.WAITING)
            self._transmit(entry)

    def typing(self, text: str) -> None:
        """What is being written has changed."""
        if not self.open:
            return
        if text.strip():
            self.own_composing.typed()
        else:
            self.own_composing.stopped()

    def end(self) -> None:
        """End the session; what was written stays."""
        if self.link is not None:
            self.link.end()

    def seen(self) -> None:
        """The person has read everything."""
        if self.unread:
            self.unread = 0
            self.changed.emit()

    def note(self, text: str, level: str = "muted") -> None:
        """Write a sentence of ours into the chat."""
        self._add(ChatEntry(EntryKind.NOTE, text, self._clock.wallclock(), level=level))

    def give_up(self, text: str) -> None:
        """No session is possible; what waits for one is not sent."""
        self.note(text, "error")
        self._fail_unsent()

    def show_transfer(self, transfer: FileTransfer) -> None:
        """Let a file of this conversation stand in the chat."""
        sender = self.title if transfer.incoming else self.tr("You")
        entry = ChatEntry(EntryKind.FILE, transfer.name, self._clock.wallclock(), sender, transfer=transfer)
        self._add(entry)
        transfer.changed.connect(lambda: self.entry_changed.emit(entry))
        transfer.finished.connect(lambda: self.settled.emit(entry) if transfer.stage is TransferStage.DONE else None)

    def show_earlier(self, records: list[MessageRecord], *, more: bool) -> None:
        """Put messages of the history before all others, oldest first; ``more``: there may be still earlier ones."""
        old = [entry for entry in self.entries if entry.kind is not EntryKind.MORE]
        room = max(MAX_ENTRIES - len(old), 0)
        records = records[len(records) - room :] if room < len(records) else records
        if records:
            self.oldest = (records[0].moment, records[0].id)
        new = [self._earlier(record) for record in records]
        if more and records:
            new.insert(0, ChatEntry(EntryKind.MORE, "", records[0].moment))
        self.entries[:] = new + old
        self.trimmed.emit()
        self._keep_few_pictures()
        for entry in new:
            if entry.picture is not None and entry.picture.data is not None:
                self._show_picture(entry, entry.picture)

    def clear(self) -> None:
        """Forget what was written, but for what is still under way."""
        self.oldest = None
        self.entries[:] = [
            entry for entry in self.entries
            if entry.mark in (Mark.WAITING, Mark.SENDING) or (entry.transfer is not None and not entry.transfer.over)
        ]  # fmt: skip
        self.trimmed.emit()

    def forget(self) -> None:
        """Stop listening. Idempotent."""
        self._let_go()
        if self.link is not None:
            self.link.forget()

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _NH_ChatStreamGotMessage(self, notification: Notification) -> None:
        data = notification.data
        self.peer_composing.stopped()
        kind = str(data.content_type).partition(";")[0].strip().lower()
        content = data.content
        entry = ChatEntry(EntryKind.PEER, "", self._clock.wallclock(), self.title)
        if self.in_room and self.room is not None and data.message is not None:
            entry.sender = self.room.name_of(str(data.message.sender.uri), data.message.sender.display_name)
            entry.private = bool(data.private)
        if isinstance(content, str) and kind.startswith("text/"):
            entry.text = clean_text(plain_of_html(content) if kind == "text/html" else content)
        elif isinstance(content, bytes) and kind.startswith("image/") and (format_ := kind_of(content)) is not None:
            entry.picture = Picture(content, format_)
        else:
            text = self.tr("[A message of a kind that cannot be shown here: %1, %2. Ask for it as a file.]")
            entry.text = text.replace("%1", clean_line(kind, 60)).replace("%2", size_text(len(content)))
        self.unread += 1
        self._add(entry)
        self.settled.emit(entry)
        if entry.picture is not None:
            self._show_picture(entry, entry.picture)
        self.arrived.emit(entry)
        self.changed.emit()

    def _NH_ChatStreamDidDeliverMessage(self, notification: Notification) -> None:
        entry = self._entry(notification.data.message_id)
        if entry is not None and entry.mark is not Mark.DELIVERED:
            self._set_mark(entry, Mark.DELIVERED)
            self.settled.emit(entry)

    def _NH_ChatStreamDidNotDeliverMessage(self, notification: Notification) -> None:
        entry = self._entry(notification.data.message_id)
        if entry is not None and entry.mark is not Mark.DELIVERED:
            reason = clean_line(str(notification.data.reason or ""))
            self._fail(entry, f"{notification.data.code} {reason}" if notification.data.code else reason)

    def _NH_ChatStreamGotComposingIndication(self, notification: Notification) -> None:
        data = notification.data
        self.who_composes = self.title
        if self.in_room and self.room is not None and data.sender is not None:
            self.who_composes = self.room.name_of(str(data.sender.uri), data.sender.display_name)
        self.peer_composing.told(str(data.state), float(data.refresh))
        self.changed.emit()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _earlier(self, record: MessageRecord) -> ChatEntry:
        kind = EntryKind.FILE if record.kind == "file" else EntryKind.OWN if record.outgoing else EntryKind.PEER
        sender = self.tr("You") if record.outgoing else record.sender
        recipient = Participant("", clean_line(record.sender)) if record.outgoing and record.private else None
        entry = ChatEntry(kind, clean_text(record.text), record.moment, clean_line(sender), own=record.outgoing, earlier=True,
                          private=record.private, recipient=recipient)  # fmt: skip
        if record.kind == "picture":
            format_ = kind_of(record.data) if record.data is not None else None
            entry.picture = Picture(record.data, format_ or "")
            if format_ is None:
                entry.picture.drop("gone")
        return entry

    def _show_picture(self, entry: ChatEntry, picture: Picture) -> None:
        """Decode it elsewhere, then show it."""
        def work() -> object:
            data = picture.data  # may be gone by now
            return None if data is None else thumbnail(data, picture.kind)

        def done(result: object) -> None:
            if isinstance(result, tuple | PictureError):
                picture.show(result)
            self.entry_changed.emit(entry)

        self._keep_few_pictures()
        self.pictures.run(work, done)

    def _keep_few_pictures(self) -> None:
        count = size = 0
        for entry in reversed(self.entries):
            if entry.picture is not None and entry.picture.data is not None:
                count, size = count + 1, size + len(entry.picture.data)
                if (count > MAX_PICTURES or size > MAX_PICTURE_BYTES) and count > 1:
                    entry.picture.drop("gone")
                    self.entry_changed.emit(entry)

    def _running(self) -> None:
        for entry in [entry for entry in self.entries if entry.mark is Mark.WAITING]:
            self._transmit(entry)
        self.changed.emit()

    def _finished(self, link: MediaSession) -> None:
        if link is not self.link:
            return
        self._let_go()
        if link.explanation is not None:
            self.note(explanation_text(link.explanation), "error")
        elif link.ended_by_peer:
            self.note(self.tr("%1 has ended the chat.").replace("%1", self.title))
        self._fail_unsent()
        self.changed.emit()

    def _fail_unsent(self) -> None:
        for entry in self.entries:
            if entry.mark is Mark.WAITING:
                self._fail(entry, self.tr("there was no connection"))
            elif entry.mark is Mark.SENDING:
                self._fail(entry, self.tr("the connection ended before it was confirmed"))

    def _let_go(self) -> None:
        """Of the stream there was."""
        self.own_composing.sent()
        self.peer_composing.stopped()
        if self._stream is not None:
            for name in CHAT_NOTIFICATIONS:
                self._bridge.forget(name, getattr(self, f"_NH_{name}"), self._stream)
            self._stream = None
        if self.room is not None:
            self.room.close()
            self.room.deleteLater()
            self.room = None

    def _transmit(self, entry: ChatEntry) -> None:
        if self.link is None or self.link.over:
            self.session_wanted.emit()
        elif self.open and self._stream is not None:
            try:
                entry.message_id = self._send(entry, self._stream)
            except (BlinkQError, RuntimeError, ValueError) as error:
                self._fail(entry, str(error))
            else:
                self._set_mark(entry, Mark.SENDING)

    def _send(self, entry: ChatEntry, stream: ChatStreamLike) -> str:
        content: str | bytes = entry.text
        kind = "text/plain"
        if entry.picture is not None:
            if entry.picture.data is None:
                raise ValueError(self.tr("the picture is not kept any more"))
            content, kind = entry.picture.data, entry.picture.content_type
        if entry.recipient is None:
            return stream.send_message(content, kind)
        return stream.send_message(content, kind, [ChatIdentity(entry.recipient.uri, entry.recipient.name)])

    def _send_composing(self, state: str, refresh: int | None) -> None:
        if not self.open or self._stream is None:
            return
        try:
            self._stream.send_composing_indication(state, refresh)
        except (BlinkQError, RuntimeError) as error:  # the session has just ended: its notification is on the way
            log.debug("chat with %s: %s", self.peer, error)

    def _entry(self, message_id: str) -> ChatEntry | None:
        return next((entry for entry in reversed(self.entries) if entry.message_id == message_id), None)

    def _fail(self, entry: ChatEntry, reason: str) -> None:
        entry.reason = reason
        self._set_mark(entry, Mark.FAILED)

    def _set_mark(self, entry: ChatEntry, mark: Mark) -> None:
        entry.mark = mark
        self.entry_changed.emit(entry)

    def _add(self, entry: ChatEntry) -> None:
        self.entries.append(entry)
        if len(self.entries) > MAX_ENTRIES:
            del self.entries[: MAX_ENTRIES // 10]
            if self.oldest is not None:  # they are in the history, and can be shown again
                self.oldest = (self.entries[0].when, 0)
                self.entries.insert(0, ChatEntry(EntryKind.MORE, "", self.entries[0].when))
            self.trimmed.emit()
        else:
            self.entry_added.emit(entry)


CHAT_NOTIFICATIONS = (
    "ChatStreamGotMessage", "ChatStreamDidDeliverMessage", "ChatStreamDidNotDeliverMessage", "ChatStreamGotComposingIndication",
)  # fmt: skip
