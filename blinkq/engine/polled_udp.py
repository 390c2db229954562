"""A UDP socket on a loop that cannot watch sockets: Windows' Proactor loop, which the pipes to the media process need.

The Proactor's own datagram endpoint stops hearing for ever after one ICMP error (CPython before 3.11.8) and reports a failed send too
late to know whose it was. So a thread waits until the socket is readable, and everything else happens on the loop.
"""

from __future__ import annotations

import asyncio
import select
import socket
import threading

from blinkq.engine.errors import describe_os_error
from blinkq.engine.network import Address, DatagramHandler

__all__ = ["PolledUDPSocket"]

#: Datagrams taken at once: the loop has other things to do as well.
MAX_AT_ONCE = 64
#: Longer than any UDP datagram.
MAX_DATAGRAM = 65536

_HEARD, _END = b"h", b"e"


class PolledUDPSocket:
    """DatagramSocket over ``sock``, which is bound and non-blocking and belongs to this object from now on."""

    def __init__(self, sock: socket.socket, handler: DatagramHandler, loop: asyncio.AbstractEventLoop) -> None:
        self.local: Address = sock.getsockname()[:2]
        self._sock = sock
        self._handler: DatagramHandler | None = handler
        self._loop = loop
        self._near, self._far = socket.socketpair()  # from the loop to the thread; one that waits in select hears nothing else
        self._thread = threading.Thread(target=self._wait, name="UDP", daemon=True)
        self._thread.start()

    def send(self, data: bytes, remote: Address) -> None:
        """See DatagramSocket."""
        if self._handler is None:
            return
        try:
            self._sock.sendto(data, remote)
        except BlockingIOError:
            pass  # the buffer is full: lost, as on any way
        except OSError as error:
            # not from within send(): the sender may be in the middle of something
            self._loop.call_soon(self._report, remote, describe_os_error(error, *remote, "udp"))

    def close(self) -> None:
        """See DatagramSocket."""
        if self._handler is not None:
            self._handler = None
            self._near.send(_END)
            self._thread.join()
            for sock in (self._near, self._far, self._sock):
                sock.close()

    def _wait(self) -> None:
        while True:
            readable, _, _ = select.select([self._sock, self._far], [], [])
            if self._far in readable:
                return
            try:
                self._loop.call_soon_threadsafe(self._hear)
            except RuntimeError:  # the loop was closed before us
                return
            if self._far.recv(1) != _HEARD:
                return

    def _hear(self) -> None:
        try:
            for _ in range(MAX_AT_ONCE):
                if self._handler is None:
                    return
                try:
                    data, remote = self._sock.recvfrom(MAX_DATAGRAM)
                except BlockingIOError:
                    return
                except OSError:
                    continue  # Windows reports here that an earlier datagram was refused, but not which
                self._handler.datagram_received(data, (remote[0], remote[1]))
        finally:
            if self._handler is not None:
                self._near.send(_HEARD)

    def _report(self, remote: Address, sentence: str) -> None:
        if self._handler is not None:
            self._handler.datagram_failed(remote, sentence)
