"""AccountManager: all accounts, and which of them is the default one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sipsimple.bonjour_account import BonjourAccount
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_account import Account
from blinkq.sipsimple.sip_uri import BaseSIPURI

__all__ = ["AccountManager", "AnyAccount"]

AnyAccount = Account | BonjourAccount

#: Seconds in which all accounts together must have unregistered when the application stops.
STOP_TIMEOUT = 3.0

log = get_logger("sipsimple.account_manager")


class AccountManager(NotificationHandler, metaclass=Singleton):
    """The singleton that knows all accounts, BonjourAccount among them. Methods may be called from any thread, except ``stop_accounts``.

    Posts SIPAccountManagerDidAddAccount, SIPAccountManagerDidRemoveAccount, SIPAccountManagerDidChangeDefaultAccount, and WillStart,
    DidStart, WillEnd, DidEnd.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, AnyAccount] = {}
        self._lock = threading.RLock()
        self._loaded = False
        self._running = False

    def load(self) -> None:
        """Load the stored accounts. Nothing happens when they are loaded; IllegalStateError before the configuration was started."""
        with self._lock:
            if self._loaded:
                return
            manager = ConfigurationManager()
            bonjour = BonjourAccount()
            names = [name for name in manager.get_names(["Accounts"]) if name != bonjour.id]
            self._loaded = True
            self.accounts = {}
        for name in ("CFGSettingsObjectWasActivated", "CFGSettingsObjectWasDeleted", "CFGSettingsObjectDidChange"):
            NotificationCenter().add_observer(self, name=name)
        for name in names:
            try:
                account = Account(name)
                if account.id not in self.accounts:  # it was in use before we listened, say since SIPApplicationWillStart
                    self._add(account)
            except ValueError as error:
                log.warning("the account %s cannot be loaded: %s", name, error)
                post("CFGManagerLoadFailed", manager, attribute=name, container=None, error=error)
        self._add(bonjour)  # last: an account with a server is the better default
        self._check_default()

    def start(self) -> None:
        """Load the accounts, and activate the enabled ones if the engine runs."""
        self.load()
        post("SIPAccountManagerWillStart", self, accounts=self.get_accounts())
        self._running = Runtime.engine is not None
        if self._running:
            for account in self.get_accounts():
                account.start()
        post("SIPAccountManagerDidStart", self)

    def stop(self) -> None:
        """Deactivate all accounts; returns at once."""
        if Runtime.engine is not None:
            Runtime.engine.loop.run(self.stop_accounts())

    async def stop_accounts(self) -> None:
        """Deactivate all accounts, waiting a short time for their servers. Engine thread only."""
        if not self._running:
            return
        self._running = False
        post("SIPAccountManagerWillEnd", self)
        accounts = self.get_accounts()
        if accounts:
            done, late = await asyncio.wait(
                [asyncio.ensure_future(account.stop()) for account in accounts], timeout=STOP_TIMEOUT
            )
            for task in late:
                task.cancel()
            await asyncio.gather(*done, *late, return_exceptions=True)
        post("SIPAccountManagerDidEnd", self)

    def forget(self) -> None:
        """Let go of all accounts, after the application has ended."""
        NotificationCenter().purge_observer(self)
        with self._lock:
            for account in self.accounts.values():
                NotificationCenter().purge_observer(account)
            self.accounts = {}
            self._loaded = False

    # looking up ------------------------------------------------------------------------------------------------------------------

    def has_account(self, id: str) -> bool:
        """Whether there is an account with this id, enabled or not."""
        return id in self.accounts

    def get_account(self, id: str) -> AnyAccount:
        """Raises KeyError when there is no such account."""
        return self.accounts[id]

    def get_accounts(self) -> list[AnyAccount]:
        """All accounts, enabled or not."""
        with self._lock:
            return list(self.accounts.values())

    def iter_accounts(self) -> Iterator[AnyAccount]:
        """All accounts, as they are now."""
        return iter(self.get_accounts())

    def find_account(self, contact_uri: BaseSIPURI) -> AnyAccount | None:
        """The enabled account that a request to ``contact_uri`` is for.

        First the one whose contact or address it is, then the first one whose user name it has; None when there is none. BonjourAccount
        has no address, only the contact that it announces.
        """
        all_enabled = [account for account in self.get_accounts() if account.enabled]
        for known in all_enabled:
            if contact_uri.user == known.contact.username:
                return known
        enabled = [account for account in all_enabled if isinstance(account, Account)]
        for account in enabled:
            if (contact_uri.user, contact_uri.host.lower()) == (account.id.username, account.id.domain):
                return account
        return next((account for account in enabled if contact_uri.user == account.id.username), None)

    @property
    def default_account(self) -> AnyAccount | None:
        """The account that calls are placed from. Setting a disabled one raises ValueError."""
        return self.accounts.get(SIPSimpleSettings().default_account or "")

    @default_account.setter
    def default_account(self, account: AnyAccount | None) -> None:
        if account is not None and not account.enabled:
            raise ValueError(f"the account {account.id} is disabled and cannot be the default one")
        self._set_default(account)

    # following the configuration -------------------------------------------------------------------------------------------------

    def _NH_CFGSettingsObjectWasActivated(self, notification: Notification) -> None:
        if isinstance(notification.sender, Account):
            self._add(notification.sender)

    def _NH_CFGSettingsObjectWasDeleted(self, notification: Notification) -> None:
        account = notification.sender
        if not isinstance(account, Account):
            return
        with self._lock:
            was_default = self.default_account is account
            self.accounts.pop(account.id, None)
        post("SIPAccountManagerDidRemoveAccount", self, account=account)
        if was_default:
            self._set_default(self._first_enabled(), old=account)

    def _NH_CFGSettingsObjectDidChange(self, notification: Notification) -> None:
        if isinstance(notification.sender, AnyAccount) and "enabled" in notification.data.modified:
            self._check_default()

    def flow_event(self, event: object) -> None:
        """Tell the registrations about connections and addresses. Engine thread only."""
        if isinstance(event, FlowClosed | LocalAddressChanged):
            for account in self.get_accounts():
                if isinstance(account, Account):
                    account.flow_event(event)

    def _add(self, account: AnyAccount) -> None:
        with self._lock:
            self.accounts[account.id] = account
        post("SIPAccountManagerDidAddAccount", self, account=account)
        if self._running:
            account.start()
            self._check_default()

    def _check_default(self) -> None:
        default = self.default_account
        if default is None or not default.enabled:
            self._set_default(self._first_enabled())

    def _first_enabled(self) -> AnyAccount | None:
        return next((account for account in self.get_accounts() if account.enabled), None)

    def _set_default(self, account: AnyAccount | None, old: AnyAccount | None = None) -> None:
        settings = SIPSimpleSettings()
        old = old or self.default_account
        wanted = None if account is None else str(account.id)
        if settings.default_account == wanted:
            return
        settings.default_account = wanted
        settings.save()
        if old is not account:
            post("SIPAccountManagerDidChangeDefaultAccount", self, old_account=old, account=account)
