"""The engine facade: starts and stops everything in order, carries a registration and a call between two of them, real agents included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from support.fake_dns import FakeDNS
from support.fake_network import FakeHost, FakeNetwork
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.engine.engine import Engine, EngineConfig
from blinkq.engine.errors import NetworkError
from blinkq.engine.loop import EngineLoop
from blinkq.engine.sip_endpoint import SIPEndpoint, SIPEndpointConfig
from blinkq.engine.trace import SIPMessageTraced
from blinkq.media.control import Command, Reply
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import InviteParameters
from blinkq.sip.events import (
    InvitationAnswered,
    InvitationConfirmed,
    InvitationEnded,
    InvitationFailed,
    InvitationProgressed,
    InvitationReceived,
)
from blinkq.sip.hop import Hop
from blinkq.sip.uri import URI

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n"


class FakeMedia:
    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.log: list[str] = []

    async def start(self) -> None:
        self.log.append("start")
        if self.broken:
            raise RuntimeError("the media process does not come up")

    async def stop(self) -> None:
        self.log.append("stop")

    def send(self, command: Command) -> None:
        raise AssertionError

    async def request(self, command: Command) -> Reply:
        raise AssertionError


def engine_on(host: FakeHost, media: FakeMedia | None = None, **sip: int) -> Engine:
    loop = asyncio.get_running_loop()
    config = EngineConfig(sip=SIPEndpointConfig(**sip), media=media is not None)  # type: ignore[arg-type]  # ports only
    return Engine(
        config,
        loop=EngineLoop(loop),
        clock=VirtualClock(loop),
        entropy=SeededEntropy(7),
        network=host,
        dns=FakeDNS("example.com A 192.0.2.9"),
        media_factory=None if media is None else lambda engine: media,
    )


def test_start_and_stop_in_order() -> None:
    async def body() -> None:
        media = FakeMedia()
        host = FakeNetwork().host("192.0.2.1")
        engine = engine_on(host, media)
        with pytest.raises(IllegalStateError):
            _ = engine.sip
        engine.loop.start()
        await engine.start()
        assert Engine.current is engine
        assert engine.sip.ports["udp"] == engine.sip.ports["tcp"]
        assert engine.media is media
        with pytest.raises(IllegalStateError):
            await engine.start()
        await engine.stop()
        await engine.stop()
        assert Engine.current is None
        assert media.log == ["start", "stop"]
        assert not host.udp
        assert not host.listeners
        engine.loop.stop()

    run(body())


def test_what_fails_at_the_start_leaves_nothing_running() -> None:
    async def body() -> None:
        host = FakeNetwork().host("192.0.2.1")
        engine = engine_on(host, FakeMedia(broken=True))
        engine.loop.start()
        with pytest.raises(RuntimeError, match="does not come up"):
            await engine.start()
        assert Engine.current is None
        assert not host.udp
        taken = await host.open_udp("0.0.0.0", 5060, None)  # type: ignore[arg-type]  # hears nothing
        engine.loop.stop()
        engine = engine_on(host, udp_port=5060)
        engine.loop.start()
        with pytest.raises(NetworkError, match="another program uses this port"):
            await engine.start()
        taken.close()
        with pytest.raises(IllegalStateError, match="without media"):
            _ = engine.media
        engine.loop.stop()

    run(body())


def test_new_ports_and_back_when_they_cannot_be_had() -> None:
    async def body() -> None:
        host = FakeNetwork().host("192.0.2.1")
        engine = engine_on(host)
        engine.loop.start()
        await engine.start()
        await engine.reconfigure_sip(SIPEndpointConfig(udp_port=5070, tcp_port=None))
        assert engine.sip.ports == {"udp": 5070}
        await host.listen_stream("0.0.0.0", 5080, lambda stream: None)
        with pytest.raises(NetworkError):
            await engine.reconfigure_sip(SIPEndpointConfig(udp_port=None, tcp_port=5080))
        assert engine.sip.ports == {"udp": 5070}
        await engine.stop()
        engine.loop.stop()

    run(body())


class Party:
    """A SIP endpoint with the real agent, and what happened at it."""

    def __init__(self, host: FakeHost, name: str, seed: int, answer: Callable[[SIPEndpoint, object], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self.events: list[object] = []
        self.traced: list[SIPMessageTraced] = []
        self.endpoint = SIPEndpoint(SIPEndpointConfig(), loop, VirtualClock(loop), SeededEntropy(seed), host, self.traced.append)
        self.answer = answer
        self.endpoint.on_event = self._event

    def _event(self, event: object) -> None:
        self.events.append(event)
        if self.answer is not None:
            self.answer(self.endpoint, event)

    def contact(self, hop: Hop) -> NameAddr:
        return NameAddr(URI.parse(f"sip:{self.name}@{hop.local_address}:{hop.local_port};transport={hop.transport}"))

    def saw(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.events)


@pytest.mark.parametrize(("transport", "loss"), [("udp", 0.0), ("udp", 0.3), ("tcp", 0.0)])
def test_two_agents_hold_a_call(transport: str, loss: float) -> None:
    async def body() -> None:
        network = FakeNetwork(seed=11, delay=0.02, loss=loss)

        def pick_up(endpoint: SIPEndpoint, event: object) -> None:
            if isinstance(event, InvitationReceived):
                endpoint.call(event.invitation.ring)
                endpoint.call(event.invitation.accept, SDP, NameAddr(URI.parse(f"sip:bob@192.0.2.2:{endpoint.ports[transport]}")))

        alice = Party(network.host("192.0.2.1"), "alice", 1)
        bob = Party(network.host("192.0.2.2"), "bob", 2, pick_up)
        await alice.endpoint.start()
        await bob.endpoint.start()
        hop = await alice.endpoint.hop("192.0.2.2", bob.endpoint.ports[transport], transport)
        parameters = InviteParameters(
            request_uri=URI.parse(f"sip:bob@192.0.2.2:{hop.port};transport={transport}"),
            from_=NameAddr(URI.parse("sip:alice@example.com")),
            to=NameAddr(URI.parse("sip:bob@example.com")),
            contact=alice.contact(hop),
            hop=hop,
            sdp=SDP,
        )
        call = alice.endpoint.call("invite", parameters)
        await asyncio.sleep(40)
        assert alice.saw(InvitationAnswered)
        assert bob.saw(InvitationConfirmed)
        assert transport == "udp" or alice.saw(InvitationProgressed)
        alice.endpoint.call(call.end)
        await asyncio.sleep(40)
        assert alice.saw(InvitationEnded)
        assert bob.saw(InvitationEnded)
        assert not alice.saw(InvitationFailed)
        assert {trace.transport for trace in alice.traced} == {transport}
        await alice.endpoint.stop()
        await bob.endpoint.stop()
        await asyncio.sleep(1)

    run(body())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_calling_where_nobody_listens_fails_at_once_and_says_why(transport: str) -> None:
    async def body() -> None:
        network = FakeNetwork(delay=0.02)
        network.host("192.0.2.2")
        alice = Party(network.host("192.0.2.1"), "alice", 1)
        await alice.endpoint.start()
        hop = await alice.endpoint.hop("192.0.2.2", 5060, transport)
        address = NameAddr(URI.parse("sip:alice@example.com"))
        target = URI.parse("sip:bob@192.0.2.2")
        alice.endpoint.call(
            "invite", InviteParameters(request_uri=target, from_=address, to=NameAddr(target), contact=alice.contact(hop), hop=hop, sdp=SDP)
        )
        await asyncio.sleep(1)
        [failed] = [event for event in alice.events if isinstance(event, InvitationFailed)]
        assert failed.code == 503
        assert "Connection refused by 192.0.2.2 port 5060" in failed.reason
        await alice.endpoint.stop()
        await asyncio.sleep(40)

    run(body())


def test_open_and_close_with_a_thread_of_its_own() -> None:
    engine = Engine(EngineConfig(sip=SIPEndpointConfig(local_address="127.0.0.1"), media=False))
    engine.open()
    assert engine.sip.ports.keys() == {"udp", "tcp"}
    engine.trace_sip(None)
    engine.configure_nameservers(["127.0.0.1:9"])
    assert engine.resolver.nameservers == ("127.0.0.1:9",)
    engine.close()
    engine.close()
    wrong = Engine(EngineConfig(sip=SIPEndpointConfig(local_address="192.0.2.1"), media=False))
    with pytest.raises(NetworkError, match="no such address"):
        wrong.open()
    assert EngineLoop.current is None


def test_the_media_process_may_be_started_ahead() -> None:
    async def body() -> None:
        media = FakeMedia()
        engine = engine_on(FakeNetwork().host("192.0.2.1"), media)
        engine.loop.start()
        engine.start_media()
        await asyncio.sleep(0)
        assert media.log == ["start"]
        await engine.start()
        await engine.stop()
        assert media.log == ["start", "stop"]
        engine.loop.stop()

    run(body())


def test_a_media_process_that_was_started_ahead_is_ended_where_the_engine_never_starts() -> None:
    async def body() -> None:
        media, broken = FakeMedia(), FakeMedia(broken=True)
        host = FakeNetwork().host("192.0.2.1")
        for link in (media, broken):
            engine = engine_on(host, link)
            engine.loop.start()
            engine.start_media()
            await engine.stop()
            engine.loop.stop()
        assert media.log == broken.log == ["start", "stop"]

    run(body())
