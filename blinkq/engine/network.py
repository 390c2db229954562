"""The network as the engine sees it: what an endpoint may ask for, and the real thing over asyncio sockets.

Addresses are IP literals, never names. Handlers are called on the engine loop. What this is not: SIP, or name resolution. The twin for
tests, with loss and delay, is ``tests/support/fake_network.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from blinkq.engine.lan import Interface
from blinkq.engine.tls import TLSConfig

__all__ = ["Address", "DatagramHandler", "DatagramSocket", "Listener", "Network", "Stream", "StreamHandler"]

Address = tuple[str, int]


class DatagramHandler(Protocol):
    """Who hears a datagram socket."""

    def datagram_received(self, data: bytes, remote: Address) -> None:
        """One datagram came from ``remote``."""

    def datagram_failed(self, remote: Address, error: str) -> None:
        """A datagram sent to ``remote`` could not be delivered, as far as the network tells; ``error`` is a sentence."""


class DatagramSocket(Protocol):
    """A bound UDP socket."""

    @property
    def local(self) -> Address:
        """The address and port that it is bound to."""

    def send(self, data: bytes, remote: Address) -> None:
        """Send one datagram; never raises, failures go to ``datagram_failed``."""

    def close(self) -> None:
        """Close; idempotent. The handler hears nothing afterwards."""


class StreamHandler(Protocol):
    """Who hears a stream connection."""

    def data_received(self, data: bytes) -> None:
        """Bytes came."""

    def connection_lost(self, error: str) -> None:
        """The connection is gone, by the peer or the network; ``error`` is a sentence. Not called after our own ``close``."""


class Stream(Protocol):
    """A TCP or TLS connection."""

    @property
    def local(self) -> Address:
        """Our end."""

    @property
    def remote(self) -> Address:
        """The other end."""

    @property
    def peer_certificate(self) -> bytes | None:
        """The other end's certificate (DER), where TLS showed one."""

    on_writable: Callable[[bool], None] | None
    """Told False when so much waits to be sent that more should not be written, True when there is room again."""

    @property
    def pending(self) -> int:
        """Bytes written and not yet taken by the operating system."""

    def pause_reading(self, pause: bool) -> None:
        """True: what comes waits in the system, and the peer slows down; False: go on."""

    def write(self, data: bytes) -> None:
        """Send bytes; never raises, never waits."""

    def close(self) -> None:
        """Close after what was written has been sent; idempotent."""

    def abort(self) -> None:
        """Close at once; idempotent."""


class Listener(Protocol):
    """A listening stream socket."""

    @property
    def local(self) -> Address:
        """The address and port that it is bound to."""

    def close(self) -> None:
        """Stop accepting; accepted connections live on. Idempotent."""


#: Takes an accepted connection, gives its handler, or None to refuse it.
Accept = Callable[[Stream], StreamHandler | None]


class Network(Protocol):
    """What an endpoint may ask of the network. The methods raise NetworkError with a sentence for people."""

    async def open_udp(self, address: str, port: int, handler: DatagramHandler) -> DatagramSocket:
        """Bind a UDP socket; port 0 is any free one."""

    async def listen_stream(self, address: str, port: int, accept: Accept, *, tls: TLSConfig | None = None) -> Listener:
        """Listen for TCP connections, or TLS ones with the certificate in ``tls``, which may ask clients for theirs."""

    async def connect_stream(
        self,
        address: str,
        port: int,
        handler: StreamHandler,
        *,
        tls: TLSConfig | None = None,
        server_name: str | None = None,
        local_address: str | None = None,
    ) -> Stream:
        """Connect; with ``tls`` the server must prove to be ``server_name`` (RFC 5922) before the handler hears anything."""

    async def finish_closing(self, timeout: float) -> None:
        """Wait until the streams that were closed have sent what they had and are gone; after ``timeout`` seconds they are cut off."""

    def local_address_for(self, remote_address: str) -> str:
        """The address from which this computer would talk to ``remote_address``; raises NetworkError where there is no way."""

    def local_interfaces(self) -> frozenset[Interface]:
        """The addresses of this computer with the networks that they are in, as they are now."""
