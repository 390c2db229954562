"""The engine: its thread, transports, resolver and media process, started and stopped in order.

What this is not: the middleware; whoever owns the engine sets ``on_sip_event`` and ``on_media_event`` before starting it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol

from blinkq.base.clock import Clock, Entropy, SystemClock, SystemEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.engine.asyncio_network import AsyncioNetwork
from blinkq.engine.errors import NetworkError
from blinkq.engine.loop import EngineLoop
from blinkq.engine.media_link import MediaLink
from blinkq.engine.msrp_endpoint import MSRPEndpoint
from blinkq.engine.network import Network
from blinkq.engine.service_directory import DirectoryFactory, ServiceDirectory
from blinkq.engine.sip_endpoint import SIPEndpoint, SIPEndpointConfig
from blinkq.engine.trace import SIPMessageTraced
from blinkq.media.control import Command, Reply

if TYPE_CHECKING:
    from blinkq.engine.dns_query import DNSQuery
    from blinkq.engine.resolver import Resolver

__all__ = ["Engine", "EngineConfig", "Media", "MediaFactory"]

log = get_logger("engine")


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How to run the engine.

    :param nameservers: "IP:port" each; None for the system's
    :param media_command: program and arguments of the media process; None for BlinkQ's own
    :param media: False runs without a media process (registration only, lookups)
    """

    sip: SIPEndpointConfig = field(default_factory=SIPEndpointConfig)
    nameservers: tuple[str, ...] | None = None
    media_command: tuple[str, ...] | None = None
    media: bool = True


