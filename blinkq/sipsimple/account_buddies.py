"""Whom an account watches: the contacts of the address book that are its to watch, and whoever was asked for besides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sip.events import SubscriptionNotified
from blinkq.sipsimple.addressbook import Contact
from blinkq.sipsimple.kept_subscription import KeptSubscription
from blinkq.sipsimple.sip_uri import SIPURI, SIPCoreError

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["BuddySubscriptions", "buddies_of"]

#: Seconds between the first SUBSCRIBEs to two buddies: a long list must not arrive at the server all at once.
PACE = 0.02
#: Buddies that one account watches; servers have limits of their own.
MAX_BUDDIES = 1000


def buddies_of(
    account: Account, contacts: Iterable[Contact], others: Iterable[Account], default: Account | None, wanted: Callable[[Contact], bool]
) -> list[str]:
    """The URIs of the contacts that ``account`` is to watch.

    Each URI is watched by one account: one of its own domain, else the default one, else the first.

    :param others: all accounts that could watch, in order
    :param default: the default account
    :param wanted: whether a contact is to be watched
    """
    candidates = list(others)
    uris = []
    for contact in contacts:
        for address in contact.uris if wanted(contact) else ():
            try:
                host = SIPURI.parse(address.uri).host.lower()
            except SIPCoreError:
                continue
            able = [candidate for candidate in candidates if candidate.id.domain == host] or candidates
            chosen = default if default in able else next(iter(able), None)
            if chosen is account and address.uri not in uris:
                uris.append(address.uri)
    return uris[:MAX_BUDDIES]


class BuddySubscriptions:
    """One subscription for each watched URI. Engine thread only, except for looking.

    :param notified: is given (uri, SubscriptionNotified)
    :param lost: is given (uri, reason)
    """

    def __init__(
        self, account: Account, event: str, nick: str, accept: str, notified: Callable[[str, SubscriptionNotified], None],
        lost: Callable[[str, str], None],
    ) -> None:  # fmt: skip
        self.account = account
        self.subscriptions: dict[str, KeptSubscription] = {}
        self._event, self._nick, self._accept = event, nick, accept
        self._notified, self._lost = notified, lost
        self._ending: set[asyncio.Task[None]] = set()

    def watch(self, uris: Iterable[str]) -> None:
        """Watch these and no others."""
        wanted = list(dict.fromkeys(uris))
        for uri in [uri for uri in self.subscriptions if uri not in wanted]:
            subscription = self.subscriptions.pop(uri)
            task = asyncio.get_running_loop().create_task(subscription.stop())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        new = [uri for uri in wanted if uri not in self.subscriptions]
        for number, uri in enumerate(new):
            self._add(uri).start(number * PACE)

    def restart(self) -> None:
        """Subscribe anew to all."""
        for subscription in self.subscriptions.values():
            subscription.restart()

    def check(self) -> None:
        """See now whether all of them still stand."""
        for subscription in self.subscriptions.values():
            subscription.check()

    async def stop(self) -> None:
        """Unsubscribe from all."""
        self.watch(())
        await asyncio.gather(*self._ending)

    def flow_event(self, event: FlowClosed | LocalAddressChanged) -> None:
        """Tell the subscriptions about connections and addresses."""
        for subscription in self.subscriptions.values():
            subscription.flow_event(event)

    def _add(self, uri: str) -> KeptSubscription:
        subscription = KeptSubscription(
            self.account, SIPURI.parse(uri), self._event, self._nick, self._accept, lambda event: self._notified(uri, event),
            lambda reason: self._lost(uri, reason),
        )  # fmt: skip
        self.subscriptions[uri] = subscription
        return subscription
