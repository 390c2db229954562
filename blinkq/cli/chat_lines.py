"""ChatLines: a chat stream as lines on a terminal."""

from __future__ import annotations

from blinkq.base.notification import Notification, NotificationHandler
from blinkq.cli.tool import Tool
from blinkq.sipsimple.streams import ChatStream
from blinkq.sipsimple.streams.msrp import ChatStreamError

__all__ = ["ChatLines"]


class ChatLines(NotificationHandler):
    """Prints what comes, sends what is typed, and says what did not arrive.

    echo: send every text back. waiting: messages whose fate is not known yet; failed: how many did not arrive.
    """

    def __init__(self, tool: Tool, stream: ChatStream, *, echo: bool = False) -> None:
        self.stream = stream
        self.waiting: set[str] = set()
        self.failed = 0
        self._output = tool.output
        self._echo = echo

    def takes(self, notification: Notification) -> bool:
        """Whether ``notification`` is about this chat."""
        return notification.sender is self.stream

    def send(self, text: str) -> None:
        """Send a line."""
        try:
            self.waiting.add(self.stream.send_message(text))
        except ChatStreamError as error:
            self.failed += 1
            self._output.say(f"Not sent: {error}")

    def _NH_ChatStreamGotMessage(self, notification: Notification) -> None:
        content, sender = notification.data.content, notification.data.message.sender
        name = sender.display_name or str(sender.uri).removeprefix("sip:")
        if not isinstance(content, str):
            self._output.say(f"{name} sent {notification.data.content_type} of {len(content)} bytes, which a terminal cannot show")
            return
        self._output.result(f"{name}: {content}")
        if self._echo:
            self.send(content)

    def _NH_ChatStreamDidDeliverMessage(self, notification: Notification) -> None:
        self.waiting.discard(notification.data.message_id)

    def _NH_ChatStreamDidNotDeliverMessage(self, notification: Notification) -> None:
        data = notification.data
        if data.message_id in self.waiting:
            self.waiting.discard(data.message_id)
            self.failed += 1
            session = self.stream.session
            if session is not None and session.start_time is not None:  # else the whole session failed, which tells more
                self._output.say(f"Not delivered: {data.reason}" + (f" ({data.code})" if data.code else ""))
