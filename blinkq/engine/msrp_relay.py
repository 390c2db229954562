"""Our place at an MSRP relay: one connection over TLS or WebSocket for one session, authorised, and refreshed before it expires
(RFC 4976, RFC 7977).

What this is not: which relay to ask, and whether (the streams of the middleware).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from blinkq.base.clock import Entropy
from blinkq.base.digest import Credentials
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.engine.msrp_link import MSRPLink
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.events import RequestAnswered, SessionFailed
from blinkq.msrp.relay import RelayClient, RelayReady, RelayRefused
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI

__all__ = ["RelayAddress", "RelayPlace"]

#: Share of a path's time after which it is refreshed, and seconds that must be left at least.
REFRESH_SHARE, REFRESH_MARGIN = 0.8, 15.0

log = get_logger("engine.msrp")


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """A relay.

    :param name: the one that its certificate must have and that AUTH is addressed to
    :param address: its IP address
    :param transport: "tls", or "wss" or "ws" for WebSocket with TLS and without
    :param resource: of its WebSocket URL
    """

    name: str
    address: str
    port: int
    transport: str = "tls"
    resource: str = "/"

    @property
    def secure(self) -> bool:
        """It is spoken to over TLS."""
        return self.transport != "ws"

    @property
    def websocket(self) -> bool:
        return self.transport in ("ws", "wss")

    @property
    def uri(self) -> MSRPURI:
        """What AUTH is addressed to."""
        return MSRPURI(self.name, self.port, None, self.secure, "ws" if self.websocket else "tcp")


class RelayPlace:
    """What the relay gave us. ``path`` are its URIs for a=path, before our own; ``uri`` is ours.

    :param link: the connection to the relay, made already
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, entropy: Entropy, link: MSRPLink, uri: MSRPURI, relay: RelayAddress,
        credentials: Credentials | None,
    ) -> None:  # fmt: skip
        self.uri = uri
        self.link = link
        self.path: tuple[MSRPURI, ...] = ()
        #: told a sentence when the relay's connection breaks before the session uses it
        self.on_failed: Callable[[str], None] | None = None
        #: told when the relay names another path
        self.on_moved: Callable[[], None] | None = None
        self._loop = loop
        self._entropy = entropy
        self._relay = relay
        # AUTH travels as a session of its own: it is refreshed while the true one comes and goes
        self._control = Session(uri, (relay.uri,), entropy, owner=self)
        self._client = RelayClient(self._control, credentials, entropy)
        self._ready: asyncio.Future[None] = loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def authorise(self) -> None:
        """Ask for the path. Raises NetworkError with a sentence for people."""
        self.link.bind(self._control, hello=False)
        self._send(self._client.begin())
        await self._ready

    @property
    def route(self) -> tuple[MSRPURI, ...]:
        """The same path as requests take it from us, nearest first."""
        return tuple(reversed(self.path))

    def event(self, event: object) -> None:
        """The core's events about AUTH."""
        if self._closed:
            return
        if isinstance(event, RequestAnswered):
            self._outcome(self._client.answered(event.code, event.response))
        elif isinstance(event, SessionFailed):
            self._fail(f"The connection to the MSRP relay {self._relay.name} broke: {event.reason}.")

    def close(self) -> None:
        """Give the place up, and its connection when nobody else is on it. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if not self._ready.done():
            self._ready.cancel()
        self.link.call(self._control.end)
        if not self.link.connection.sessions:
            self.link.close()

    def _send(self, chunk: Chunk) -> None:
        self.link.call(self.link.connection.send_request, self._control, chunk)

    def _outcome(self, outcome: Chunk | RelayReady | RelayRefused) -> None:
        if isinstance(outcome, Chunk):
            self._send(outcome)
            return
        if isinstance(outcome, RelayRefused):
            self._fail(outcome.reason)
            return
        moved, self.path = outcome.path != self.path, outcome.path
        if not self._ready.done():
            self._ready.set_result(None)
        elif moved:
            log.info("the MSRP relay %s names another path now", self._relay.name)
            if self.on_moved is not None:
                self.on_moved()
        self._timer = self._loop.call_later(min(outcome.expires * REFRESH_SHARE, outcome.expires - REFRESH_MARGIN), self._refresh)

    def _refresh(self) -> None:
        self._send(self._client.begin())

    def _fail(self, reason: str) -> None:
        if not self._ready.done():
            self._ready.set_exception(NetworkError(reason))
            return
        log.info("%s", reason)
        if self.on_failed is not None:
            self.on_failed(reason)
