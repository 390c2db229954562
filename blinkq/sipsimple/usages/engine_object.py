"""What the thin objects have in common: commands that run on the engine thread in order, and checks that raise in the caller."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from blinkq.base.clock import SystemEntropy
from blinkq.engine.errors import NetworkError
from blinkq.sip.digest import Credentials as DigestCredentials
from blinkq.sip.hop import Hop
from blinkq.sipsimple.headers import BaseIdentityHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPCoreError
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader

__all__ = [
    "EndpointAddress", "EngineObject", "check", "digest_credentials", "header_lines", "new_call_id", "next_hop", "payload",
]  # fmt: skip


class EndpointAddress(NamedTuple):
    """Where the other side of a request is."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class EngineObject:
    """A thin object. ``peer_address`` is where its requests go, None before the first."""

    def __init__(self) -> None:
        self.peer_address: EndpointAddress | None = None
        self._guard = threading.RLock()
        self._turn = asyncio.Lock()  # commands wait for those before them, which may wait for a connection

    def _command(self, step: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run ``step(*args)`` on the engine thread after all earlier commands. Raises IllegalStateError when no engine runs."""
        Runtime.current().loop.call(self._begin, step, args)

    def _begin(self, step: Callable[..., Awaitable[None]], args: tuple[Any, ...]) -> None:
        if Runtime.engine is not None:  # it may have stopped meanwhile
            Runtime.spawn(self._in_turn(step, args))

    async def _in_turn(self, step: Callable[..., Awaitable[None]], args: tuple[Any, ...]) -> None:
        async with self._turn:
            try:
                await step(*args)
            except NetworkError as error:
                self._no_way(str(error))

    def _no_way(self, error: str) -> None:
        """There is no way to the next hop: tell the owner."""
        raise NotImplementedError

    async def _hop(self, route: BaseIdentityHeader, domain: str) -> Hop:
        hop = await next_hop(route, domain)
        self.peer_address = EndpointAddress(hop.address, hop.port)
        return hop


async def next_hop(route: BaseIdentityHeader, domain: str) -> Hop:
    """The next hop that a route header names; over TLS the server must be that of ``domain`` (RFC 5922). Raises NetworkError."""
    uri = route.uri
    transport = "tls" if uri.secure else uri.transport
    port = uri.port or (5061 if transport == "tls" else 5060)
    return await Runtime.current().sip.hop(uri.host, port, transport, domain if transport == "tls" else None)


def check(**values: tuple[object, type | tuple[type, ...]]) -> None:
    """Raise TypeError for the first value that is none of its types, and SIPCoreError for a route that is no IP address."""
    for name, (value, kinds) in values.items():
        if not isinstance(value, kinds):
            wanted = " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
            raise TypeError(f"{name} is a {wanted}, not {type(value).__name__}")
        if name == "route_header" and isinstance(value, BaseIdentityHeader):
            try:
                ipaddress.ip_address(value.uri.host)
            except ValueError:
                raise SIPCoreError(f"a route needs an IP address, not {value.uri.host!r}: look it up with DNSLookup") from None


def digest_credentials(credentials: Credentials | None) -> DigestCredentials | None:
    """The same for the SIP core."""
    return None if credentials is None else credentials.to_digest()


def header_lines(headers: Iterable[BaseHeader] | None) -> tuple[tuple[str, str], ...]:
    """Extra headers as the SIP core takes them. Raises TypeError for what is no header."""
    made = []
    for header in headers or ():
        check(extra_headers=(header, BaseHeader))
        made.append((header.name, header.body))
    return tuple(made)


def payload(body: str | bytes | None) -> bytes:
    """A body as bytes; text is sent as UTF-8. Raises TypeError."""
    check(body=(body, (str, bytes, type(None))))
    return body.encode() if isinstance(body, str) else body or b""


def new_call_id() -> str:
    """A fresh Call-ID."""
    engine = Runtime.engine
    return (SystemEntropy() if engine is None else engine.entropy).token(16)
