"""``blinkq register``: register an account, report, stay."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.failure import WrongUsage
from blinkq.cli.output import Output
from blinkq.cli.preparation import selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.explain import explain_registration

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Register; with ``--once`` returns 0 or 1 after the first result, else when interrupted."""
    return RegisterTool(options, output).run()


class RegisterTool(Tool):
    """Reports every result of the account's registration."""

    registers = True

    def begin(self) -> None:
        account = selected_account(self.options)
        if not isinstance(account, Account) or not account.registration.enabled:
            raise WrongUsage("give the account to register: --account USER@DOMAIN.")

    def _NH_SIPAccountRegistrationDidSucceed(self, notification: Notification) -> None:
        data = notification.data
        self.output.result(f"{notification.sender.id} is registered as {data.contact_uri} for {data.expires} seconds")
        if self.options.once:
            self.finish(0)

    def _NH_SIPAccountRegistrationDidFail(self, notification: Notification) -> None:
        data = notification.data
        self.output.say(explain_registration(vars(data).get("code"), data.error, notification.sender.id).text())
        if self.options.once:
            self.finish(1)
        else:
            self.output.say(f"Trying again in {data.delay:.0f} seconds")
