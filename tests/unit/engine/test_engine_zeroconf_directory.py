"""Multicast DNS over loopback: what one directory announces the other one finds, sees change, and sees go."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from support.multicast import why_no_multicast

from blinkq.engine.errors import NetworkError
from blinkq.engine.service_directory import Service, ServiceDescription
from blinkq.engine.zeroconf_directory import ZeroconfDirectory

HOME = ["127.0.0.1"]
TYPE = f"_blinkq-t{os.getpid() % 10000}._udp"  # other runs on this machine are none of our business

pytestmark = pytest.mark.skipif(why_no_multicast() is not None, reason=str(why_no_multicast()))


def service(**text: str) -> Service:
    return Service(ServiceDescription("kfgtwqzh-udp", TYPE), "host-kfgtwqzh", ("127.0.0.1",), 5060, text)


class Heard:
    """A listener that can be waited for."""

    def __init__(self) -> None:
        self.services: dict[ServiceDescription, Service] = {}
        self._changed = asyncio.Condition()

    def service_found(self, service: Service) -> None:
        self.services[service.description] = service
        self._tell()

    def service_lost(self, description: ServiceDescription) -> None:
        del self.services[description]
        self._tell()

    def _tell(self) -> None:
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._notify()))

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(true)


def run(body: Callable[[ZeroconfDirectory, ZeroconfDirectory], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        one, other = ZeroconfDirectory(), ZeroconfDirectory()
        try:
            await one.open(HOME)
            await other.open(HOME)
            await body(one, other)
        finally:
            await one.close()
            await other.close()
            await one.close()

    asyncio.run(main())


def test_found_changed_and_gone() -> None:
    async def body(one: ZeroconfDirectory, other: ZeroconfDirectory) -> None:
        heard = Heard()
        other.browse([TYPE], heard)
        announced = await one.announce(service(name="Zoë", note="n" * 400))
        assert announced.description == service().description
        await heard.until(lambda: bool(heard.services))
        (found,) = heard.services.values()
        assert found == replace(announced, text={"name": "Zoë", "note": "n" * 250})
        await one.update(service(name="Zoë", state="busy"))
        await heard.until(lambda: heard.services[announced.description].text == {"name": "Zoë", "state": "busy"})
        await one.close()
        await heard.until(lambda: not heard.services)

    run(body)


def test_what_was_there_before_is_found_too_and_a_taken_name_gets_a_number() -> None:
    async def body(one: ZeroconfDirectory, other: ZeroconfDirectory) -> None:
        await one.announce(service(name="first"))
        second = await other.announce(replace(service(name="second"), port=5070))
        assert second.description.name == "kfgtwqzh-udp (2)"
        heard = Heard()
        other.browse([TYPE], heard)
        await heard.until(lambda: len(heard.services) == 2)
        assert {found.text["name"]: found.port for found in heard.services.values()} == {"first": 5060, "second": 5070}

    run(body)


def test_without_a_network() -> None:
    async def body() -> None:
        directory = ZeroconfDirectory()
        with pytest.raises(NetworkError, match="no network"):
            await directory.open([])
        with pytest.raises(NetworkError, match="no network"):
            await directory.open(["192.0.2.77"])  # not ours
        with pytest.raises(NetworkError, match="switched off"):
            await ZeroconfDirectory().announce(service())
        await directory.close()

    asyncio.run(body())
