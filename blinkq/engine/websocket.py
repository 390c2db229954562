"""A connection of WebSocket messages over TCP or TLS, as a client (RFC 6455); the library ``websockets`` knows the protocol.

It is a ``Stream``: each ``write`` is one binary message. What comes is handed on as bytes, however the messages were cut. What this is
not: MSRP (RFC 7977 is obeyed in ``msrp_endpoint.py``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

from blinkq.base.logging import get_logger
from blinkq.engine.errors import NetworkError
from blinkq.engine.network import Address, Network, Stream, StreamHandler
from blinkq.engine.tls import TLSConfig

__all__ = ["MAX_MESSAGE", "PING_INTERVAL", "WebSocketStream", "connect_websocket"]

#: Bytes of a message that comes: a chunk of MSRP comes whole, and its sender chose its size.
MAX_MESSAGE = 4 * 1024 * 1024

#: Seconds between pings: web servers and proxies on the way close what is silent for a minute.
PING_INTERVAL = 25.0

#: Bytes that may wait to be sent while we answer pings: whoever asks on and on, and never reads, means no good.
MAX_UNREAD = 8 * 1024 * 1024

log = get_logger("engine.websocket")


async def connect_websocket(
    network: Network,
    address: str,
    port: int,
    handler: StreamHandler,
    *,
    host: str,
    resource: str = "/",
    subprotocol: str,
    tls: TLSConfig | None = None,
) -> WebSocketStream:
    """Connect, and agree on WebSocket and its subprotocol.

    :param host: the server's name, which its certificate must have
    :param resource: path and query of the URL, beginning with /

    Raises NetworkError with a sentence for people. The caller limits the time.
    """
    uri = WebSocketURI(tls is not None, host, port, *_split(resource))
    stream = WebSocketStream(handler, uri, subprotocol)
    raw = await network.connect_stream(address, port, stream, tls=tls, server_name=host)
    try:
        await stream.shake_hands(raw)
    except BaseException:
        raw.abort()
        raise
    return stream


class WebSocketStream:
    """Stream. The server's end is not ours to play."""

    def __init__(self, handler: StreamHandler, uri: WebSocketURI, subprotocol: str) -> None:
        self._handler: StreamHandler | None = handler
        self._host = uri.host
        self._subprotocol = subprotocol
        self._protocol = ClientProtocol(uri, subprotocols=[Subprotocol(subprotocol)], max_size=MAX_MESSAGE, logger=log)
        self._raw: Stream | None = None
        self._agreed: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._asleep = False  # nothing came since the last ping

    async def shake_hands(self, raw: Stream) -> None:
        """Ask for WebSocket on a connection that is made. Raises NetworkError where the server does not agree."""
        if self._handler is None:
            raise NetworkError(f"{self._host} closed the connection at once: check the address in the settings.")
        self._raw = raw
        self._agreed = asyncio.get_running_loop().create_future()
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        await self._agreed
        self._timer = asyncio.get_running_loop().call_later(PING_INTERVAL, self._ping)

    # Stream

    @property
    def local(self) -> Address:
        return ("", 0) if self._raw is None else self._raw.local

    @property
    def remote(self) -> Address:
        return ("", 0) if self._raw is None else self._raw.remote

    @property
    def peer_certificate(self) -> bytes | None:
        return None if self._raw is None else self._raw.peer_certificate

    @property
    def on_writable(self) -> Callable[[bool], None] | None:
        return None if self._raw is None else self._raw.on_writable

    @on_writable.setter
    def on_writable(self, listener: Callable[[bool], None] | None) -> None:
        if self._raw is not None:
            self._raw.on_writable = listener

    @property
    def pending(self) -> int:
        return 0 if self._raw is None else self._raw.pending

    def pause_reading(self, pause: bool) -> None:
        if self._raw is not None:
            self._raw.pause_reading(pause)

    def write(self, data: bytes) -> None:
        """One message."""
        if self._protocol.state is OPEN:
            self._protocol.send_binary(data)
            self._flush()

    def close(self) -> None:
        if self._protocol.state is OPEN and self._raw is not None:
            self._protocol.send_close(1000)
            self._flush()
        self._end()
        if self._raw is not None:
            self._raw.close()

    def abort(self) -> None:
        self._end()
        if self._raw is not None:
            self._raw.abort()

    # StreamHandler

    def data_received(self, data: bytes) -> None:
        if self._raw is None or self._handler is None:
            return  # before it was asked, or after the end
        self._asleep = False
        self._protocol.receive_data(data)  # what is wrong with it becomes the protocol's state
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame) and event.opcode in (Opcode.BINARY, Opcode.TEXT, Opcode.CONT) and self._handler is not None:
                self._handler.data_received(bytes(event.data))
        self._flush()
        if self._protocol.handshake_exc is not None:
            self._refused(_handshake_sentence(self._host, self._protocol.handshake_exc))
        elif self._protocol.close_expected():
            self._lost(self._closing_sentence())
        elif self._raw.pending > MAX_UNREAD:
            self._lost(f"{self._host} asks and asks, and reads no answers.")

    def connection_lost(self, error: str) -> None:
        self._protocol.receive_eof()  # which may end an answer of HTTP
        refusal = self._protocol.handshake_exc
        self._refused(_handshake_sentence(self._host, refusal) if isinstance(refusal, InvalidStatus) else error)
        self._lost(error)

    def _answered(self, response: Response) -> None:
        if self._agreed is None or self._agreed.done() or self._protocol.handshake_exc is not None:
            return
        if self._protocol.subprotocol != self._subprotocol:
            self._refused(f"{self._host} does not speak {self._subprotocol.upper()} over WebSocket: check the address in the settings.")
        else:
            self._agreed.set_result(None)

    def _refused(self, sentence: str) -> None:
        if self._agreed is not None and not self._agreed.done():
            self._agreed.set_exception(NetworkError(sentence))
            self._handler = None

    def _lost(self, error: str) -> None:
        handler = self._handler
        self._end()
        if self._raw is not None:
            self._raw.close()
        if handler is not None:
            handler.connection_lost(error)

    def _end(self) -> None:
        self._handler = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ping(self) -> None:
        if self._asleep:
            self._lost(f"{self._host} does not answer any more: check the network connection.")
            return
        self._asleep = True
        if self._protocol.state is OPEN:
            self._protocol.send_ping(b"")
            self._flush()
        self._timer = asyncio.get_running_loop().call_later(PING_INTERVAL, self._ping)

    def _flush(self) -> None:
        assert self._raw is not None
        data = b"".join(self._protocol.data_to_send())  # an empty part says that we close, which follows by itself
        if data:
            self._raw.write(data)

    def _closing_sentence(self) -> str:
        if self._protocol.parser_exc is not None:
            return f"{self._host} sent what is not WebSocket: {self._protocol.parser_exc}."
        received = self._protocol.close_rcvd
        detail = "" if received is None else f" ({received.code}{' ' + received.reason[:100] if received.reason else ''})"
        return f"{self._host} closed the WebSocket connection{detail}."


def _split(resource: str) -> tuple[str, str]:
    path, _, query = resource.partition("?")
    return path, query


def _handshake_sentence(host: str, error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        code = error.response.status_code
        return f"{host} does not take WebSocket connections there (it answers {code}): check the address in the settings."
    detail = f": {str(error)[:100]}" if isinstance(error, WebSocketException) and str(error) else ""
    return f"{host} does not speak WebSocket on this port{detail}. Check the address in the settings."
