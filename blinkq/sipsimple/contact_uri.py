"""ContactURI: where an account can be reached directly, by transport."""

from __future__ import annotations

import string

from blinkq.base.clock import Entropy, SystemEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.engine.errors import NetworkError
from blinkq.sip.hop import Hop
from blinkq.sipsimple.configuration.datatypes import SIPAddress
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPURI

__all__ = ["ContactURI"]

#: Towards here we ask for our own address when nothing else is known; nothing is sent there (RFC 5737).
_ANYWHERE = "192.0.2.1"


class ContactURI(SIPAddress):
    """``user@local-address``, with a random user of eight letters so that guessing an account's name is no use for calling it.

    ``contact["tcp"]`` or ``contact[route]`` gives the SIPURI for a transport: with our address towards the route and the port where we
    listen. KeyError when the transport is not available, IllegalStateError when the engine is not running.
    """

    @classmethod
    def new(cls, entropy: Entropy | None = None) -> ContactURI:
        """A contact with a fresh user."""
        chance = entropy or SystemEntropy()
        user = "".join(string.ascii_lowercase[chance.integer(0, 25)] for _ in range(8))
        contact: ContactURI = cls(f"{user}@{local_address() or '0.0.0.0'}")
        return contact

    def __getitem__(self, key: object) -> SIPURI:  # type: ignore[override]  # indexed by transport or route, not by position
        if isinstance(key, Route):
            transport, remote = key.transport, key.address
        elif isinstance(key, str):
            transport, remote = key.lower(), None
        else:
            raise KeyError(key)
        port = Runtime.current().sip.ports.get(transport)
        address = local_address(remote)
        if port is None or address is None:
            raise KeyError(transport)
        return self._uri(transport, address, port)

    def for_hop(self, hop: Hop) -> SIPURI:
        """The SIPURI under which the peer behind ``hop`` reaches us."""
        return self._uri(hop.transport, hop.local_address, hop.local_port)

    def _uri(self, transport: str, address: str, port: int) -> SIPURI:
        return SIPURI(address, user=self.username, port=port, parameters={} if transport == "udp" else {"transport": transport})


def local_address(remote: str | None = None) -> str | None:
    """Our own address towards ``remote``, None when there is no network or no engine."""
    try:
        engine = Runtime.current()
    except IllegalStateError:
        return None
    configured = engine.sip.config.local_address
    if configured:
        return configured
    try:
        return engine.network.local_address_for(remote or _ANYWHERE)
    except NetworkError:
        return None
