"""The presence of an account: its own, published; that of buddies, asked for; and who asks for ours (RFC 3856, RFC 3857)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.payloads.errors import ParserError
from blinkq.payloads.pidf import PIDF
from blinkq.payloads.rlsnotify import Resource
from blinkq.payloads.watcherinfo import WatcherInfo, WatcherInfoState, WatcherList
from blinkq.sip.events import SubscriptionNotified
from blinkq.sipsimple.account_buddies import BuddySubscriptions
from blinkq.sipsimple.kept_publication import KeptPublication
from blinkq.sipsimple.kept_subscription import KeptSubscription

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["PresencePublisher", "PresenceSubscriber", "PresenceWinfoSubscriber"]

log = get_logger("sipsimple.account_presence")


class PresencePublisher(KeptPublication):
    """Publishes what ``account.presence_state`` was set to."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, "presence", PIDF.mime_type, "Presence")


class PresenceSubscriber(BuddySubscriptions):
    """Asks for the presence of buddies and keeps the latest of each in ``resources``, by URI.

    Posts SIPAccountGotPresenceState in the account's name.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(account, "presence", "Presence", PIDF.mime_type, self._take, self._forget)
        self.resources: dict[str, Resource] = {}
        self._version = 0

    def _take(self, uri: str, event: SubscriptionNotified) -> None:
        status = event.status
        resource = Resource(uri, None, status.state, status.reason)
        if event.body and (event.content_type or "").lower().startswith(PIDF.mime_type):
            try:
                resource.pidf_list.append(PIDF.parse(event.body))
            except ParserError as error:
                log.info("%s: unusable presence of %s: %s", self.account.id, uri, error)
                return
        self._tell(resource)

    def _forget(self, uri: str, reason: str) -> None:
        known = self.resources.get(uri)
        if known is None or known.state != "terminated" or known.reason != reason:
            self._tell(Resource(uri, None, "terminated", reason))

    def _tell(self, resource: Resource) -> None:
        self._version += 1
        if resource.uri in self.subscriptions:
            self.resources[resource.uri] = resource
        else:
            self.resources.pop(resource.uri, None)
        post(
            "SIPAccountGotPresenceState", self.account, version=self._version, full_state=False, resource_map={resource.uri: resource},
        )  # fmt: skip


class PresenceWinfoSubscriber(KeptSubscription):
    """Asks who watches our presence.

    Posts SIPAccountGotPresenceWinfo in the account's name.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(
            account, account.uri, "presence.winfo", "PresenceWinfo", WatcherInfo.mime_type, self._take_document, lambda reason: None
        )  # fmt: skip
        self._table = WatcherInfoState()

    def _take_document(self, event: SubscriptionNotified) -> None:
        if not event.body:
            return
        try:
            document = WatcherInfo.parse(event.body)
        except ParserError as error:
            log.info("%s: unusable watcher information: %s", self.account.id, error)
            return
        if self._table.version is not None and document.state == "full":
            self._table = WatcherInfoState()  # a new subscription begins at version 0 again
        if not self._table.apply(document):
            self.ask_again()
            return
        watcher_list = document.wlists[0] if document.wlists else WatcherList(str(self.account.uri), "presence")
        post(
            "SIPAccountGotPresenceWinfo", self.account, version=document.version, state=document.state, watcher_list=watcher_list,
            watchers=self._table.watchers,
        )  # fmt: skip
