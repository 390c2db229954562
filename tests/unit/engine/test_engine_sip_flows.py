"""How the endpoint keeps paths alive and notices that they died: minutes of it, under virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from support.fake_network import FakeHost, FakeNetwork, Packet
from support.scripted_agent import ScriptedAgent, message
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.engine.errors import NetworkError
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.engine.network import Stream
from blinkq.engine.path_holds import PathHolds, path_of
from blinkq.engine.sip_endpoint import IDLE_TIMEOUT, SILENCE_TIMEOUT, SWEEP_INTERVAL, SIPEndpoint, SIPEndpointConfig
from blinkq.engine.sip_stream import CONNECT_TIMEOUT, MAX_PENDING_BYTES
from blinkq.sip.agent import Agent
from blinkq.sip.hop import Flow, Hop

ALICE, SERVER = "192.0.2.1", "192.0.2.9"


class Server:
    """A server that takes connections and answers pings if it likes to."""

    def __init__(self, host: FakeHost, *, pongs: bool = True) -> None:
        self.host = host
        self.pongs = pongs
        self.streams: list[Stream] = []
        self.heard: list[bytes] = []
        self.datagrams: list[bytes] = []
        self.lost: list[str] = []

    async def start(self) -> None:
        self.udp = await self.host.open_udp(SERVER, 5060, self)
        self.listener = await self.host.listen_stream(SERVER, 5060, self.accept)

    def accept(self, stream: Stream) -> Server:
        self.streams.append(stream)
        return self

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        if self.pongs and data == b"\r\n\r\n":
            self.streams[-1].write(b"\r\n")

    def connection_lost(self, error: str) -> None:
        self.lost.append(error)

    def datagram_received(self, data: bytes, remote: tuple[str, int]) -> None:
        self.datagrams.append(data)

    def datagram_failed(self, remote: tuple[str, int], error: str) -> None:
        raise AssertionError(error)


class World:
    """alice's endpoint and a server."""

    def __init__(self, *, pongs: bool = True) -> None:
        self.network = FakeNetwork(seed=1, delay=0.01)
        self.alice = self.network.host(ALICE)
        self.server = Server(self.network.host(SERVER), pongs=pongs)
        loop = asyncio.get_running_loop()
        self.agent = ScriptedAgent()
        self.events: list[object] = []
        self.endpoint = SIPEndpoint(
            SIPEndpointConfig(), loop, VirtualClock(loop), SeededEntropy(5), self.alice, agent=cast(Agent, self.agent)
        )
        self.endpoint.on_event = self.events.append

    async def __aenter__(self) -> World:
        await self.endpoint.start()
        await self.server.start()
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.endpoint.stop()
        await asyncio.sleep(1)

    async def connect(self) -> Hop:
        hop = await self.endpoint.hop(SERVER, 5060, "tcp")
        self.endpoint.call("send", message("hello"), hop)
        await asyncio.sleep(1)
        assert self.server.heard
        self.server.heard.clear()
        return hop


def test_a_held_connection_is_pinged_and_stays() -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.connect()
            world.endpoint.hold(hop, "registration")
            await asyncio.sleep(3600)
            pings = world.server.heard
            assert set(pings) == {b"\r\n\r\n"}
            assert 3600 / 29 - 1 <= len(pings) <= 3600 / 25 + 1
            assert world.events == []
            world.endpoint.release("registration")
            pings.clear()
            await asyncio.sleep(100)
            assert pings == []

    run(body())


def test_a_connection_is_held_until_the_last_holder_leaves() -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.connect()
            [stream] = world.endpoint._streams.values()
            assert stream.flow is not None
            world.endpoint.hold(hop, "registration")
            world.endpoint.hold(stream.flow, "call")
            world.endpoint.release("call")
            assert stream.held
            world.endpoint.hold(stream.flow, "call")
            world.endpoint.release("registration")
            assert stream.held
            world.endpoint.release("call")
            assert not stream.held

    run(body())


