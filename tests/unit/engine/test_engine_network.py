"""One body of promises, kept by the real network on loopback and by the fake one: otherwise the fake is fiction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from support.certificates import Authority
from support.fake_network import FakeNetwork
from support.sockets import all_closed
from support.virtual_loop import run

from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.errors import NetworkError, TLSError
from blinkq.engine.network import Address, Network, Stream
from blinkq.engine.tls import TLSConfig

HERE = "127.0.0.1"
Body = Callable[[Network], Awaitable[None]]
Runner = Callable[[Body], None]


@pytest.fixture(params=["loopback", "polled", "fake"])
def on(request: pytest.FixtureRequest) -> Runner:
    """Runs a body on one of the networks: the real one, the same as on Windows, the fake one."""
    if request.param != "fake":

        async def real(body: Body) -> None:
            async with asyncio.timeout(10):
                await body(AsyncioNetwork(polled_udp=request.param == "polled"))
                await all_closed()

        return lambda body: asyncio.run(real(body))

    async def fake(body: Body) -> None:
        await body(FakeNetwork().host(HERE, names={"server.test"}))

    return lambda body: run(fake(body))


class Ear:
    """Hears datagrams and streams."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, object]] = asyncio.Queue()

    def datagram_received(self, data: bytes, remote: Address) -> None:
        self.heard.put_nowait(("data", data))
        self.remote = remote

    def datagram_failed(self, remote: Address, error: str) -> None:
        self.heard.put_nowait((error, remote))

    def data_received(self, data: bytes) -> None:
        self.heard.put_nowait(("data", data))

    def connection_lost(self, error: str) -> None:
        self.heard.put_nowait((error, None))


def test_datagrams_go_there_and_back(on: Runner) -> None:
    async def body(network: Network) -> None:
        left, right = Ear(), Ear()
        a, b = await network.open_udp(HERE, 0, left), await network.open_udp(HERE, 0, right)
        a.send(b"hello", b.local)
        assert await right.heard.get() == ("data", b"hello")
        assert right.remote == a.local
        b.send(b"x" * 8000, a.local)
        assert await left.heard.get() == ("data", b"x" * 8000)
        a.close()
        a.close()
        a.send(b"too late", b.local)
        b.close()
        await asyncio.sleep(0)

    on(body)


@pytest.mark.parametrize("on", ["loopback", "fake"], indirect=True)
def test_a_datagram_that_nobody_takes_is_reported_with_its_address(on: Runner) -> None:
    async def body(network: Network) -> None:
        ear, other = Ear(), Ear()
        sender, gone, there = [await network.open_udp(HERE, 0, who) for who in (ear, Ear(), other)]
        gone.close()
        await asyncio.sleep(0)
        sender.send(b"to nobody", gone.local)
        sender.send(b"to somebody", there.local)  # must arrive although the error of the first is pending
        sender.send(b"to somebody again", there.local)
        error, remote = await ear.heard.get()
        assert "refused" in error
        assert remote == gone.local
        assert await other.heard.get() == ("data", b"to somebody")
        assert await other.heard.get() == ("data", b"to somebody again")
        sender.close()
        there.close()
        await asyncio.sleep(0)

    on(body)


def test_a_taken_port_is_said_so(on: Runner) -> None:
    async def body(network: Network) -> None:
        udp = await network.open_udp(HERE, 0, Ear())
        with pytest.raises(NetworkError, match="another program uses this port"):
            await network.open_udp(HERE, udp.local[1], Ear())
        listener = await network.listen_stream(HERE, 0, lambda stream: None)
        with pytest.raises(NetworkError, match="another program uses this port"):
            await network.listen_stream(HERE, listener.local[1], lambda stream: None)
        with pytest.raises(NetworkError, match="no such address"):
            await network.open_udp("192.0.2.77", 0, Ear())
        udp.close()
        listener.close()
        await asyncio.sleep(0)

    on(body)


async def pair(network: Network, near: Ear, far: Ear, *, tls: tuple[TLSConfig, TLSConfig] | None = None) -> tuple[Stream, Stream]:
    accepted: asyncio.Future[Stream] = asyncio.get_running_loop().create_future()

    def accept(stream: Stream) -> Ear:
        accepted.set_result(stream)
        return far

    listener = await network.listen_stream(HERE, 0, accept, tls=tls[0] if tls else None)
    try:
        stream = await network.connect_stream(*listener.local, near, tls=tls[1] if tls else None, server_name="server.test")
        return stream, await accepted
    finally:
        listener.close()


