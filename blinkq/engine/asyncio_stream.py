"""A TCP or TLS connection over an asyncio transport, and those that are about to close.

What this is not: how connections are made or accepted (``asyncio_network.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable
from typing import cast

from blinkq.engine.errors import TLSError, describe_os_error
from blinkq.engine.network import Accept, Address, StreamHandler
from blinkq.engine.tls import check_fingerprint, check_name

__all__ = ["AsyncioStream", "ClosingStreams"]

#: Milliseconds that sent bytes may stay unacknowledged before the connection counts as dead (TCP_USER_TIMEOUT, RFC 5482); the system's
#: default is some 15 minutes.
USER_TIMEOUT_MS = 20000


class AsyncioStream(asyncio.Protocol):
    """Stream, either end."""

    def __init__(
        self,
        closing: ClosingStreams,
        *,
        transport_name: str,
        handler: StreamHandler | None = None,
        accept: Accept | None = None,
        verify_name: str | None = None,
        fingerprint: str | None = None,
        remote: Address = ("", 0),
    ) -> None:
        self._closing = closing
        self._name = transport_name
        self._handler = handler
        self._accept = accept
        self._verify_name = verify_name
        self._fingerprint = fingerprint
        self._transport: asyncio.Transport | None = None
        self.local: Address = ("", 0)
        self.remote = remote
        self.peer_certificate: bytes | None = None
        self.refused: TLSError | None = None
        self.on_writable: Callable[[bool], None] | None = None

    @property
    def pending(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        self._handler = None
        if self._transport is not None:
            self._closing.add(self)
            self._transport.close()

    def abort(self) -> None:
        self._handler = None
        if self._transport is not None:
            self._closing.add(self)
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.local = transport.get_extra_info("sockname")[:2]
        self.remote = (transport.get_extra_info("peername") or self.remote)[:2]
        _tune(transport.get_extra_info("socket"))
        try:
            if self._verify_name is not None:
                check_name(transport.get_extra_info("peercert") or {}, self._verify_name)
            if (tls := transport.get_extra_info("ssl_object")) is not None:
                self.peer_certificate = tls.getpeercert(binary_form=True)
            if self._fingerprint is not None:
                check_fingerprint(self.peer_certificate, self._fingerprint)
        except TLSError as error:
            self.refused = error
            self.abort()
        if self._accept is not None:
            self._handler = self._accept(self)
            if self._handler is None:
                self.abort()

    def data_received(self, data: bytes) -> None:
        if self._handler is not None:
            self._handler.data_received(data)

    def pause_reading(self, pause: bool) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing():
            if pause:
                transport.pause_reading()
            else:
                transport.resume_reading()

    def pause_writing(self) -> None:
        if self.on_writable is not None:
            self.on_writable(False)

    def resume_writing(self) -> None:
        if self.on_writable is not None:
            self.on_writable(True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._closing.discard(self)
        handler, self._handler = self._handler, None
        if handler is None:
            return
        if exc is None:
            exc = OSError(errno.EPIPE, "closed")
        elif isinstance(exc, ssl.SSLError):
            exc = OSError(errno.ECONNRESET, exc.reason or "TLS error")
        handler.connection_lost(describe_os_error(exc, *self.remote, self._name))


class ClosingStreams:
    """The streams that were closed and still say goodbye: a loop that ends before they are done loses their last bytes."""

    def __init__(self) -> None:
        self._streams: set[AsyncioStream] = set()
        self._done = asyncio.Event()

    def add(self, stream: AsyncioStream) -> None:
        self._streams.add(stream)
        self._done.clear()

    def discard(self, stream: AsyncioStream) -> None:
        self._streams.discard(stream)
        if not self._streams:
            self._done.set()

    async def finish(self, timeout: float) -> None:
        if not self._streams:
            return
        try:
            await asyncio.wait_for(self._done.wait(), timeout)
        except TimeoutError:  # the peer does not read, or does not answer TLS's goodbye
            for stream in list(self._streams):
                stream.abort()
            await self._done.wait()


def _tune(sock: socket.socket) -> None:
    # macOS refuses options on a connection that the peer has closed meanwhile; that it is closed will be told in its turn
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