def test_a_missing_pong_means_the_connection_is_dead() -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.connect()
            world.endpoint.hold(hop, "registration")
            await asyncio.sleep(60)
            world.server.host.silent = True  # the cable is pulled: no reset, nothing
            start = asyncio.get_running_loop().time()
            while not world.events:
                await asyncio.sleep(0.1)
            assert asyncio.get_running_loop().time() - start <= 29 + 10 + 0.2
            [closed] = world.events
            assert isinstance(closed, FlowClosed)
            assert closed.held
            assert closed.hops == (hop,)
            assert "does not answer any more" in closed.error

    run(body())


def test_a_server_that_knows_no_pongs_is_not_blamed() -> None:
    async def body() -> None:
        async with World(pongs=False) as world:
            world.endpoint.hold(await world.connect(), "registration")
            await asyncio.sleep(600)
            assert world.events == []
            assert len(world.server.heard) > 20

    run(body())


def test_an_idle_connection_is_closed_and_nobody_told() -> None:
    async def body() -> None:
        async with World() as world:
            await world.connect()
            await asyncio.sleep(IDLE_TIMEOUT - 20)
            assert not world.server.lost
            await asyncio.sleep(20 + SWEEP_INTERVAL)
            assert len(world.server.lost) == 1
            assert world.events == []
            assert world.agent.failed == []
            await world.connect()
            assert len(world.server.streams) == 2

    run(body())


def test_who_connects_and_says_nothing_is_sent_away() -> None:
    async def body() -> None:
        async with World() as world:
            await world.server.host.connect_stream(ALICE, world.endpoint.ports["tcp"], world.server)
            await asyncio.sleep(SILENCE_TIMEOUT + SWEEP_INTERVAL + 1)
            assert len(world.server.lost) == 1

    run(body())


def test_a_ping_is_answered() -> None:
    async def body() -> None:
        async with World() as world:
            stream = await world.server.host.connect_stream(ALICE, world.endpoint.ports["tcp"], world.server)
            stream.write(b"\r\n\r\n")
            await asyncio.sleep(1)
            assert world.server.heard == [b"\r\n"]
            stream.write(message("in pieces")[:20])
            await asyncio.sleep(1)
            stream.write(message("in pieces")[20:] + message("and more"))
            await asyncio.sleep(1)
            assert [data for data, _ in world.agent.received] == [message("in pieces"), message("and more")]

    run(body())


def test_a_connection_into_silence_fails_in_time() -> None:
    async def body() -> None:
        async with World() as world:
            world.server.host.silent = True
            hop = await world.endpoint.hop(SERVER, 5060, "tcp")
            world.endpoint.call("send", message("anybody?"), hop)
            await asyncio.sleep(CONNECT_TIMEOUT - 0.1)
            assert world.agent.failed == []
            await asyncio.sleep(0.2)
            [(path, error)] = world.agent.failed
            assert path == hop
            assert "No answer from 192.0.2.9 port 5060 (TCP)" in error

    run(body())


