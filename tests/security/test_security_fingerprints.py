"""The certificate between two parties: only the announced one, by a hash that cannot be forged; our key stays ours. Real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import tempfile
import time
from pathlib import Path

import pytest
from support.sockets import all_closed

from blinkq.base.clock import SeededEntropy
from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.errors import TLSError
from blinkq.engine.msrp_endpoint import MSRPEndpoint
from blinkq.engine.network import Stream
from blinkq.engine.own_certificate import own_certificate
from blinkq.engine.tls import TLSConfig, client_context, fingerprint_of


class Deaf:
    """Notices whether the client says anything."""

    def __init__(self) -> None:
        self.heard = b""

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, error: str) -> None:
        pass


class Clock:
    def monotonic(self) -> float:
        return time.monotonic()

    def wallclock(self) -> float:
        return time.time()


async def meet(server: TLSConfig, fingerprint: str) -> None:
    """Connect to who has ``server``'s certificate, expecting ``fingerprint``."""
    network, ear = AsyncioNetwork(), Deaf()

    def accept(stream: Stream) -> Deaf:
        return ear

    listener = await network.listen_stream("127.0.0.1", 0, accept, tls=server)
    try:
        stream = await network.connect_stream(*listener.local, Deaf(), tls=TLSConfig(fingerprint=fingerprint))
        stream.abort()
    finally:
        listener.close()
        await all_closed()
        assert ear.heard == b""


def named(config: TLSConfig, algorithm: str) -> str:
    """The certificate's fingerprint by any algorithm."""
    pem = config.read_certificate().decode().partition("-----BEGIN PRIVATE KEY-----")[0]
    digest = hashlib.new(algorithm.replace("-", ""), ssl.PEM_cert_to_DER_cert(pem.strip() + "\n")).hexdigest()
    return f"{algorithm} " + ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


def test_only_the_announced_certificate_by_a_hash_that_counts() -> None:
    ours, others = own_certificate(time.time()), own_certificate(time.time())
    asyncio.run(meet(ours, fingerprint_of(ours)))
    asyncio.run(meet(ours, named(ours, "sha-512")))
    right = fingerprint_of(ours)
    forgeable = named(ours, "sha-1"), named(ours, "md5")
    for wrong in (fingerprint_of(others), right[:-3], right + ":00", "sha-256 ", "sha-256", "", *forgeable):
        with pytest.raises(TLSError):
            asyncio.run(meet(ours, wrong))


def test_the_key_is_never_left_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def body() -> None:
        endpoint = MSRPEndpoint(asyncio.get_running_loop(), Clock(), SeededEntropy(1), AsyncioNetwork(), lambda event: None)
        config = endpoint.certificate()
        assert config is endpoint.certificate()
        await endpoint.listen("127.0.0.1", tls=config)
        client_context(config)
        assert list(tmp_path.iterdir()) == []
        assert "PRIVATE" not in repr(config)
        endpoint.stop()
        assert endpoint.certificate() != config

    asyncio.run(body())
