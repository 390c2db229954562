"""Neighbours: who else on the local network can be called directly, as their announcements say. Pure decisions.

Announcements come from anybody on the network: names are cut and cleaned, and a contact counts only if it is on the network itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from blinkq.engine.lan import Interface, is_on_link
from blinkq.engine.service_directory import Service, ServiceDescription
from blinkq.sipsimple.sip_uri import SIPURI, FrozenSIPURI, SIPCoreError

__all__ = ["BonjourNeighbour", "BonjourNeighbourRecord", "BonjourPresenceState", "record_of"]

#: The name of a neighbour's announcement, as in BonjourAccountDidAddNeighbour.
BonjourNeighbour = ServiceDescription

#: Characters of what others wrote: longer is no name, but a nuisance.
MAX_NAME = 64
MAX_NOTE = 250

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class BonjourPresenceState:
    """What a neighbour says of itself: ``state`` such as "available" or "busy" (None: nothing), ``note`` in the person's own words."""

    state: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class BonjourNeighbourRecord:
    """A neighbour, reached over one transport.

    :param id: the name of the installation (a urn:uuid), None where it tells none; the same for all transports of one neighbour
    :param name: the person's name
    :param host: the computer's name
    :param uri: whom to call
    """

    id: str | None
    name: str
    host: str
    uri: FrozenSIPURI
    presence: BonjourPresenceState = field(default_factory=BonjourPresenceState)

    @property
    def transport(self) -> str:
        """"udp", "tcp" or "tls"."""
        return str(self.uri.transport)


def record_of(service: Service, interfaces: Iterable[Interface]) -> BonjourNeighbourRecord | None:
    """What ``service`` announces, None where that cannot be called.

    :param interfaces: our own addresses and networks; a contact elsewhere could make us call anywhere, say a number that costs
    """
    text = service.text
    # what says no contact is its own contact: so it was before there were TXT records
    contact = (text.get("contact") or service.description.name).strip().partition(" ")[0].strip("<>")
    try:
        uri = SIPURI.parse(contact)
    except (SIPCoreError, ValueError):
        return None
    interfaces = list(interfaces)
    if not is_on_link(uri.host, interfaces):
        address = next((address for address in service.addresses if is_on_link(address, interfaces)), None)
        if address is None:
            return None
        uri.host, uri.port = address, service.port or None
    presence = BonjourPresenceState(_clean(text.get("state", ""), MAX_NAME) or None, _clean(text.get("note", ""), MAX_NOTE))
    name = next((cleaned for said in (text.get("name"), uri.user, service.host) if (cleaned := _clean(said or "", MAX_NAME))), "")
    instance = _clean(text.get("instance_id", ""), MAX_NOTE) or None
    return BonjourNeighbourRecord(instance, name, _clean(service.host, MAX_NAME), FrozenSIPURI.new(uri), presence)


def _clean(text: str, length: int) -> str:
    return _CONTROL.sub(" ", text).strip()[:length]
