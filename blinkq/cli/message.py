"""``blinkq message URI TEXT``: send a message, and with ``--wait`` see whether it is delivered."""

from __future__ import annotations

import sys
from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.failure import CommandFailure, WrongUsage
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_uri, complete_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.explain import explain_message, explain_registration
from blinkq.sipsimple.messaging import OutgoingMessage

__all__ = ["run"]

REGISTER_LIMIT = 15.0  # seconds for the registration that receipts need
STORED = 202


def run(options: Namespace, output: Output) -> int:
    """Send it; returns 0 when it was taken, with ``--wait`` when it was delivered."""
    check_uri(options)
    options.play = options.record = None
    options.audio = "null"
    if options.text == "-":
        options.text = sys.stdin.read()
    if not options.text:
        raise WrongUsage("there is nothing to say: TEXT is empty.")
    return MessageTool(options, output).run()


class MessageTool(Tool):
    """Registers if receipts are wanted, sends, reports."""

    def __init__(self, options: Namespace, output: Output) -> None:
        super().__init__(options, output)
        self.registers = options.wait is not None  # receipts come to where we are registered
        self.message: OutgoingMessage | None = None

    def begin(self) -> None:
        self.account = selected_account(self.options)
        self.uri = complete_uri(self.options, self.account)
        if not self.registers:
            self._send()
        elif isinstance(self.account, Account) and self.account.registration.enabled:
            self.after(REGISTER_LIMIT, self._not_registered)
        else:
            raise WrongUsage("receipts need an account that registers: --account USER@DOMAIN.")

    def _send(self) -> None:
        wanted = ("positive-delivery", "negative-delivery") if self.registers else ()
        try:
            self.message = OutgoingMessage(self.account, self.uri, self.options.text, dispositions=wanted)
        except ValueError as error:
            raise CommandFailure(f"The message cannot be sent: {error}.") from error
        self.message.send()

    def _not_registered(self) -> None:
        if self.message is None:
            self.output.say(f"{self.account.id} could not register in time, so receipts cannot reach us.")
            self.finish(1)

    def _NH_SIPAccountRegistrationDidSucceed(self, notification: Notification) -> None:
        if self._started and self.registers and self.message is None:
            self._send()

    def _NH_SIPAccountRegistrationDidFail(self, notification: Notification) -> None:
        data = notification.data
        if self._started and self.message is None and data.next_route is None:
            self.output.say(explain_registration(vars(data).get("code"), data.error, notification.sender.id).text())
            self.finish(1)

    def _NH_OutgoingMessageDidSend(self, notification: Notification) -> None:
        if notification.sender is not self.message:
            return
        data = notification.data
        taken = "is kept for later" if data.code == STORED else "was taken"
        self.output.say(f"The message to {self.uri} {taken}")
        if not self.registers:
            self.finish(0)
        elif not data.wrapped:
            self.output.say("The other side's program sends no receipts.")
            self.finish(1)
        else:
            self.after(self.options.wait, self._no_receipt)

    def _NH_OutgoingMessageDidFail(self, notification: Notification) -> None:
        if notification.sender is self.message:
            self.output.say(explain_message(notification.data.code, notification.data.reason, str(self.uri)).text())
            self.finish(1)

    def _NH_OutgoingMessageDidDeliver(self, notification: Notification) -> None:
        if notification.sender is self.message:
            self.output.say(f"The message to {self.uri} was delivered")
            self.finish(0)

    def _NH_OutgoingMessageDidNotDeliver(self, notification: Notification) -> None:
        if notification.sender is self.message:
            self.output.say(f"The message to {self.uri} could not be delivered")
            self.finish(1)

    def _no_receipt(self) -> None:
        self.output.say(f"No receipt came from {self.uri}")
        self.finish(1)
