"""A registrar on the fake network: digest, bindings with expiry, and the faults that real ones have. Its digest arithmetic is its own."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from support.fake_network import FakeHost, FakeListener, FakeStream, FakeUDP

from blinkq.engine.network import Address
from blinkq.engine.tls import TLSConfig
from blinkq.sip.framing import StreamFramer
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.parser import parse_message
from blinkq.sip.replies import mark_source, reply

__all__ = ["Registrar"]

Answer = tuple[int, tuple[tuple[str, str], ...]]


@dataclass
class Registrar:
    """Answers REGISTER and OPTIONS for one domain.

    ``users`` maps user names to passwords. ``answer`` may take a request over: it gives (code, headers), or None for the usual.
    ``mute`` lets it swallow everything. ``requests`` is all it has seen, ``bindings`` maps addresses of record to {contact: expiry}.
    """

    host: FakeHost
    domain: str = "example.com"
    users: dict[str, str] = field(default_factory=lambda: {"alice": "secret"})
    max_expires: int = 3600
    answer: Callable[[Request], Answer | None] | None = None
    mute: bool = False
    requests: list[Request] = field(default_factory=list)
    bindings: dict[str, dict[str, float]] = field(default_factory=dict)
    nonces: int = 0
    _udp: FakeUDP | None = None
    _listeners: list[FakeListener] = field(default_factory=list)

    async def up(self) -> None:
        """Listen on UDP and TCP 5060 and TLS 5061, remembering nothing from before."""
        self.bindings.clear()
        self._udp = await self.host.open_udp("0.0.0.0", 5060, self)
        self._listeners = [
            await self.host.listen_stream("0.0.0.0", 5060, lambda stream: _Connection(self, stream, "tcp")),
            await self.host.listen_stream("0.0.0.0", 5061, lambda stream: _Connection(self, stream, "tls"), tls=TLSConfig()),
        ]

    def down(self) -> None:
        """Die: sockets are closed, connections break."""
        if self._udp is not None:
            self._udp.close()
        for listener in self._listeners:
            listener.close()
        self.host.reset_streams()

    def contacts(self, user: str = "alice") -> list[str]:
        """What is registered now."""
        now = asyncio.get_running_loop().time()
        return [contact for contact, expiry in self.bindings.get(f"sip:{user}@{self.domain}", {}).items() if expiry > now]

    def count(self, method: str = "REGISTER") -> int:
        return sum(request.method == method for request in self.requests)

    # the network

    def datagram_received(self, data: bytes, source: Address) -> None:
        flow = Flow("udp", self.host.addresses[0], 5060, *source)
        self.receive(data, flow, lambda response: self._udp.send(response, source) if self._udp else None)

    def datagram_failed(self, remote: Address, error: str) -> None:
        """Nobody cares."""

    def receive(self, data: bytes, flow: Flow, send: Callable[[bytes], None]) -> None:
        if self.mute or not data.strip():
            return
        request = parse_message(data, stream=flow.reliable)
        if not isinstance(request, Request):
            return
        mark_source(request, flow)
        self.requests.append(request)
        code, headers = (self.answer(request) if self.answer else None) or self._usual(request)
        send(reply(request, code, tag="registrar", headers=headers).to_bytes())

    def _usual(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return 200, ()
        if request.method != "REGISTER":
            return 405, ()
        user = request.to.uri.user or ""
        if not self._authorized(request, user):
            self.nonces += 1
            return 401, (("WWW-Authenticate", f'Digest realm="{self.domain}", nonce="n{self.nonces}", qop="auth", algorithm=MD5'),)
        return self._register(request)

    def _authorized(self, request: Request, user: str) -> bool:
        header = request.headers.get("Authorization") or ""
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', header.removeprefix("Digest ")))
        if not given or user not in self.users:
            return False
        first = _md5(f"{given['username']}:{self.domain}:{self.users[user]}")
        second = _md5(f"{request.method}:{given['uri']}")
        proof = _md5(f"{first}:{given['nonce']}:{given['nc']}:{given['cnonce']}:auth:{second}")
        return given["username"] == user and given["response"] == proof

    def _register(self, request: Request) -> Answer:
        now = asyncio.get_running_loop().time()
        bindings = self.bindings.setdefault(request.to.uri.aor, {})
        for contact in request.contacts:
            text = contact.parameter("expires") or request.headers.get("Expires") or "3600"
            expires = min(int(text), self.max_expires)
            if expires:
                bindings[str(contact.uri)] = now + expires
            else:
                bindings.pop(str(contact.uri), None)
        return 200, tuple(
            ("Contact", f"<{contact}>;expires={round(expiry - now)}") for contact, expiry in bindings.items() if expiry > now
        )


class _Connection:
    """One accepted connection (StreamHandler)."""

    def __init__(self, registrar: Registrar, stream: FakeStream, transport: str) -> None:
        self.registrar = registrar
        self.stream = stream
        self.flow = Flow(transport, *stream.local, *stream.remote, id(stream))
        self.framer = StreamFramer()

    def data_received(self, data: bytes) -> None:
        for item in self.framer.receive_data(data):
            if isinstance(item, bytes):
                self.registrar.receive(item, self.flow, self.stream.write)
            elif not self.registrar.mute:
                self.stream.write(b"\r\n")

    def connection_lost(self, error: str) -> None:
        """Nobody cares."""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
