"""The real network: the engine's Network over asyncio sockets, UDP, TCP and TLS.

What this is not: SIP. Framing, keep-alives and reuse of connections are ``sip_endpoint.py``'s matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import struct
import sys
from typing import Any, cast

from blinkq.base.logging import get_logger
from blinkq.engine.asyncio_stream import AsyncioStream, ClosingStreams
from blinkq.engine.errors import NetworkError, TLSError, describe_bind_error, describe_os_error
from blinkq.engine.lan import Interface, list_interfaces
from blinkq.engine.network import Accept, Address, DatagramHandler, DatagramSocket, Stream, StreamHandler
from blinkq.engine.polled_udp import PolledUDPSocket
from blinkq.engine.tls import TLSConfig, client_context, describe_tls_error, server_context

__all__ = ["AsyncioNetwork"]

#: Seconds for a TLS handshake; longer than any honest one, shorter than a person's patience.
HANDSHAKE_TIMEOUT = 10.0
#: Handshakes with other parties that go on at a time on one port; each takes some memory.
MAX_HANDSHAKES = 64
#: Connections waiting to be accepted.
BACKLOG = 128
#: Bytes of receive buffer of UDP sockets: a burst of a few hundred requests while the engine does something else.
UDP_BUFFER = 1 << 20

# Linux tells which datagram an ICMP error belongs to through the socket's error queue (ip(7)); Python has no names for these.
_ON_LINUX = sys.platform == "linux"
_IP_RECVERR, _IPV6_RECVERR, _MSG_ERRQUEUE = 11, 25, 0x2000

log = get_logger("engine.network")


class AsyncioNetwork:
    """Network over the running asyncio loop.

    :param polled_udp: the loop is not to be trusted with UDP sockets (``polled_udp.py`` tells why)
    """

    def __init__(self, *, polled_udp: bool = sys.platform == "win32") -> None:
        self._polled_udp = polled_udp
        self._closing = ClosingStreams()

    async def open_udp(self, address: str, port: int, handler: DatagramHandler) -> DatagramSocket:
        """See Network."""
        family = _family(address)
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as error:
            raise NetworkError(describe_bind_error(error, address, port, "udp")) from error
        try:
            sock.setblocking(False)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            with contextlib.suppress(OSError):  # macOS refuses what is beyond its limit
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER)
            if _ON_LINUX and not self._polled_udp:
                level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if family == socket.AF_INET6 else (socket.IPPROTO_IP, _IP_RECVERR)
                sock.setsockopt(level, option, 1)
            sock.bind((address, port))
        except OSError as error:
            sock.close()
            raise NetworkError(describe_bind_error(error, address, port, "udp")) from error
        if self._polled_udp:
            return PolledUDPSocket(sock, handler, asyncio.get_running_loop())
        udp = _UDPSocket(sock, handler)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: udp, sock=sock)
        return udp

    async def listen_stream(self, address: str, port: int, accept: Accept, *, tls: TLSConfig | None = None) -> _Listener:
        """See Network."""
        if tls is not None and tls.ask:
            accept, tls = _over_tls(tls, accept), None
        context = None if tls is None else server_context(tls)
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: AsyncioStream(self._closing, accept=accept, transport_name="tls" if tls else "tcp"),
                address,
                port,
                family=_family(address),
                backlog=BACKLOG,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if tls else None,
            )
        except OSError as error:
            raise NetworkError(describe_bind_error(error, address, port, "tls" if tls else "tcp")) from error
        return _Listener(server)

    async def connect_stream(
        self,
        address: str,
        port: int,
        handler: StreamHandler,
        *,
        tls: TLSConfig | None = None,
        server_name: str | None = None,
        local_address: str | None = None,
    ) -> AsyncioStream:
        """See Network."""
        name = server_name or address
        verify_name = name if tls and tls.verify and tls.fingerprint is None and not tls.web else None
        stream = AsyncioStream(
            self._closing, handler=handler, transport_name="tls" if tls else "tcp", verify_name=verify_name,
            fingerprint=None if tls is None else tls.fingerprint, remote=(address, port),
        )  # fmt: skip
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: stream,
                address,
                port,
                family=_family(address),
                local_addr=(local_address, 0) if local_address else None,
                ssl=None if tls is None else client_context(tls),
                server_hostname=name if tls else None,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT if tls else None,
            )
        except OSError as error:  # ssl.SSLError is one
            raise _connect_error(error, address, port, name if tls else None) from error
        if stream.refused is not None:
            raise stream.refused
        return stream

    async def finish_closing(self, timeout: float) -> None:
        """See Network."""
        await self._closing.finish(timeout)

    def local_address_for(self, remote_address: str) -> str:
        """See Network. Asks the routing table through a connected UDP socket; nothing is sent."""
        with socket.socket(_family(remote_address), socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((remote_address, 5060))
            except OSError as error:
                raise NetworkError(describe_os_error(error, remote_address, 5060, "udp")) from error
            return str(probe.getsockname()[0])

    def local_interfaces(self) -> frozenset[Interface]:
        """See Network."""
        return list_interfaces()


class _UDPSocket(asyncio.DatagramProtocol):
    """DatagramSocket."""

    def __init__(self, sock: socket.socket, handler: DatagramHandler) -> None:
        self._sock = sock
        self._handler: DatagramHandler | None = handler
        self._transport: asyncio.DatagramTransport | None = None
        self.local: Address = sock.getsockname()[:2]
        self._blamed_on_another = False

    def send(self, data: bytes, remote: Address) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._sending_to, self._blamed_on_another = remote, False
        try:
            transport.sendto(data, remote)
            if self._blamed_on_another:  # the system reported an earlier datagram's error instead of sending this one
                transport.sendto(data, remote)
        finally:
            self._sending_to = None

    _sending_to: Address | None = None

    def close(self) -> None:
        self._handler = None
        if self._transport is not None:
            self._transport.close()

    # asyncio.DatagramProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if self._handler is not None:
            self._handler.datagram_received(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        reports: list[tuple[Address, Exception]] = self._error_queue() if _ON_LINUX else []
        if reports:
            self._blamed_on_another = self._sending_to is not None
        elif self._sending_to is not None:
            reports = [(self._sending_to, exc)]
        for remote, error in reports:
            if self._handler is not None:
                # not from within send(): the sender may be in the middle of something
                sentence = describe_os_error(error, *remote, "udp")
                asyncio.get_running_loop().call_soon(self._report, remote, sentence)

    def _report(self, remote: Address, sentence: str) -> None:
        if self._handler is not None:
            self._handler.datagram_failed(remote, sentence)

    def _error_queue(self) -> list[tuple[Address, Exception]]:
        reports: list[tuple[Address, Exception]] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                _data, ancillary, _flags, remote = self._sock.recvmsg(0, 512, _MSG_ERRQUEUE)
                for _level, kind, value in ancillary:
                    if kind in (_IP_RECVERR, _IPV6_RECVERR) and remote:
                        number = struct.unpack_from("=I", value)[0]
                        if number != errno.EMSGSIZE:  # path MTU news, not a failure
                            reports.append(((remote[0], remote[1]), OSError(number, "")))
        return reports


class _Listener:
    """Listener."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.local: Address = server.sockets[0].getsockname()[:2]

    def close(self) -> None:
        self._server.close()


