"""A directory of services in memory: what the fake network's hosts announce to each other. The twin of ZeroconfDirectory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from blinkq.engine.errors import NetworkError
from blinkq.engine.service_directory import Service, ServiceDescription, ServiceListener

__all__ = ["FakeDirectory", "FakeLAN"]

#: Seconds for a service to be announced: three probes.
ANNOUNCE_TIME = 0.75


@dataclass
class FakeLAN:
    """The network: everything announced, everybody who listens. ``refuse`` gives the sentence with which something fails, or None."""

    services: dict[ServiceDescription, Service] = field(default_factory=dict)
    listeners: list[tuple[tuple[str, ...], ServiceListener]] = field(default_factory=list)
    refuse: Callable[[str], str | None] = lambda operation: None
    opened: list[tuple[str, ...]] = field(default_factory=list)

    def directory(self) -> FakeDirectory:
        return FakeDirectory(self)

    def put(self, service: Service) -> None:
        """Announce, or announce anew."""
        self.services[service.description] = service
        for types, listener in list(self.listeners):
            if service.description.type in types:
                listener.service_found(service)

    def remove(self, description: ServiceDescription) -> None:
        """Say goodbye."""
        if self.services.pop(description, None) is not None:
            for types, listener in list(self.listeners):
                if description.type in types:
                    listener.service_lost(description)

    def check(self, operation: str) -> None:
        if (reason := self.refuse(operation)) is not None:
            raise NetworkError(reason)


class FakeDirectory:
    """ServiceDirectory."""

    def __init__(self, lan: FakeLAN) -> None:
        self._lan = lan
        self._own: set[ServiceDescription] = set()
        self._listening: list[tuple[tuple[str, ...], ServiceListener]] = []

    async def open(self, addresses: Sequence[str]) -> None:
        await asyncio.sleep(0)
        self._lan.check("open")
        self._lan.opened.append(tuple(addresses))

    async def announce(self, service: Service) -> Service:
        await asyncio.sleep(ANNOUNCE_TIME)
        self._lan.check("announce")
        if service.description in self._lan.services:
            service = replace(service, description=replace(service.description, name=f"{service.description.name} (2)"))
        self._own.add(service.description)
        self._lan.put(service)
        return service

    async def update(self, service: Service) -> None:
        await asyncio.sleep(0)
        self._lan.check("update")
        assert service.description in self._own
        self._lan.put(service)

    def browse(self, types: Sequence[str], listener: ServiceListener) -> None:
        entry = (tuple(types), listener)
        self._listening.append(entry)
        self._lan.listeners.append(entry)
        for service in list(self._lan.services.values()):
            if service.description.type in types:
                asyncio.get_running_loop().call_soon(self._tell, entry, service)

    async def close(self) -> None:
        for entry in self._listening:
            self._lan.listeners.remove(entry)
        self._listening.clear()
        for description in list(self._own):
            self._lan.remove(description)
        self._own.clear()

    def _tell(self, entry: tuple[tuple[str, ...], ServiceListener], service: Service) -> None:
        if entry in self._lan.listeners:
            entry[1].service_found(service)
