"""What a command prints: one JSON object per notification on standard output, sentences for people on standard error."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TextIO

from blinkq.base.notification import Notification

__all__ = ["Output"]

# What terminals obey or are misled by: control characters but for tab and line feed, and those that turn the direction of writing.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

MAX_DEPTH = 8  # data is shown, not archived: what hangs deeper is named only; the activity of somebody watched hangs that deep

MAX_BYTES = 65536  # longer contents (of files) are named only


class Output:
    """Standard output and standard error of one command. May be used from any thread.

    :param as_json: write notifications to standard output
    """

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._lock = threading.Lock()
        #: called when whoever read our output has left (``blinkq ... | head``); what is written afterwards is lost
        self.on_reader_left: Callable[[], None] = _do_nothing

    def say(self, sentence: str) -> None:
        """Write a sentence for people to standard error. What a peer wrote into it cannot make the terminal do anything."""
        self._write(_harmless(sentence), sys.stderr)

    def result(self, text: str) -> None:
        """Write a command's answer to standard output; with ``--json`` nothing but JSON may stand there, so it goes to standard error."""
        self._write(_harmless(text), sys.stderr if self._json else sys.stdout)

    def json(self, value: object) -> None:
        """Write a command's answer as JSON to standard output."""
        self._write(json.dumps(value), sys.stdout)

    def notification(self, notification: Notification) -> None:
        """Write a notification as one JSON object: time, name, sender, data."""
        if not self._json:
            return
        line = json.dumps({
            "time": notification.datetime.isoformat(),
            "name": notification.name,
            "sender": describe(notification.sender),
            "data": {name: plain(value) for name, value in vars(notification.data).items() if name != "timestamp"},
        })
        self._write(line, sys.stdout)

    def _write(self, text: str, stream: TextIO) -> None:
        try:
            with self._lock:
                print(text, file=stream, flush=True)
        except BrokenPipeError:
            # the file itself is replaced, or Python would fail once more when it ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            self.on_reader_left()


def _do_nothing() -> None:
    """Nobody wants to know."""


def _harmless(text: str) -> str:
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def describe(sender: object) -> str:
    """A sender's short name: its class, and its id where it has one."""
    identity = getattr(sender, "id", None)
    return f"{type(sender).__name__} {identity}" if isinstance(identity, str) else type(sender).__name__


def plain(value: object, depth: int = 0) -> object:
    """``value`` as something that JSON knows."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value, depth)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") if len(value) <= MAX_BYTES else f"{len(value)} bytes"
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if depth < MAX_DEPTH:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name), depth + 1) for field in dataclasses.fields(value) if field.repr}
        if isinstance(value, Mapping):
            return {str(name): plain(item, depth + 1) for name, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [plain(item, depth + 1) for item in value]
    return str(value) if type(value).__str__ is not object.__str__ else describe(value)