def test_a_peer_that_does_not_read_is_given_up() -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.connect()
            world.server.host.silent = True
            for _ in range(MAX_PENDING_BYTES // 60000 + 2):
                world.endpoint.call("send", message("flood", b"x" * 60000), hop)
            await asyncio.sleep(1)
            assert any("does not take data" in error for _, error in world.agent.failed)

    run(body())


def test_udp_bindings_are_kept_alive_and_keep_alives_ignored() -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.endpoint.hop(SERVER, 5060, "udp")
            world.endpoint.hold(hop, "registration")
            await asyncio.sleep(300)
            assert set(world.server.datagrams) == {b"\r\n\r\n"}
            assert 10 <= len(world.server.datagrams) <= 12
            world.endpoint.release("registration")
            world.server.datagrams.clear()
            await asyncio.sleep(100)
            assert world.server.datagrams == []
            for nothing in (b"\r\n\r\n", b"\r\n", b"\0", b"", b"\x00\x01\x00\x00STUN"):
                world.server.udp.send(nothing, (ALICE, world.endpoint.ports["udp"]))
            await asyncio.sleep(1)
            assert world.agent.received == []

    run(body())


def test_a_change_of_our_address_is_noticed_within_seconds() -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.connect()
            world.endpoint.hold(hop, "registration")
            world.alice.change_address(ALICE, "192.0.2.2")
            await asyncio.sleep(2.6)
            closed, changed = world.events
            assert isinstance(closed, FlowClosed)
            assert changed == LocalAddressChanged(SERVER, ALICE, "192.0.2.2")
            assert (await world.endpoint.hop(SERVER, 5060, "udp")).local_address == "192.0.2.2"
            world.alice.change_address("192.0.2.2", "2001:db8::1")  # no IPv4 any more
            assert world.endpoint.check_addresses()
            assert world.events[-1] == LocalAddressChanged(SERVER, "192.0.2.2", None)
            assert not world.endpoint.check_addresses()
            with pytest.raises(NetworkError):
                await world.endpoint.hop(SERVER, 5060, "udp")

    run(body())


def test_a_lossy_network_loses_and_repeats_as_its_seed_says() -> None:
    async def body(seed: int) -> list[bytes]:
        async with World() as world:
            world.network.random.seed(seed)
            world.network.loss, world.network.duplicate, world.network.jitter = 0.3, 0.1, 0.1
            hop = await world.endpoint.hop(SERVER, 5060, "udp")
            for number in range(100):
                world.endpoint.call("send", b"message %d" % number, hop)
            await asyncio.sleep(1)
            return world.server.datagrams

    heard = run(body(1))
    assert heard == run(body(1)) != run(body(2))
    assert 50 < len(set(heard)) < 90
    assert heard != sorted(heard, key=lambda data: int(data.split()[1]))
    assert len(heard) > len(set(heard))


def test_what_the_test_drops_is_lost() -> None:
    async def body() -> None:
        async with World() as world:
            def first(packet: Packet) -> bool:
                return packet.data == b"first"

            world.network.drop = first
            hop = await world.endpoint.hop(SERVER, 5060, "udp")
            world.endpoint.call("send", b"first", hop)
            world.endpoint.call("send", b"second", hop)
            await asyncio.sleep(1)
            assert world.server.datagrams == [b"second"]
            assert [packet.lost for packet in world.network.packets] == [True, False]

    run(body())


def test_holders_count_once_and_move() -> None:
    changes: list[tuple[str, bool]] = []
    holds = PathHolds(lambda path, held: changes.append((path[1], held)))
    one, two = (path_of(Hop("udp", address, 5060, ALICE, 5060)) for address in ("192.0.2.11", "192.0.2.12"))
    call, registration = object(), object()
    holds.add(one, call)
    holds.add(one, call)
    holds.add(one, registration)
    holds.add(two, call)
    assert changes == [("192.0.2.11", True), ("192.0.2.12", True)]
    holds.discard(registration)
    holds.discard(registration)
    assert changes[2:] == [("192.0.2.11", False)]
    assert holds.held(two)
    assert path_of(Flow("udp", ALICE, 5060, "192.0.2.12", 5060)) == two
    assert path_of(Flow("tcp", ALICE, 5060, "192.0.2.12", 5060, 7)) == ("flow", "", 7, None)


@pytest.mark.parametrize("act", [lambda world: world.server.host.reset_streams()])
def test_a_server_restart_is_told_at_once(act: Callable[[World], None]) -> None:
    async def body() -> None:
        async with World() as world:
            hop = await world.connect()
            act(world)
            await asyncio.sleep(0.1)
            [closed] = world.events
            assert isinstance(closed, FlowClosed)
            assert closed.hops == (hop,)
            assert not closed.held

    run(body())
