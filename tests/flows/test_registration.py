"""An account registers, stays registered, comes back after every kind of outage, and unregisters. Virtual time, real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support.fake_dns import FakeDNS
from support.fake_network import FakeHost, FakeNetwork
from support.middleware import Recorder, start_configuration
from support.registrar import Registrar
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.engine.engine import Engine
from blinkq.engine.loop import EngineLoop
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.account_registration import AccountRegistration
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.engine_settings import engine_config
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_events import SIPEvents

ZONE = """
example.com A 192.0.2.9
two.example.com A 192.0.2.8
two.example.com A 192.0.2.9
"""

SUCCEEDED, FAILED, ENDED = "SIPAccountRegistrationDidSucceed", "SIPAccountRegistrationDidFail", "SIPAccountRegistrationDidEnd"


@pytest.fixture(autouse=True)
def _fresh_singletons() -> Iterator[None]:
    Singleton.forget()
    yield
    ConfigurationManager().stop()
    Runtime.reset()
    Singleton.forget()


class Scene:
    """Alice's middleware, and a registrar."""

    def __init__(self) -> None:
        self.world = FakeNetwork(seed=1, delay=0.005)
        self.home: FakeHost = self.world.host("192.0.2.1")
        self.server = self.world.host("192.0.2.9", names={"example.com", "192.0.2.9"})
        self.registrar = Registrar(self.server)
        self.dns = FakeDNS(ZONE)
        self.recorder = Recorder()
        self.account: Account
        self.engine: Engine

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, name: str, count: int = 1, limit: float = 200.0) -> Any:
        """Wait for the ``count``-th notification of that name; its data."""
        deadline = self.now + limit
        while len(self.recorder.all(name)) < count:
            assert self.now < deadline, f"no {name} within {limit} s: {self.recorder.names}"
            await asyncio.sleep(0.05)
        return self.recorder.all(name)[count - 1]


@asynccontextmanager
async def scene(transport: str = "udp", password: str = "secret", **account_settings: object) -> AsyncIterator[Scene]:
    """Everything runs and the account is configured; AccountManager().start() is the test's."""
    made = Scene()
    start_configuration()
    settings = SIPSimpleSettings()
    settings.sip.transport_list = ["tls", "tcp", "udp"]  # type: ignore[assignment]
    settings.instance_id = "urn:uuid:00000000-0000-4000-8000-000000000001"
    account = made.account = Account("alice@example.com")
    account.password = password
    account.enabled = True
    account.sip.transport = transport  # type: ignore[assignment]
    if transport == "tls":
        account.sip.tls_name = "example.com"
    for path, value in account_settings.items():
        group, _, name = path.partition("__")
        setattr(getattr(account, group), name, value)
    loop = asyncio.get_running_loop()
    engine = made.engine = Engine(
        engine_config(settings, media=False), loop=EngineLoop(loop), clock=VirtualClock(loop), entropy=SeededEntropy(7),
        network=made.home, dns=made.dns,
    )  # fmt: skip
    engine.loop.start()
    engine.on_sip_event = SIPEvents().dispatch
    await engine.start()
    Runtime.engine = engine
    await made.registrar.up()
    manager = AccountManager()
    manager.load()
    account.save()
    SIPEvents().flow_handler = manager.flow_event
    try:
        yield made
    finally:
        await manager.stop_accounts()
        manager.forget()
        await engine.stop()
        engine.loop.stop()


