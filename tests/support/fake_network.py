"""A network in memory, under the loop's (virtual) time: hosts, loss, delay, reordering, refusals, silence, resets.

    world = FakeNetwork(seed=1, delay=0.010)
    alice, server = world.host("192.0.2.1"), world.host("192.0.2.9", names={"example.com"})
    endpoint = SIPEndpoint(..., network=alice)

Each host is a ``Network``. The same test body passes over this and over loopback, or the fake is fiction.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import os
import random
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from blinkq.engine.errors import NetworkError, TLSError, place
from blinkq.engine.lan import Interface
from blinkq.engine.network import Accept, Address, DatagramHandler, StreamHandler
from blinkq.engine.tls import TLSConfig, check_fingerprint

__all__ = ["FakeHost", "FakeNetwork", "Packet"]

ANY = {"0.0.0.0", "::", ""}
#: Seconds after which a connection attempt into silence fails, as a computer's TCP would.
CONNECT_TIMEOUT = 127.0
#: Seconds between two deliveries, so that they keep their order.
TICK = 1e-7
#: Bytes that a stream holds when it says that it is full, and that it is not any more: asyncio's own.
HIGH_WATER, LOW_WATER = 65536, 16384


@dataclass(frozen=True, slots=True)
class Packet:
    """What crossed, or should have crossed, the wire."""

    transport: str
    source: Address
    destination: Address
    data: bytes
    lost: bool = False


@dataclass
class FakeNetwork:
    """The world. Its attributes may be changed at any time.

    :param delay: seconds one way
    :param jitter: up to so many seconds more, for datagrams (which reorders them)
    :param loss: share of datagrams lost, 0..1
    :param duplicate: share of datagrams that come twice
    """

    seed: int = 0
    delay: float = 0.001
    jitter: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    #: bytes a second that each direction of a stream carries; None: any number
    bandwidth: float | None = None
    #: a packet for which this is true is lost (datagrams) or held back for ever (streams)
    drop: Callable[[Packet], bool] | None = None
    hosts: dict[str, FakeHost] = field(default_factory=dict)
    packets: list[Packet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._latest: dict[float, float] = {}

    def host(self, *addresses: str, names: set[str] | None = None) -> FakeHost:
        """Add a host; ``names`` are what its certificate would say."""
        host = FakeHost(self, list(addresses), set(names or ()))
        for address in addresses:
            self.hosts[address] = host
        return host

    def find(self, address: str) -> FakeHost | None:
        host = self.hosts.get(address)
        return None if host is None or host.silent else host

    def later(self, delay: float, func: Callable[..., object], *args: object) -> None:
        # asyncio's heap does not keep the order of timers that are due at the same time, but wires do
        loop = asyncio.get_running_loop()
        when = max(loop.time() + delay, self._latest.get(delay, 0.0) + TICK)
        self._latest[delay] = when
        loop.call_at(when, func, *args)

    def carry(self, packet: Packet, deliver: Callable[[], None], *, reliable: bool) -> None:
        lost = self.drop is not None and self.drop(packet)
        if not reliable and not lost:
            lost = self.random.random() < self.loss
        self.packets.append(Packet(packet.transport, packet.source, packet.destination, packet.data, lost))
        if lost:
            return
        for _ in range(2 if not reliable and self.random.random() < self.duplicate else 1):
            self.later(self.delay + (0.0 if reliable else self.random.uniform(0, self.jitter)), deliver)


class FakeHost:
    """One computer on the fake network: the Network of whoever lives there.

    ``silent`` makes it answer nothing at all (pulled cable); ``restart()`` is a machine or server that comes back without memory.
    """

    def __init__(self, world: FakeNetwork, addresses: list[str], names: set[str]) -> None:
        self.world = world
        self.addresses = addresses
        self.names = names
        self.silent = False
        self.udp: dict[Address, FakeUDP] = {}
        self.listeners: dict[Address, FakeListener] = {}
        self.streams: list[FakeStream] = []
        self._next_port = 40000

    # Network

    async def open_udp(self, address: str, port: int, handler: DatagramHandler) -> FakeUDP:
        await asyncio.sleep(0)
        local = self._bind(address, port, "udp", self.udp)
        self.udp[local] = socket = FakeUDP(self, local, handler)
        return socket

    async def listen_stream(self, address: str, port: int, accept: Accept, *, tls: TLSConfig | None = None) -> FakeListener:
        await asyncio.sleep(0)
        local = self._bind(address, port, "tls" if tls else "tcp", self.listeners)
        self.listeners[local] = listener = FakeListener(self, local, accept, tls is not None, tls)
        return listener

    async def connect_stream(
        self,
        address: str,
        port: int,
        handler: StreamHandler,
        *,
        tls: TLSConfig | None = None,
        server_name: str | None = None,
        local_address: str | None = None,
    ) -> FakeStream:
        transport, remote = ("tls" if tls else "tcp"), (address, port)
        await asyncio.sleep(self.world.delay * (4 if tls else 2))
        target = self.world.find(address)
        if self.silent or address not in self.world.hosts:
            raise NetworkError(f"Host unreachable: {place(address, port, transport)}: check the network connection.")
        if target is None:
            await asyncio.sleep(CONNECT_TIMEOUT)
            raise NetworkError(f"No answer from {place(address, port, transport)}: the server may be down.")
        listener = target.listeners.get(remote) or target.listeners.get(("0.0.0.0", port)) or target.listeners.get(("::", port))
        if listener is None:
            raise NetworkError(f"Connection refused by {place(address, port, transport)}: nothing is listening there.")
        if tls is not None:
            if not listener.tls:
                raise TLSError(f"{server_name or address} does not speak TLS on this port: check the port and the transport.")
            if tls.verify and tls.fingerprint is None and (server_name or address) not in target.names:
                raise TLSError(f"The certificate is for {', '.join(sorted(target.names)) or 'nobody'}, not for {server_name or address}.")
            if tls.fingerprint is not None and (shown := certificate_of(listener.config)) is not None:
                check_fingerprint(shown, tls.fingerprint)
        near = FakeStream(self, (local_address or self.local_address_for(address), self._free_port()), remote, transport)
        far = FakeStream(target, remote, near.local, transport)
        near.peer, far.peer, near.handler = far, near, handler
        near.peer_certificate = certificate_of(listener.config)
        far.peer_certificate = certificate_of(tls) if listener.config is not None and listener.config.ask else None
        far.handler = listener.accept(far)
        if far.handler is None:
            raise NetworkError(f"Connection reset by {place(address, port, transport)}: the server closed it.")
        self.streams.append(near)
        target.streams.append(far)
        return near

    async def finish_closing(self, timeout: float) -> None:
        pass  # what was written here arrives whether its writer lives or not

    def local_address_for(self, remote_address: str) -> str:
        for address in self.addresses:
            if (":" in address) == (":" in remote_address):
                return address
        raise NetworkError(f"Network unreachable: {remote_address}: check the network connection.")

    def local_interfaces(self) -> frozenset[Interface]:
        return frozenset(ipaddress.ip_interface(f"{address}/{64 if ':' in address else 24}") for address in self.addresses)

    # what happens to hosts

    def reset_streams(self) -> None:
        """All connections break, as when the server process dies: the other ends hear it."""
        for stream in list(self.streams):
            stream.abort()

    def change_address(self, old: str, new: str) -> None:
        """Get another address, as after a change of networks; sockets bound to the old one hear nothing any more."""
        self.addresses[self.addresses.index(old)] = new
        del self.world.hosts[old]
        self.world.hosts[new] = self

    def _bind(self, address: str, port: int, transport: str, table: Container[Address]) -> Address:
        if address not in ANY and address not in self.addresses:
            raise NetworkError(f"Cannot listen on {place(address, port, transport)}: this computer has no such address.")
        if port == 0:
            port = self._free_port()
        if (address, port) in table:
            raise NetworkError(f"Cannot listen on {place(address, port, transport)}: another program uses this port.")
        return address, port

    def _free_port(self) -> int:
        self._next_port += 1
        return self._next_port


def certificate_of(config: TLSConfig | None) -> bytes | None:
    """A configuration's certificate (DER), where there is one."""
    if config is None or (config.pem is None and (config.certificate is None or not os.path.exists(config.certificate))):
        return None
    return x509.load_pem_x509_certificate(config.read_certificate()).public_bytes(Encoding.DER)


