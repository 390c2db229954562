"""The SIP endpoint between two computers, one body over loopback and over the fake network: UDP, TCP, TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from support.certificates import Authority
from support.fake_network import FakeNetwork
from support.scripted_agent import ScriptedAgent, message
from support.sockets import all_closed
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.errors import NetworkError
from blinkq.engine.events import FlowClosed
from blinkq.engine.network import Network
from blinkq.engine.sip_endpoint import SIPEndpoint, SIPEndpointConfig
from blinkq.engine.tls import TLSConfig
from blinkq.engine.trace import SIPMessageTraced
from blinkq.sip.agent import Agent
from blinkq.sip.hop import Flow, Hop

HERE = "127.0.0.1"


class Phone:
    """An endpoint around a scripted agent."""

    def __init__(self, network: Network, *, tls: TLSConfig | None = None, tls_port: int | None = 0) -> None:
        loop = asyncio.get_running_loop()
        self.agent = ScriptedAgent()
        self.events: list[object] = []
        self.traced: list[SIPMessageTraced] = []
        config = SIPEndpointConfig(local_address=HERE, tls=tls or TLSConfig(), tls_port=tls_port)
        self.endpoint = SIPEndpoint(
            config, loop, VirtualClock(loop), SeededEntropy(3), network, self.traced.append, agent=cast(Agent, self.agent)
        )
        self.endpoint.on_event = self.events.append

    def send(self, data: bytes, path: Hop | Flow) -> None:
        self.endpoint.call("send", data, path)


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.002)


Body = Callable[[Phone, Phone], Awaitable[None]]
Runner = Callable[[Body], None]


@pytest.fixture(params=["loopback", "fake"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Runner:
    """Runs a body with two phones; the second one has a certificate for server.test, which the first one trusts."""
    authority = Authority(tmp_path)
    client, server = TLSConfig(ca_file=authority.ca_file), TLSConfig(certificate=authority.server("server.test"))

    async def play(network: Network, body: Body) -> None:
        async with asyncio.timeout(15):
            one, two = Phone(network, tls=client), Phone(network, tls=server)
            await one.endpoint.start()
            await two.endpoint.start()
            try:
                await body(one, two)
            finally:
                await one.endpoint.stop()
                await two.endpoint.stop()
                await two.endpoint.stop()

    async def fake(body: Body) -> None:
        await play(FakeNetwork().host(HERE, names={"server.test"}), body)

    if request.param == "fake":
        return lambda body: run(fake(body))

    async def real(body: Body) -> None:
        await play(AsyncioNetwork(), body)
        await all_closed()

    return lambda body: asyncio.run(real(body))


async def hop_to(one: Phone, two: Phone, transport: str) -> Hop:
    return await one.endpoint.hop(HERE, two.endpoint.ports[transport], transport, "server.test" if transport == "tls" else None)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_request_goes_there_and_its_answer_comes_back_the_same_way(on: Runner, transport: str) -> None:
    async def body(one: Phone, two: Phone) -> None:
        hop = await hop_to(one, two, transport)
        one.send(message("question"), hop)
        await until(lambda: two.agent.received)
        data, flow = two.agent.received[0]
        assert data == message("question")
        assert (flow.transport, flow.local_address, flow.local_port) == (transport, HERE, two.endpoint.ports[transport])
        two.send(message("answer"), flow)
        await until(lambda: one.agent.received)
        data, back = one.agent.received[0]
        assert data == message("answer")
        assert (back.remote_address, back.remote_port) == (HERE, two.endpoint.ports[transport])
        assert (flow.connection == 0) is (transport == "udp")
        assert hop.local_address == HERE
        if transport == "tls":  # nothing of ours listens: the port is that of the connection
            assert hop.local_port == back.local_port
        else:
            assert hop.local_port == one.endpoint.ports[transport]
        assert not one.agent.failed
        assert [trace.received for trace in one.traced] == [False, True]
        assert {trace.transport for trace in one.traced} == {transport}

    on(body)


def test_udp_and_tcp_share_one_port_number(on: Runner) -> None:
    async def body(one: Phone, two: Phone) -> None:
        assert one.endpoint.ports["udp"] == one.endpoint.ports["tcp"]
        assert one.endpoint.ports.keys() == {"udp", "tcp"}
        assert two.endpoint.ports.keys() == {"udp", "tcp", "tls"}
        assert two.endpoint.ports["tls"] != two.endpoint.ports["tcp"]

    on(body)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_one_connection_serves_all_requests_to_a_next_hop_in_order(on: Runner, transport: str) -> None:
    async def body(one: Phone, two: Phone) -> None:
        hop = await hop_to(one, two, transport)
        texts = [message(f"number {number}", b"b" * number * 100) for number in range(20)]
        for text in texts:
            one.send(text, hop)
        await until(lambda: len(two.agent.received) == 20)
        assert [data for data, _ in two.agent.received] == texts
        assert len({flow.connection for _, flow in two.agent.received}) == 1

    on(body)


def test_another_certificate_name_gets_another_connection(on: Runner) -> None:
    async def body(one: Phone, two: Phone) -> None:
        one.send(message("right name"), await hop_to(one, two, "tls"))
        port = two.endpoint.ports["tls"]
        wrong = Hop("tls", HERE, port, HERE, 5061, "other.test")
        one.send(message("wrong name"), wrong)
        await until(lambda: one.agent.failed and two.agent.received)
        assert [data for data, _ in two.agent.received] == [message("right name")]
        [(failed, error)] = one.agent.failed
        assert failed == wrong
        assert "The certificate is for server.test, not for other.test" in error
        with pytest.raises(NetworkError, match=r"not for third\.test"):
            await one.endpoint.hop(HERE, port, "tls", "third.test")

    on(body)


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_nobody_there_fails_what_was_sent(on: Runner, transport: str) -> None:
    async def body(one: Phone, two: Phone) -> None:
        port = two.endpoint.ports[transport]
        await two.endpoint.stop()
        await asyncio.sleep(0.01)
        hop = Hop(transport, HERE, port, HERE, 5060, "server.test" if transport == "tls" else None)
        one.send(message("to nobody"), hop)
        await until(lambda: one.agent.failed)
        assert one.agent.failed[0][0] == hop
        assert f"Connection refused by {HERE} port {port} ({transport.upper()})" in one.agent.failed[0][1]

    on(body)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_server_that_goes_away_is_told_and_the_next_request_connects_anew(on: Runner, transport: str) -> None:
    async def body(one: Phone, two: Phone) -> None:
        hop = await hop_to(one, two, transport)
        one.send(message("first"), hop)
        one.endpoint.hold(hop, "a registration")
        await until(lambda: two.agent.received)
        for stream in list(two.endpoint._streams.values()):
            stream.close()
            two.endpoint._forget(stream)
        await until(lambda: one.events)
        [closed] = one.events
        assert isinstance(closed, FlowClosed)
        assert closed.held
        assert closed.hops[-1].address == HERE
        assert "closed" in closed.error
        assert hop in [path for path, _ in one.agent.failed]
        assert closed.flow in [path for path, _ in one.agent.failed]
        one.send(message("second"), hop)
        await until(lambda: len(two.agent.received) == 2)
        assert two.agent.received[0][1].connection != two.agent.received[1][1].connection

    on(body)


def test_an_answer_to_a_dead_connection_is_reported(on: Runner) -> None:
    async def body(one: Phone, two: Phone) -> None:
        flow = Flow("tcp", HERE, 1, HERE, 2, 4711)
        one.send(message("too late"), flow)
        await until(lambda: one.agent.failed)
        assert one.agent.failed == [(flow, "The connection is closed.")]

    on(body)


def test_what_is_not_sip_ends_the_connection(on: Runner) -> None:
    async def body(one: Phone, two: Phone) -> None:
        hop = await hop_to(one, two, "tcp")
        one.send(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", hop)
        await until(lambda: one.agent.failed)
        assert not two.endpoint._streams

    on(body)


def test_credentials_and_keys_are_hidden_in_the_trace(on: Runner) -> None:
    async def body(one: Phone, two: Phone) -> None:
        head = b'REGISTER sip:x SIP/2.0\r\nAuthorization: Digest response="sesame"\r\n\r\n'
        secret = head + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:sesame\r\n"
        one.send(secret, await hop_to(one, two, "udp"))
        await until(lambda: two.traced)
        assert two.agent.received[0][0] == secret
        for trace in (one.traced[0], two.traced[0]):
            assert b"sesame" not in trace.data
            assert b"REGISTER" in trace.data

    on(body)


def test_a_transport_that_is_off_is_said_so(on: Runner) -> None:
    async def body(one: Phone, two: Phone) -> None:
        del one.endpoint.ports["tcp"]
        with pytest.raises(NetworkError, match="TCP is switched off"):
            await one.endpoint.hop(HERE, 5060, "tcp")

    on(body)
