"""``blinkq call URI``: place a call and stay until it ends."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.conversation import Conversation
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files, check_uri, complete_uri, selected_account, target_of
from blinkq.cli.tool import Tool
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import ToHeader
from blinkq.sipsimple.explain import explain_lookup
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Place the call; returns 0 when it stood and ended normally."""
    check_files(options)
    check_uri(options)
    return CallTool(options, output).run()


class CallTool(Tool):
    """Looks up the routes, connects, then follows the conversation."""

    def begin(self) -> None:
        self.conversation: Conversation | None = None
        self.account = selected_account(self.options)
        self.uri = complete_uri(self.options, self.account)
        self.lookup = DNSLookup()
        self.lookup.lookup_sip_proxy(target_of(self.account, self.uri), list(SIPSimpleSettings().sip.transport_list))

    def interrupt(self) -> None:
        if self.conversation is None:
            self.finish(1)
        else:
            self.conversation.end()

    def handle_notification(self, notification: Notification) -> None:
        super().handle_notification(notification)
        if self._started and self.conversation is not None and self.conversation.takes(notification):
            self.conversation.handle_notification(notification)

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        if self._started and notification.sender is self.lookup:
            self.output.say(explain_lookup(notification.data.error, str(self.uri)).text())
            self.finish(1)

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        if not self._started or notification.sender is not self.lookup:
            return
        session = Session(self.account)
        self.conversation = Conversation(self, session, lambda _conversation, success: self.finish(0 if success else 1))
        self.output.say(f"Calling {self.uri}")
        session.connect(ToHeader(self.uri), notification.data.result, [AudioStream(self.account)])