class FakeUDP:
    """A bound datagram socket."""

    def __init__(self, host: FakeHost, local: Address, handler: DatagramHandler) -> None:
        self.host = host
        self.local = local
        self.handler = handler

    def send(self, data: bytes, remote: Address) -> None:
        world, host = self.host.world, self.host
        if host.silent or self.host.udp.get(self.local) is not self:
            return
        address = self.local[0]
        if address in ANY:
            try:
                address = host.local_address_for(remote[0])
            except NetworkError as error:
                world.later(0, self._fail, remote, str(error))
                return
        source = (address, self.local[1])
        world.carry(Packet("udp", source, remote, data), lambda: self._arrive(data, source, remote), reliable=False)

    def close(self) -> None:
        if self.host.udp.get(self.local) is self:
            del self.host.udp[self.local]

    def _arrive(self, data: bytes, source: Address, remote: Address) -> None:
        target = self.host.world.find(remote[0])
        if target is None:
            return
        socket = target.udp.get(remote) or target.udp.get(("0.0.0.0", remote[1])) or target.udp.get(("::", remote[1]))
        if socket is not None:
            socket.handler.datagram_received(data, source)
        else:  # ICMP port unreachable, as a computer without that socket sends it
            error = f"Connection refused by {place(*remote, 'udp')}: nothing is listening there."
            self.host.world.later(self.host.world.delay, self._fail, remote, error)

    def _fail(self, remote: Address, error: str) -> None:
        if self.host.udp.get(self.local) is self:
            self.handler.datagram_failed(remote, error)


