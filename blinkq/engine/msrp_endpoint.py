"""Where MSRP sessions meet the network: one listening port for all of them, and the connections that we open (RFC 4975 §5, RFC 6135).

What this is not: what goes through the sessions (the streams of the middleware).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from blinkq.base.clock import Clock, Entropy
from blinkq.base.digest import Credentials
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError, place
from blinkq.engine.msrp_link import MSRPLink
from blinkq.engine.msrp_relay import RelayAddress, RelayPlace
from blinkq.engine.network import Listener, Network, Stream, StreamHandler
from blinkq.engine.tls import TLSConfig
from blinkq.msrp.events import SessionBound, SessionFailed
from blinkq.msrp.session import Session
from blinkq.msrp.uri import DEFAULT_PORT, MSRPURI

__all__ = ["CONNECT_TIMEOUT", "MAX_UNBOUND", "MAX_UNBOUND_FROM_ONE", "MSRPEndpoint", "MSRPTracer"]

#: Seconds for a connection with its TLS handshake.
CONNECT_TIMEOUT = 10.0

#: Accepted connections that have not said yet for which session they are.
MAX_UNBOUND = 64
#: And of these, from one address: several parties may be behind it, but whoever opens them all must not keep the others out.
MAX_UNBOUND_FROM_ONE = 16

log = get_logger("engine.msrp")

#: Hears every piece of MSRP on the wire: (link, outgoing, data).
MSRPTracer = Callable[[MSRPLink, bool, bytes], None]


class MSRPEndpoint:
    """All sessions of the engine. On the engine thread.

    :param on_event: hears the core's events of every session, in order; the session's ``owner`` tells whose they are
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Clock, entropy: Entropy, network: Network, on_event: Callable[[object], None]
    ) -> None:
        self.tracer: MSRPTracer | None = None
        self._loop = loop
        self._clock = clock
        self._entropy = entropy
        self._network = network
        self._on_event = on_event
        self._listeners: dict[tuple[str, int, TLSConfig | None], Listener] = {}
        self._sessions: dict[str, Session] = {}
        self._waiting: dict[Session, asyncio.Future[None]] = {}
        self._links: set[MSRPLink] = set()
        self._certificate: TLSConfig | None = None

    async def listen(self, address: str, port: int = 0, tls: TLSConfig | None = None) -> int:
        """The port on which peers can reach sessions at ``address``; opened at the first call, shared by all later ones.

        Raises NetworkError when it cannot be had.
        """
        key = (address, port, tls)
        if key not in self._listeners:
            listener = await self._network.listen_stream(address, port, self._accept, tls=tls)
            if key in self._listeners:  # somebody else was quicker
                listener.close()
            else:
                self._listeners[key] = listener
        return self._listeners[key].local[1]

    def certificate(self) -> TLSConfig:
        """Our own certificate for this run, whose fingerprint SDP tells."""
        if self._certificate is None:
            from blinkq.engine.own_certificate import own_certificate  # cryptography takes 40 ms: not at each start

            self._certificate = own_certificate(self._clock.wallclock())
        return self._certificate

    def add(self, session: Session) -> None:
        """Make a session known: from now on a peer may connect to it. Raises IllegalStateError for a URI without session identifier."""
        if not session.local_uri.session_id:
            raise IllegalStateError("the session's URI has no identifier")
        self._sessions[session.local_uri.session_id] = session

    async def connect(self, session: Session, address: str, tls: TLSConfig | None = None, server_name: str | None = None) -> None:
        """Open the connection for a session and say for which one it is: the active party's part.

        :param address: the IP address that the first URI of the session's remote path stands for
        :param tls: for a URI of msrps; the server's certificate must name ``server_name``

        Raises NetworkError with a sentence for people.
        """
        first = session.remote_path[0]
        link = await self._reach(address, first.effective_port, tls, server_name, "/" if first.transport == "ws" else None)
        if session.ended:
            link.close()
            raise NetworkError("the session has ended")
        self.add(session)
        link.bind(session, hello=True)

    async def relay(self, relay: RelayAddress, host: str, tls: TLSConfig, credentials: Credentials | None) -> RelayPlace:
        """A place at a relay for one session (RFC 4976 §5), whose certificate must name it.

        :param host: our address, for our URI; over WebSocket nobody could reach it, and the URI says so (RFC 7977)
        :param tls: not used for a relay that is spoken to without TLS

        Raises NetworkError with a sentence for people.
        """
        resource = relay.resource if relay.websocket else None
        link = await self._reach(relay.address, relay.port, tls if relay.secure else None, relay.name, resource)
        assert link.stream is not None
        if relay.websocket:
            uri = MSRPURI(f"{self._entropy.token(12)}.invalid", DEFAULT_PORT, self._entropy.token(16), relay.secure, "ws")
        else:
            uri = MSRPURI(host, link.stream.local[1], self._entropy.token(16), secure=True)
        made = RelayPlace(self._loop, self._entropy, link, uri, relay, credentials)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await made.authorise()
        except TimeoutError:
            made.close()
            raise NetworkError(f"The MSRP relay {relay.name} did not answer.") from None
        except BaseException:
            made.close()
            raise
        return made

    def connect_through(self, session: Session, through: RelayPlace) -> None:
        """Send an empty SEND through the relay to show the peer the way: the active party's part. Raises NetworkError when it is lost."""
        if through.link.closed or session.ended:
            raise NetworkError("The connection to the MSRP relay is gone.")
        if session.connection is None:  # else the peer was quicker
            through.link.bind(session, hello=True)

    async def accepted(self, session: Session, timeout: float) -> None:
        """Wait until the peer's connection for the session is there: the passive party's part.

        Raises NetworkError when it does not come within ``timeout`` seconds.
        """
        if session.connection is not None:
            return
        waiting = self._waiting.setdefault(session, self._loop.create_future())
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(waiting)
        except TimeoutError:
            raise NetworkError("The other party did not open its MSRP connection in time: a firewall may be in between.") from None
        finally:
            self._waiting.pop(session, None)

    def peer_certificate(self, session: Session) -> bytes | None:
        """The certificate (DER) of whoever is at the other end of the session's connection; None where it showed none."""
        link = self._link_of(session)
        return None if link is None or link.stream is None else link.stream.peer_certificate

    def call(self, session: Session, function: Callable[..., object], *args: object, **kwargs: object) -> object:
        """Call a method of a session, ``now`` added; what it gives out is sent."""
        link = self._link_of(session)
        if link is None:
            return function(*args, now=self._clock.monotonic(), **kwargs)
        return link.call(function, *args, **kwargs)

    def pause_reading(self, session: Session, pause: bool) -> None:
        """Read nothing more from the session's connection, or go on."""
        link = self._link_of(session)
        if link is not None and link.stream is not None:
            link.stream.pause_reading(pause)

    def end(self, session: Session) -> None:
        """The session is over; its connection closes when nobody else uses it. Idempotent."""
        link = self._link_of(session)
        self.call(session, session.end)
        if session.local_uri.session_id and self._sessions.get(session.local_uri.session_id) is session:
            del self._sessions[session.local_uri.session_id]
        waiting = self._waiting.pop(session, None)
        if waiting is not None and not waiting.done():
            waiting.set_exception(NetworkError("the session has ended"))
        if link is not None and not link.connection.sessions:
            link.close()

    def stop(self) -> None:
        """Close everything. Idempotent."""
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        for session in list(self._sessions.values()):
            self.end(session)
        for link in list(self._links):
            link.close()
        self._certificate = None

    async def _reach(
        self, address: str, port: int, tls: TLSConfig | None, server_name: str | None, resource: str | None = None
    ) -> MSRPLink:
        link = MSRPLink(self, self._loop, self._clock, self._entropy, websocket=resource is not None)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if resource is None:
                    stream: Stream = await self._network.connect_stream(address, port, link, tls=tls, server_name=server_name)
                else:
                    from blinkq.engine.websocket import connect_websocket  # few relays are reached so

                    stream = await connect_websocket(
                        self._network, address, port, link, host=server_name or address, resource=resource, subprotocol="msrp",
                        tls=None if tls is None else replace(tls, web=True),
                    )  # fmt: skip
        except TimeoutError:
            raise NetworkError(f"No answer from {place(address, port, 'tcp')}: a firewall may be in between.") from None
        self._links.add(link)
        link.attach(stream, accepted=False)
        return link

    # MSRPLinkOwner

    def find(self, uri: MSRPURI) -> Session | None:
        session = self._sessions.get(uri.session_id or "")
        return session if session is not None and session.local_uri.matches(uri) else None

    def link_closed(self, link: MSRPLink) -> None:
        self._links.discard(link)

    def event(self, event: object) -> None:
        owner = getattr(getattr(event, "session", None), "owner", None)
        if isinstance(owner, RelayPlace):
            owner.event(event)
            return
        if isinstance(event, SessionBound):
            waiting = self._waiting.get(event.session)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
        elif isinstance(event, SessionFailed):
            log.info("an MSRP session failed: %d %r", event.code, event.reason[:200])
        self._on_event(event)

    def traced(self, link: MSRPLink, outgoing: bool, data: bytes) -> None:
        if self.tracer is not None:
            self.tracer(link, outgoing, data)

    def _accept(self, stream: Stream) -> StreamHandler | None:
        unbound = [link.stream.remote[0] for link in self._links if link.unbound and link.stream is not None]
        if len(unbound) >= MAX_UNBOUND or unbound.count(stream.remote[0]) >= MAX_UNBOUND_FROM_ONE:
            log.info("refused an MSRP connection from %s: too many have not said for which session they are", stream.remote[0])
            return None
        link = MSRPLink(self, self._loop, self._clock, self._entropy)
        self._links.add(link)
        link.attach(stream, accepted=True)
        return link

    def _link_of(self, session: Session) -> MSRPLink | None:
        if session.connection is None:
            return None
        return next((link for link in self._links if link.connection is session.connection), None)
