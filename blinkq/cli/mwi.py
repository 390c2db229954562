"""``blinkq mwi``: whether voicemail waits."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.failure import WrongUsage
from blinkq.cli.output import Output
from blinkq.cli.preparation import selected_account
from blinkq.cli.state_lines import summary_lines
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.explain import explain_event

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Report until interrupted; with ``--once`` returns 0 or 1 after the first result."""
    return MWITool(options, output).run()


class MWITool(Tool):
    """Reports every message summary."""

    events = ("message_summary",)

    def begin(self) -> None:
        if not isinstance(selected_account(self.options), Account) or self.options.direct:
            raise WrongUsage("give the account whose voicemail it is: --account USER@DOMAIN.")

    def _NH_SIPAccountGotMessageSummary(self, notification: Notification) -> None:
        self.output.result(summary_lines(notification.data.message_summary))
        if self.options.once:
            self.finish(0)

    def _NH_MWISubscriptionGotNotify(self, notification: Notification) -> None:
        if not notification.data.body and notification.data.state == "active":
            self.output.result("the server knows of no messages")
            if self.options.once:
                self.finish(0)

    def _NH_MWISubscriptionDidFail(self, notification: Notification) -> None:
        data = notification.data
        self.output.say(explain_event(data.code, data.reason, notification.sender.account.id).text())
        if self.options.once:
            self.finish(1)
        else:
            self.output.say(f"Trying again in {data.delay:.0f} seconds")
