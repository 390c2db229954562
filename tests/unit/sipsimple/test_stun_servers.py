"""Which STUN server is asked: from the settings, by DNS, and how long an answer counts."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from support.virtual_loop import VirtualClock, run

from blinkq.engine.errors import ResolveError
from blinkq.sipsimple.configuration.datatypes import STUNServerAddress, STUNServerAddressList
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.streams.stun_servers import KEPT, KEPT_FAILURE, STUNServers


class FakeResolver:
    """Knows one domain and one host; each lookup takes ``delay`` seconds."""

    def __init__(self) -> None:
        self.delay = 0.01
        self.asked: list[str] = []
        self.servers = {"example.com": [("2001:db8::1", 3478), ("192.0.2.9", 3479)]}

    async def lookup_service(self, host: str, service: str, announced: bool = False, **_: float) -> list[tuple[str, int]]:
        assert announced  # the domain itself is no STUN server only because it has an address
        self.asked.append(f"{service} {host}")
        await asyncio.sleep(self.delay)
        if host not in self.servers:
            raise ResolveError(f"{host} has no {service} server.")
        return self.servers[host]

    async def address(self, host: str, **_: float) -> str:
        self.asked.append(host)
        await asyncio.sleep(self.delay)
        return "192.0.2.10"


def account(domain: str = "example.com", *servers: str) -> Any:
    listed = STUNServerAddressList([STUNServerAddress.from_description(text) for text in servers]) if servers else None
    return SimpleNamespace(id=SimpleNamespace(domain=domain), nat_traversal=SimpleNamespace(stun_server_list=listed))


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> FakeResolver:
    Singleton.forget()
    return FakeResolver()


def finds(resolver: FakeResolver, *wanted: Any, patience: float = 0.5, pause: float = 0.0) -> list[Any]:
    async def body() -> None:
        loop = asyncio.get_running_loop()
        Runtime.engine = SimpleNamespace(  # type: ignore[assignment]  # what is used of it
            clock=VirtualClock(loop), resolver=resolver, loop=SimpleNamespace(loop=loop)
        )
        try:
            for who in wanted:
                found.append(await STUNServers().find(who, patience))
                await asyncio.sleep(pause)
            await asyncio.sleep(60)
        finally:
            Runtime.engine = None
            Singleton.forget()

    found: list[Any] = []
    run(body())
    return found


def test_an_address_of_the_settings_needs_no_lookup(resolver: FakeResolver) -> None:
    assert finds(resolver, account("example.com", "192.0.2.7:1234", "192.0.2.8")) == [("192.0.2.7", 1234)]
    assert resolver.asked == []


def test_a_name_of_the_settings_is_looked_up(resolver: FakeResolver) -> None:
    assert finds(resolver, account("example.com", "stun.example.org")) == [("192.0.2.10", 3478)]
    assert resolver.asked == ["stun.example.org"]


def test_otherwise_dns_names_one_for_the_domain(resolver: FakeResolver) -> None:
    assert finds(resolver, account(), account()) == [("192.0.2.9", 3479)] * 2
    assert resolver.asked == ["stun example.com"]  # once for both


def test_a_domain_without_one(resolver: FakeResolver) -> None:
    assert finds(resolver, account("example.net"), account("example.net")) == [None, None]
    assert resolver.asked == ["stun example.net"]
    assert finds(resolver, SimpleNamespace()) == [None]


def test_answers_grow_old(resolver: FakeResolver) -> None:
    assert len(finds(resolver, account(), account(), pause=KEPT + 1)) == 2
    assert len(finds(resolver, account("example.net"), account("example.net"), pause=KEPT_FAILURE + 1)) == 2
    assert len(resolver.asked) == 4


def test_a_call_does_not_wait_for_slow_name_servers_but_the_next_one_gains(resolver: FakeResolver) -> None:
    resolver.delay = 2.0
    assert finds(resolver, account(), account(), pause=3.0) == [None, ("192.0.2.9", 3479)]
    assert resolver.asked == ["stun example.com"]
