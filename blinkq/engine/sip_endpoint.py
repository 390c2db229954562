"""The SIP endpoint: carries the agent's messages over UDP, TCP and TLS, and tells the agent what the network did.

Connections are reused for requests to the same next hop and for answers to what came over them, kept alive while a registration or a
dialog needs them, and closed when nobody does. What this is not: SIP behaviour (``blinkq.sip``) or the choice of routes
(``resolver.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blinkq.base.clock import Clock, Entropy
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.engine.network import Address, Listener, Network, Stream
from blinkq.engine.path_holds import Path, PathHolds, path_of
from blinkq.engine.pump import Pump
from blinkq.engine.sip_datagram import SIPDatagramPort
from blinkq.engine.sip_stream import PING, PING_INTERVAL, SIPStream
from blinkq.engine.tls import TLSConfig
from blinkq.engine.trace import SIPMessageTraced, SIPTracer
from blinkq.sip.agent import Agent, AgentConfig
from blinkq.sip.events import RegistrationSucceeded
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.outputs import Transmit

__all__ = ["SIPEndpoint", "SIPEndpointConfig"]

#: Connections at a time, both directions: far more than a phone needs, few enough for its memory.
MAX_CONNECTIONS = 256
#: Of these, accepted ones: whoever connects to us must not keep us from connecting.
MAX_ACCEPTED = 128
#: And of these, from one address: a busy server needs a few, and one that opens them all must not keep the others out.
MAX_ACCEPTED_FROM_ONE = 32
#: Peers towards which our own address is watched; only the latest matter.
MAX_WATCHED = 32
#: Seconds without SIP after which a connection that nobody holds is closed.
IDLE_TIMEOUT = 480.0
#: Seconds in which who connected to us must have said something that is SIP.
SILENCE_TIMEOUT = 30.0
#: Seconds between looks for idle connections.
SWEEP_INTERVAL = 15.0
#: Seconds between looks at our own addresses: with this a change is known within half of the 5 s that recovery may take.
ADDRESS_INTERVAL = 2.5
#: Seconds that connections may take to send their last bytes and say goodbye when we stop.
GOODBYE_TIMEOUT = 1.0
#: Attempts to get one port number for both UDP and TCP.
PORT_ATTEMPTS = 16

log = get_logger("engine.sip_endpoint")


@dataclass(frozen=True, slots=True)
class SIPEndpointConfig:
    """How to speak SIP.

    :param local_address: the address to bind to; None for all, IPv4 and IPv6
    :param udp_port, tcp_port, tls_port: 0 for any free port, None for a transport that is off. TLS listens only with a certificate of
        our own in ``tls``; without one it is for outgoing connections.
    """

    user_agent: str = "BlinkQ"
    local_address: str | None = None
    udp_port: int | None = 0
    tcp_port: int | None = 0
    tls_port: int | None = 0
    tls: TLSConfig = field(default_factory=TLSConfig)


class SIPEndpoint:
    """The agent and its transports. Lives on the engine loop.

    :param trace: called with each message on the wire, secrets hidden; may also be set later through ``tracer.callback``
    :param agent: the core to carry, where it shall be another one than a fresh Agent

    ``on_event`` gets the agent's events, and FlowClosed and LocalAddressChanged, in order.
    """

    def __init__(
        self,
        config: SIPEndpointConfig,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        entropy: Entropy,
        network: Network,
        trace: Callable[[SIPMessageTraced], None] | None = None,
        *,
        agent: Agent | None = None,
    ) -> None:
        self.config = config
        self.agent = agent or Agent(AgentConfig(user_agent=config.user_agent), entropy)
        self.tracer = SIPTracer(trace)
        self.on_event: Callable[[object], None] = lambda event: None
        #: transport -> the port where we listen; outgoing-only TLS is not in it
        self.ports: dict[str, int] = {}
        self._loop = loop
        self._clock = clock
        self._entropy = entropy
        self._network = network
        self._pump = Pump(self.agent, clock, loop, self._sink)
        self._udp: dict[bool, SIPDatagramPort] = {}  # by "is IPv6"
        self._listeners: list[Listener] = []
        self._streams: dict[int, SIPStream] = {}
        self._by_path: dict[Path, SIPStream] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._holds = PathHolds(self._hold_changed)
        self._pings: dict[Path, asyncio.TimerHandle] = {}
        self._local_addresses: dict[str, str] = {}
        self._public: dict[Path, Address] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._numbers = 0
        self._stopped = False

    # life

    async def start(self) -> None:
        """Open the transports; raises NetworkError with a sentence, and nothing is left open then."""
        addresses = [self.config.local_address] if self.config.local_address else ["0.0.0.0", "::"]
        try:
            await self._open(addresses[0])
            for address in addresses[1:]:
                await self._open_also(address)
        except NetworkError:
            await self.stop()
            raise
        self._every("sweep", SWEEP_INTERVAL, self._sweep)
        self._every("addresses", ADDRESS_INTERVAL, self.check_addresses)

    async def stop(self) -> None:
        """Close everything; what is written is still sent. Idempotent."""
        self._stopped = True
        self._pump.close()
        for timer in [*self._timers.values(), *self._pings.values()]:
            timer.cancel()
        for listener in self._listeners:
            listener.close()
        for stream in list(self._streams.values()):
            stream.close()
        for port in self._udp.values():
            port.close()
        tasks = list(self._connecting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._streams.clear()
        self._by_path.clear()
        await self._network.finish_closing(GOODBYE_TIMEOUT)

    # commands

    def call(self, method: str | Callable[..., Any], *args: object, **kwargs: object) -> Any:
        """Call a method of the agent (by name), or of one of its objects (bound), with ``now`` added; returns its result."""
        return self._pump.call(method, *args, **kwargs)

    async def hop(self, address: str, port: int, transport: str = "udp", tls_name: str | None = None) -> Hop:
        """The next hop ``address`` (an IP address), with our own address towards it.

        Returns at once, but for TLS: then the connection is made first, so that a server that cannot prove who it is is known before
        anything is sent (TLSError), and so that the local port, which goes into Contact, is the one where we can be reached. Raises
        NetworkError with a sentence where there is no way.
        """
        transport = transport.lower()
        if not self.offers(transport):
            raise NetworkError(f"The transport {transport.upper()} is switched off: switch it on in the settings, or use another route.")
        name = (tls_name or address) if transport == "tls" else None
        local_address = self.config.local_address or self._local_address_for(address)
        local_port = self.ports.get(transport)
        if transport != "tls" and local_port is not None:
            return Hop(transport, address, port, local_address, local_port, name)
        stream = self._stream_to(Hop(transport, address, port, local_address, local_port or 0, name))
        await asyncio.shield(stream.ready)
        flow = stream.flow
        assert flow is not None  # it is ready
        return Hop(transport, address, port, flow.local_address, local_port or flow.local_port, name)

    def offers(self, transport: str) -> bool:
        """Whether a transport may be used for requests of ours."""
        if transport == "tls":
            return self.config.tls_port is not None
        return transport in self.ports

    def hold(self, path: Hop | Flow, holder: object) -> None:
        """Keep the connection (or NAT binding) to a peer alive for ``holder``. Registrations and calls do it by themselves."""
        self._holds.add(path_of(path), holder)

    def release(self, holder: object) -> None:
        """Undo all ``hold`` of a holder."""
        self._holds.discard(holder)

    def public_address(self, hop: Hop) -> Address | None:
        """Our address and port as the server at ``hop`` sees them (received, rport of RFC 3581); None while not known."""
        return self._public.get(path_of(hop))

    def check_addresses(self) -> bool:
        """See whether our address towards the peers that matter has changed; posts LocalAddressChanged and returns True if so.

        Done every few seconds anyway; call it when the system wakes up or tells of a change of networks.
        """
        changed = False
        for remote, old in list(self._local_addresses.items()):
            try:
                new = self._network.local_address_for(remote)
            except NetworkError:
                new = None
            if new == old:
                continue
            changed = True
            del self._local_addresses[remote]
            self._public = {path: public for path, public in self._public.items() if path[1] != remote}
            for port in self._udp.values():
                port.forget_addresses()
            for stream in list(self._streams.values()):
                if stream.remote[0] == remote:
                    stream.connection_lost("The network connection of this computer has changed.")
            self._pump.inject(LocalAddressChanged(remote, old, new))
        return changed

    # what the pump brings

    def _sink(self, output: object) -> None:
        if isinstance(output, Transmit):
            self._transmit(output)
            return
        if isinstance(output, RegistrationSucceeded):
            self._learn_public_address(output)
        self._holds.note(output)
        self.on_event(output)

    def _transmit(self, output: Transmit) -> None:
        if self._stopped:
            return
        flow, hop = output.flow, output.hop
        if flow is not None and not flow.reliable:
            self._send_datagram(output.data, (flow.remote_address, flow.remote_port), None)
        elif flow is not None and (stream := self._streams.get(flow.connection)) is not None:
            self._send_stream(output.data, stream)
        elif hop is not None and not hop.reliable:
            self._send_datagram(output.data, (hop.address, hop.port), hop)
        elif hop is not None:
            try:
                stream = self._stream_to(hop)
            except NetworkError as error:
                self._fail_later(hop, str(error))
            else:
                self._send_stream(output.data, stream, hop)
        elif flow is not None:
            self._fail_later(flow, "The connection is closed.")

    def _send_datagram(self, data: bytes, remote: Address, hop: Hop | None) -> None:
        port = self._udp.get(":" in remote[0])
        if port is None:
            if hop is not None:
                self._fail_later(hop, f"There is no way to {remote[0]}: this computer does not speak that version of IP.")
            return
        flow = port.send(data, remote, hop)
        self.tracer.sent(data, (flow.local_address, flow.local_port), remote, "udp")

    def _send_stream(self, data: bytes, stream: SIPStream, hop: Hop | None = None) -> None:
        local = ("", 0)
        if (path := stream.flow or hop) is not None:
            local = (path.local_address, path.local_port)
        stream.send(data)
        self.tracer.sent(data, local, stream.remote, stream.transport)

    def _fail_later(self, path: Hop | Flow, error: str) -> None:
        # not now: the agent has more outputs of the same call to hand on
        self._loop.call_soon(self._fail, path, error)

    def _fail(self, path: Hop | Flow, error: str) -> None:
        if not self._stopped:
            self._pump.call(self.agent.flow_failed, path, error)

    def _learn_public_address(self, event: RegistrationSucceeded) -> None:
        hop, via = event.registration.parameters.hop, event.response.via
        address = (via.received or via.host, via.rport or via.port or hop.local_port)
        if address != (hop.local_address, hop.local_port):
            self._public[path_of(hop)] = address

    # UDP (DatagramOwner)

    def datagram(self, data: bytes, flow: Flow) -> None:
        self.tracer.received(data, (flow.local_address, flow.local_port), (flow.remote_address, flow.remote_port), "udp")
        self._pump.call(self.agent.receive_datagram, data, flow)

    def datagram_undeliverable(self, hops: tuple[Hop, ...], flow: Flow, error: str) -> None:
        log.info("%s", error)
        for hop in hops:
            self._fail(hop, error)
        self._fail(flow, error)

    # TCP and TLS (StreamOwner)

    def stream_received(self, stream: SIPStream, data: bytes) -> None:
        flow = stream.flow
        assert flow is not None
        self.tracer.received(data, (flow.local_address, flow.local_port), stream.remote, stream.transport)
        self._pump.call(self.agent.receive_datagram, data, flow)

    def stream_closed(self, stream: SIPStream, error: str) -> None:
        log.info("%s", error)
        held = stream.held
        self._forget(stream)
        for hop in stream.hops:
            self._fail(hop, error)
        if stream.flow is not None:
            self._fail(stream.flow, error)
            if not self._stopped:
                self._pump.inject(FlowClosed(stream.flow, tuple(stream.hops), held, error))

    def _stream_to(self, hop: Hop) -> SIPStream:
        path = path_of(hop)
        stream = self._by_path.get(path)
        if stream is None:
            if len(self._streams) >= MAX_CONNECTIONS:
                raise NetworkError("Too many connections are open: end some calls first.")
            stream = self._new_stream(hop.transport, (hop.address, hop.port), hop.tls_name, opened_by_us=True)
            self._by_path[path] = stream
            stream.hold(self._holds.held(path))
            tls = self.config.tls if hop.transport == "tls" else None
            task = self._loop.create_task(stream.connect(self._network, tls, self.config.local_address))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        stream.hops.add(hop)
        return stream

    def _accept(self, transport: str, connection: Stream) -> SIPStream | None:
        accepted = [stream.remote[0] for stream in self._streams.values() if not stream.opened_by_us]
        too_many = len(accepted) >= MAX_ACCEPTED or accepted.count(connection.remote[0]) >= MAX_ACCEPTED_FROM_ONE
        if self._stopped or too_many:
            log.info("refused a connection from %s: too many are open", connection.remote[0])
            return None
        stream = self._new_stream(transport, connection.remote, None, opened_by_us=False)
        stream.attach(connection)
        return stream

    def _new_stream(self, transport: str, remote: Address, tls_name: str | None, *, opened_by_us: bool) -> SIPStream:
        self._numbers += 1
        stream = SIPStream(
            self, self._numbers, transport, remote, tls_name,
            opened_by_us=opened_by_us, loop=self._loop, clock=self._clock, entropy=self._entropy,
        )  # fmt: skip
        self._streams[stream.number] = stream
        return stream

    def _forget(self, stream: SIPStream) -> None:
        self._streams.pop(stream.number, None)
        for path in [path for path, known in self._by_path.items() if known is stream]:
            del self._by_path[path]

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        for stream in list(self._streams.values()):
            limit = IDLE_TIMEOUT if stream.heard_sip or stream.hops else SILENCE_TIMEOUT
            if stream.flow is not None and not stream.held and now - stream.last_used > limit:
                stream.close()
                self._forget(stream)

    # keeping paths alive

    def _hold_changed(self, path: Path, held: bool) -> None:
        transport, _address, port, _name = path
        if transport == "udp":
            if not held and (timer := self._pings.pop(path, None)) is not None:
                timer.cancel()
            elif held and path not in self._pings:
                self._ping_later(path)
            return
        stream = self._streams.get(port) if transport == "flow" else self._by_path.get(path)
        if stream is not None:
            # a connection of ours is held by its next hop (registrations) and by its number (calls)
            paths = [known for known, other in self._by_path.items() if other is stream]
            stream.hold(any(map(self._holds.held, [("flow", "", stream.number, None), *paths])))

    def _ping_later(self, path: Path) -> None:
        self._pings[path] = self._loop.call_later(self._entropy.uniform(*PING_INTERVAL), self._ping, path)

    def _ping(self, path: Path) -> None:
        remote = (path[1], path[2])
        port = self._udp.get(":" in remote[0])
        if port is not None:
            port.send(PING, remote)
        self._ping_later(path)

    def _local_address_for(self, remote: str) -> str:
        address = self._network.local_address_for(remote)
        self._local_addresses.pop(remote, None)
        self._local_addresses[remote] = address  # now the latest
        if len(self._local_addresses) > MAX_WATCHED:
            del self._local_addresses[next(iter(self._local_addresses))]
        return address

    def _every(self, name: str, seconds: float, func: Callable[[], object]) -> None:
        def again() -> None:
            self._timers[name] = self._loop.call_later(seconds, again)
            func()

        self._timers[name] = self._loop.call_later(seconds, again)

    # opening

    async def _open(self, address: str) -> None:
        config = self.config
        if config.udp_port == 0 and config.tcp_port == 0:
            await self._open_pair(address)
        else:
            if config.udp_port is not None:
                await self._open_udp(address, config.udp_port)
            if config.tcp_port == 0:
                try:
                    await self._listen("tcp", address, config.udp_port or 0)
                except NetworkError:
                    await self._listen("tcp", address, 0)
            elif config.tcp_port is not None:
                await self._listen("tcp", address, config.tcp_port)
        if config.tls_port is not None and config.tls.certificate:
            await self._listen("tls", address, config.tls_port)

    async def _open_pair(self, address: str) -> None:
        """UDP and TCP on any one number that is free for both."""
        for attempt in range(PORT_ATTEMPTS):
            port = await self._open_udp(address, 0)
            try:
                await self._listen("tcp", address, port.port)
                return
            except NetworkError:
                if attempt == PORT_ATTEMPTS - 1:
                    raise
                port.close()

    async def _open_udp(self, address: str, number: int) -> SIPDatagramPort:
        port = SIPDatagramPort(self, self._network)
        await port.open(address, number)
        self._udp[":" in address] = port
        self.ports["udp"] = port.port
        return port

    async def _open_also(self, address: str) -> None:
        """The same ports on another address family, as far as the computer has it and they are free there."""
        try:
            if "udp" in self.ports:
                await self._open_udp(address, self.ports["udp"])
            for transport in ("tcp", "tls"):
                if transport in self.ports:
                    await self._listen(transport, address, self.ports[transport])
        except NetworkError as error:
            log.info("no SIP over IPv6: %s", error)

    async def _listen(self, transport: str, address: str, port: int) -> None:
        tls = self.config.tls if transport == "tls" else None
        listener = await self._network.listen_stream(address, port, lambda stream: self._accept(transport, stream), tls=tls)
        self._listeners.append(listener)
        self.ports[transport] = listener.local[1]
