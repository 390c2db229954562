"""TLS between two parties, the accepting end: whom it asks, what it takes. Real sockets, but for what takes time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from support.fake_network import FakeNetwork, FakeStream, certificate_of
from support.sockets import all_closed
from support.virtual_loop import run

from blinkq.engine import asyncio_network
from blinkq.engine.asyncio_network import HANDSHAKE_TIMEOUT, AsyncioNetwork
from blinkq.engine.errors import NetworkError, TLSError
from blinkq.engine.network import Stream
from blinkq.engine.own_certificate import own_certificate
from blinkq.engine.pair_tls import PairTLSStream, pair_context
from blinkq.engine.tls import TLSConfig, fingerprint_of


class Ear:
    """A handler that tells when something happened."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = ""
        self.news = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.news.set()

    def connection_lost(self, error: str) -> None:
        self.lost = error
        self.news.set()

    async def until(self, wanted: Any) -> None:
        async with asyncio.timeout(30):
            while not wanted():
                self.news.clear()
                await self.news.wait()


class Meeting:
    """Two parties with certificates of their own; ``far`` accepts."""

    def __init__(self) -> None:
        self.ours, self.theirs = own_certificate(time.time()), own_certificate(time.time())
        self.near, self.far = Ear(), Ear()
        self.accepted: list[Stream] = []
        self.refuse = False

    async def __aenter__(self) -> Meeting:
        self.network = AsyncioNetwork()
        self.listener = await self.network.listen_stream("127.0.0.1", 0, self._accept, tls=self.theirs)
        return self

    async def __aexit__(self, *args: object) -> None:
        self.listener.close()
        for stream in self.accepted:
            stream.abort()
        await all_closed()

    def _accept(self, stream: Stream) -> Ear | None:
        self.accepted.append(stream)
        self.far.news.set()
        return None if self.refuse else self.far

    async def connect(self, pem: bytes | None) -> Stream:
        tls = TLSConfig(fingerprint=fingerprint_of(self.theirs), pem=pem)
        return await self.network.connect_stream(*self.listener.local, self.near, tls=tls)


def test_data_both_ways_and_the_certificates_of_both() -> None:
    async def body() -> None:
        async with Meeting() as m:
            stream = await m.connect(m.ours.pem)
            data = os.urandom(5_000_000)
            stream.write(data)
            await m.far.until(lambda: len(m.far.data) == len(data))
            (accepted,) = m.accepted
            assert accepted.peer_certificate == certificate_of(m.ours)
            assert stream.peer_certificate == certificate_of(m.theirs)
            assert accepted.remote == stream.local
            accepted.write(data[::-1])
            await m.near.until(lambda: len(m.near.data) == len(data))
            assert hashlib.sha256(m.far.data + m.near.data[::-1]).digest() == hashlib.sha256(data + data).digest()
            accepted.write(b"last words")
            accepted.close()
            accepted.close()
            accepted.write(b"too late")
            await m.near.until(lambda: m.near.lost)
            assert m.near.data.endswith(b"last words")

    asyncio.run(body())


def test_who_shows_none_is_not_sent_away_here() -> None:
    async def body() -> None:
        async with Meeting() as m:
            stream = await m.connect(None)
            stream.write(b"hello")
            await m.far.until(lambda: m.far.data == b"hello")
            assert m.accepted[0].peer_certificate is None
            stream.close()
            await m.far.until(lambda: m.far.lost)
            assert "closed" in m.far.lost

    asyncio.run(body())


def test_certificates_count_by_their_fingerprint_alone() -> None:
    """Expired, self-signed: what SDP announced is the right one."""

    async def body() -> None:
        old = own_certificate(0.0)
        async with Meeting() as m:
            stream = await m.connect(old.pem)
            stream.write(b"hello")
            await m.far.until(lambda: m.far.data)
            assert m.accepted[0].peer_certificate == certificate_of(old)
            stream.abort()
            await m.far.until(lambda: m.far.lost)

    asyncio.run(body())


def test_a_connection_that_nobody_wants_and_one_that_is_no_tls() -> None:
    async def body() -> None:
        async with Meeting() as m:
            m.refuse = True
            stream = await m.connect(None)
            stream.write(b"hello")
            await m.near.until(lambda: m.near.lost)
            assert m.far.data == b""
            m.near.lost, m.accepted[:] = "", []
            plain = await m.network.connect_stream(*m.listener.local, m.near)
            plain.write(b"MSRP d93kswow SEND\r\n\r\n")
            await m.near.until(lambda: m.near.lost)
            assert m.accepted == []
            with pytest.raises(NetworkError):
                await m.network.connect_stream(*m.listener.local, m.near, tls=TLSConfig(), server_name="localhost")
            assert m.accepted == []

    asyncio.run(body())


def test_handshakes_that_never_end_are_not_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio_network, "MAX_HANDSHAKES", 2)

    async def body() -> None:
        async with Meeting() as m:
            ears = [Ear(), Ear(), Ear()]
            idle = [await m.network.connect_stream(*m.listener.local, ear) for ear in ears]
            await ears[2].until(lambda: ears[2].lost)
            with pytest.raises(NetworkError):
                await m.connect(None)
            idle[0].write(b"this is not TLS")
            await ears[0].until(lambda: ears[0].lost)
            stream = await m.connect(None)
            stream.write(b"hello")
            await m.far.until(lambda: m.far.data == b"hello")
            assert not ears[1].lost
            for one in (idle[1], stream):
                one.abort()

    asyncio.run(body())


def test_old_versions_are_not_spoken() -> None:
    config = own_certificate(time.time())
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for version, good in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
        client.maximum_version = version
        assert handshake(client, config) is good
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1
    client.set_ciphers("ALL:@SECLEVEL=0")
    assert not handshake(client, config)


def handshake(client: ssl.SSLContext, config: TLSConfig) -> bool:
    """Whether it succeeds, in memory."""
    done: list[Stream] = []

    async def scene() -> None:
        world = FakeNetwork()
        us, them = world.host("10.0.0.1"), world.host("10.0.0.2")

        def accept(raw: Stream) -> PairTLSStream:
            return PairTLSStream(raw, pair_context(config), accepted, HANDSHAKE_TIMEOUT)

        def accepted(stream: Stream) -> Ear:
            done.append(stream)
            return Ear()

        await them.listen_stream("10.0.0.2", 1, accept)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client.wrap_bio(incoming, outgoing)
        ear = Ear()
        stream = await us.connect_stream("10.0.0.2", 1, ear)
        for _ in range(4):
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                break
            if outgoing.pending:
                stream.write(outgoing.read())
            await asyncio.sleep(1)
            incoming.write(ear.data)
            ear.data = b""
        stream.abort()
        await asyncio.sleep(1)

    run(scene())
    return bool(done)


def test_a_client_that_says_nothing_is_sent_away_in_time() -> None:
    async def scene() -> None:
        config = own_certificate(time.time())
        world = FakeNetwork()
        us, them = world.host("10.0.0.1"), world.host("10.0.0.2")
        await them.listen_stream("10.0.0.2", 1, lambda raw: PairTLSStream(raw, pair_context(config), lambda stream: None, 10.0))
        ear = Ear()
        stream = await us.connect_stream("10.0.0.2", 1, ear)
        assert isinstance(stream, FakeStream)
        await asyncio.sleep(9)
        assert not ear.lost
        await asyncio.sleep(2)
        assert ear.lost

    run(scene())


def test_a_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for config in (TLSConfig(ask=True), TLSConfig(certificate=str(empty), ask=True), TLSConfig(certificate="/nowhere", ask=True)):
        with pytest.raises(TLSError):
            pair_context(config)
