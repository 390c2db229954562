"""What was written in chats, kept on the disk: one SQLite file in the configuration folder, readable for its owner only.

What is deleted is overwritten (``secure_delete``), and nothing of it stays in the log beside the file. Everything here may wait for the
disk: ``message_store`` does it in a thread of its own.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from blinkq.base.logging import get_logger

__all__ = ["MAX_MESSAGES", "MAX_PICTURES", "MessageHistory", "MessageRecord"]

log = get_logger("app.message_history")

#: the oldest go first: a file that grows for ever is one that nobody dares to open
MAX_MESSAGES = 100_000
#: pictures of which more than the fact is kept
MAX_PICTURES = 1000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, peer TEXT NOT NULL, moment REAL NOT NULL, outgoing INTEGER NOT NULL, sender TEXT NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL, private INTEGER NOT NULL, data BLOB
);
CREATE INDEX IF NOT EXISTS messages_by_peer ON messages (peer, moment);
CREATE INDEX IF NOT EXISTS messages_with_data ON messages (id) WHERE data IS NOT NULL;
"""
_COLUMNS = "peer, moment, outgoing, sender, kind, text, private, data, id"


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message: ``peer`` the other party's address in small letters, ``moment`` seconds since 1970, ``kind`` "text", "picture" or
    "file" (``text`` is its name then), ``private`` in a room not for everybody; ``data`` the bytes of a
    picture, None when they are not kept."""

    peer: str
    moment: float
    outgoing: bool
    sender: str
    kind: str
    text: str
    private: bool = False
    data: bytes | None = None
    id: int = 0


class MessageHistory:
    """The table of messages. A file that is no database is kept aside (``kept_aside``) and a new one begun. Troubles with the disk later on
    are logged, not raised: the chat itself goes on. Belongs to the thread that makes it."""

    def __init__(self, path: Path) -> None:
        self.kept_aside: Path | None = None
        self._database = self._open(path)

    def add(self, record: MessageRecord) -> None:
        """Keep a message."""
        row = (record.peer, record.moment, int(record.outgoing), record.sender, record.kind, record.text, int(record.private), record.data)
        try:
            with self._database:
                cursor = self._database.execute(
                    "INSERT INTO messages (peer, moment, outgoing, sender, kind, text, private, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row
                )
                self._database.execute("DELETE FROM messages WHERE id <= ?", ((cursor.lastrowid or 0) - MAX_MESSAGES,))
                if record.data is not None:
                    self._database.execute(
                        "UPDATE messages SET data = NULL WHERE data IS NOT NULL AND id NOT IN"
                        " (SELECT id FROM messages WHERE data IS NOT NULL ORDER BY id DESC LIMIT ?)", (MAX_PICTURES,),
                    )  # fmt: skip
        except sqlite3.Error as error:
            log.warning("a message could not be added to the history: %s", error)

    def latest(self, peer: str, limit: int, before: tuple[float, int] | None = None) -> list[MessageRecord]:
        """The latest messages with somebody, oldest first; ``before`` the moment and number of one: those before it."""
        moment, number = before or (float("inf"), 0)
        try:
            rows = self._database.execute(
                f"SELECT {_COLUMNS} FROM messages WHERE peer = ? AND (moment, id) < (?, ?) ORDER BY moment DESC, id DESC LIMIT ?",
                (peer, moment, number, limit),
            ).fetchall()
        except sqlite3.Error as error:
            log.warning("the history of messages cannot be read: %s", error)
            return []
        return [MessageRecord(row[0], row[1], bool(row[2]), row[3], row[4], row[5], bool(row[6]), row[7], row[8]) for row in reversed(rows)]

    def clear(self, peer: str | None = None) -> bool:
        """Forget what was written with somebody, or everything, so that no copy stays in the folder; whether that went well."""
        try:
            with self._database:
                if peer is None:
                    self._database.execute("DELETE FROM messages")
                else:
                    self._database.execute("DELETE FROM messages WHERE peer = ?", (peer,))
            # what was deleted is still in the log beside the file until it is written back and the log cut
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("the history of messages could not be cleared: %s", error)
            return False
        return True

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._database.close()

    def _open(self, path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _prepare(path)
        except sqlite3.DatabaseError as error:
            if not _damaged(error):  # no room, no permission: the file may be in order
                log.warning("messages are not kept, since %s cannot be opened: %s", path, error)
                return _prepare(None)
            self.kept_aside = _free_name(path)
            log.warning("the history of messages %s is unreadable (%s); it is kept as %s", path, error, self.kept_aside)
            path.replace(self.kept_aside)
            for ending in ("-wal", "-shm"):  # they belong to the file that is gone
                path.with_name(path.name + ending).unlink(missing_ok=True)
            return _prepare(path)


def _prepare(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        try:
            path.touch(mode=0o600)
            os.chmod(path, 0o600)  # the log beside it gets the same
        except OSError as error:
            raise sqlite3.OperationalError(str(error)) from None
    database = sqlite3.connect(path or ":memory:")
    try:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("PRAGMA temp_store = MEMORY")  # cutting the file must not leave it in a folder for temporary ones
        # kill -9 at any moment leaves a whole table
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
        with closing(database.execute(f"SELECT {_COLUMNS} FROM messages LIMIT 1")) as cursor:
            cursor.fetchone()
    except sqlite3.Error:
        database.close()
        raise
    return database


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """The file is no database, a broken one, or has another table."""
    return not isinstance(error, sqlite3.OperationalError) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def _free_name(path: Path) -> Path:
    name, number = path.with_suffix(".unreadable"), 1
    while name.exists():
        number += 1
        name = path.with_suffix(f".unreadable-{number}")
    return name
