"""RegistrationTrial: register once with settings that are not an account's yet, to see whether they are right.

Nothing is stored and no account changes. What this is not: a way to stay registered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from blinkq.engine.loop import in_engine
from blinkq.sipsimple.account_nat_settings import NATTraversalSettings
from blinkq.sipsimple.account_registration import AccountRegistration
from blinkq.sipsimple.account_settings import AccountSIPSettings, RegistrationSettings
from blinkq.sipsimple.configuration.datatypes import PositiveInteger, SIPAddress, SIPProxyAddress, SIPTransport
from blinkq.sipsimple.contact_uri import ContactURI
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_account import Account
from blinkq.sipsimple.sip_uri import SIPURI
from blinkq.sipsimple.values.credentials import Credentials

__all__ = ["RegistrationTrial"]

#: seconds that the server keeps the trial's contact when we cannot take it back
EXPIRES = 60


class _TrialAccount:
    """What a registration needs of an account."""

    def __init__(self, address: str, display_name: str, credentials: Credentials, proxy: SIPProxyAddress | None, transport: str) -> None:
        self.id = SIPAddress(address)
        self.display_name = display_name or None
        self.credentials = credentials
        self.contact = ContactURI.new(Runtime.current().entropy)
        self.nat_traversal = NATTraversalSettings()
        self.sip = AccountSIPSettings()
        self.sip.outbound_proxy = proxy
        self.sip.transport = SIPTransport(transport) if transport else None
        self.nat_traversal = NATTraversalSettings()
        self.registration = RegistrationSettings()
        self.registration.interval = PositiveInteger(EXPIRES)

    @property
    def uri(self) -> SIPURI:
        return SIPURI(self.id.domain, user=self.id.username)


@dataclass(eq=False)
class RegistrationTrial:
    """A registration with what a person has typed.

    :param address: user@domain
    :param password: as typed
    :param username: for authentication, where it is not the address's
    :param proxy: outbound proxy or None
    :param transport: "udp", "tcp", "tls", or "" for what DNS says

    SIPAccountRegistrationDidSucceed or SIPAccountRegistrationDidFail is posted with ``sender`` as its sender (a failure with
    ``next_route`` goes on by itself). Raises IllegalStateError when no engine runs, ValueError for impossible values.
    """

    address: str
    password: str = field(repr=False)
    display_name: str = ""
    username: str = ""
    proxy: SIPProxyAddress | None = None
    transport: str = ""

    def __post_init__(self) -> None:
        credentials = Credentials(self.username or SIPAddress(self.address).username, self.password)
        self.sender = _TrialAccount(self.address, self.display_name, credentials, self.proxy, self.transport)
        self._registration = AccountRegistration(cast(Account, self.sender))

    def start(self) -> None:
        """Begin; any thread."""
        Runtime.current().loop.call(self._registration.start)

    def close(self) -> None:
        """Take the registration back. Idempotent; any thread."""
        if Runtime.engine is not None:
            self._close()

    @in_engine
    def _close(self) -> None:
        Runtime.spawn(self._registration.stop())
