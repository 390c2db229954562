"""Dialer: a command that finds out where somebody is, by DNS or in the neighbourhood, and then does something with the routes."""

from __future__ import annotations

from argparse import Namespace

from blinkq.base.notification import Notification
from blinkq.cli.neighbourhood import best_of, matches, reason_not_found
from blinkq.cli.preparation import check_uri, complete_uri, selected_account
from blinkq.cli.tool import Tool
from blinkq.sipsimple.account import BonjourAccount
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route
from blinkq.sipsimple.explain import explain_lookup
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session.destination import target_of

__all__ = ["Dialer", "check_destination"]

NEIGHBOUR_LIMIT = 8.0  # seconds for a neighbour to be found
OTHER_TRANSPORTS = 0.5  # seconds in which the same neighbour may announce a better transport


def check_destination(options: Namespace) -> None:
    """Raise WrongUsage where what is to be called is no address. Names of neighbours are not known before."""
    if options.account != "bonjour@local":
        check_uri(options)


class Dialer(Tool):
    """Looks up the routes to ``options.uri``, then calls ``connect``."""

    def begin(self) -> None:
        self.found = False
        self.account = selected_account(self.options)
        self.lookup = DNSLookup()
        if isinstance(self.account, BonjourAccount) and not self.options.uri.lower().startswith(("sip:", "sips:")):
            self.after(NEIGHBOUR_LIMIT, self._nobody_found)
            self._look_around()
        else:
            self._dial(complete_uri(self.options, self.account))

    def connect(self, uri: SIPURI, routes: list[Route]) -> None:
        """The routes are known."""
        raise NotImplementedError

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

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        if self._started and notification.sender is self.lookup:
            self.output.say(explain_lookup(notification.data.error, str(self.uri)).text())
            self.finish(1)

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        if self._started and notification.sender is self.lookup:
            self.connect(self.uri, notification.data.result)
