"""BonjourServices: makes the account for the local network known there, and finds the neighbours. Engine thread only.

Service types and TXT records are those of the other clients that build on this specification, so that they see us and we them.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.engine.lan import Interface, lan_addresses
from blinkq.engine.service_directory import Service, ServiceDescription, ServiceDirectory
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.contact_uri import local_address
from blinkq.sipsimple.neighbours import BonjourNeighbourRecord, record_of
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.bonjour_account import BonjourAccount

__all__ = ["SERVICE_TYPES", "BonjourServices"]

#: transport of the directory -> service type; TLS is announced as TCP, its contact says which it is
SERVICE_TYPES = {"udp": "_sipuri._udp", "tcp": "_sipuri._tcp"}
#: Seconds between looks whether our addresses have changed.
WATCH_INTERVAL = 5.0
#: Seconds until the next attempt after a failure.
RETRY_DELAY = 15.0

log = get_logger("sipsimple.bonjour")


class BonjourServices:
    """The announcements and the search, from ``start`` to ``stop``.

    Posts the notifications of BonjourAccount called WillRegister, RegistrationDidSucceed, RegistrationDidFail, RegistrationUpdateDidFail,
    RegistrationDidEnd, WillInitiateDiscovery, DiscoveryDidFail, DidAddNeighbour, DidUpdateNeighbour, DidRemoveNeighbour.
    """

    #: there is no server behind it
    route = None
    server_addresses: frozenset[str] = frozenset()

    def __init__(self, account: BonjourAccount) -> None:
        self._account = account
        self.neighbours: dict[ServiceDescription, BonjourNeighbourRecord] = {}
        self._announced: dict[str, Service] = {}  # by transport
        self._interfaces: frozenset[Interface] = frozenset()
        self._directory: ServiceDirectory | None = None
        self._stopped = True
        self._timer: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()  # openings, updates and closings come one after another

    @property
    def registered(self) -> bool:
        """Whether others can see us over at least one transport."""
        return bool(self._announced)

    def start(self) -> None:
        """Announce and search, now and whenever the network has changed or did not let us."""
        self._stopped = False
        Runtime.spawn(self._in_turn(self._open()))

    def restart(self) -> None:
        """Announce and search anew: ports, or which transports there are, have changed."""
        if not self._stopped:
            Runtime.spawn(self._in_turn(self._reopen()))

    def update(self) -> None:
        """Announce the account's name and presence as they are now."""
        if not self._stopped:
            Runtime.spawn(self._in_turn(self._update()))

    async def stop(self) -> None:
        """Say goodbye, and forget the neighbours."""
        self._stopped = True
        await self._in_turn(self._close())

    def flow_event(self, event: object) -> None:
        """A connection broke or an address changed: see at once what that means for us."""
        if not self._stopped:
            self._watch()

    # opening and closing ---------------------------------------------------------------------------------------------------------------

    async def _in_turn(self, work: Coroutine[Any, Any, None]) -> None:
        async with self._turn:
            await work

    async def _open(self) -> None:
        if self._stopped or self._directory is not None:
            return
        engine = Runtime.current()
        self._interfaces = engine.network.local_interfaces()
        directory = engine.new_directory()
        try:
            await directory.open(self._addresses())
        except NetworkError as error:
            log.info("%s", error)
            for transport in self._transports():
                post("BonjourAccountRegistrationDidFail", self._account, reason=str(error), transport=transport)
            for transport in SERVICE_TYPES:
                post("BonjourAccountDiscoveryDidFail", self._account, reason=str(error), transport=transport)
            await directory.close()
            self._watch_later(RETRY_DELAY)
            return
        self._directory = directory
        for transport in SERVICE_TYPES:
            post("BonjourAccountWillInitiateDiscovery", self._account, transport=transport)
        directory.browse(list(SERVICE_TYPES.values()), self)
        await self._announce_all()
        self._watch_later(WATCH_INTERVAL if len(self._announced) == len(self._transports()) else RETRY_DELAY)

    async def _reopen(self) -> None:
        await self._close()
        await self._open()

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        directory, self._directory = self._directory, None
        if directory is not None:
            await directory.close()
        announced, self._announced = self._announced, {}
        for transport in announced:
            post("BonjourAccountRegistrationDidEnd", self._account, transport=transport)
        for description in list(self.neighbours):
            self.service_lost(description)

    def _watch_later(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if self._stopped else Runtime.current().loop.loop.call_later(seconds, self._watch)

    def _watch(self) -> None:
        """Another network is another neighbourhood."""
        if Runtime.current().network.local_interfaces() != self._interfaces:
            log.info("the addresses of this computer have changed")
            self.restart()
        elif self._directory is None:
            self.start()
        elif len(self._announced) < len(self._transports()):
            Runtime.spawn(self._in_turn(self._announce_missing()))
        else:
            self._watch_later(WATCH_INTERVAL)

    # announcing ------------------------------------------------------------------------------------------------------------------------

    def _transports(self) -> list[str]:
        """Where we listen; TLS only with a certificate of our own."""
        return list(Runtime.current().sip.ports) if self._account.announced else []

    def _addresses(self) -> list[str]:
        configured = Runtime.current().sip.config.local_address
        return [configured] if configured else lan_addresses(self._interfaces)

    async def _announce_missing(self) -> None:
        if not self._stopped:
            await self._announce_all()
            self._watch_later(WATCH_INTERVAL if len(self._announced) == len(self._transports()) else RETRY_DELAY)

    async def _announce_all(self) -> None:
        missing = [transport for transport in self._transports() if transport not in self._announced]
        await asyncio.gather(*(self._announce(transport) for transport in missing))

    async def _announce(self, transport: str) -> None:
        directory = self._directory
        if directory is None:
            return
        post("BonjourAccountWillRegister", self._account, transport=transport)
        try:
            service = await directory.announce(self._service(transport))
        except NetworkError as error:
            log.info("%s", error)
            post("BonjourAccountRegistrationDidFail", self._account, reason=str(error), transport=transport)
            return
        if self._directory is directory:
            self._announced[transport] = service
            post("BonjourAccountRegistrationDidSucceed", self._account, name=service.description.name, transport=transport)

    async def _update(self) -> None:
        directory = self._directory
        for transport, old in list(self._announced.items()):
            new = replace(self._service(transport), description=old.description)
            if directory is None or new == old:
                continue
            try:
                await directory.update(new)
            except NetworkError as error:
                log.info("%s", error)
                post("BonjourAccountRegistrationUpdateDidFail", self._account, reason=str(error), transport=transport)
            else:
                self._announced[transport] = new

    def _service(self, transport: str) -> Service:
        account, addresses = self._account, self._addresses()
        # the address with which we go out is in the neighbourhood that most people mean; without a way out any will do
        address = local_address() or ""
        address = address if address in addresses else addresses[0]
        parameters = {} if transport == "udp" else {"transport": transport}
        uri = SIPURI(address, user=account.contact.username, port=Runtime.current().sip.ports[transport], parameters=parameters)
        text = {
            "txtvers": "1", "name": account.announced_name, "contact": f"<{uri}>", "instance_id": SIPSimpleSettings().instance_id,
        }  # fmt: skip
        presence = account.presence_state
        if account.presence.enabled and presence is not None and presence.state is not None:
            text |= {"state": presence.state, "note": presence.note}
        # without dots, which would make several labels of the one that a name has to be
        description = ServiceDescription(f"{account.contact.username}-{transport}", SERVICE_TYPES["udp" if transport == "udp" else "tcp"])
        return Service(description, _host_name(account.contact.username), tuple(addresses), uri.port or 0, text)

    # who is found ----------------------------------------------------------------------------------------------------------------------

    def service_found(self, service: Service) -> None:
        """See ServiceListener."""
        record = record_of(service, self._interfaces)
        if record is None or not Runtime.current().sip.offers(record.transport):
            log.info("%s announces nothing that can be called from here", service.description.name)
            self.service_lost(service.description)
            return
        if record.uri.user == self._account.contact.username:
            return  # we ourselves
        known = self.neighbours.get(service.description)
        self.neighbours[service.description] = record
        if known is None:
            post("BonjourAccountDidAddNeighbour", self._account, neighbour=service.description, record=record)
        elif known != record:
            post("BonjourAccountDidUpdateNeighbour", self._account, neighbour=service.description, record=record)

    def service_lost(self, description: ServiceDescription) -> None:
        """See ServiceListener."""
        record = self.neighbours.pop(description, None)
        if record is not None:
            post("BonjourAccountDidRemoveNeighbour", self._account, neighbour=description, record=record)


def _host_name(suffix: str) -> str:
    """A host name for our address records alone: those under the computer's own name belong to the system's mDNS responder."""
    name = re.sub(r"[^A-Za-z0-9-]+", "-", socket.gethostname().partition(".")[0]).strip("-") or "host"
    return f"{name[:40]}-{suffix}"
