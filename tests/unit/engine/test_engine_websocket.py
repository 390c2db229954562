"""WebSocket as a client: the handshake, whole messages, keeping the connection, and servers that do not do their part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_network import FakeNetwork
from support.virtual_loop import run
from support.websocket_server import WebSocketServer

from blinkq.engine.errors import NetworkError, TLSError
from blinkq.engine.network import Stream
from blinkq.engine.tls import TLSConfig
from blinkq.engine.websocket import MAX_MESSAGE, PING_INTERVAL, WebSocketStream, connect_websocket

SERVER = "192.0.2.1"


class Heard:
    """Our handler."""

    def __init__(self) -> None:
        self.data = b""
        self.lost: list[str] = []

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, error: str) -> None:
        self.lost.append(error)


class Scene:
    """A server, which makes its end of each connection, and us."""

    def __init__(self, make: Callable[[Stream], Any] = WebSocketServer, *, tls: bool = False) -> None:
        self.world = FakeNetwork()
        self.us = self.world.host("192.0.2.9")
        self.them = self.world.host(SERVER, names={"web.example"})
        self.ends: list[Any] = []
        self.heard = Heard()
        self.tls = tls
        self._make = make

    def _accept(self, stream: Stream) -> Any:
        self.ends.append(self._make(stream))
        return self.ends[-1]

    async def connect(self, host: str = "web.example", resource: str = "/") -> WebSocketStream:
        await self.them.listen_stream(SERVER, 443, self._accept, tls=TLSConfig(certificate="fake") if self.tls else None)
        tls = TLSConfig(web=True) if self.tls else None
        stream = await connect_websocket(
            self.us, SERVER, 443, self.heard, host=host, resource=resource, subprotocol="msrp", tls=tls
        )
        return stream


def test_messages_both_ways() -> None:
    async def scene() -> None:
        for text in (False, True):
            s = Scene(lambda stream, text=text: WebSocketServer(stream, text=text))  # type: ignore[misc]  # mypy and lambdas
            stream = await s.connect(resource="/msrp?x=1")
            (server,) = s.ends
            assert server.request.path == "/msrp?x=1"
            assert server.request.headers["Host"] == "web.example:443"
            assert server.request.headers["Sec-WebSocket-Protocol"] == "msrp"
            assert "Sec-WebSocket-Extensions" not in server.request.headers
            for message in (b"one", "zwölf 🎉".encode(), b"x" * 100_000):
                stream.write(message)
                server.write(message)
            await asyncio.sleep(1)
            assert server.messages == [b"one", "zwölf 🎉".encode(), b"x" * 100_000]
            assert s.heard.data == b"".join(server.messages)
            stream.close()
            stream.close()
            stream.write(b"too late")
            await asyncio.sleep(1)
            assert len(server.messages) == 3
            assert (server.closed, server.protocol.close_rcvd.code) != ("", None)
            assert s.heard.lost == []

    run(scene())


def test_fragments_and_pieces_of_the_network_do_not_matter() -> None:
    async def scene() -> None:
        s = Scene()
        await s.connect()
        (server,) = s.ends
        server.protocol.send_binary(b"hel", fin=False)
        server.protocol.send_continuation(b"lo ", fin=False)
        server.protocol.send_ping(b"")
        server.protocol.send_continuation(b"you", fin=True)
        for part in server.protocol.data_to_send():
            for byte in part:
                server.stream.write(bytes([byte]))
        await asyncio.sleep(1)
        assert s.heard.data == b"hello you"

    run(scene())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda stream: WebSocketServer(stream, reject=404), "404"),
        (lambda stream: WebSocketServer(stream, subprotocol=None), "does not speak MSRP"),
        (lambda stream: WebSocketServer(stream, subprotocol="sip"), "400"),
    ],
)
def test_servers_that_do_not_agree(make: Callable[[Stream], Any], words: str) -> None:
    async def scene() -> None:
        s = Scene(make)
        with pytest.raises(NetworkError, match=words):
            await s.connect()
        await asyncio.sleep(1)
        assert s.heard.lost == []
        assert not s.us.streams

    run(scene())


class Says:
    """A server that is no web server."""

    def __init__(self, stream: Stream, answer: bytes, *, at_once: bool = False, close: bool = False) -> None:
        self._stream, self._answer, self._close = stream, answer, close
        if at_once:
            asyncio.get_running_loop().call_soon(self.data_received, b"")

    def data_received(self, data: bytes) -> None:
        if self._answer:
            self._stream.write(self._answer)
        if self._close:
            self._stream.close()

    def connection_lost(self, error: str) -> None:
        pass


@pytest.mark.parametrize(
    ("answer", "close", "words"),
    [
        (b"SSH-2.0-server\r\n", False, "does not speak WebSocket"),
        (b"", True, "closed"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\ngo away", True, "403"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n", False,
         "does not speak WebSocket"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [False, True])
def test_servers_of_another_kind(answer: bytes, close: bool, words: str, at_once: bool) -> None:
    async def scene() -> None:
        s = Scene(lambda stream: Says(stream, answer, at_once=at_once, close=close))
        with pytest.raises(NetworkError, match=words if not at_once else "."):
            await s.connect()
        assert s.heard.lost == []

    run(scene())


@given(st.binary(max_size=200), st.booleans())
def test_whatever_comes_never_raises(noise: bytes, agreed: bool) -> None:
    async def scene() -> None:
        if agreed:
            s = Scene()
            await s.connect()
            s.ends[0].stream.write(noise)
        else:
            s = Scene(lambda stream: Says(stream, b"HTTP/1.1 101 OK\r\n" + noise, close=True))
            with pytest.raises(NetworkError):
                await s.connect()
        await asyncio.sleep(1)
        assert len(s.heard.lost) <= 1

    run(scene())


def test_a_certificate_is_checked_for_the_hosts_name() -> None:
    async def scene() -> None:
        await Scene(tls=True).connect()
        with pytest.raises(TLSError, match=r"not for other\.example"):
            await Scene(tls=True).connect(host="other.example")

    run(scene())


def test_the_server_closes() -> None:
    async def scene() -> None:
        for code, reason, words in ((1001, "going away", "1001 going away"), (1000, "", "closed the WebSocket connection (1000)")):
            s = Scene()
            stream = await s.connect()
            s.ends[0].close(code, reason)
            await asyncio.sleep(1)
            assert len(s.heard.lost) == 1
            assert words in s.heard.lost[0]
            stream.write(b"too late")
            assert not s.us.streams

    run(scene())


def test_a_message_that_is_too_large_is_not_kept() -> None:
    async def scene() -> None:
        s = Scene()
        await s.connect()
        s.ends[0].write(b"x" * (MAX_MESSAGE + 1))
        await asyncio.sleep(1)
        assert s.heard.data == b""
        assert "not WebSocket" in s.heard.lost[0]

    run(scene())


def test_pings_keep_a_silent_connection_and_show_a_dead_one() -> None:
    async def scene() -> None:
        s = Scene()
        await s.connect()
        (server,) = s.ends
        await asyncio.sleep(10 * PING_INTERVAL + 1)
        assert server.pings == 10
        assert s.heard.lost == []
        server.deaf = True
        await asyncio.sleep(3 * PING_INTERVAL)
        assert len(s.heard.lost) == 1
        assert "does not answer any more" in s.heard.lost[0]
        assert not s.us.streams

    run(scene())


def test_a_lost_connection_is_told_once() -> None:
    async def scene() -> None:
        s = Scene()
        stream = await s.connect()
        s.them.reset_streams()
        await asyncio.sleep(1)
        assert len(s.heard.lost) == 1
        stream.abort()
        stream.close()

    run(scene())
