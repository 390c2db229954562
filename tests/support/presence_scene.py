"""Alice's middleware with her presence server on the fake network, for tests of what an account publishes and subscribes to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from support.fake_dns import FakeDNS
from support.fake_network import FakeHost, FakeNetwork
from support.middleware import Recorder, start_configuration
from support.presence_server import PresenceServer
from support.virtual_loop import VirtualClock

from blinkq.base.clock import SeededEntropy
from blinkq.engine.engine import Engine
from blinkq.engine.loop import EngineLoop
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.addressbook import AddressbookManager, Contact, ContactURI
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.engine_settings import engine_config
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents

__all__ = ["BOB", "DAVE", "GOT", "Scene", "scene"]

BOB, DAVE = "bob@example.com", "dave@other.test"
GOT = "SIPAccountGotPresenceState"


class Scene:
    """Alice's middleware and her server."""

    def __init__(self) -> None:
        self.world = FakeNetwork(seed=1, delay=0.005)
        self.home: FakeHost = self.world.host("192.0.2.1")
        self.server = PresenceServer(self.world.host("192.0.2.9", names={"example.com", "192.0.2.9"}))
        self.recorder = Recorder()
        self.account: Account
        self.engine: Engine

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, name: str, count: int = 1, limit: float = 100.0) -> Any:
        """Wait for the ``count``-th notification of that name; its data."""
        deadline = self.now + limit
        while len(self.recorder.all(name)) < count:
            assert self.now < deadline, f"no {name} within {limit} s: {self.recorder.names}"
            await asyncio.sleep(0.01)
        return self.recorder.all(name)[count - 1]

    async def until_true(self, condition: Callable[[], object], limit: float = 100.0) -> None:
        deadline = self.now + limit
        while not condition():
            assert self.now < deadline, f"not within {limit} s: {self.recorder.names}"
            await asyncio.sleep(0.01)

    def resource(self, name: str = GOT, uri: str = f"sip:{BOB}") -> Any:
        """What was last told of a watched address."""
        told = [data.resource_map[uri] for data in self.recorder.all(name) if uri in data.resource_map]
        return told[-1] if told else None

    def basic(self, uri: str = f"sip:{BOB}") -> str | None:
        resource = self.resource(uri=uri)
        status = resource.pidf_list[0].services[0].status if resource is not None and resource.pidf_list else None
        return None if status is None else str(status.basic)

    def contact(self, *uris: str) -> Contact:
        made: Contact = Contact.create(uris[0], uris=[ContactURI(uri) for uri in uris])
        made.save()
        return made


@asynccontextmanager
async def scene(*enabled: str, start: bool = True, **settings: object) -> AsyncIterator[Scene]:
    """Everything runs; ``enabled`` are groups of the account's settings that are switched on."""
    made = Scene()
    start_configuration()
    general = SIPSimpleSettings()
    general.sip.transport_list = ["udp"]  # type: ignore[assignment]
    account = made.account = Account("alice@example.com")
    account.password = "secret"
    account.enabled = True
    account.display_name = "Alice"
    for name in enabled:
        getattr(account, name).enabled = True
    for path, value in settings.items():
        group, _, name = path.partition("__")
        setattr(getattr(account, group), name, value)
    loop = asyncio.get_running_loop()
    engine = made.engine = Engine(
        engine_config(general, media=False), loop=EngineLoop(loop), clock=VirtualClock(loop), entropy=SeededEntropy(7), network=made.home,
        dns=FakeDNS("example.com A 192.0.2.9\n"),
    )  # fmt: skip
    engine.loop.start()
    engine.on_sip_event = SIPEvents().dispatch
    await engine.start()
    Runtime.engine = engine
    await made.server.up()
    manager = AccountManager()
    manager.load()
    account.save()
    AddressbookManager().load()
    SIPEvents().flow_handler = manager.flow_event
    if start:
        manager.start()
    try:
        yield made
    finally:
        await manager.stop_accounts()
        manager.forget()
        AddressbookManager().forget()
        await engine.stop()
        engine.loop.stop()
