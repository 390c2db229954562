"""Who connects and means no good: connections that say nothing, drip, pretend, or come by the hundred. Virtual time."""

from __future__ import annotations

import asyncio
from typing import cast

from support.fake_network import FakeHost, FakeNetwork, FakeStream
from support.scripted_agent import ScriptedAgent, message
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.engine.errors import NetworkError
from blinkq.engine.sip_endpoint import (
    IDLE_TIMEOUT,
    MAX_ACCEPTED,
    MAX_ACCEPTED_FROM_ONE,
    SILENCE_TIMEOUT,
    SWEEP_INTERVAL,
    SIPEndpoint,
    SIPEndpointConfig,
)
from blinkq.sip.agent import Agent
from blinkq.sip.limits import MAX_BODY_SIZE, MAX_HEAD_SIZE

ALICE = "192.0.2.1"


class Ear:
    """The attacker's side of a connection."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, error: str) -> None:
        self.lost = True


class Scene:
    """Alice's endpoint and attackers."""

    def __init__(self) -> None:
        self.world = FakeNetwork(seed=1, delay=0.01)
        self.mallory = self.world.host("192.0.2.66")
        self.agent = ScriptedAgent()
        loop = asyncio.get_running_loop()
        self.endpoint = SIPEndpoint(
            SIPEndpointConfig(), loop, VirtualClock(loop), SeededEntropy(5), self.world.host(ALICE), agent=cast(Agent, self.agent)
        )

    async def __aenter__(self) -> Scene:
        await self.endpoint.start()
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.endpoint.stop()
        await asyncio.sleep(1)

    async def connect(self, host: FakeHost | None = None) -> tuple[FakeStream, Ear]:
        ear = Ear()
        return await (host or self.mallory).connect_stream(ALICE, self.endpoint.ports["tcp"], ear), ear


def test_dripping_bytes_does_not_keep_a_connection() -> None:
    """Slowloris: one byte of a header every few seconds."""

    async def body() -> None:
        async with Scene() as scene:
            stream, ear = await scene.connect()
            stream.write(b"OPTIONS sip:alice@192.0.2.1 SIP/2.0\r\nSubject: ")
            for _ in range(int((SILENCE_TIMEOUT + SWEEP_INTERVAL) / 5) + 1):
                stream.write(b"a")
                await asyncio.sleep(5)
            assert ear.lost

    run(body())


def test_line_breaks_do_not_keep_the_connection_of_who_never_spoke() -> None:
    async def body() -> None:
        async with Scene() as scene:
            stream, ear = await scene.connect()
            for _ in range(int((SILENCE_TIMEOUT + SWEEP_INTERVAL) / 5) + 1):
                stream.write(b"\r\n\r\n")
                await asyncio.sleep(5)
            assert ear.lost

    run(body())


def test_a_message_that_is_never_finished_does_not_keep_a_connection_that_spoke_once() -> None:
    async def body() -> None:
        async with Scene() as scene:
            stream, ear = await scene.connect()
            stream.write(message("hello"))
            stream.write(b"OPTIONS sip:alice@192.0.2.1 SIP/2.0\r\nSubject: ")
            for _ in range(int((IDLE_TIMEOUT + SWEEP_INTERVAL) / 20) + 1):
                stream.write(b"a")
                await asyncio.sleep(20)
            assert ear.lost

    run(body())


def test_a_peer_that_keeps_its_connection_alive_keeps_it() -> None:
    """The other half: RFC 5626 pings of somebody who spoke SIP count."""

    async def body() -> None:
        async with Scene() as scene:
            stream, ear = await scene.connect()
            stream.write(message("hello"))
            for _ in range(int(IDLE_TIMEOUT * 2 / 25)):
                stream.write(b"\r\n\r\n")
                await asyncio.sleep(25)
            assert not ear.lost

    run(body())


def test_one_address_cannot_take_all_connections() -> None:
    async def body() -> None:
        async with Scene() as scene:
            refused = 0
            for _ in range(MAX_ACCEPTED + 10):
                try:
                    await scene.connect()
                except NetworkError:
                    refused += 1
            assert refused == MAX_ACCEPTED + 10 - MAX_ACCEPTED_FROM_ONE
            server = scene.world.host("192.0.2.9")
            stream, _ = await scene.connect(server)
            stream.write(message("the server's call"))
            await asyncio.sleep(1)
            assert len(scene.agent.received) == 1

    run(body())


def test_oversized_messages_end_the_connection_and_take_no_memory() -> None:
    async def body() -> None:
        async with Scene() as scene:
            stream, endless = await scene.connect()
            stream.write(b"OPTIONS sip:alice@192.0.2.1 SIP/2.0\r\nSubject: " + b"a" * (MAX_HEAD_SIZE + 10))
            announced, body = await scene.connect()
            announced.write(b"OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_SIZE + 1))
            await asyncio.sleep(1)
            assert endless.lost
            assert body.lost
            assert scene.agent.received == []
            assert scene.endpoint._streams == {}

    run(body())