def flow(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def wrapper() -> None:
        run(test())  # type: ignore[arg-type]

    wrapper.__name__ = test.__name__
    return wrapper


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_an_account_registers_and_unregisters(transport: str) -> None:
    async def body() -> None:
        async with scene(transport) as s:
            AccountManager().start()
            data = await s.until(SUCCEEDED)
            assert (data.code, data.reason, data.expires, data.registrar.transport) == (200, "OK", 600, transport)
            assert s.registrar.contacts() == [str(data.contact_uri)]
            assert data.contact_uri.user == s.account.contact.username
            assert [uri.user for uri in data.contact_uri_list] == [s.account.contact.username]
            assert s.account.registered
            assert s.account.is_server("192.0.2.9")
            assert not s.account.is_server("192.0.2.66")
            await AccountManager().stop_accounts()
            assert s.recorder.last(ENDED).code == 200
            assert s.registrar.contacts() == []
            assert s.recorder.names[-4:] == [
                "SIPAccountManagerWillEnd", ENDED, "SIPAccountDidDeactivate", "SIPAccountManagerDidEnd",
            ]  # fmt: skip
            assert not s.account.registered

    run(body())


@flow
async def test_the_order_of_notifications() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        assert [name for name in s.recorder.names if name.startswith("SIPAccount")] == [
            "SIPAccountManagerDidAddAccount", "SIPAccountManagerDidAddAccount", "SIPAccountManagerDidChangeDefaultAccount",
            "SIPAccountManagerWillStart",
            "SIPAccountDidActivate", "SIPAccountManagerDidStart", "SIPAccountWillRegister", "SIPAccountRegistrationGotAnswer", SUCCEEDED,
        ]  # fmt: skip


@flow
async def test_the_registration_is_refreshed() -> None:
    async with scene() as s:
        s.registrar.max_expires = 90
        SIPSimpleSettings().sip.keepalive_interval = 0  # type: ignore[assignment]
        AccountManager().start()
        await s.until(SUCCEEDED)
        await asyncio.sleep(200)
        assert len(s.recorder.all("SIPAccountRegistrationWillRefresh")) == 3
        assert len(s.recorder.all(SUCCEEDED)) == 4
        assert s.recorder.all(FAILED) == []


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("outage", [0.5, 3.0, 30.0, 240.0, 900.0])
def test_the_server_comes_back_and_the_account_with_it(transport: str, outage: float) -> None:
    async def body() -> None:
        async with scene(transport) as s:
            AccountManager().start()
            await s.until(SUCCEEDED)
            await asyncio.sleep(33.3)
            s.registrar.down()
            await asyncio.sleep(outage)
            assert s.registrar.contacts() == [] or outage < 20 or not s.account.registered
            await s.registrar.up()
            limit = 5.2 if outage < 600 else 40.0
            for _ in range(int(limit * 10)):
                await asyncio.sleep(0.1)
                if s.registrar.contacts() and s.account.registered:
                    break
            assert s.registrar.contacts(), f"not registered within {limit} s"
            assert s.account.registered

    run(body())


@flow
async def test_a_silent_server_is_noticed_over_udp() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        s.server.silent = True
        silenced = s.now
        await s.until(FAILED)
        assert s.now - silenced < 13
        assert not s.account.registered
        await asyncio.sleep(60)
        s.server.silent = False
        s.registrar.bindings.clear()
        back = s.now
        await s.until(SUCCEEDED, 2)
        assert s.now - back < 10
        assert s.registrar.contacts()


@flow
async def test_an_unreachable_server_is_tried_again_soon() -> None:
    async with scene() as s:
        s.registrar.down()
        AccountManager().start()
        await s.until(FAILED, 6)
        delays = [data.delay for data in s.recorder.all(FAILED)]
        assert all(data.next_route is None for data in s.recorder.all(FAILED))
        assert not any("code" in data.__dict__ for data in s.recorder.all(FAILED))
        assert "refused" in s.recorder.last(FAILED).error
        assert delays[0] <= 1.2
        assert max(delays) <= 6.0
        await s.registrar.up()
        await s.until(SUCCEEDED, limit=10)


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_refusal_is_not_repeated_soon(code: int) -> None:
    async def body() -> None:
        async with scene(password="wrong" if code == 401 else "secret") as s:
            if code != 401:
                s.registrar.answer = lambda request: (code, ())
            AccountManager().start()
            data = await s.until(FAILED)
            assert data.code == code
            assert 60 <= data.delay <= 120
            before = s.registrar.count()
            await asyncio.sleep(50)
            assert s.registrar.count() == before
            # the right password is used at once
            s.registrar.answer = None
            s.account.password = "secret"
            s.account.save()
            if code != 401:
                s.account.reregister()
            await s.until(SUCCEEDED, limit=5)

    run(body())


@flow
async def test_a_busy_server_is_obeyed() -> None:
    async with scene() as s:
        s.registrar.answer = lambda request: (503, (("Retry-After", "20"),))
        AccountManager().start()
        data = await s.until(FAILED)
        assert (data.code, data.delay) == (503, 20.0)


@flow
async def test_a_longer_interval_is_accepted() -> None:
    async with scene(registration__interval=60) as s:
        s.registrar.answer = lambda request: (423, (("Min-Expires", "1800"),)) if request.headers.get("Expires") == "60" else None
        AccountManager().start()
        assert (await s.until(SUCCEEDED)).expires == 1800
        assert s.recorder.all(FAILED) == []


@flow
async def test_routes_are_tried_in_order() -> None:
    async with scene(sip__outbound_proxy="two.example.com:5060") as s:
        s.dns.records["two.example.com", "A"] = ["192.0.2.8", "192.0.2.9"]
        s.world.host("192.0.2.8")  # answers with "port unreachable"
        AccountManager().start()
        data = await s.until(SUCCEEDED)
        assert data.registrar.address == "192.0.2.9"
        failures = s.recorder.all(FAILED)
        if failures:  # the order of addresses is the resolver's
            assert (failures[0].next_route.address, failures[0].delay) == ("192.0.2.9", 0.0)


@flow
async def test_a_name_that_does_not_exist_is_looked_up_again() -> None:
    async with scene() as s:
        s.dns.records.clear()
        AccountManager().start()
        data = await s.until(FAILED)
        assert "example.com" in data.error
        assert data.registration is None
        s.dns.records["example.com", "A"] = ["192.0.2.9"]
        await s.until(SUCCEEDED, limit=10)


@flow
async def test_a_server_that_hides_bindings_is_only_asked_whether_it_lives() -> None:
    async with scene() as s:
        s.registrar.answer = lambda request: (403, ()) if request.method == "REGISTER" and not request.contacts else None
        AccountManager().start()
        await s.until(SUCCEEDED)
        await asyncio.sleep(60)
        assert s.recorder.all(FAILED) == []
        assert s.registrar.count("OPTIONS") >= 6
        s.registrar.down()
        await s.until(FAILED, limit=13)


@flow
async def test_changed_settings_make_the_registration_anew() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        s.account.sip.transport = "tcp"  # type: ignore[assignment]
        s.account.save()
        data = await s.until(SUCCEEDED, 2)
        assert data.registrar.transport == "tcp"
        assert len(s.recorder.all(ENDED)) == 1
        assert s.registrar.contacts() == [str(data.contact_uri)]
        s.account.registration.enabled = False
        s.account.save()
        await s.until(ENDED, 2)
        assert s.registrar.contacts() == []
        s.account.registration.enabled = True
        s.account.save()
        await s.until(SUCCEEDED, 3)
        s.account.enabled = False
        s.account.save()
        await s.until("SIPAccountDidDeactivate")
        assert s.registrar.contacts() == []
        s.account.enabled = True
        s.account.save()
        await s.until(SUCCEEDED, 4)
        s.account.delete()
        await s.until("SIPAccountDidDeactivate", 2)
        assert s.registrar.contacts() == []
        assert not AccountManager().has_account("alice@example.com")


@pytest.mark.expect_warnings
@flow
async def test_a_fault_of_ours_is_told_and_tried_again() -> None:
    async with scene() as s:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AccountRegistration, "_parameters", lambda registration, hop: 1 / 0)
            AccountManager().start()
            data = await s.until(FAILED)
            assert (data.error, data.delay) == ("Internal error", 5.0)
        begun = s.now
        await s.until(SUCCEEDED)
        assert s.now - begun < 6


