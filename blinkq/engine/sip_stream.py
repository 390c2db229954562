"""One TCP or TLS connection that carries SIP: framing, keep-alives, what waits to be sent.

What this is not: the choice of a connection for a message (``sip_endpoint.py``), or the socket (``asyncio_network.py``).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from blinkq.base.clock import Clock, Entropy
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, place
from blinkq.engine.network import Address, Network, Stream
from blinkq.engine.tls import TLSConfig
from blinkq.sip.errors import SIPParseError
from blinkq.sip.framing import KeepAlivePing, StreamFramer
from blinkq.sip.hop import Flow, Hop

__all__ = ["CONNECT_TIMEOUT", "MAX_PENDING_BYTES", "PING", "PING_INTERVAL", "PONG_TIMEOUT", "SIPStream", "StreamOwner"]

#: Seconds for a connection with its TLS handshake; then the next route gets its chance while the caller still waits.
CONNECT_TIMEOUT = 5.0
#: Seconds between pings, drawn anew each time (RFC 5626 §4.4.1); below the 30 s after which many NATs forget.
PING_INTERVAL = (25.0, 29.0)
#: Seconds in which a pong must come (RFC 5626 §4.4.1).
PONG_TIMEOUT = 10.0
#: Bytes that may wait in a connection whose peer does not read; more means it is stuck, and memory is not endless.
MAX_PENDING_BYTES = 1 << 20
PING, PONG = b"\r\n\r\n", b"\r\n"

log = get_logger("engine.sip_stream")


class StreamOwner(Protocol):
    """The endpoint, as its connections see it."""

    def stream_received(self, stream: SIPStream, data: bytes) -> None:
        """One whole message came."""

    def stream_closed(self, stream: SIPStream, error: str) -> None:
        """The connection could not be made, or is gone; called once, not after our own ``close``."""


class SIPStream:
    """One connection. It begins connecting (``connect``) or accepted (``attach``) and ends closed.

    :param number: the engine's number of the connection, as in Flow
    :param remote: where it goes
    :param tls_name: whom the certificate must name; None for TCP and accepted connections
    :param opened_by_us: False for accepted ones; who opened a connection is the one who pings (RFC 5626 §4.4.1)
    """

    def __init__(
        self,
        owner: StreamOwner,
        number: int,
        transport: str,
        remote: Address,
        tls_name: str | None,
        *,
        opened_by_us: bool,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self.number = number
        self.transport = transport
        self.remote = remote
        self.tls_name = tls_name
        self.flow: Flow | None = None
        #: the next hops whose requests went over this connection: they fail when it does
        self.hops: set[Hop] = set()
        self.closed = False
        self.heard_sip = False
        #: when the last whole message went or came. Bytes of an unfinished one do not count, nor do line breaks of who has never said
        #: anything: whoever drips them would keep the connection for ever.
        self.last_used = clock.monotonic()
        #: done when the connection is made, or failed with its NetworkError
        self.ready: asyncio.Future[None] = loop.create_future()
        self._owner = owner
        self._loop = loop
        self._clock = clock
        self._entropy = entropy
        self.opened_by_us = opened_by_us
        self._framer = StreamFramer(opened_by_us=opened_by_us)
        self._stream: Stream | None = None
        self._waiting: list[bytes] = []
        self._early: list[bytes] = []
        self._held = False
        self._ping_timer: asyncio.TimerHandle | None = None
        self._pong_timer: asyncio.TimerHandle | None = None
        self._pongs = 0

    async def connect(self, network: Network, tls: TLSConfig | None, local_address: str | None) -> None:
        """Make the connection and send what waits; failures go to the owner."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                stream = await network.connect_stream(
                    *self.remote, self, tls=tls, server_name=self.tls_name, local_address=local_address
                )
        except TimeoutError:
            self._fail(f"No answer from {place(*self.remote, self.transport)}: the server may be down or a firewall in between.")
        except NetworkError as error:
            self._fail(str(error), error)
        else:
            if self.closed:
                stream.abort()
            else:
                self.attach(stream)

    def attach(self, stream: Stream) -> None:
        """The connection is there (made or accepted)."""
        self._stream = stream
        self.remote = stream.remote
        self.flow = Flow(self.transport, *stream.local, *stream.remote, self.number)
        if not self.ready.done():
            self.ready.set_result(None)
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            stream.write(data)
        self._arm_ping()
        early, self._early = self._early, []
        for data in early:
            self.data_received(data)

    def send(self, data: bytes) -> None:
        """Send a message, now or as soon as the connection is made."""
        self.last_used = self._clock.monotonic()
        pending = sum(map(len, self._waiting)) if self._stream is None else self._stream.pending
        if pending + len(data) > MAX_PENDING_BYTES:
            # not now: the agent that sends may be in the middle of a series of messages
            self._loop.call_soon(self._fail, f"{place(*self.remote, self.transport)} does not take data any more: it may be overloaded.")
        elif self._stream is None:
            self._waiting.append(data)
        else:
            self._stream.write(data)

    def hold(self, held: bool) -> None:
        """Whether a registration or a dialog lives here: then pings keep the connection open and tell when it is dead."""
        self._held = held
        self._arm_ping()

    @property
    def held(self) -> bool:
        return self._held

    def close(self) -> None:
        """Close on our own wish; idempotent, the owner is not told."""
        self._end()
        if not self.ready.done():
            self.ready.cancel()
        if self._stream is not None:
            self._stream.close()

    # StreamHandler

    def data_received(self, data: bytes) -> None:
        if self.closed:
            return
        if self._stream is None:
            self._early.append(data)
            return
        try:
            items = self._framer.receive_data(data)
        except SIPParseError as error:
            self._fail_parsing(error)
            return
        if items and (self.heard_sip or self.opened_by_us or any(isinstance(item, bytes) for item in items)):
            self.last_used = self._clock.monotonic()
        for item in items:
            if self._ended():
                return
            if isinstance(item, bytes):
                self.heard_sip = True
                self._owner.stream_received(self, item)
            elif isinstance(item, KeepAlivePing):
                self._stream.write(PONG)
            else:
                self._pongs += 1
                self._disarm_pong()
        if self._framer.error is not None:
            self._fail_parsing(self._framer.error)

    def connection_lost(self, error: str) -> None:
        self._fail(error)

    # pings

    def _arm_ping(self) -> None:
        if self.closed or not self._held or self._stream is None or not self.opened_by_us:
            self._disarm_ping()
            self._disarm_pong()
        elif self._ping_timer is None:
            self._ping_timer = self._loop.call_later(self._entropy.uniform(*PING_INTERVAL), self._ping)

    def _ping(self) -> None:
        self._ping_timer = None
        assert self._stream is not None
        self._stream.write(PING)
        # Not every server answers pings (RFC 5626 is an extension): only one that has answered before is missed when it does not.
        if self._pongs and self._pong_timer is None:
            self._pong_timer = self._loop.call_later(PONG_TIMEOUT, self._pong_missing)
        self._arm_ping()

    def _pong_missing(self) -> None:
        self._pong_timer = None
        self._fail(f"{place(*self.remote, self.transport)} does not answer any more: the server or the network may be down.")

    def _disarm_ping(self) -> None:
        if self._ping_timer is not None:
            self._ping_timer.cancel()
            self._ping_timer = None

    def _disarm_pong(self) -> None:
        if self._pong_timer is not None:
            self._pong_timer.cancel()
            self._pong_timer = None

    def _fail_parsing(self, error: SIPParseError) -> None:
        self._fail(f"{place(*self.remote, self.transport)} sent what is not SIP ({error}): check the port.")

    def _fail(self, error: str, cause: NetworkError | None = None) -> None:
        if self.closed:
            return
        self._end()
        if self._stream is not None:
            self._stream.abort()
        if not self.ready.done():
            self.ready.set_exception(cause or NetworkError(error))
            self.ready.exception()  # seen: nobody need await it
        self._owner.stream_closed(self, error)

    def _ended(self) -> bool:
        return self.closed

    def _end(self) -> None:
        self.closed = True
        self._waiting.clear()
        self._disarm_ping()
        self._disarm_pong()
