"""The calls that were: one SQLite table in the configuration folder."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from blinkq.base.logging import get_logger

__all__ = ["CallRecord", "History"]

log = get_logger("app.history")

#: older calls are dropped: the list is for redialling, and a list nobody can scroll through is not worth its start-up time
MAX_RECORDS = 2000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, started REAL NOT NULL, account TEXT NOT NULL, direction TEXT NOT NULL, uri TEXT NOT NULL,
    name TEXT NOT NULL, duration REAL NOT NULL, outcome TEXT NOT NULL, code INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_time ON calls (started);
"""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call: ``started`` seconds since 1970, ``direction`` "incoming"/"outgoing", ``outcome`` "answered", "missed", "rejected",
    "cancelled" or "failed", ``duration`` seconds of talk."""

    started: float
    account: str
    direction: str
    uri: str
    name: str
    duration: float
    outcome: str
    code: int = 0
    reason: str = ""
    id: int = 0


class History:
    """The table of calls. ``path`` None keeps it in memory. A file that is no database is kept aside and a new one begun."""

    def __init__(self, path: Path | None) -> None:
        self.kept_aside: Path | None = None
        self._database = self._open(path)

    def add(self, record: CallRecord) -> CallRecord:
        """Store a call; returns it with its number. A full disk is logged, not raised: the call itself went well."""
        try:
            with self._database:
                cursor = self._database.execute(
                    "INSERT INTO calls (started, account, direction, uri, name, duration, outcome, code, reason)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (record.started, record.account, record.direction, record.uri, record.name, record.duration, record.outcome,
                     record.code, record.reason),
                )  # fmt: skip
                number = cursor.lastrowid or 0
                self._database.execute("DELETE FROM calls WHERE id <= ?", (number - MAX_RECORDS,))
        except sqlite3.Error as error:
            log.warning("the call could not be added to the history: %s", error)
            number = 0
        fields = (record.started, record.account, record.direction, record.uri, record.name, record.duration, record.outcome)
        return CallRecord(*fields, code=record.code, reason=record.reason, id=number)

    def recent(self, limit: int = 100) -> list[CallRecord]:
        """The latest calls, newest first."""
        rows = self._database.execute(
            "SELECT started, account, direction, uri, name, duration, outcome, code, reason, id FROM calls"
            " ORDER BY started DESC, id DESC LIMIT ?",
            (limit,),
        )
        return [CallRecord(*row) for row in rows]

    def remove(self, record: CallRecord) -> None:
        """Forget one call."""
        with self._database:
            self._database.execute("DELETE FROM calls WHERE id = ?", (record.id,))

    def clear(self) -> None:
        """Forget all calls."""
        with self._database:
            self._database.execute("DELETE FROM calls")

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._database.close()

    def _open(self, path: Path | None) -> sqlite3.Connection:
        if path is None:
            return self._prepare(":memory:")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return self._prepare(str(path))
        except sqlite3.DatabaseError as error:
            self.kept_aside = path.with_suffix(".unreadable")
            log.warning("the call history %s is unreadable (%s); it is kept as %s", path, error, self.kept_aside)
            path.replace(self.kept_aside)
            return self._prepare(str(path))

    @staticmethod
    def _prepare(path: str) -> sqlite3.Connection:
        if path != ":memory:":
            Path(path).touch(mode=0o600)
        database = sqlite3.connect(path)
        try:
            # Write-ahead log: kill -9 at any moment leaves a whole table, and adding a call does not wait for the disk.
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.executescript(_SCHEMA)
        except sqlite3.Error:
            database.close()
            raise
        return database
