"""MSRP sessions over the fake network: who connects, who waits, what closes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.fake_network import FakeHost, FakeNetwork
from support.virtual_loop import VirtualClock, run
from support.websocket_server import WebSocketServer

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.engine.errors import NetworkError
from blinkq.engine.msrp_endpoint import MSRPEndpoint
from blinkq.engine.msrp_link import BIND_TIMEOUT
from blinkq.engine.network import Stream
from blinkq.msrp.events import MessageDelivered, MessageFailed, MessageReceived, SessionBound, SessionFailed
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI


class Party:
    """One side with its endpoint."""

    def __init__(self, world: FakeNetwork, address: str, seed: int) -> None:
        loop = asyncio.get_running_loop()
        self.address = address
        self.host: FakeHost = world.host(address)
        self.events: list[Any] = []
        self.entropy = SeededEntropy(seed)
        self.endpoint = MSRPEndpoint(loop, VirtualClock(loop), self.entropy, self.host, self.events.append)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def session(self, port: int, name: str, remote: MSRPURI) -> Session:
        return Session(MSRPURI(self.address, port, name), (remote,), self.entropy)


async def pair(world: FakeNetwork, count: int = 1) -> tuple[Party, Party, list[Session], list[Session]]:
    """alice connects, bob waits."""
    alice, bob = Party(world, "10.0.0.1", 1), Party(world, "10.0.0.2", 2)
    port = await bob.endpoint.listen(bob.address)
    assert await bob.endpoint.listen(bob.address) == port  # one port for all
    ours, theirs = [], []
    for number in range(count):
        theirs.append(bob.session(port, f"bob{number}", MSRPURI(alice.address, 9, f"alice{number}")))
        ours.append(alice.session(9, f"alice{number}", theirs[-1].local_uri))
        bob.endpoint.add(theirs[-1])
        waiting = asyncio.ensure_future(bob.endpoint.accepted(theirs[-1], 30.0))
        await alice.endpoint.connect(ours[-1], bob.address)
        await waiting
    return alice, bob, ours, theirs


def test_two_sessions_share_a_port() -> None:
    async def scene() -> None:
        alice, bob, ours, theirs = await pair(FakeNetwork(), 2)
        for number, session in enumerate(ours):
            alice.endpoint.call(session, session.send, "text/plain", b"from alice %d" % number, success_report=True)
        for number, session in enumerate(theirs):
            bob.endpoint.call(session, session.send, "text/plain", b"from bob %d" % number, success_report=True)
        await asyncio.sleep(1)
        assert [(event.session, event.body) for event in bob.of(MessageReceived)] == [
            (session, b"from alice %d" % number) for number, session in enumerate(theirs)
        ]
        assert len(alice.of(MessageReceived)) == 2
        assert len(alice.of(MessageDelivered)) == len(bob.of(MessageDelivered)) == 2
        alice.endpoint.end(ours[0])
        await asyncio.sleep(1)
        assert [event.session for event in bob.of(SessionFailed)] == [theirs[0]]
        assert theirs[1].connection is not None
        alice.endpoint.stop()
        bob.endpoint.stop()

    run(scene())


def test_a_peer_that_is_reached_over_websocket() -> None:
    """Its URI says so (RFC 7977); the first thing that it gets is the empty SEND that names the session."""

    async def scene() -> None:
        world = FakeNetwork()
        alice, host = Party(world, "10.0.0.1", 1), world.host("10.0.0.2")
        servers: list[WebSocketServer] = []

        def accept(stream: Stream) -> WebSocketServer:
            servers.append(WebSocketServer(stream))
            return servers[-1]

        await host.listen_stream("10.0.0.2", 8080, accept)
        session = alice.session(9, "alice", MSRPURI("10.0.0.2", 8080, "bob", transport="ws"))
        await alice.endpoint.connect(session, "10.0.0.2")
        await asyncio.sleep(1)
        (server,) = servers
        (hello,) = server.messages
        assert b"SEND\r\nTo-Path: msrp://10.0.0.2:8080/bob;ws\r\n" in hello
        server.write(b"MSRP 1234 SEND\r\nTo-Path: %s\r\nFrom-Path: msrp://10.0.0.2:8080/bob;ws\r\nMessage-ID: 1\r\nByte-Range: 1-2/2\r\n"
                     b"Content-Type: text/plain\r\n\r\nhi\r\n-------1234$\r\n" % str(session.local_uri).encode())  # fmt: skip
        await asyncio.sleep(1)
        assert [event.body for event in alice.of(MessageReceived)] == [b"hi"]
        assert server.messages[1].startswith(b"MSRP 1234 200")
        alice.endpoint.stop()
        await asyncio.sleep(1)
        assert server.closed or server.protocol.close_rcvd is not None

    run(scene())


def test_messages_sent_before_the_connection_go_first() -> None:
    async def scene() -> None:
        world = FakeNetwork()
        alice, bob = Party(world, "10.0.0.1", 1), Party(world, "10.0.0.2", 2)
        port = await bob.endpoint.listen(bob.address)
        theirs = bob.session(port, "bob", MSRPURI(alice.address, 9, "alice"))
        ours = alice.session(9, "alice", theirs.local_uri)
        bob.endpoint.add(theirs)
        alice.endpoint.call(ours, ours.send, "text/plain", b"early")
        await alice.endpoint.connect(ours, bob.address)
        await asyncio.sleep(1)
        assert [event.body for event in bob.of(MessageReceived)] == [b"early"]
        assert len(bob.of(SessionBound)) == 1
        alice.endpoint.end(ours)
        alice.endpoint.end(ours)
        bob.endpoint.stop()

    run(scene())


def test_a_connection_that_never_comes() -> None:
    async def scene() -> None:
        bob = Party(FakeNetwork(), "10.0.0.2", 2)
        session = bob.session(await bob.endpoint.listen(bob.address), "bob", MSRPURI("10.0.0.1", 9, "alice"))
        bob.endpoint.add(session)
        with pytest.raises(NetworkError, match="did not open"):
            await bob.endpoint.accepted(session, 30.0)
        waiting = asyncio.ensure_future(bob.endpoint.accepted(session, 30.0))
        await asyncio.sleep(1)
        bob.endpoint.end(session)
        with pytest.raises(NetworkError):
            await waiting
        bob.endpoint.stop()

    run(scene())


def test_nobody_listens() -> None:
    async def scene() -> None:
        world = FakeNetwork()
        alice = Party(world, "10.0.0.1", 1)
        world.host("10.0.0.2")
        session = alice.session(9, "alice", MSRPURI("10.0.0.2", 7, "bob"))
        with pytest.raises(NetworkError):
            await alice.endpoint.connect(session, "10.0.0.2")
        with pytest.raises(IllegalStateError):
            alice.endpoint.add(Session(MSRPURI("10.0.0.1"), (MSRPURI("10.0.0.2"),), alice.entropy))
        alice.endpoint.stop()

    run(scene())


@pytest.mark.expect_warnings
@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\n\r\n"])
def test_strangers_are_sent_away(data: bytes) -> None:
    async def scene() -> None:
        world = FakeNetwork()
        bob = Party(world, "10.0.0.2", 2)
        port = await bob.endpoint.listen(bob.address)
        lost: list[str] = []

        class Stranger:
            def data_received(self, data: bytes) -> None:
                raise AssertionError(data)

            def connection_lost(self, error: str) -> None:
                lost.append(error)

        stream = await world.host("10.0.0.9").connect_stream("10.0.0.2", port, Stranger())
        stream.write(data)
        await asyncio.sleep(BIND_TIMEOUT + 1)
        assert len(lost) == 1
        assert bob.events == []
        bob.endpoint.stop()

    run(scene())


def test_a_lost_connection_fails_the_session_and_its_messages() -> None:
    async def scene() -> None:
        alice, bob, ours, theirs = await pair(FakeNetwork())
        bob.endpoint.call(theirs[0], theirs[0].send, "text/plain", b"lost", success_report=True)
        alice.host.reset_streams()
        await asyncio.sleep(1)
        assert [event.session for event in bob.of(SessionFailed)] == theirs
        assert [event.reason for event in bob.of(MessageFailed)] == ["Stream ended"]
        assert theirs[0].ended
        with pytest.raises(IllegalStateError):
            bob.endpoint.call(theirs[0], theirs[0].send, "text/plain", b"too late")
        alice.endpoint.end(ours[0])
        alice.endpoint.stop()
        bob.endpoint.stop()

    run(scene())


def test_a_slow_network_keeps_what_waits_small() -> None:
    async def scene() -> None:
        alice, bob, ours, _theirs = await pair(FakeNetwork())
        await asyncio.sleep(1)
        link = next(iter(alice.endpoint._links))
        assert link.stream is not None
        assert link.stream.on_writable is not None
        written: list[bytes] = []
        alice.endpoint.tracer = lambda link, outgoing, data: written.append(data) if outgoing else None
        link.stream.on_writable(False)
        body = bytes(3_000_000)
        alice.endpoint.call(ours[0], ours[0].send, "application/octet-stream", body, success_report=True)
        await asyncio.sleep(1)
        assert written == []
        link.stream.on_writable(True)
        await asyncio.sleep(1)
        assert max(len(data) for data in written) < 600_000
        assert [event.body for event in bob.of(MessageReceived)] == [body]
        alice.endpoint.stop()
        bob.endpoint.stop()

    run(scene())
