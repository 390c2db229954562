"""The UDP side of the SIP endpoint: one bound socket, the flows that its peers are, the hops that it serves.

What this is not: the socket (``asyncio_network.py``).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from blinkq.engine.errors import NetworkError
from blinkq.engine.network import Address, DatagramSocket, Network
from blinkq.sip.hop import Flow, Hop

__all__ = ["DatagramOwner", "SIPDatagramPort"]

#: Peers remembered. A flood from many forged addresses must not eat the memory; forgetting one costs 20 µs.
MAX_PEERS = 4096
#: Datagrams that carry nothing but this are keep-alives (RFC 5626, and what other phones send).
_NOTHING = b"\r\n\0 "


class DatagramOwner(Protocol):
    """The endpoint, as its UDP ports see it."""

    def datagram(self, data: bytes, flow: Flow) -> None:
        """One datagram came."""

    def datagram_undeliverable(self, hops: tuple[Hop, ...], flow: Flow, error: str) -> None:
        """The network says that what was sent to that peer does not arrive."""


class SIPDatagramPort:
    """One UDP port (there are two where IPv6 is spoken beside IPv4)."""

    def __init__(self, owner: DatagramOwner, network: Network) -> None:
        self._owner = owner
        self._network = network
        self._socket: DatagramSocket | None = None
        self._flows: OrderedDict[Address, Flow] = OrderedDict()
        self._hops: OrderedDict[Address, set[Hop]] = OrderedDict()

    async def open(self, address: str, port: int) -> None:
        """Bind; raises NetworkError."""
        self._socket = await self._network.open_udp(address, port, self)

    @property
    def port(self) -> int:
        assert self._socket is not None
        return self._socket.local[1]

    def send(self, data: bytes, remote: Address, hop: Hop | None = None) -> Flow:
        """Send a datagram; ``hop`` will be told about its failure. Returns the flow that it took."""
        assert self._socket is not None
        if hop is not None:
            known = self._hops.get(remote)
            if known is None:
                known = self._hops[remote] = set()
                if len(self._hops) > MAX_PEERS:
                    self._hops.popitem(last=False)
            known.add(hop)
        self._socket.send(data, remote)
        return self.flow(remote)

    def flow(self, remote: Address) -> Flow:
        """The flow to and from a peer."""
        flow = self._flows.get(remote)
        if flow is None:
            flow = self._flows[remote] = self._make_flow(remote)
            if len(self._flows) > MAX_PEERS:
                self._flows.popitem(last=False)
        return flow

    def forget_addresses(self) -> None:
        """Our addresses may have changed: look them up anew."""
        self._flows.clear()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    # DatagramHandler

    def datagram_received(self, data: bytes, remote: Address) -> None:
        # keep-alives, and STUN, whose first byte is 0 or 1, as no SIP message's is (RFC 5626 §3.5.2)
        if (len(data) <= 4 and not data.strip(_NOTHING)) or data[:1] in (b"\x00", b"\x01"):
            return
        self._owner.datagram(data, self.flow(remote))

    def datagram_failed(self, remote: Address, error: str) -> None:
        self._owner.datagram_undeliverable(tuple(self._hops.get(remote, ())), self.flow(remote), error)

    def _make_flow(self, remote: Address) -> Flow:
        assert self._socket is not None
        address, port = self._socket.local
        if address in ("0.0.0.0", "::"):
            try:
                address = self._network.local_address_for(remote[0])
            except NetworkError:
                pass  # then the answer will not leave either; the wildcard is as good as any
        return Flow("udp", address, port, *remote)