@pytest.mark.parametrize("secure", [False, True], ids=["tcp", "tls"])
def test_streams_carry_bytes_and_end(on: Runner, secure: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    configs = (TLSConfig(certificate=authority.server("server.test")), TLSConfig(ca_file=authority.ca_file)) if secure else None

    async def body(network: Network) -> None:
        near, far = Ear(), Ear()
        stream, other = await pair(network, near, far, tls=configs)
        assert stream.remote == other.local
        assert other.remote == stream.local
        stream.write(b"hello")
        assert await far.heard.get() == ("data", b"hello")
        other.write(b"and back")
        assert await near.heard.get() == ("data", b"and back")
        other.write(b"last words")
        other.close()
        other.close()
        assert await near.heard.get() == ("data", b"last words")
        error, _ = await near.heard.get()
        assert "closed" in error
        stream.close()
        assert far.heard.empty()

    on(body)


def test_a_refused_connection_is_a_sentence(on: Runner) -> None:
    async def body(network: Network) -> None:
        listener = await network.listen_stream(HERE, 0, lambda stream: None)
        listener.close()
        await asyncio.sleep(0)
        with pytest.raises(NetworkError, match=f"Connection refused by {HERE} port {listener.local[1]} \\(TCP\\): .* Check|nothing"):
            await network.connect_stream(*listener.local, Ear())

    on(body)


def test_the_wrong_name_is_refused(on: Runner, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, client = TLSConfig(certificate=authority.server("server.test")), TLSConfig(ca_file=authority.ca_file)

    async def body(network: Network) -> None:
        listener = await network.listen_stream(HERE, 0, lambda stream: Ear(), tls=server)
        with pytest.raises(TLSError, match=r"The certificate is for server\.test, not for other\.test"):
            await network.connect_stream(*listener.local, Ear(), tls=client, server_name="other.test")
        stream = await network.connect_stream(*listener.local, Ear(), tls=TLSConfig(verify=False), server_name="other.test")
        stream.abort()
        listener.close()

    on(body)


def test_tls_to_a_plain_port_is_said_so(on: Runner) -> None:
    async def body(network: Network) -> None:
        class Plain(Ear):
            def data_received(self, data: bytes) -> None:
                streams[0].write(b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        streams: list[Stream] = []

        def accept(stream: Stream) -> Ear:
            streams.append(stream)
            return Plain()

        listener = await network.listen_stream(HERE, 0, accept)
        with pytest.raises(TLSError, match="does not speak TLS on this port"):
            await network.connect_stream(*listener.local, Ear(), tls=TLSConfig(), server_name="server.test")
        listener.close()

    on(body)


def test_the_local_address_towards_a_peer(on: Runner) -> None:
    async def body(network: Network) -> None:
        assert network.local_address_for(HERE) == HERE

    on(body)


@pytest.mark.parametrize("secure", [False, True], ids=["tcp", "tls"])
def test_last_words_are_sent_before_the_loop_ends(secure: bool, tmp_path: Path) -> None:
    """A goodbye that waits for a peer who does not read is given up; one to a peer who reads arrives whole."""
    authority = Authority(tmp_path)
    configs = (TLSConfig(certificate=authority.server("server.test")), TLSConfig(ca_file=authority.ca_file)) if secure else None
    much = bytes(8_000_000)

    async def body() -> None:
        network, far = AsyncioNetwork(), Ear()
        stream, _ = await pair(network, Ear(), far, tls=configs)
        stream.write(much)
        stream.close()
        await network.finish_closing(20)
        heard = 0
        while heard < len(much):
            heard += len(cast(bytes, (await far.heard.get())[1]))

        stream, other = await pair(network, Ear(), Ear(), tls=configs)
        other.pause_reading(True)
        stream.write(much)
        stream.close()
        await network.finish_closing(0.01)
        other.abort()
        await all_closed()
        assert stream.pending == 0

    asyncio.run(body())
