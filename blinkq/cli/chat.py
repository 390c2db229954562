"""``blinkq chat URI``: talk in writing. What is typed is sent line by line, what the other party writes is printed."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.chat_lines import ChatLines
from blinkq.cli.dialer import check_destination
from blinkq.cli.output import Output
from blinkq.cli.stream_tool import StreamTool
from blinkq.cli.typed import read_lines
from blinkq.sipsimple.streams import ChatStream

__all__ = ["run"]

LAST_REPORTS = 10.0  # seconds in which the last messages are confirmed once nothing more is typed


def run(options: Namespace, output: Output) -> int:
    """Chat until the input ends or the other party leaves; returns 0 when every message arrived."""
    check_destination(options)
    return ChatTool(options, output).run()


class ChatTool(StreamTool):
    """One chat."""

    kind = "chat"

    def begin(self) -> None:
        self.lines: ChatLines | None = None
        self.typed_all = False
        self._waits = False
        super().begin()

    def streams(self) -> list[Any]:
        stream = ChatStream(self.account)
        self.lines = ChatLines(self, stream)
        for text in self.options.message or ():
            self.lines.send(text)
        if self.options.message:
            self._no_more()
        else:
            read_lines(lambda line: self.in_main_thread(lambda: self._typed(line)), lambda: self.in_main_thread(self._no_more))
        return [stream]

    def started(self) -> None:
        self.output.say(f"Chatting with {self.peer}" + ("" if self.options.message else "; Ctrl-D ends it"))
        self._end_if_over()

    def done(self) -> bool:
        return self.lines is not None and not self.lines.failed and not self.lines.waiting

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._started and self.lines is not None and self.lines.takes(notification):
            self.lines.handle_notification(notification)
            self._end_if_over()

    def _typed(self, line: str) -> None:
        if self.lines is not None and line:
            self.lines.send(line)

    def _no_more(self) -> None:
        self.typed_all = True
        self._end_if_over()

    def _end_if_over(self) -> None:
        standing = self.session is not None and self.session.start_time is not None
        if not self.typed_all or not standing or self.lines is None or self._waits:
            return
        if self.options.wait:  # counted from here: what was typed before the other party answered has only now been sent
            self._waits = True
            self.after(self.options.wait, self._leave)
        elif not self.lines.waiting:
            self._leave()
        else:
            self.after(LAST_REPORTS, self._leave)

    def _leave(self) -> None:
        if self.session is not None:
            self.session.end()