@flow
async def test_changes_that_follow_each_other_at_once_are_made_in_order() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        names = ("SIPAccountDidActivate", "SIPAccountDidDeactivate")
        for pause in (0, 0.001, 0.01):
            s.recorder.clear()
            s.account.enabled = False
            s.account.save()
            await asyncio.sleep(pause)
            s.account.enabled = True
            s.account.save()
            await s.until(SUCCEEDED)
            assert [name for name in s.recorder.names if name in names] == ["SIPAccountDidDeactivate", "SIPAccountDidActivate"]
            assert len(s.registrar.contacts()) == 1
            s.account.registration.enabled = False
            s.account.save()
            await asyncio.sleep(pause)
            s.account.registration.enabled = True
            s.account.save()
            await asyncio.sleep(3)
            assert s.account.registered
            assert len(s.registrar.contacts()) == 1
        s.recorder.clear()
        s.account.sip.always_use_my_proxy = False
        s.account.save()
        await asyncio.sleep(3)
        assert s.recorder.names == ["CFGSettingsObjectDidChange"], "nothing that concerns the registration"


@flow
async def test_stopping_does_not_wait_for_a_dead_server() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        s.server.silent = True
        begun = s.now
        await AccountManager().stop_accounts()
        assert s.now - begun <= 3
        assert "code" not in s.recorder.last(ENDED).__dict__
        assert s.recorder.names[-1] == "SIPAccountManagerDidEnd"


