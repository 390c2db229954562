"""The server's end of a WebSocket connection on the fake network: what came, message by message, and what it is told to send."""

from __future__ import annotations

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from blinkq.engine.network import Stream, StreamHandler

DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class WebSocketServer:
    """One accepted connection.

    :param handler: hears the messages
    :param subprotocol: the one that it speaks; None for none
    :param reject: the status of HTTP that answers the handshake
    :param text: it sends messages of text
    """

    def __init__(
        self, stream: Stream, handler: StreamHandler | None = None, *, subprotocol: str | None = "msrp", reject: int = 0, text: bool = False
    ) -> None:
        self.stream = stream
        self.messages: list[bytes] = []
        self.pings = 0
        self.request: Request | None = None
        self.closed = ""
        self.deaf = False
        self.protocol = ServerProtocol(subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)])
        self._handler = handler
        self._reject = reject
        self._text = text

    def write(self, data: bytes) -> None:
        """Send one message."""
        if self.protocol.state is OPEN:
            (self.protocol.send_text if self._text else self.protocol.send_binary)(data)
            self.flush()

    def close(self, code: int, reason: str) -> None:
        self.protocol.send_close(code, reason)
        self.flush()

    def flush(self) -> None:
        for part in self.protocol.data_to_send():
            if part:
                self.stream.write(part)
            else:
                self.stream.close()

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                self.request = event
                response = self.protocol.reject(self._reject, "no") if self._reject else self.protocol.accept(event)
                self.protocol.send_response(response)
            elif isinstance(event, Frame) and event.opcode is Opcode.PING:
                self.pings += 1
            elif isinstance(event, Frame) and event.opcode in DATA:
                self.messages.append(bytes(event.data))
                if self._handler is not None:
                    self._handler.data_received(bytes(event.data))
        self.flush()

    def connection_lost(self, error: str) -> None:
        self.closed = error
        if self._handler is not None:
            self._handler.connection_lost(error)
