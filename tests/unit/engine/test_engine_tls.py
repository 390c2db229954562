"""Certificates: which are accepted, and what is said about the others. Real handshakes on loopback."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
from support.certificates import DAY, Authority
from support.sockets import all_closed

from blinkq.engine import tls
from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.errors import TLSError
from blinkq.engine.network import Stream
from blinkq.engine.tls import TLSConfig, check_name, client_context, server_context, sip_identities


class Deaf:
    def data_received(self, data: bytes) -> None:
        raise AssertionError("nothing is sent before the name is checked")

    def connection_lost(self, error: str) -> None:
        pass


async def handshake(certificate: str, client: TLSConfig, name: str) -> None:
    network = AsyncioNetwork()

    def accept(stream: Stream) -> Deaf:
        return Deaf()

    listener = await network.listen_stream("127.0.0.1", 0, accept, tls=TLSConfig(certificate=certificate))
    try:
        stream = await network.connect_stream(*listener.local, Deaf(), tls=client, server_name=name)
        stream.abort()
    finally:
        listener.close()
        await all_closed()


@pytest.mark.parametrize(
    ("names", "server_name"),
    [
        (("example.com",), "example.com"),
        (("example.com",), "EXAMPLE.com."),
        (("sip:example.com",), "example.com"),
        (("127.0.0.1",), "127.0.0.1"),
        (("example.com", "127.0.0.1"), "127.0.0.1"),
        (("::1",), "::1"),
        ((), "server"),
    ],
)
def test_accepted(tmp_path: Path, names: tuple[str, ...], server_name: str) -> None:
    authority = Authority(tmp_path)
    asyncio.run(handshake(authority.server(*names), TLSConfig(ca_file=authority.ca_file), server_name))


@pytest.mark.parametrize(
    ("names", "server_name", "words"),
    [
        (("other.com",), "example.com", r"for other\.com, not for example\.com"),
        (("*.example.com",), "sip.example.com", r"\* in its name is not valid for SIP"),
        (("sip:other.com", "example.com"), "example.com", r"for other\.com, not for example\.com"),
        (("sip:alice@example.com",), "example.com", "for nobody"),
        (("127.0.0.2",), "127.0.0.1", "not for 127.0.0.1"),
        (("other.com",), "server", "not for server"),
    ],
)
def test_wrong_names(tmp_path: Path, names: tuple[str, ...], server_name: str, words: str) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(TLSError, match=words):
        asyncio.run(handshake(authority.server(*names), TLSConfig(ca_file=authority.ca_file), server_name))


def test_servers_of_the_web_may_have_a_wildcard(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    web = TLSConfig(ca_file=authority.ca_file, web=True)
    asyncio.run(handshake(authority.server("*.example.com"), web, "relay.example.com"))
    with pytest.raises(TLSError, match=r"somebody else than example\.org"):
        asyncio.run(handshake(authority.server("*.example.com"), web, "example.org"))
    with pytest.raises(TLSError, match=r"somebody else than 127\.0\.0\.1"):
        asyncio.run(handshake(authority.server("*.example.com"), web, "127.0.0.1"))
    with pytest.raises(TLSError, match="not valid for SIP"):
        asyncio.run(handshake(authority.server("*.example.com"), TLSConfig(ca_file=authority.ca_file), "relay.example.com"))


def test_expired(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    old = authority.server("example.com", age=60 * DAY, life=30 * DAY)
    with pytest.raises(TLSError, match=r"The certificate of example\.com has expired"):
        asyncio.run(handshake(old, TLSConfig(ca_file=authority.ca_file), "example.com"))


def test_not_valid_yet(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(TLSError, match=r"The certificate of example\.com is not valid yet"):
        asyncio.run(
            handshake(authority.server("example.com", age=-datetime.timedelta(days=2)), TLSConfig(ca_file=authority.ca_file), "example.com")
        )


def test_unknown_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(TLSError, match="unknown authority"):
        asyncio.run(handshake(authority.server("example.com"), TLSConfig(), "example.com"))


def test_self_signed(tmp_path: Path) -> None:
    authority = Authority(tmp_path, name="server")  # issuer and subject are one
    with pytest.raises(TLSError, match="self-signed"):
        asyncio.run(handshake(authority.server("example.com", common_name="server"), TLSConfig(), "example.com"))


def test_authorities_of_a_system_that_openssl_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    server = authority.server("example.com")
    nothing = ssl.DefaultVerifyPaths(None, None, "SSL_CERT_FILE", "", "SSL_CERT_DIR", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    monkeypatch.setattr(tls, "SYSTEM_AUTHORITIES", authority.ca_file)
    client_context.cache_clear()
    try:
        asyncio.run(handshake(server, TLSConfig(), "example.com"))
    finally:
        client_context.cache_clear()  # others must not get this one


def test_unverified_on_demand(tmp_path: Path) -> None:
    asyncio.run(handshake(Authority(tmp_path).server("other.com"), TLSConfig(verify=False), "example.com"))


def test_old_versions_are_not_spoken() -> None:
    assert client_context(TLSConfig()).minimum_version is ssl.TLSVersion.TLSv1_2


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("this is no certificate")
    with pytest.raises(TLSError, match="Cannot read the trusted authorities"):
        client_context(TLSConfig(ca_file=str(tmp_path / "missing.pem")))
    with pytest.raises(TLSError, match="Cannot read the trusted authorities"):
        client_context(TLSConfig(ca_file=str(junk)))
    with pytest.raises(TLSError, match="Cannot use the certificate"):
        server_context(TLSConfig(certificate=str(junk)))
    with pytest.raises(TLSError, match="needs a certificate"):
        server_context(TLSConfig())


def test_the_common_name_counts_only_without_alternatives() -> None:
    subject = ((("commonName", "old.example"),),)
    assert sip_identities({"subject": subject}) == {"old.example"}
    assert sip_identities({"subject": subject, "subjectAltName": (("email", "a@b"),)}) == frozenset()
    check_name({"subject": subject}, "old.example")
    with pytest.raises(TLSError, match="for nobody"):
        check_name({}, "old.example")
