"""One TCP, TLS or WebSocket connection that carries MSRP: the core, its pump, and the pace at which the network takes what we send.

What this is not: the choice of a connection for a session (``msrp_endpoint.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from blinkq.base.clock import Clock, Entropy
from blinkq.base.logging import get_logger
from blinkq.engine.network import Stream
from blinkq.engine.pump import Pump
from blinkq.msrp.connection import Connection
from blinkq.msrp.events import ConnectionFailed, SessionBound, Transmit
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI

__all__ = ["BIND_TIMEOUT", "MSRPLink", "MSRPLinkOwner"]

#: Seconds in which an accepted connection must say for which session it is.
BIND_TIMEOUT = 30.0

log = get_logger("engine.msrp")


class MSRPLinkOwner(Protocol):
    """The endpoint, as its connections see it."""

    def find(self, uri: MSRPURI) -> Session | None:
        """The session whose URI this is."""

    def link_closed(self, link: MSRPLink) -> None:
        """The connection is gone; called once, also after our own ``close``."""

    def event(self, event: object) -> None:
        """What the core tells, all but its bytes."""

    def traced(self, link: MSRPLink, outgoing: bool, data: bytes) -> None:
        """Bytes went or came."""


class MSRPLink:
    """A connection. It lives as long as it has sessions, or until it breaks.

    :param websocket: it carries one chunk in each message (RFC 7977)
    """

    def __init__(
        self, owner: MSRPLinkOwner, loop: asyncio.AbstractEventLoop, clock: Clock, entropy: Entropy, *, websocket: bool = False
    ) -> None:
        self.connection = Connection(entropy, owner.find, whole_chunks=websocket)
        self.stream: Stream | None = None
        self.closed = False
        self._owner = owner
        self._loop = loop
        self._pump = Pump(self.connection, clock, loop, self._output)
        self._turn_due = False
        self._bind_timer: asyncio.TimerHandle | None = None

    def attach(self, stream: Stream, *, accepted: bool) -> None:
        """The connection is made, or was accepted."""
        self.stream = stream
        stream.on_writable = self._writable
        if accepted:
            self._bind_timer = self._loop.call_later(BIND_TIMEOUT, self._unbound)

    @property
    def unbound(self) -> bool:
        """It was accepted, and has not said yet for which session it is."""
        return self._bind_timer is not None and not self.closed

    def call(self, function: Callable[..., object], *args: object, **kwargs: object) -> object:
        """Call a method of the core or of one of its sessions, ``now`` added."""
        result = self._pump.call(function, *args, **kwargs)
        self._go_on()
        return result

    def bind(self, session: Session, *, hello: bool) -> None:
        """The session goes over this connection. hello: begin with an empty SEND, as the active party does (RFC 4975 §5.4)."""
        self.call(self.connection.attach, session)
        if hello and not session.unfinished:
            self.call(self.connection.hello, session)

    def close(self, reason: str = "closed") -> None:
        """Send what was written, then close; sessions that are left fail. Idempotent."""
        self._end(reason)
        if self.stream is not None:
            self.stream.close()

    # StreamHandler

    def data_received(self, data: bytes) -> None:
        if self.closed:
            return
        self._owner.traced(self, False, data)
        self._pump.call(self.connection.receive_data, data)
        self._go_on()

    def connection_lost(self, error: str) -> None:
        self._end(error)

    def _end(self, reason: str) -> None:
        if self.closed:
            return
        self.closed = True
        if self._bind_timer is not None:
            self._bind_timer.cancel()
        self._pump.call(self.connection.closed, reason)
        self._pump.close()
        self._owner.link_closed(self)

    def _output(self, output: object) -> None:
        if isinstance(output, Transmit):
            if self.stream is not None:
                self._owner.traced(self, True, output.data)
                self.stream.write(output.data)
        elif isinstance(output, ConnectionFailed):
            log.warning("%s sent what is not MSRP: %s", self.stream.remote if self.stream else "a peer", output.reason)
            self._loop.call_soon(self.close, output.reason)
        else:
            if isinstance(output, SessionBound) and self._bind_timer is not None:
                self._bind_timer.cancel()
                self._bind_timer = None
            self._owner.event(output)

    def _go_on(self) -> None:
        """More bursts follow one by one, so that what comes meanwhile is read in between."""
        if self.connection.wants_turn and not self._turn_due and not self.closed:
            self._turn_due = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turn_due = False
        if not self.closed:
            self._pump.call(self.connection.turn)
            self._go_on()

    def _writable(self, writable: bool) -> None:
        if not self.closed:
            self._pump.call(self.connection.set_writable, writable)
            self._go_on()

    def _unbound(self) -> None:
        log.info("%s did not say in time for which session it is", self.stream.remote if self.stream else "a peer")
        self.close("no session")
