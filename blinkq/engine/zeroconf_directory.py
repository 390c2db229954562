"""ServiceDirectory over multicast DNS (RFC 6762), through zeroconf. It lives on the loop that opens it and has no thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zeroconf import Error, IPVersion, NonUniqueNameException, ServiceInfo, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.engine.service_directory import Service, ServiceDescription, ServiceListener

__all__ = ["ZeroconfDirectory"]

#: Services that are followed at a time: more than any honest network has, few enough for whoever floods us with them.
MAX_SERVICES = 256
#: Milliseconds to ask for the data of a service that was only named.
RESOLVE_TIMEOUT = 3000
#: Other names to try when one is taken.
NAME_ATTEMPTS = 8
#: Seconds for all goodbyes: three of them, an eighth of a second apart.
CLOSE_TIMEOUT = 2.0
#: Bytes of one string of a TXT record, "key=" included (RFC 6763 §6.1).
MAX_STRING = 255

log = get_logger("engine.zeroconf_directory")

# it warns, with a traceback, of every datagram that cannot be sent while a network is gone, which is no news to anybody
logging.getLogger("zeroconf").setLevel(logging.ERROR)


class ZeroconfDirectory:
    """ServiceDirectory."""

    def __init__(self) -> None:
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._announced: dict[ServiceDescription, ServiceInfo] = {}
        self._resolving: dict[ServiceDescription, asyncio.Task[None]] = {}
        self._found: set[ServiceDescription] = set()
        self._broadcasts: set[asyncio.Future[Any]] = set()

    async def open(self, addresses: Sequence[str]) -> None:
        """See ServiceDirectory."""
        usable = [address for address in addresses if _is_ours(address)]
        if not usable:
            raise NetworkError("There is no network to look for neighbours in: check the network connection.")
        try:
            self._zeroconf = AsyncZeroconf(interfaces=usable, ip_version=IPVersion.V4Only)
            await self._zeroconf.zeroconf.async_wait_for_start()
        except (OSError, Error) as error:
            raise NetworkError(f"Bonjour cannot be used on this network: {error}.") from error

    async def announce(self, service: Service) -> Service:
        """See ServiceDirectory."""
        zeroconf = self._running()
        for number in range(1, NAME_ATTEMPTS + 1):
            description = service.description
            if number > 1:
                description = replace(description, name=f"{description.name} ({number})")
            named = replace(service, description=description)
            info = _info(named)
            try:
                # with each attempt three probes go out, and whoever has the name answers (RFC 6762 §8.1)
                broadcast = await zeroconf.async_register_service(info, strict=False)
            except NonUniqueNameException:
                continue
            except (OSError, Error) as error:
                raise NetworkError(f"{description.name} could not be announced: {error or type(error).__name__}.") from error
            self._await_later(broadcast)
            self._announced[description] = info
            return named
        raise NetworkError(f"{service.description.name} could not be announced: others have all names that were tried.")

    async def update(self, service: Service) -> None:
        """See ServiceDirectory."""
        info = _info(service)
        try:
            self._await_later(await self._running().async_update_service(info))
        except (OSError, Error) as error:
            raise NetworkError(f"{service.description.name} could not be announced anew: {error or type(error).__name__}.") from error
        self._announced[service.description] = info

    def browse(self, types: Sequence[str], listener: ServiceListener) -> None:
        """See ServiceDirectory."""
        zeroconf = self._running().zeroconf

        def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
            self._changed(listener, _description(service_type, name), state_change)

        self._browser = AsyncServiceBrowser(zeroconf, [f"{kind}.local." for kind in types], handlers=[changed])

    async def close(self) -> None:
        """See ServiceDirectory."""
        zeroconf, self._zeroconf = self._zeroconf, None
        browser, self._browser = self._browser, None
        waiting: list[asyncio.Future[Any]] = [*self._resolving.values(), *self._broadcasts]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._resolving.clear()
        self._found.clear()
        self._announced.clear()
        if zeroconf is None:
            return
        with contextlib.suppress(OSError, Error, TimeoutError):  # the network may be gone: nobody is there to hear a goodbye
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if browser is not None:
                    await browser.async_cancel()
                await zeroconf.async_unregister_all_services()
        with contextlib.suppress(OSError, Error):
            await zeroconf.async_close()

    def _running(self) -> AsyncZeroconf:
        if self._zeroconf is None:
            raise NetworkError("Bonjour is switched off.")
        return self._zeroconf

    def _await_later(self, broadcast: object) -> None:
        if isinstance(broadcast, asyncio.Future):
            self._broadcasts.add(broadcast)
            broadcast.add_done_callback(self._broadcast_done)

    def _broadcast_done(self, broadcast: asyncio.Future[Any]) -> None:
        self._broadcasts.discard(broadcast)
        if not broadcast.cancelled() and (error := broadcast.exception()) is not None:
            log.info("an announcement was not heard: %s", error)

    # what is found -------------------------------------------------------------------------------------------------------------------

    def _changed(self, listener: ServiceListener, description: ServiceDescription, change: ServiceStateChange) -> None:
        task = self._resolving.pop(description, None)
        if task is not None:
            task.cancel()
        if self._zeroconf is None:
            return
        if change is ServiceStateChange.Removed:
            if description in self._found:
                self._found.discard(description)
                listener.service_lost(description)
            return
        if description not in self._found and len(self._found) + len(self._resolving) >= MAX_SERVICES:
            log.info("%s is left out: there are too many services", description.name)
            return
        self._resolving[description] = asyncio.get_running_loop().create_task(self._resolve(listener, description))

    async def _resolve(self, listener: ServiceListener, description: ServiceDescription) -> None:
        info = AsyncServiceInfo(f"{description.type}.local.", _full_name(description))
        known = await info.async_request(self._running().zeroconf, RESOLVE_TIMEOUT)
        self._resolving.pop(description, None)
        if not known or info.server is None or info.port is None:
            log.info("%s says nothing of itself", description.name)
            return
        self._found.add(description)
        text = {
            key.decode("utf-8", "replace").lower(): value.decode("utf-8", "replace")
            for key, value in info.properties.items() if value is not None
        }  # fmt: skip
        host = info.server.removesuffix(".").removesuffix(".local")
        addresses = tuple(info.parsed_addresses(IPVersion.V4Only))
        listener.service_found(Service(description, host, addresses, info.port, text))


def _is_ours(address: str) -> bool:
    """Whether the address is (still) one of this computer's; zeroconf would leave sockets open when it is not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _info(service: Service) -> ServiceInfo:
    text = {key: _cut(value, MAX_STRING - len(key) - 1) for key, value in service.text.items()}
    return ServiceInfo(
        f"{service.description.type}.local.", _full_name(service.description), port=service.port, properties=text,
        server=f"{service.host}.local.", parsed_addresses=list(service.addresses),
    )  # fmt: skip


def _cut(text: str, size: int) -> bytes:
    return text.encode()[:size].decode("utf-8", "ignore").encode()


def _full_name(description: ServiceDescription) -> str:
    return f"{description.name}.{description.type}.local."


def _description(service_type: str, name: str) -> ServiceDescription:
    return ServiceDescription(name.removesuffix(f".{service_type}"), service_type.removesuffix(".local."))