class Media(Protocol):
    """What is used of MediaLink."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def send(self, command: Command) -> None: ...
    async def request(self, command: Command) -> Reply: ...


MediaFactory = Callable[["Engine"], Media]


class Engine:
    """The engine. ``loop.start()`` first, then ``start()`` on the loop; ``open()`` does both.

    :param loop: the engine's thread, or in tests an EngineLoop around the virtual-time loop
    :param clock, entropy, network, dns: the world; the real one by default
    :param media_factory: makes the link to the media process, given the engine
    :param directory_factory: makes the directory of services on the local network

    While started it is ``Engine.current``. The attributes ``sip``, ``media`` and ``resolver`` are there from construction or ``start`` on
    as noted; their methods belong to the engine thread.
    """

    current: ClassVar[Engine | None] = None

    def __init__(
        self,
        config: EngineConfig,
        *,
        loop: EngineLoop | None = None,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        network: Network | None = None,
        dns: DNSQuery | None = None,
        media_factory: MediaFactory | None = None,
        directory_factory: DirectoryFactory | None = None,
    ) -> None:
        self.config = config
        self.loop = loop or EngineLoop()
        self.clock = clock or SystemClock()
        self.entropy = entropy or SystemEntropy()
        self.network = network or AsyncioNetwork()
        self._dns = dns
        #: called on the engine thread, in order
        self.on_sip_event: Callable[[object], None] = lambda event: None
        self.on_media_event: Callable[[object], None] = lambda event: None
        self.on_msrp_event: Callable[[object], None] = lambda event: None
        self._media_factory = media_factory or _media_link
        self._directory_factory = directory_factory or _zeroconf_directory
        self._media: Media | None = None
        self._media_start: asyncio.Task[None] | None = None
        self._sip: SIPEndpoint | None = None
        self._msrp: MSRPEndpoint | None = None
        self._tracer: Callable[[SIPMessageTraced], None] | None = None

    @property
    def sip(self) -> SIPEndpoint:
        """The SIP endpoint; raises IllegalStateError when the engine is not started."""
        if self._sip is None:
            raise IllegalStateError("the engine is not running")
        return self._sip

    @property
    def msrp(self) -> MSRPEndpoint:
        """The MSRP endpoint; raises IllegalStateError when the engine is not started. Nothing listens until a session needs it."""
        if self._msrp is None:
            raise IllegalStateError("the engine is not running")
        return self._msrp

    @property
    def media(self) -> Media:
        """The link to the media process; raises IllegalStateError when the engine is not started, or runs without media."""
        if self._media is None:
            raise IllegalStateError("the engine runs without media")
        return self._media

    @cached_property
    def resolver(self) -> Resolver:
        """Who asks the name servers."""
        # dnspython takes 60 ms to import: time that the media process needs anyway to come up
        from blinkq.engine.resolver import Resolver

        return Resolver(self.config.nameservers, entropy=self.entropy, dns=self._dns)

    def new_directory(self) -> ServiceDirectory:
        """A directory of the services on the local network, for whoever opens and closes it."""
        return self._directory_factory()

    def start_media(self) -> None:
        """Start the media process already; ``start`` waits for it and says whether it came up. On the engine thread.

        It takes longest to come up, so whoever has something to do before ``start`` calls this first. Done twice it is done once.
        """
        if self.config.media and self._media is None:
            self._media = self._media_factory(self)
            self._media_start = self.loop.loop.create_task(self._media.start(), name="media start")

    async def start(self) -> None:
        """Open the transports and start the media process. On the engine thread.

        Raises NetworkError when a port cannot be had, or what the link raises when the media process does not come up; nothing is left
        running then.
        """
        if Engine.current is not None:
            raise IllegalStateError("the engine is already running")
        Engine.current = self
        try:
            self.start_media()
            self._sip = await self._start_sip(self.config.sip)
            self._msrp = MSRPEndpoint(self.loop.loop, self.clock, self.entropy, self.network, self._msrp_event)
            _ = self.resolver
            if self._media_start is not None:
                await self._media_start
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the transports and end the media process. On the engine thread; idempotent."""
        sip, self._sip = self._sip, None
        msrp, self._msrp = self._msrp, None
        media, self._media = self._media, None
        starting, self._media_start = self._media_start, None
        if msrp is not None:
            msrp.stop()
        if sip is not None:
            await sip.stop()
        if starting is not None:
            await asyncio.gather(starting, return_exceptions=True)  # what has not come up cannot end in order
        if media is not None:
            await media.stop()
        if Engine.current is self:
            Engine.current = None

    async def reconfigure_sip(self, config: SIPEndpointConfig) -> None:
        """Open the transports anew with other ports, addresses or certificates. On the engine thread.

        Calls and registrations that live on the old ones are lost, so ask only when there are none. When the new ones cannot be had the
        old ones are opened again, and NetworkError is raised.
        """
        old = self.config.sip
        await self.sip.stop()
        try:
            self._sip = await self._start_sip(config)
        except NetworkError:
            self._sip = await self._start_sip(old)
            raise
        self.config = EngineConfig(config, self.config.nameservers, self.config.media_command, self.config.media)

    def configure_nameservers(self, nameservers: Sequence[str] | None) -> None:
        """Ask other name servers from now on; None for the system's."""
        self.resolver.configure(nameservers)

    def trace_sip(self, callback: Callable[[SIPMessageTraced], None] | None) -> None:
        """Show every SIP message on the wire, secrets hidden, to ``callback``; None ends it. From any thread."""
        self._tracer = callback
        if self._sip is not None:
            self._sip.tracer.callback = callback

    def open(self) -> None:
        """Start the thread and the engine; returns when it runs. Not on the engine thread. Raises as ``start`` does."""
        self.loop.start()
        try:
            self.loop.run(self.start()).result()
        except BaseException:
            self.loop.stop()
            raise

    def close(self) -> None:
        """Stop the engine and its thread. Not on the engine thread; idempotent."""
        if self.loop.running:
            self.loop.run(self.stop()).result()
            self.loop.stop()

    async def _start_sip(self, config: SIPEndpointConfig) -> SIPEndpoint:
        sip = SIPEndpoint(config, self.loop.loop, self.clock, self.entropy, self.network, self._tracer)
        sip.on_event = self._sip_event
        if self._sip is not None:
            sip.agent.receive_as(self._sip.agent)
        await sip.start()
        log.info("SIP listens on %s", ", ".join(f"{transport} {port}" for transport, port in sip.ports.items()))
        return sip

    def _sip_event(self, event: object) -> None:
        self.on_sip_event(event)

    def _media_event(self, event: object) -> None:
        self.on_media_event(event)

    def _msrp_event(self, event: object) -> None:
        self.on_msrp_event(event)


def _media_link(engine: Engine) -> MediaLink:
    return MediaLink(engine.loop.loop, engine.clock, engine._media_event, command=engine.config.media_command)


def _zeroconf_directory() -> ServiceDirectory:
    from blinkq.engine.zeroconf_directory import ZeroconfDirectory  # takes 0.1 s to import, which few starts need

    return ZeroconfDirectory()
