"""Alice's middleware and peers made of the bare SIP agent, on the fake network in virtual time, with a fake media process.

    @flow
    async def test_something() -> None:
        async with call_scene() as s:
            bob = await s.peer("192.0.2.2")
            session = s.call(bob)
            await s.until("SIPSessionDidStart")
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from support.fake_directory import FakeLAN
from support.fake_dns import FakeDNS
from support.fake_media import FakeMedia
from support.fake_network import FakeHost, FakeNetwork
from support.middleware import Recorder, start_configuration
from support.virtual_loop import VirtualClock, run

from blinkq.base.clock import SeededEntropy
from blinkq.engine.engine import Engine
from blinkq.engine.loop import EngineLoop
from blinkq.engine.sip_endpoint import SIPEndpoint, SIPEndpointConfig
from blinkq.engine.tls import TLSConfig
from blinkq.sdp.description import SessionDescription
from blinkq.sip.address import NameAddr
from blinkq.sip.events import InvitationReceived, ReinviteReceived
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation, InviteParameters
from blinkq.sipsimple import msrp_events
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.engine_settings import engine_config
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.messaging import MessageManager
from blinkq.sipsimple.reception import Reception
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import Session, SessionManager
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.streams import AudioStream

__all__ = ["CallScene", "Peer", "audio_sdp", "call_scene", "flow"]

CODECS = "96 opus/48000/2,9 G722/8000,0 PCMU/8000,8 PCMA/8000,101 telephone-event/8000"


def audio_sdp(
    address: str, port: int = 4000, *, codecs: str = CODECS, extra: tuple[str, ...] = (), transport: str = "RTP/AVP", version: int = 1
) -> bytes:
    """A plain description with one audio stream."""
    maps = [codec.split(" ", 1) for codec in codecs.split(",")]
    lines = ["v=0", f"o=- 77 {version} IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    lines.append(f"m=audio {port} {transport} {' '.join(number for number, _ in maps)}")
    lines += [f"a=rtpmap:{number} {name}" for number, name in maps]
    lines += [f"a={line}" for line in extra]
    return ("\r\n".join(lines) + "\r\n").encode()


class Peer:
    """A bare SIP agent. It does nothing by itself but remember; ``on_event`` may act."""

    def __init__(self, scene: CallScene, host: FakeHost, endpoint: SIPEndpoint) -> None:
        self.scene = scene
        self.host = host
        self.address = host.addresses[0]
        self.endpoint = endpoint
        self.events: list[Any] = []
        self.on_event: Callable[[Any], None] = lambda event: None
        endpoint.on_event = self._take

    def _take(self, event: Any) -> None:
        self.events.append(event)
        self.on_event(event)

    def all(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, kind: type[Any], count: int = 1, limit: float = 60.0) -> Any:
        """Wait for the ``count``-th event of a class."""
        deadline = self.scene.now + limit
        while len(self.all(kind)) < count:
            assert self.scene.now < deadline, f"no {kind.__name__} within {limit} s: {self.events}"
            await asyncio.sleep(0.002)
        return self.all(kind)[count - 1]

    def do(self, method: Callable[..., Any] | str, *args: Any, **kwargs: Any) -> Any:
        """Call the agent or an invitation of it."""
        return self.endpoint.call(method, *args, **kwargs)

    @property
    def invitation(self) -> Invitation:
        """The last call received."""
        invitation: Invitation = self.all(InvitationReceived)[-1].invitation
        return invitation

    def offer(self, index: int = -1) -> SessionDescription:
        """The offer of a call or of a re-INVITE received."""
        received = [event for event in self.events if isinstance(event, InvitationReceived | ReinviteReceived)]
        return SessionDescription.parse(received[index].sdp)

    def sdp(self, *extra: str, **kwargs: Any) -> bytes:
        return audio_sdp(self.address, extra=extra, **kwargs)

    def answers(self, *extra: str, ring: bool = False, **kwargs: Any) -> None:
        """Answer calls and re-INVITEs from now on, always with the same description."""

        def act(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                if ring:
                    self.do(event.invitation.ring, 180)
                self.do(event.invitation.accept, self.sdp(*extra, **kwargs))
            elif isinstance(event, ReinviteReceived):
                offered = SessionDescription.parse(event.sdp).direction_of(0)
                answer = {"sendonly": "recvonly", "inactive": "inactive"}.get(offered, "sendrecv")
                self.do(event.invitation.accept_reinvite, self.sdp(answer))

        self.on_event = act

    async def invite(self, sdp: bytes | None, target: str | None = None, user: str = "bob") -> Invitation:
        """Call Alice; with ``target`` another URI at her place."""
        port = self.scene.engine.sip.ports["udp"]
        hop = await self.endpoint.hop(self.scene.home.addresses[0], port, "udp")
        here = URI(user=user, host=self.address, port=self.endpoint.ports["udp"])
        uri = URI.parse(target or f"sip:alice@{self.scene.home.addresses[0]}:{port}")
        parameters = InviteParameters(uri, NameAddr(here, "Bob"), NameAddr(uri), NameAddr(here), hop, sdp=sdp)
        invitation: Invitation = self.do("invite", parameters)
        return invitation


class CallScene:
    """What a test of calls needs."""

    def __init__(self) -> None:
        self.world = FakeNetwork(seed=1, delay=0.001)
        self.home = self.world.host("192.0.2.1")
        self.lan = FakeLAN()
        self.dns = FakeDNS("example.com A 192.0.2.9")
        self.recorder = Recorder()
        self.engine: Engine
        self.media: FakeMedia
        self.account: Account
        self.peers: list[Peer] = []

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, name: str, count: int = 1, limit: float = 200.0) -> Any:
        """Wait for the ``count``-th notification of that name; its data."""
        deadline = self.now + limit
        while len(self.recorder.all(name)) < count:
            assert self.now < deadline, f"no {name} within {limit} s: {self.recorder.names}"
            await asyncio.sleep(0.002)
        return self.recorder.all(name)[count - 1]

    @property
    def session_names(self) -> list[str]:
        """The notifications of sessions so far, without their common beginning."""
        return [name.removeprefix("SIPSession") for name in self.recorder.names if name.startswith("SIPSession")]

    async def peer(
        self, address: str = "192.0.2.2", *, answering: bool = False, port: int = 5060, names: set[str] | None = None
    ) -> Peer:
        """A peer; with ``names`` it listens on TLS 5061 too, with a certificate that says so."""
        host = self.world.host(address, names=names)
        loop = asyncio.get_running_loop()
        entropy = SeededEntropy(len(self.peers) + 100)
        tls = TLSConfig(certificate="fake") if names is not None else TLSConfig()
        tls_port = 5061 if names is not None else None
        config = SIPEndpointConfig("Peer/1", address, udp_port=port, tcp_port=port, tls_port=tls_port, tls=tls)
        endpoint = SIPEndpoint(config, loop, VirtualClock(loop), entropy, host)
        await endpoint.start()
        made = Peer(self, host, endpoint)
        if answering:
            made.answers()
        self.peers.append(made)
        return made

    def call(self, *routes: Peer | Route, uri: str = "sip:bob@example.com", streams: list[Any] | None = None) -> Session:
        """Alice calls, with a route to each peer."""
        session = Session(self.account)
        taken = [Route(route.address, 5060, "udp") if isinstance(route, Peer) else route for route in routes]
        session.connect(ToHeader(SIPURI.parse(uri)), taken, [AudioStream(self.account)] if streams is None else streams)
        return session

    async def connected(self, peer: Peer | None = None) -> tuple[Session, Peer]:
        """A standing outgoing call."""
        bob = peer or await self.peer(answering=True)
        session = self.call(bob)
        await self.until("SIPSessionDidStart")
        return session, bob

    async def incoming(self, sdp: bytes | None, peer: Peer | None = None) -> tuple[Session, Peer]:
        """A call that waits for Alice's decision."""
        bob = peer or await self.peer()
        await bob.invite(sdp)
        await self.until("SIPSessionNewIncoming")
        session: Session = next(n.sender for n in self.recorder.seen if n.name == "SIPSessionNewIncoming")  # type: ignore[assignment]
        return session, bob

    async def settle(self, seconds: float = 1.0) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def call_scene(*, tls: bool = False, rest: float = 40.0, **account_settings: object) -> AsyncIterator[CallScene]:
    """Alice runs, accepts direct calls and does not register; ``tls``: she speaks it (the fake network's, which checks names only).

    :param rest: seconds at the end for what remains of transactions
    """
    Singleton.forget()
    made = CallScene()
    start_configuration()
    settings = SIPSimpleSettings()
    settings.sip.transport_list = ["tls", "tcp", "udp"] if tls else ["tcp", "udp"]  # type: ignore[assignment]
    settings.sip.accept_direct_calls = True
    AccountManager().load()
    account = made.account = Account("alice@example.com")
    account.registration.enabled = False
    account.enabled = True
    for path, value in account_settings.items():
        group, _, name = path.partition("__")
        setattr(getattr(account, group), name, value)
    account.save()
    loop = asyncio.get_running_loop()

    def media(engine: Engine) -> FakeMedia:
        made.media = FakeMedia(MediaEvents().dispatch)
        return made.media

    engine = made.engine = Engine(
        engine_config(settings, tls=tls), loop=EngineLoop(loop), clock=VirtualClock(loop), entropy=SeededEntropy(7),
        network=made.home, dns=made.dns, media_factory=media, directory_factory=made.lan.directory,
    )  # fmt: skip
    engine.loop.start()
    engine.on_sip_event = SIPEvents().dispatch
    engine.on_msrp_event = msrp_events.dispatch
    await engine.start()
    Runtime.engine = engine
    AudioMixer.current_media = engine.media
    mixer = Runtime.voice_audio_mixer = AudioMixer(None, None, 48000)
    AccountManager().start()
    SIPSimpleSettings().default_account = account.id
    SessionManager().start()
    Reception().start()
    MessageManager().start()
    try:
        yield made
        MessageManager().stop()
        await SessionManager().stop_sessions()
        await asyncio.sleep(rest)
    finally:
        await AccountManager().stop_accounts()
        AccountManager().forget()
        mixer.close()
        for peer in made.peers:
            await peer.endpoint.stop()
        await engine.stop()
        engine.loop.stop()
        AudioMixer.current_media = None
        ConfigurationManager().stop()
        Runtime.reset()
        Singleton.forget()


def flow(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a coroutine a test under virtual time."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        run(test(*args, **kwargs))  # type: ignore[arg-type]  # a coroutine function gives coroutines

    return wrapper
