"""FileReport: a file transfer as sentences, with progress every few seconds."""

from __future__ import annotations

import time

from blinkq.base.notification import Notification, NotificationHandler
from blinkq.cli.tool import Tool
from blinkq.sipsimple.streams import FileTransferStream

__all__ = ["FileReport"]

INTERVAL = 2.0  # seconds between two lines of progress
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class FileReport(NotificationHandler):
    """success: all of it arrived and is right; over: the transfer has ended, well or not."""

    def __init__(self, tool: Tool, stream: FileTransferStream) -> None:
        self.stream = stream
        self.success = False
        self.over = False
        self._say = tool.output.say
        self._began = time.monotonic()
        self._told = self._began
        self._first = 0
        self._moving = False

    @property
    def name(self) -> str:
        """The file's name, as people know it."""
        return (self.stream.handler.filename or self.stream.file_selector.name or "the file").replace("\n", " ")

    def takes(self, notification: Notification) -> bool:
        """Whether ``notification`` is about this file."""
        return notification.sender is self.stream or notification.sender is self.stream.handler

    def _NH_FileTransferHandlerDidStart(self, notification: Notification) -> None:
        self._moving = True
        self._began = self._told = time.monotonic()
        self._first = self.stream.handler.transferred
        size = self.stream.file_selector.size
        what = "Sending" if self.stream.direction == "sendonly" else "Receiving"
        resumed = f", from {amount(self._first)} on" if self._first else ""
        self._say(f"{what} {self.name}" + (f" ({amount(size)}{resumed})" if size is not None else ""))

    def _NH_FileTransferHandlerProgress(self, notification: Notification) -> None:
        now = time.monotonic()
        if now - self._told >= INTERVAL:
            self._told = now
            done, total = notification.data.transferred_bytes, notification.data.total_bytes
            share = f" ({100 * done // total} %)" if total else ""
            self._say(f"{amount(done)}{share}, {amount((done - self._first) / (now - self._began))}/s")

    def _NH_FileTransferHandlerDidEnd(self, notification: Notification) -> None:
        self.over = True
        self.success = not notification.data.error
        if self.success:
            took = max(time.monotonic() - self._began, 1e-3)
            done = (self.stream.file_selector.size or self.stream.handler.transferred) - self._first
            verb = "sent" if self.stream.direction == "sendonly" else "received"
            self._say(f"{self.name} {verb}, {amount(done / took)}/s")
        elif self._moving or notification.data.reason != "Interrupted transfer":  # else the session was refused, which tells more
            hint = "; sent again, it goes on where it stopped" if self._moving and self.stream.direction == "sendonly" else ""
            self._say(f"{self.name} was not transferred: {notification.data.reason}{hint}")


def amount(size: float) -> str:
    """Bytes for people."""
    for unit in UNITS:
        if size < 1024 or unit == UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("the last unit takes all")
