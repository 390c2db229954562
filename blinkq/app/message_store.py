"""The history of messages for the windows: whether one is kept, writing and reading in the background, and forgetting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from blinkq.app.chat_entries import ChatEntry, EntryKind
from blinkq.app.message_history import MessageHistory, MessageRecord
from blinkq.app.worker import Worker

__all__ = ["FIRST_RECORDS", "MORE_RECORDS", "MessageStore"]

#: how many messages a chat begins with, and how many more are shown at a time
FIRST_RECORDS, MORE_RECORDS = 50, 200
_SETTING = "messages/keep_history"


class MessageStore(QObject):
    """Keeps messages while the user wants that. ``changed`` when that has; ``unreadable`` with the place where a file that could not be
    read is kept aside.

    :param path: of the file
    :param settings: where the user's will is kept
    """

    changed = pyqtSignal()
    unreadable = pyqtSignal(str)

    def __init__(self, path: Path, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._settings = settings
        self._worker = Worker("message-history", self)
        self._history: MessageHistory | None = None  # touched by the worker's thread only

    @property
    def enabled(self) -> bool:
        """Whether messages are kept; what was kept before stays until it is cleared."""
        return str(self._settings.value(_SETTING, "true")).lower() != "false"

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        if enabled != self.enabled:
            self._settings.setValue(_SETTING, "true" if enabled else "false")
            self.changed.emit()

    def keep(self, peer: str, entry: ChatEntry) -> None:
        """Keep a message, file or picture of a chat with ``peer``."""
        if not self.enabled:
            return
        outgoing = entry.kind is EntryKind.OWN or (entry.transfer is not None and not entry.transfer.incoming)
        kind = "file" if entry.kind is EntryKind.FILE else "picture" if entry.picture is not None else "text"
        data = entry.picture.data if entry.picture is not None else None
        sender = entry.sender if not outgoing else entry.recipient.name if entry.recipient is not None else ""
        record = MessageRecord(peer.lower(), entry.when, outgoing, sender, kind, entry.text, entry.private, data)
        self._worker.run(lambda: self._with_history(lambda history: history.add(record)), self._told)

    def read(self, peer: str, limit: int, before: tuple[float, int] | None, done: Callable[[list[MessageRecord]], object]) -> None:
        """Call ``done`` later with the latest messages with ``peer``, oldest first, ``before`` one if it is given."""
        if not self.enabled:
            return
        found: list[MessageRecord] = []

        def show(kept_aside: Path | None) -> None:
            self._told(kept_aside)
            done(found)

        self._worker.run(
            lambda: self._with_history(lambda history: found.extend(history.latest(peer.lower(), limit, before))), show
        )

    def clear(self, peer: str | None = None) -> None:
        """Forget what was written with ``peer``, or everything."""
        self._worker.run(lambda: self._with_history(lambda history: history.clear(peer.lower() if peer is not None else None)), self._told)

    def close(self) -> None:
        """Write what is to be written, and close the file. Idempotent."""
        self._worker.run(self._close)
        self._worker.close(finish=True)

    # in the worker's thread ------------------------------------------------------------------------------------------------------

    def _with_history(self, work: Callable[[MessageHistory], object]) -> Path | None:
        """Do something with the file; gives where an unreadable one was put, once."""
        kept_aside = None
        if self._history is None:
            self._history = MessageHistory(self._path)
            kept_aside = self._history.kept_aside
        work(self._history)
        return kept_aside

    def _close(self) -> None:
        if self._history is not None:
            self._history.close()
            self._history = None

    # here ------------------------------------------------------------------------------------------------------------------------

    def _told(self, kept_aside: Path | None) -> None:
        if kept_aside is not None:
            self.unreadable.emit(str(kept_aside))