class FakeListener:
    """A listening stream socket."""

    def __init__(self, host: FakeHost, local: Address, accept: Accept, tls: bool, config: TLSConfig | None = None) -> None:
        self.config = config
        self.host = host
        self.local = local
        self.accept = accept
        self.tls = tls

    def close(self) -> None:
        self.host.listeners.pop(self.local, None)


class FakeStream:
    """One end of a connection: ordered, nothing lost unless the world drops or a host is silent."""

    def __init__(self, host: FakeHost, local: Address, remote: Address, transport: str) -> None:
        self.host = host
        self.local = local
        self.remote = remote
        self.transport = transport
        self.peer: FakeStream | None = None
        self.peer_certificate: bytes | None = None
        self.handler: StreamHandler | None = None
        self.pending = 0
        self.paused = False
        self._held: deque[bytes] = deque()  # what came while nobody read
        self.on_writable: Callable[[bool], None] | None = None
        self.open = True
        self._free = 0.0  # when what was written so far has left
        self._full = False

    def write(self, data: bytes) -> None:
        peer = self.peer
        if not self.open or peer is None:
            return
        if self.host.silent or peer.host.silent:
            self.pending += len(data)
            return
        packet = Packet(self.transport, self.local, self.remote, data)
        world = self.host.world
        if world.bandwidth is None and not self.pending:
            world.carry(packet, lambda: peer._arrive(data), reliable=True)
            return
        loop = asyncio.get_running_loop()
        self._free = max(self._free, loop.time()) + len(data) / (world.bandwidth or math.inf)
        self._waits(len(data))
        loop.call_at(self._free, self._leaves, packet, lambda: peer._arrive(data))

    def _leaves(self, packet: Packet, deliver: Callable[[], None]) -> None:
        self._waits(-len(packet.data))
        if self.open:
            self.host.world.carry(packet, deliver, reliable=True)

    def _waits(self, more: int) -> None:
        """As asyncio's transports tell it."""
        self.pending += more
        full = self.pending > (HIGH_WATER if not self._full else LOW_WATER)
        if full != self._full:
            self._full = full
            if self.on_writable is not None and self.open:
                self.on_writable(not full)

    def pause_reading(self, pause: bool) -> None:
        self.paused = pause
        if not pause and self._held:
            self.host.world.later(0.0, self._deliver)

    def close(self) -> None:
        self._end(f"Connection closed by {place(*self.local, self.transport)}: the server closed it.")

    def abort(self) -> None:
        self._end(f"Connection reset by {place(*self.local, self.transport)}: the server closed it.")

    def _end(self, why: str) -> None:
        if not self.open:
            return
        self.open = False
        if self in self.host.streams:
            self.host.streams.remove(self)
        peer = self.peer
        if peer is not None and not (self.host.silent or peer.host.silent):
            self.host.world.later(self.host.world.delay, peer._lost, why)

    def _arrive(self, data: bytes) -> None:
        self._held.append(data)
        self._deliver()

    def _deliver(self) -> None:
        while self._held and not self.paused and self.open and self.handler is not None:
            self.handler.data_received(self._held.popleft())

    def _lost(self, why: str) -> None:
        if not self.open:
            return
        self.open = False
        if self in self.host.streams:
            self.host.streams.remove(self)
        if self.handler is not None:
            self.handler.connection_lost(why)
