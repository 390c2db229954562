"""BonjourAccount: the account for calls on the local network, without any server."""

from __future__ import annotations

import getpass
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.loop import in_engine
from blinkq.sipsimple.account_settings import (
    BonjourMSRPSettings,
    BonjourPresenceSettings,
    BonjourSIPSettings,
    RTPSettings,
    SMSSettings,
)
from blinkq.sipsimple.configuration import Setting, SettingsObject, group
from blinkq.sipsimple.configuration.datatypes import SIPAddress
from blinkq.sipsimple.contact_uri import ContactURI, local_address
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPURI
from blinkq.sipsimple.values.credentials import Credentials

if TYPE_CHECKING:
    from blinkq.sipsimple.bonjour_services import BonjourServices
    from blinkq.sipsimple.neighbours import BonjourNeighbour, BonjourNeighbourRecord, BonjourPresenceState

__all__ = ["BonjourAccount"]

BONJOUR_ID: SIPAddress = SIPAddress("bonjour@local")

#: A change of one of these must be announced; a change of the latter ones means to announce anew.
_ANNOUNCED_SETTINGS = ("display_name", "presence.")
_RESTART_SETTINGS = ("announced",)


class BonjourAccount(SettingsObject):
    """The singleton account for calls from computer to computer on the local network.

    It is active while it is enabled and the engine runs; then it announces itself by Bonjour (multicast DNS) and knows its neighbours.

    ``contact`` is what it announces: only calls to that contact, from that network, ring. ``neighbours`` maps the name of each
    announcement to its BonjourNeighbourRecord.

    Posts SIPAccountDidActivate, SIPAccountDidDeactivate, BonjourAccountWillStart, BonjourAccountWillStop, and what BonjourServices posts.
    """

    __group__ = "Accounts"
    __id__ = str(BONJOUR_ID)

    enabled = Setting(bool, False, doc="whether others on the local network can call us, and we them, without a server")
    announced = Setting(bool, True, doc="whether others on the local network see us; otherwise we only see them")
    display_name: Setting[str | None] = Setting(str, nillable=True, doc="our name, as others see it; empty = that of the system's user")

    msrp = group(BonjourMSRPSettings)
    presence = group(BonjourPresenceSettings)
    rtp = group(RTPSettings)
    sip = group(BonjourSIPSettings)
    sms = group(SMSSettings)

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id)
        self.contact = ContactURI.new(Runtime.engine.entropy if Runtime.engine is not None else None)
        self.active = False
        self._started = False
        self._presence_state: BonjourPresenceState | None = None
        self._services: BonjourServices | None = None
        NotificationCenter().add_observer(self, name="CFGSettingsObjectDidChange", sender=self)

    @property
    def id(self) -> SIPAddress:
        """``bonjour@local``."""
        return BONJOUR_ID

    @property
    def uri(self) -> SIPURI:
        """Who calls: the contact's user at our address."""
        return SIPURI(local_address() or self.contact.domain, user=self.contact.username)

    @property
    def credentials(self) -> Credentials:
        """The contact's user and no password: neighbours ask for none."""
        return Credentials(self.contact.username, "")

    @property
    def mdns_available(self) -> bool:
        """Whether there is a library that speaks multicast DNS."""
        return importlib.util.find_spec("zeroconf") is not None

    @property
    def announced_name(self) -> str:
        """The name that neighbours, and those whom we call, see."""
        return self.display_name or _system_user()

    @property
    def neighbours(self) -> dict[BonjourNeighbour, BonjourNeighbourRecord]:
        """A copy of what is known of the neighbours: one record for each transport of each neighbour."""
        return dict(self._services.neighbours) if self._services is not None else {}

    @property
    def presence_state(self) -> BonjourPresenceState | None:
        """What neighbours are told of us (BonjourPresenceState), None for nothing; it may be set at any time, from any thread."""
        return self._presence_state

    @presence_state.setter
    def presence_state(self, state: BonjourPresenceState | None) -> None:
        self._presence_state = state
        if Runtime.engine is not None:
            self._announce_changes()

    @property
    def registered(self) -> bool:
        """Whether others can see us."""
        return self._services is not None and self._services.registered

    @property
    def registrar(self) -> BonjourServices | None:
        """The announcements at work, None while the account is not active."""
        return self._services

    def is_server(self, address: str) -> bool:
        """False: there are no servers."""
        return False

    # life, driven by AccountManager --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The engine runs: be active as soon as enabled."""
        self._started = True
        if self.enabled:
            self._activate_account()

    async def stop(self) -> None:
        """The engine will stop: say goodbye and be inactive. Engine thread only."""
        self._started = False
        await self._deactivate_account()

    def handle_notification(self, notification: Notification) -> None:
        """Follow changes of our own settings."""
        if self._started and Runtime.engine is not None:
            self._apply(list(notification.data.modified))

    @in_engine
    def _apply(self, changed: list[str]) -> None:
        if not self.enabled:
            Runtime.spawn(self._deactivate_account())
        elif not self.active:
            self._activate_account()
        elif any(path in _RESTART_SETTINGS for path in changed):
            self._restart()
        elif any(path.startswith(_ANNOUNCED_SETTINGS) for path in changed):
            self._announce_changes()

    @in_engine
    def _activate_account(self) -> None:
        if self.active or not self._started or not self.enabled:
            return
        # imported here because it needs the SIP rooms, and settings can be edited without them
        from blinkq.sipsimple.bonjour_services import BonjourServices

        self.active = True
        post("SIPAccountDidActivate", self)
        post("BonjourAccountWillStart", self)
        self._services = BonjourServices(self)
        self._services.start()

    async def _deactivate_account(self) -> None:
        if not self.active:
            return
        self.active = False
        services, self._services = self._services, None
        post("BonjourAccountWillStop", self)
        if services is not None:
            await services.stop()
        post("SIPAccountDidDeactivate", self)
        if self._started and self.enabled:  # changed back meanwhile
            self._activate_account()

    @in_engine
    def _restart(self) -> None:
        if self._services is not None:
            self._services.restart()

    @in_engine
    def _announce_changes(self) -> None:
        if self._services is not None:
            self._services.update()

    def __repr__(self) -> str:
        return "BonjourAccount()"


def _system_user() -> str:
    """The full name of whoever runs this, or the user's name."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        return "BlinkQ"
    try:
        accounts: Any = importlib.import_module("pwd")
        return str(accounts.getpwnam(user).pw_gecos).partition(",")[0].strip() or user
    except (ImportError, KeyError):  # Windows has no such file; a user of a directory service may not be in it
        return user
