"""``blinkq call URI``: place a call and stay until it ends."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.conversation import Conversation
from blinkq.cli.dialer import Dialer, check_destination
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

__all__ = ["CallTool", "run"]


def run(options: Namespace, output: Output) -> int:
    """Place the call; returns 0 when it stood and ended normally."""
    check_files(options)
    check_destination(options)
    return CallTool(options, output).run()


class CallTool(Dialer):
    """Connects, then follows the conversation."""

    def begin(self) -> None:
        self.conversation: Conversation | None = None
        super().begin()

    def connect(self, uri: SIPURI, routes: list[Route]) -> None:
        session = Session(self.account)
        self.conversation = self.converse(session)
        self.output.say(f"Calling {uri}")
        session.connect(ToHeader(uri), routes, [AudioStream(self.account)])

    def converse(self, session: Session) -> Conversation:
        """Accompany the call; the command is over with it."""
        return Conversation(self, session, lambda _conversation, success: self.finish(0 if success else 1))

    def interrupt(self) -> None:
        if self.conversation is None:
            self.finish(1)
        else:
            self.conversation.end()

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._started and self.conversation is not None and self.conversation.takes(notification):
            self.conversation.handle_notification(notification)
