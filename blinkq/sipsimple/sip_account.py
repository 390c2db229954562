"""Account: a SIP account as settings and as the thing that registers and places calls."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.loop import in_engine
from blinkq.payloads.pidf import PIDF
from blinkq.sipsimple.account_kept_settings import AccountTLSSettings, MSRPSettings, PSTNSettings, XCAPSettings
from blinkq.sipsimple.account_nat_settings import NATTraversalSettings
from blinkq.sipsimple.account_settings import (
    AccountSIPSettings,
    AuthSettings,
    DialogEventSettings,
    MessageSummarySettings,
    PresenceSettings,
    RegistrationSettings,
    RTPSettings,
    SMSSettings,
)
from blinkq.sipsimple.addressbook import ContactURI as ContactAddress
from blinkq.sipsimple.configuration import (
    ConfigurationBackendError,
    ConfigurationManager,
    ModifiedValue,
    Setting,
    SettingsObject,
    SettingsObjectImmutableID,
    group,
)
from blinkq.sipsimple.configuration.datatypes import SIPAddress
from blinkq.sipsimple.configuration.password import PasswordSetting
from blinkq.sipsimple.contact_uri import ContactURI
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPURI
from blinkq.sipsimple.values.credentials import Credentials

if TYPE_CHECKING:
    from blinkq.engine.events import FlowClosed, LocalAddressChanged
    from blinkq.payloads.dialoginfo import DialogInfo
    from blinkq.sipsimple.account_events import AccountEvents
    from blinkq.sipsimple.account_registration import AccountRegistration

__all__ = ["Account"]

#: A change of one of these makes the registration anew.
_REGISTRATION_SETTINGS = (
    "password", "display_name", "auth.", "sip.outbound_proxy", "sip.tls_name", "sip.transport", "registration.", "nat_traversal.use_ice",
)  # fmt: skip


class Account(SettingsObject):
    """One SIP account, named ``user@domain``; there is one object for each name.

    Creating it for a new name makes a new account; ``save()`` stores it. It is active while it is enabled and the engine runs; then it
    registers, if ``registration.enabled``. Raises ValueError for what is no SIP address.

    Posts SIPAccountDidActivate and SIPAccountDidDeactivate, and what AccountRegistration posts.
    """

    __group__ = "Accounts"
    __id__ = SettingsObjectImmutableID(SIPAddress)

    id = __id__
    enabled = Setting(bool, False, doc="whether the account is used")
    display_name: Setting[str | None] = Setting(str, nillable=True, doc="our name, as others see it")
    password = PasswordSetting(doc="password; kept in the system's keyring or an encrypted file")

    auth = group(AuthSettings)
    dialog_event = group(DialogEventSettings)
    message_summary = group(MessageSummarySettings)
    msrp = group(MSRPSettings)
    nat_traversal = group(NATTraversalSettings)
    pstn = group(PSTNSettings)
    presence = group(PresenceSettings)
    registration = group(RegistrationSettings)
    rtp = group(RTPSettings)
    sip = group(AccountSIPSettings)
    sms = group(SMSSettings)
    tls = group(AccountTLSSettings)
    xcap = group(XCAPSettings)

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.contact = ContactURI.new(Runtime.engine.entropy if Runtime.engine is not None else None)
        self.active = False
        self._started = False
        self._guard = threading.RLock()
        self._registrar: AccountRegistration | None = None
        #: one change at a time: a registration that is taken back must not overtake the next one
        self._changing = asyncio.Lock()
        self._events: AccountEvents | None = None
        self._presence: tuple[PIDF | None, bytes | None] = (None, None)
        #: whose presence and calls are watched besides those of the contacts
        self.watched_presence: frozenset[str] = frozenset()
        self.watched_dialogs: frozenset[str] = frozenset()
        stored = ConfigurationManager().passwords.get(self.id) if self._stored else None
        if stored is not None:
            type(self).password.restore(self, stored)
        NotificationCenter().add_observer(self, name="CFGSettingsObjectDidChange", sender=self)
        NotificationCenter().add_observer(self, name="CFGSettingsObjectWasDeleted", sender=self)

    @property
    def uri(self) -> SIPURI:
        """The account's address."""
        return SIPURI(self.id.domain, user=self.id.username)

    @property
    def announced_name(self) -> str | None:
        """The name that those whom we call see."""
        return self.display_name

    @property
    def credentials(self) -> Credentials:
        """User name and password for authentication, as set at this moment."""
        return Credentials(self.auth.username or self.id.username, self.password)

    @property
    def registered(self) -> bool:
        """Whether the account's server knows where we are."""
        return self._registrar is not None and self._registrar.registered

    @property
    def registrar(self) -> AccountRegistration | None:
        """The registration at work, None while the account is not active or does not register."""
        return self._registrar

    def is_server(self, address: str) -> bool:
        """Whether ``address`` (an IP address) is one of the account's servers, as far as they are known."""
        return self._registrar is not None and address in self._registrar.server_addresses

    @property
    def events(self) -> AccountEvents | None:
        """What the account publishes and subscribes to, None while it is not active."""
        return self._events

    @property
    def presence_state(self) -> PIDF | None:
        """What is published as our presence while ``presence.enabled``; None takes it back. Nothing is stored.

        Setting it raises TypeError for what is no PIDF, BuilderError (a ValueError) for one that cannot be written.
        """
        return self._presence[0]

    @presence_state.setter
    def presence_state(self, state: PIDF | None) -> None:
        if state is not None and not isinstance(state, PIDF):
            raise TypeError(f"a PIDF or None is needed, not {state!r}")
        self._presence = (state, None if state is None else state.to_bytes())
        if Runtime.engine is not None:
            self._publish_presence()

    @property
    def presence_document(self) -> tuple[PIDF | None, bytes | None]:
        """``presence_state`` and how it is written."""
        return self._presence

    @property
    def dialog_state(self) -> DialogInfo | None:
        """What is published of our calls, None when nothing is."""
        publisher = self._events.dialog_publisher if self._events is not None else None
        return publisher.dialog_info if publisher is not None else None

    @property
    def mwi_active(self) -> bool:
        """Whether we are told of waiting voicemail."""
        return self._events is not None and self._events.mwi is not None and self._events.mwi.active

    @property
    def voicemail_uri(self) -> SIPURI:
        """Where the voicemail is heard."""
        mailbox = self.message_summary.voicemail_uri or self.id
        return SIPURI(mailbox.domain, user=mailbox.username)

    def watch_presence(self, *uris: str) -> None:
        """Ask for the presence of exactly these addresses, besides the contacts; raises ValueError for what is no SIP URI."""
        self.watched_presence = frozenset(ContactAddress(uri).uri for uri in uris)
        self._watch_again()

    def watch_dialogs(self, *uris: str) -> None:
        """Ask for the calls of exactly these addresses, besides the contacts; raises ValueError for what is no SIP URI."""
        self.watched_dialogs = frozenset(ContactAddress(uri).uri for uri in uris)
        self._watch_again()

    def resubscribe(self) -> None:
        """Subscribe and publish anew, at once; nothing happens when the account is not active."""
        if Runtime.engine is not None:
            self._restart_events()

    def reregister(self) -> None:
        """Unregister and register anew, at once; nothing happens when the account does not register."""
        if Runtime.engine is not None:
            self._restart_registration()

    # life, driven by AccountManager --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The engine runs: be active as soon as enabled."""
        self._started = True
        if self.enabled:
            self._activate_account()

    async def stop(self) -> None:
        """The engine will stop: unregister and be inactive. Engine thread only."""
        self._started = False
        await self._deactivate_account()

    def handle_notification(self, notification: Notification) -> None:
        """Follow changes of our own settings."""
        if not self._started or Runtime.engine is None:
            return
        if notification.name == "CFGSettingsObjectWasDeleted":
            self._started = False
            self._apply(False, {})
            return
        modified: dict[str, ModifiedValue] = notification.data.modified
        self._apply(self.enabled, modified)

    @in_engine
    def _apply(self, enabled: bool, modified: dict[str, ModifiedValue]) -> None:
        if not enabled:
            Runtime.spawn(self._deactivate_account())
        elif not self.active:
            self._activate_account()
        else:
            if self._events is not None:
                self._events.settings_changed(modified)
            if any(path.startswith(_REGISTRATION_SETTINGS) for path in modified):
                Runtime.spawn(self._change_registration())

    @in_engine
    def _activate_account(self) -> None:
        if self.active or not self._started or not self.enabled or self._changing.locked():
            return  # what is under way comes back here at its end
        self.active = True
        post("SIPAccountDidActivate", self)
        if self.registration.enabled:
            self._start_registration()
        self._start_events()

    async def _deactivate_account(self) -> None:
        async with self._changing:
            if not self.active:
                return
            self.active = False
            registrar, self._registrar = self._registrar, None
            events, self._events = self._events, None
            await asyncio.gather(*(part.stop() for part in (events, registrar) if part is not None))
            post("SIPAccountDidDeactivate", self)
        self._activate_account()  # it may have been enabled again meanwhile

    async def _change_registration(self) -> None:
        async with self._changing:
            registrar = self._registrar
            if not self.active:
                return
            if registrar is not None and not self.registration.enabled:
                self._registrar = None
                await registrar.stop()
            elif registrar is not None:
                registrar.restart()
            elif self.registration.enabled:
                self._start_registration()

    def _start_registration(self) -> None:
        # imported here because a registration needs the SIP rooms, and settings of accounts can be edited without them
        from blinkq.sipsimple.account_registration import AccountRegistration

        self._registrar = AccountRegistration(self)
        self._registrar.start()

    def _start_events(self) -> None:
        from blinkq.sipsimple.account_events import AccountEvents  # here for the same reason

        self._events = AccountEvents(self)
        self._events.start()

    @in_engine
    def _restart_events(self) -> None:
        if self._events is not None:
            self._events.restart()

    @in_engine
    def _publish_presence(self) -> None:
        if self._events is not None:
            self._events.set_presence(*self._presence)

    def _watch_again(self) -> None:
        if self._events is not None and Runtime.engine is not None:
            Runtime.engine.loop.call(self._events.watch_buddies)

    def flow_event(self, event: FlowClosed | LocalAddressChanged) -> None:
        """Tell registration and subscriptions about connections and addresses. Engine thread only."""
        for part in (self._registrar, self._events):
            if part is not None:
                part.flow_event(event)

    @in_engine
    def _restart_registration(self) -> None:
        if self._registrar is not None:
            self._registrar.restart()

    # the password ------------------------------------------------------------------------------------------------------------

    def _store_elsewhere(self, modified: dict[str, ModifiedValue]) -> Exception | None:
        if "password" not in modified:
            return None
        store = ConfigurationManager().passwords
        try:
            if self.password:
                store.set(self.id, self.password)
            else:
                store.delete(self.id)
        except (ConfigurationBackendError, IllegalStateError) as error:
            return error
        return None

    def _delete_elsewhere(self) -> None:
        try:
            ConfigurationManager().passwords.delete(self.id)
        except ConfigurationBackendError:
            pass  # the account is gone all the same; a password without an account is of no use to anybody

    def __repr__(self) -> str:
        return f"Account({str(self.id)!r})"
