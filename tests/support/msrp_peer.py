"""A peer of call_scene that speaks MSRP too: the core and the engine's endpoint, without the middleware."""

from __future__ import annotations

import asyncio
from typing import Any

from support.call_scene import Peer
from support.virtual_loop import VirtualClock

from blinkq.base.clock import SeededEntropy
from blinkq.engine.msrp_endpoint import MSRPEndpoint
from blinkq.engine.tls import TLSConfig, fingerprint_of
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI, parse_path
from blinkq.sdp.description import SessionDescription


class MSRPPeer:
    """Who sits beside a Peer and does its MSRP. events: the core's, in order."""

    def __init__(self, peer: Peer, *, secure: bool = True, name: str = "bob", **options: Any) -> None:
        loop = asyncio.get_running_loop()
        self.peer = peer
        self.secure = secure
        self.events: list[Any] = []
        self.options = options
        self.name = name
        self.session: Session | None = None
        self.port = 0
        self.tls: TLSConfig | None = None
        self.entropy = SeededEntropy(500)
        self.endpoint = MSRPEndpoint(loop, VirtualClock(loop), self.entropy, peer.host, self.events.append)

    @property
    def uri(self) -> MSRPURI:
        return MSRPURI(self.peer.address, self.port or 9, self.name, self.secure)

    async def listen(self) -> None:
        """Be ready for connections."""
        self.tls = self.endpoint.certificate() if self.secure else None
        self.port = await self.endpoint.listen(self.peer.address, tls=self.tls)

    def line(
        self, *extra: str, setup: str | None = "actpass", types: str = "message/cpim text/* application/im-iscomposing+xml",
        wrapped: str | None = "*",
    ) -> bytes:  # fmt: skip
        """Our m= line; ``types`` and ``wrapped`` are left out where they are empty."""
        transport = "TCP/TLS/MSRP" if self.secure else "TCP/MSRP"
        lines = [f"m=message {self.port or 9} {transport} *", f"a=path:{self.uri}"]
        lines += [f"a=accept-types:{types}"] if types else []
        lines += [f"a=accept-wrapped-types:{wrapped}"] if wrapped else []
        lines += [f"a=setup:{setup}"] if setup else []
        lines += [f"a=fingerprint:{fingerprint_of(self.tls)}"] if self.tls is not None else []
        return ("\r\n".join([*lines, *(f"a={line}" for line in extra)]) + "\r\n").encode()

    def sdp(self, *extra: str, version: int = 1, **kwargs: Any) -> bytes:
        """A description with that line alone."""
        address = self.peer.address
        beginning = f"v=0\r\no=- 7 {version} IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        return beginning.encode() + self.line(*extra, **kwargs)

    def expect(self, remote: SessionDescription, index: int = 0) -> Session:
        """Know the session; the other party may connect."""
        path = parse_path(remote.media[index].get("path") or "")
        self.session = Session(self.uri, path, self.entropy, owner=None, **self.options)
        self.endpoint.add(self.session)
        return self.session

    async def connect(self, remote: SessionDescription, index: int = 0) -> Session:
        """Open the connection, with our certificate where we have one."""
        session = self.expect(remote, index)
        host = session.remote_path[0].host
        pem = None if self.tls is None else self.tls.pem
        tls = TLSConfig(fingerprint=remote.media[index].get("fingerprint"), pem=pem) if self.secure else None
        await self.endpoint.connect(session, host, tls)
        return session

    def send(self, content_type: str, body: bytes, **options: Any) -> Any:
        """Send a message."""
        assert self.session is not None
        return self.endpoint.call(self.session, self.session.send, content_type, body, **options)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def stop(self) -> None:
        self.endpoint.stop()