def _over_tls(config: TLSConfig, accept: Accept) -> Accept:
    """Accepts TCP connections, and lets ``accept`` know of them when they are TLS."""
    # pyOpenSSL takes 50 ms and 11 MB, and most runs never need it
    from blinkq.engine.pair_tls import PairTLSStream, pair_context

    context = pair_context(config)
    shaking: list[PairTLSStream] = []

    def accept_raw(raw: Stream) -> StreamHandler | None:
        shaking[:] = [stream for stream in shaking if stream.shaking]
        if len(shaking) >= MAX_HANDSHAKES:
            log.info("refused a connection from %s: too many have not finished their handshake", raw.remote[0])
            return None
        shaking.append(PairTLSStream(raw, context, accept, HANDSHAKE_TIMEOUT))
        return shaking[-1]

    return accept_raw


def _connect_error(error: OSError, address: str, port: int, tls_name: str | None) -> NetworkError:
    """What to tell of a connection that could not be made; ``tls_name`` is the server's name if it was to be encrypted."""
    if isinstance(error, ssl.SSLError):
        return TLSError(describe_tls_error(error, tls_name or address))
    if tls_name is not None and isinstance(error, ConnectionResetError | ConnectionAbortedError):
        return TLSError(f"{tls_name} broke off the TLS handshake: check the port and the transport.")
    return NetworkError(describe_os_error(error, address, port, "tcp" if tls_name is None else "tls"))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
