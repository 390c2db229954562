"""``blinkq call URI``: place a call and stay until it ends."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.conversation import Conversation
from blinkq.cli.neighbourhood import best_of, matches, reason_not_found
from blinkq.cli.output import Output
from blinkq.cli.preparation import check_files, check_uri, complete_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import BonjourAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, ToHeader
from blinkq.sipsimple.explain import explain_lookup
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.session.destination import target_of
from blinkq.sipsimple.streams import AudioStream

__all__ = ["run"]

NEIGHBOUR_LIMIT = 8.0  # seconds for a neighbour to be found
OTHER_TRANSPORTS = 0.5  # seconds in which the same neighbour may announce a better transport


def run(options: Namespace, output: Output) -> int:
    """Place the call; returns 0 when it stood and ended normally."""
    check_files(options)
    if options.account != "bonjour@local":
        check_uri(options)
    return CallTool(options, output).run()


class CallTool(Tool):
    """Looks up the routes, connects, then follows the conversation."""

    def begin(self) -> None:
        self.conversation: Conversation | None = None
        self.found = False
        self.account = selected_account(self.options)
        self.lookup = DNSLookup()
        if isinstance(self.account, BonjourAccount) and not self.options.uri.lower().startswith(("sip:", "sips:")):
            self.after(NEIGHBOUR_LIMIT, self._nobody_found)
            self._look_around()
        else:
            self._dial(complete_uri(self.options, self.account))

    def _dial(self, uri: SIPURI) -> None:
        self.uri = uri
        self.lookup.lookup_sip_proxy(target_of(self.account, self.uri), list(SIPSimpleSettings().sip.transport_list))

    # a neighbour: its announcements come one after another, over each transport --------------------------------------------------------

    def _NH_BonjourAccountDidAddNeighbour(self, notification: Notification) -> None:
        if self._started:
            self._look_around()

    def _look_around(self) -> None:
        if not self.found and any(matches(record, self.options.uri) for record in BonjourAccount().neighbours.values()):
            self.found = True
            self.after(OTHER_TRANSPORTS, self._dial_neighbour)

    def _dial_neighbour(self) -> None:
        account = BonjourAccount()
        known = [record for record in account.neighbours.values() if matches(record, self.options.uri)]
        record = best_of(known, str(account.sip.transport))
        if record is None:  # it left meanwhile
            self._nobody_found()
        else:
            self.found = True
            self._dial(SIPURI.new(record.uri))

    def _nobody_found(self) -> None:
        if not self.found:
            self.output.say(reason_not_found(self.options.uri, BonjourAccount().neighbours.values()))
            self.finish(1)

    def converse(self, session: Session) -> Conversation:
        """Accompany the call; the command is over with it."""
        return Conversation(self, session, lambda _conversation, success: self.finish(0 if success else 1))

    # the call --------------------------------------------------------------------------------------------------------------------------

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
        self.conversation = self.converse(session)
        self.output.say(f"Calling {self.uri}")
        session.connect(ToHeader(self.uri), notification.data.result, [AudioStream(self.account)])
