"""What an account publishes and subscribes to, as its settings say: presence, watchers, calls of buddies, voicemail.

Lives from the account's activation to its deactivation, beside the registration. What this is not: the single subscription or
publication, see ``kept_subscription.py`` and ``kept_publication.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sipsimple.account_buddies import BuddySubscriptions, buddies_of
from blinkq.sipsimple.account_dialog_events import DialogPublisher, DialogSubscriber
from blinkq.sipsimple.account_manager import AccountManager
from blinkq.sipsimple.account_message_summary import MWISubscriber
from blinkq.sipsimple.account_presence import PresencePublisher, PresenceSubscriber, PresenceWinfoSubscriber
from blinkq.sipsimple.addressbook import AddressbookManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.kept_usage import KeptUsage
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_account import Account

if TYPE_CHECKING:
    from blinkq.payloads.pidf import PIDF

__all__ = ["AccountEvents"]

#: A change of one of these makes everything anew.
_COMMON_SETTINGS = ("password", "display_name", "auth.", "sip.")
_ADDRESSBOOK = (
    "AddressbookManagerDidAddContact", "AddressbookManagerDidRemoveContact", "AddressbookContactDidChange",
    "SIPAccountManagerDidChangeDefaultAccount", "SIPAccountDidActivate", "SIPAccountDidDeactivate", "CFGSettingsObjectDidChange",
)  # fmt: skip

_Handler = KeptUsage | BuddySubscriptions


class AccountEvents(NotificationHandler):
    """The subscriptions and publications of one account. Engine thread only, except for looking."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.publisher: PresencePublisher | None = None
        self.presence: PresenceSubscriber | None = None
        self.winfo: PresenceWinfoSubscriber | None = None
        self.dialogs: DialogSubscriber | None = None
        self.dialog_publisher: DialogPublisher | None = None
        self.mwi: MWISubscriber | None = None
        self._registration_lost = False
        self._ending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin what the settings ask for. Idempotent."""
        center = NotificationCenter()
        for name in ("SIPAccountRegistrationDidFail", "SIPAccountRegistrationDidSucceed"):
            center.add_observer(self, name=name, sender=self.account)
        for name in _ADDRESSBOOK:
            center.add_observer(self, name=name)
        self._arrange()

    async def stop(self) -> None:
        """Unpublish and unsubscribe, waiting a short time for the servers. Idempotent."""
        NotificationCenter().purge_observer(self)
        for name in ("publisher", "presence", "winfo", "dialogs", "dialog_publisher", "mwi"):
            self._drop(name)
        if self._ending:
            await asyncio.gather(*self._ending)

    def restart(self) -> None:
        """Subscribe and publish anew, at once."""
        for handler in self._handlers():
            handler.restart()

    def settings_changed(self, modified: Mapping[str, Any]) -> None:
        """Follow settings of the account that were saved."""
        if any(path.startswith("message_summary.") for path in modified):
            self._drop("mwi")  # it may be another mailbox
        self._arrange()
        if any(path.startswith(_COMMON_SETTINGS) for path in modified):
            self.restart()

    def set_presence(self, state: PIDF | None, body: bytes | None) -> None:
        """Publish another state."""
        if self.publisher is not None:
            self.publisher.publish(state, body)

    def watch_buddies(self) -> None:
        """Look again at whom to watch."""
        account = self.account
        if self.presence is not None:
            wanted = self._buddies("presence") if AddressbookManager().get_contacts() else []
            self.presence.watch([*wanted, *account.watched_presence])
        if self.dialogs is not None:
            wanted = self._buddies("dialog") if AddressbookManager().get_contacts() else []
            self.dialogs.watch([*wanted, *account.watched_dialogs])

    def flow_event(self, event: FlowClosed | LocalAddressChanged) -> None:
        """Tell the subscriptions about connections and addresses."""
        for handler in self._handlers():
            handler.flow_event(event)

    # following others --------------------------------------------------------------------------------------------------------

    def handle_notification(self, notification: Notification) -> None:
        """Notifications come from any thread; what they lead to happens on the engine's."""
        if notification.name == "SIPAccountRegistrationDidFail":
            self._registration_lost = True
        elif notification.name == "SIPAccountRegistrationDidSucceed":
            if self._registration_lost:
                # the server was gone: it may have forgotten us, and we need not wait any longer to try
                self._registration_lost = False
                for handler in self._handlers():
                    handler.check()
        elif Runtime.engine is not None and (notification.name != "CFGSettingsObjectDidChange" or isinstance(notification.sender, Account)):
            # also when another account begins or ceases to watch
            Runtime.engine.loop.call(self.watch_buddies)

    # helpers -----------------------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Have what the settings ask for, and nothing else."""
        account = self.account
        presence, dialogs, summary = account.presence.enabled, account.dialog_event.enabled, account.message_summary.enabled
        for name, enabled, cls in (
            ("publisher", presence, PresencePublisher), ("presence", presence, PresenceSubscriber),
            ("winfo", presence, PresenceWinfoSubscriber), ("dialogs", dialogs, DialogSubscriber),
            ("dialog_publisher", dialogs, DialogPublisher), ("mwi", summary, MWISubscriber),
        ):  # fmt: skip
            if not enabled:
                self._drop(name)
            elif getattr(self, name) is None:
                handler: Any = cls(account)
                setattr(self, name, handler)
                if isinstance(handler, KeptUsage):
                    handler.start()
        self.set_presence(*account.presence_document)
        self.watch_buddies()

    def _drop(self, name: str) -> None:
        handler: _Handler | None = getattr(self, name)
        setattr(self, name, None)
        if handler is not None:
            task = asyncio.get_running_loop().create_task(handler.stop())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _handlers(self) -> Iterable[_Handler]:
        handlers = (self.publisher, self.presence, self.winfo, self.dialogs, self.dialog_publisher, self.mwi)
        return [handler for handler in handlers if handler is not None]

    def _buddies(self, kind: str) -> list[str]:
        flag = "presence" if kind == "presence" else "dialog_event"
        accounts = AccountManager().get_accounts()
        able = [account for account in accounts if isinstance(account, Account) and account.enabled and getattr(account, flag).enabled]
        default = SIPSimpleSettings().default_account
        return buddies_of(
            self.account, AddressbookManager().get_contacts(), able, next((other for other in able if other.id == default), None),
            lambda contact: getattr(contact, kind).subscribe,
        )  # fmt: skip
