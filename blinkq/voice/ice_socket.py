"""One UDP socket as ICE sees it. Belongs to the ICE thread's loop.

Until the stream runs, the loop reads the socket; then the clock thread does, and hands over the STUN messages. Both may send.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from aioice.ice import StunProtocol

from blinkq.base.logging import get_logger
from blinkq.media.ice import IceCandidate
from blinkq.voice.transport import Address, is_stun

__all__ = ["IceSocket"]

#: Datagrams read in one go before others get their turn.
_MAX_PER_TURN = 32

_log = get_logger("voice.ice")


class IceSocket:
    """``sock`` bound on a local address; ``candidate`` is the host candidate that it is."""

    def __init__(self, sock: socket.socket, candidate: IceCandidate) -> None:
        self.sock = sock
        self.candidate = candidate
        self._loop = asyncio.get_running_loop()
        self._protocol: StunProtocol | None = None
        self._reading = False

    def attach(self, protocol: StunProtocol) -> None:
        """Give what comes to ``protocol`` from now on."""
        self._protocol = protocol
        protocol.connection_made(_Sender(self, protocol))

    def read(self, reading: bool) -> None:
        """Whether the loop reads the socket."""
        if reading != self._reading:
            self._reading = reading
            if reading:
                self._loop.add_reader(self.sock, self._readable)
            else:
                self._loop.remove_reader(self.sock)

    def take(self, data: bytes, source: Address) -> None:
        """A STUN message came."""
        if self._protocol is None:
            return
        try:
            self._protocol.datagram_received(data, source)
        except Exception as error:  # the library trusts what is authenticated more than we do
            _log.debug("unusable STUN message from %s: %r", source, error)

    def _readable(self) -> None:
        for _ in range(_MAX_PER_TURN):
            try:
                data, source = self.sock.recvfrom(2048)
            except BlockingIOError:
                return
            except OSError:
                continue  # an earlier datagram was refused (ICMP)
            if is_stun(data):
                self.take(data, (source[0], source[1]))
            # anything else is media that came before the stream was started: nobody could hear it in time


class _Sender(asyncio.DatagramTransport):
    """What the protocol takes for its asyncio transport; closing it leaves the socket alone, which is not its own."""

    def __init__(self, ice_socket: IceSocket, protocol: StunProtocol) -> None:
        super().__init__()
        self._ice_socket = ice_socket
        self._protocol = protocol

    def sendto(self, data: Any, addr: Any = None) -> None:
        try:
            self._ice_socket.sock.sendto(data, addr)
        except OSError as error:
            _log.debug("no STUN message to %s: %s", addr, error)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._ice_socket.sock.getsockname() if name == "sockname" else default

    def close(self) -> None:
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)
