"""``blinkq presence``: publish our own, or watch that of others."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.failure import WrongUsage
from blinkq.cli.output import Output
from blinkq.cli.preparation import selected_account
from blinkq.cli.state_lines import presence_document, presence_line
from blinkq.cli.tool import Tool
from blinkq.cli.watching import WatchTool
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.explain import explain_event

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Publish or watch until interrupted; with ``--once`` returns 0 or 1 after the first result."""
    tool: type[Tool] = PublishTool if options.action == "publish" else PresenceWatchTool
    return tool(options, output).run()


class PublishTool(Tool):
    """Publishes one state, and reports who watches it."""

    events = ("presence",)

    def begin(self) -> None:
        account = selected_account(self.options)
        if not isinstance(account, Account) or self.options.direct:
            raise WrongUsage("give the account whose presence it is: --account USER@DOMAIN.")
        self.published = False
        account.presence_state = presence_document(str(account.uri), self.options.state, self.options.note)

    def _NH_PresencePublicationDidSucceed(self, notification: Notification) -> None:
        if not self.published:
            self.published = True
            self.output.result(f"{notification.sender.account.id} is published as {self.options.state}")
        if self.options.once:
            self.finish(0)

    def _NH_PresencePublicationDidFail(self, notification: Notification) -> None:
        data = notification.data
        self.published = False
        self.output.say(explain_event(data.code, data.reason, notification.sender.account.id).text())
        if self.options.once:
            self.finish(1)
        else:
            self.output.say(f"Trying again in {data.delay:.0f} seconds")

    def _NH_SIPAccountGotPresenceWinfo(self, notification: Notification) -> None:
        for watcher in notification.data.watcher_list:
            self.output.result(f"watcher {watcher.sipuri}: {watcher.status}")


class PresenceWatchTool(WatchTool):
    """Reports the presence of others."""

    events = ("presence",)
    notification = "SIPAccountGotPresenceState"
    line = staticmethod(presence_line)

    def watch(self, account: Account, *uris: str) -> None:
        account.watch_presence(*uris)