@flow
async def test_another_address_is_registered_at_once() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        s.home.change_address("192.0.2.1", "192.0.2.77")
        changed = s.now
        data = await s.until(SUCCEEDED, 2)
        assert s.now - changed < 5
        assert data.contact_uri.host == "192.0.2.77"


@flow
async def test_idle_costs_little() -> None:
    async with scene() as s:
        AccountManager().start()
        await s.until(SUCCEEDED)
        before = len(s.world.packets)
        await asyncio.sleep(280)
        # one request and its answer every five seconds, and the pings of the endpoint
        assert len(s.world.packets) - before <= 56 * 2 + 14


@flow
async def test_a_server_that_is_somebody_else_is_not_asked_in_the_clear_instead() -> None:
    """Somebody in between answers on TLS with a certificate of his own, and hopes for the digest over UDP."""
    async with scene() as s:
        s.account.sip.transport = None
        s.account.save()
        for transport, port in (("_sips._tcp", 5061), ("_sip._tcp", 5060), ("_sip._udp", 5060)):
            s.dns.records[f"{transport}.example.com", "SRV"] = [f"1 1 {port} example.com."]
        s.server.names = {"evil.test"}
        AccountManager().start()
        data = await s.until(FAILED)
        assert "certificate" in data.error
        assert not s.account.is_server("192.0.2.9"), "its calls are a stranger's"
        await asyncio.sleep(5)
        assert s.registrar.requests == []
        s.server.names = {"example.com"}
        assert (await s.until(SUCCEEDED)).registrar.transport == "tls"


@pytest.mark.parametrize("use_ice", [False, True])
def test_the_binding_tells_whether_we_do_ice(use_ice: bool) -> None:
    async def body() -> None:
        async with scene(nat_traversal__use_ice=use_ice) as s:
            AccountManager().start()
            await s.until(SUCCEEDED)
            registers = [request for request in s.registrar.requests if request.method == "REGISTER"]
            assert ("+sip.ice" in registers[-1].contacts[0].parameters) is use_ice
            s.account.nat_traversal.use_ice = not use_ice
            s.account.save()
            await s.until(SUCCEEDED, 2)
            registers = [request for request in s.registrar.requests if request.method == "REGISTER"]
            assert ("+sip.ice" in registers[-1].contacts[0].parameters) is not use_ice

    run(body())
