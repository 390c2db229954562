"""An MSRP relay on the fake network (RFC 4976, RFC 7977): it asks for digest, gives paths, and passes on what comes, noting all of it."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace

from support.fake_network import FakeHost, FakeStream
from support.websocket_server import WebSocketServer

from blinkq.engine.network import Stream
from blinkq.engine.tls import TLSConfig
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.reader import ChunkBegan, ChunkBody, ChunkReader
from blinkq.msrp.uri import MSRPURI


class ScriptedRelay:
    """users: name -> password. ``refuse``: the code that AUTH gets instead; ``expires``: what it says; ``hops``: relays of each path;
    ``moves``: each refresh gives another path, and the one before is forgotten after ``forget()``."""

    def __init__(self, host: FakeHost, users: dict[str, str], port: int = 2855, realm: str = "example.com") -> None:
        self.host = host
        self.users = users
        self.port = port
        self.realm = realm
        self.refuse = 0
        self.expires: int | None = 600
        self.silent = False
        self.secure = True
        self.hops = 1
        self.moves = False
        self._places = 0
        self._reaching: list[asyncio.Task[None]] = []
        self.nonce = "first"
        self.requests: list[Chunk] = []
        self.bodies: list[bytes] = []
        self.sessions: dict[str, _Client] = {}
        self.clients: list[_Client] = []
        self.neighbours: dict[str | None, _Client] = {}

    async def listen(self) -> None:
        """Take connections, over TLS."""
        await self.host.listen_stream(self.host.addresses[0], self.port, self._accept, tls=TLSConfig(certificate="fake"))

    async def listen_websocket(self, port: int = 443, *, secure: bool = True) -> None:
        """Take WebSocket connections too; without TLS the paths are not encrypted."""
        self.secure = secure
        tls = TLSConfig(certificate="fake") if secure else None
        await self.host.listen_stream(self.host.addresses[0], port, self._accept_websocket, tls=tls)

    def _accept_websocket(self, stream: Stream) -> WebSocketServer:
        client = _Client(self, None)
        self.clients.append(client)
        client.websocket = WebSocketServer(stream, client)
        return client.websocket

    def forget(self) -> None:
        """Of each client's paths only the last one is good from now on."""
        last = {id(owner): name for name, owner in self.sessions.items()}
        self.sessions = {name: owner for name, owner in self.sessions.items() if last[id(owner)] == name}

    def auths(self) -> list[Chunk]:
        return [request for request in self.requests if request.method == "AUTH"]

    def _accept(self, stream: Stream) -> _Client:
        self.clients.append(_Client(self, stream))
        return self.clients[-1]

    def handle(self, client: _Client, chunk: Chunk, body: bytes | None, flag: str) -> None:
        if chunk.code is not None or self.silent:
            return
        self.requests.append(chunk)
        self.bodies.append(body or b"")
        if chunk.method == "AUTH":
            client.write(self._auth(client, chunk).to_bytes())
            return
        here, *further = chunk.to_path
        owner = self.sessions.get(here.session_id or "")
        if owner is None:
            client.write(chunk.response(481).to_bytes())
            return
        if chunk.method == "SEND":
            client.write(chunk.response(200).to_bytes())
        if not isinstance(client, _Nobody):
            self.neighbours[chunk.from_path[0].session_id] = client
        passed = replace(chunk, to_path=tuple(further), from_path=(here, *chunk.from_path))
        if further[0].session_id in self.sessions:
            self.handle(_Nobody(self), passed, body, flag)
        else:
            target = owner if further[0].session_id == owner.own else self.neighbours.get(further[0].session_id)
            if target is None:
                target = self.neighbours[further[0].session_id] = _Client(self, None)
                self._reaching.append(asyncio.get_running_loop().create_task(self._reach(target, further[0])))
            target.write(passed.to_bytes(body, flag))

    async def _reach(self, target: _Client, uri: MSRPURI) -> None:
        """Connect to a peer that has no relay."""
        tls = TLSConfig(verify=False) if uri.secure else None
        target.stream = await self.host.connect_stream(uri.host, uri.effective_port, target, tls=tls)
        for data in target.waiting:
            target.stream.write(data)

    def _auth(self, client: _Client, chunk: Chunk) -> Chunk:
        if self.refuse:
            return chunk.response(self.refuse)
        answer = dict(re.findall(r'(\w+)="?([^",]*)"?', chunk.header("Authorization") or ""))
        if not answer or answer.get("nonce") != self.nonce or answer.get("response") != self._proof(answer, str(chunk.to_path[-1])):
            stale = ", stale=true" if answer and answer.get("nonce") != self.nonce else ""
            challenge = f'Digest realm="{self.realm}", nonce="{self.nonce}", qop="auth", algorithm=MD5{stale}'
            return chunk.response(401, headers=(("WWW-Authenticate", challenge),))
        names = [name for name, owner in self.sessions.items() if owner is client][-self.hops :]
        if not names or self.moves:
            names = [f"place{self._places}" + (f"hop{hop}" if hop else "") for hop in range(self.hops)]
            self._places += 1
        self.sessions |= dict.fromkeys(names, client)
        client.own = chunk.from_path[-1].session_id
        path = " ".join(str(MSRPURI(self.host.addresses[0], self.port, name, self.secure)) for name in names)
        headers = [("Use-Path", path)] + ([] if self.expires is None else [("Expires", str(self.expires))])
        return chunk.response(200, headers=tuple(headers))

    def _proof(self, answer: dict[str, str], uri: str) -> str:
        def md5(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

        secret = md5(answer["username"], self.realm, self.users.get(answer["username"], "?"))
        return md5(secret, self.nonce, answer["nc"], answer["cnonce"], "auth", md5("AUTH", uri))


class _Client:
    """A connection to the relay."""

    def __init__(self, relay: ScriptedRelay, stream: Stream | None) -> None:
        self._relay = relay
        self.stream = stream
        self.websocket: WebSocketServer | None = None
        self.waiting: list[bytes] = []
        self.own: str | None = None  # the session of whoever it belongs to
        self._reader = ChunkReader()
        self._chunk: Chunk | None = None
        self._body = b""

    def write(self, data: bytes) -> None:
        if self.websocket is not None:
            self.websocket.write(data)
        elif self.stream is not None:
            self.stream.write(data)
        else:
            self.waiting.append(data)

    def abort(self) -> None:
        assert isinstance(self.stream, FakeStream)
        self.stream.abort()

    def data_received(self, data: bytes) -> None:
        for piece in self._reader.receive_data(data):
            if isinstance(piece, ChunkBegan):
                self._chunk, self._body = piece.chunk, b""
            elif isinstance(piece, ChunkBody):
                self._body += piece.data
            else:
                assert self._chunk is not None
                self._relay.handle(self, self._chunk, self._body if self._chunk.has_body else None, piece.flag)

    def connection_lost(self, error: str) -> None:
        self.stream = self.websocket = None


class _Nobody(_Client):
    """Who hands a request from one of the relay's paths to the next, and wants no answer."""

    def __init__(self, relay: ScriptedRelay) -> None:
        super().__init__(relay, None)
