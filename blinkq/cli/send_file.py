"""``blinkq send-file URI FILE…``: send files one after another."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.dialer import check_destination
from blinkq.cli.failure import CommandFailure
from blinkq.cli.file_report import FileReport
from blinkq.cli.output import Output
from blinkq.cli.stream_tool import StreamTool
from blinkq.sipsimple.core import SIPURI, Route
from blinkq.sipsimple.streams import FileSelector, FileTransferStream

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Send the files; returns 0 when all arrived."""
    check_destination(options)
    for path in options.files:
        if not path.is_file():
            raise CommandFailure(f"{path} is a folder: name the files in it." if path.is_dir() else f"There is no file {path}.")
        if not os.access(path, os.R_OK):  # rather than after the others have gone
            raise CommandFailure(f"{path} cannot be read: Permission denied.")
    return SendFileTool(options, output).run()


class SendFileTool(StreamTool):
    """A session for each file: several in one are not what others know."""

    kind = "file-transfer"

    def begin(self) -> None:
        self.left = list(self.options.files)
        self.report: FileReport | None = None
        self.failures = 0
        super().begin()

    def connect(self, uri: SIPURI, routes: list[Route]) -> None:
        self.routes = routes
        super().connect(uri, routes)

    def streams(self) -> list[Any]:
        path = self.left.pop(0)
        try:
            stream = FileTransferStream(self.account, FileSelector.for_file(path))
        except OSError as error:
            raise CommandFailure(f"{path} cannot be read: {error.strerror}.") from error
        self.report = FileReport(self, stream)
        return [stream]

    def done(self) -> bool:
        return self.report is not None and self.report.success

    def finish(self, status: int) -> None:
        """The session of one file is over: the next one, or the end."""
        self.failures += status != 0
        if self._started and self.left and not self._interrupted.is_set():
            super().connect(self.uri, self.routes)
        else:
            super().finish(1 if self.failures else 0)

    def interrupt(self) -> None:
        self.left.clear()
        super().interrupt()

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if not self._started:
            return
        report = self.report
        if report is not None and report.takes(notification):
            report.handle_notification(notification)
            if report.over and self.session is not None:
                self.session.end()
