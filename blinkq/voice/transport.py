"""A pair of UDP sockets for RTP and RTCP: even port and the next one, raw and non-blocking.

The arrival time of datagrams comes from the kernel where it can tell: the clock thread looks only every 20 ms, which would drown
the real jitter. Everything a peer or the network can do to a socket ends here as "nothing received" or "not sent".
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct
import sys
import time
from typing import NamedTuple

from blinkq.base.clock import Entropy, monotonic
from blinkq.base.errors import BlinkQError

__all__ = ["MAX_DATAGRAM", "Datagram", "Transport", "TransportError", "check_address"]

#: No RTP or RTCP packet of ours or of a decent peer is longer than an Ethernet frame (and pylibsrtp takes no longer one).
MAX_DATAGRAM = 1500

#: Datagrams taken from one socket in one tick: 32 times what a call needs; a flood must not starve the other calls.
_MAX_PER_TICK = 64

#: Expedited forwarding (RFC 4594 §4.1) in the upper six bits of the traffic class.
_TOS_VOICE = 0xB8

_SO_TIMESTAMPNS = 35 if sys.platform == "linux" else None
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY = 64


class TransportError(BlinkQError):
    """Sockets could not be opened; ``errno`` is the operating system's number or 0."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.errno = number


class Datagram(NamedTuple):
    """What came: bytes, IP address and port of the sender, arrival on the monotonic clock in seconds."""

    data: bytes
    address: tuple[str, int]
    arrival: float


def check_address(address: str) -> str:
    """Return ``address`` when it is a literal IP address; raise TransportError otherwise: the clock thread must never ask a name server."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise TransportError(f"{address!r} is not an IP address", errno.EINVAL) from None
    return address


class Transport:
    """The bound pair. ``rtp_port`` is even, ``rtcp_port`` the next; ``dated`` tells that the kernel dates what arrives."""

    def __init__(self, rtp: socket.socket, rtcp: socket.socket) -> None:
        self._rtp = rtp
        self._rtcp = rtcp
        self.address: str = rtp.getsockname()[0]
        self.rtp_port: int = rtp.getsockname()[1]
        self.rtcp_port: int = rtcp.getsockname()[1]
        self.dated = _prepare(rtp)
        _prepare(rtcp)

    @classmethod
    def open(cls, address: str, port_range: tuple[int, int], port: int, entropy: Entropy) -> Transport:
        """Bind ``port`` and the next one, or with ``port`` 0 a free pair within ``port_range`` (first, last).

        Raises TransportError with a sentence for people.
        """
        check_address(address)
        if port:
            try:
                return cls(*_bind_pair(address, port))
            except OSError as error:
                what = f"UDP ports {port} and {port + 1} on {address} cannot be used"
                raise TransportError(f"{what}: {error.strerror}", error.errno or 0) from error
        first, last = port_range
        evens = range(first + first % 2, last, 2)
        if not evens or not 0 < first <= last < 65536:
            raise TransportError(f"the port range {first}-{last} has no room for a pair of UDP ports", errno.EINVAL)
        start = entropy.integer(0, len(evens) - 1)
        for index in range(len(evens)):
            try:
                return cls(*_bind_pair(address, evens[(start + index) % len(evens)]))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise TransportError(f"no UDP port can be opened on {address}: {error.strerror}", error.errno or 0) from error
        raise TransportError(f"all UDP ports from {first} to {last} on {address} are in use", errno.EADDRINUSE)

    def receive_rtp(self, now: float) -> list[Datagram]:
        """Everything that waits on the RTP socket, bounded; ``now`` dates it where the kernel does not."""
        return self._receive(self._rtp, now)

    def receive_rtcp(self, now: float) -> list[Datagram]:
        """Everything that waits on the RTCP socket, bounded."""
        return self._receive(self._rtcp, now)

    def send_rtp(self, data: bytes, address: tuple[str, int]) -> bool:
        """Send from the RTP port; False when the network did not take it."""
        return _send(self._rtp, data, address)

    def send_rtcp(self, data: bytes, address: tuple[str, int]) -> bool:
        """Send from the RTCP port; False when the network did not take it."""
        return _send(self._rtcp, data, address)

    def flush(self) -> None:
        """Throw away what waits on both sockets: it was sent before the stream started or while it was stopped."""
        while self._receive(self._rtp, 0.0):
            pass
        while self._receive(self._rtcp, 0.0):
            pass

    def close(self) -> None:
        """Close both sockets. Idempotent."""
        self._rtp.close()
        self._rtcp.close()

    def _receive(self, sock: socket.socket, now: float) -> list[Datagram]:
        received: list[Datagram] = []
        offset = monotonic() - time.time() if self.dated else 0.0
        for _ in range(_MAX_PER_TICK):
            try:
                if self.dated:
                    data, ancillary, _, source = sock.recvmsg(MAX_DATAGRAM + 1, _ANCILLARY)
                    arrival = _arrival(ancillary, offset, now)
                else:
                    data, source = sock.recvfrom(MAX_DATAGRAM + 1)
                    arrival = now
            except BlockingIOError:
                break
            except OSError as error:
                if isinstance(error, ConnectionError) or error.errno == errno.EMSGSIZE:
                    # Windows reports here that an earlier datagram was refused, or that this one is too long; others may wait behind it.
                    continue
                break  # the interface went away: the next call tries again
            if len(data) <= MAX_DATAGRAM:
                received.append(Datagram(data, (source[0], source[1]), arrival))
        return received


def _arrival(ancillary: list[tuple[int, int, bytes]], offset: float, now: float) -> float:
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(value)
            arrival: float = seconds + nanoseconds * 1e-9 + offset
            # The wall clock may have been set in between; a time that cannot be is worse than a coarse one.
            return arrival if now - 1.0 < arrival <= now + 1.0 else now
    return now


def _send(sock: socket.socket, data: bytes, address: tuple[str, int]) -> bool:
    try:
        sock.sendto(data, address)
    except OSError:
        # No route, full buffer, refused earlier: RTP is lossy by nature, and the time-out watches for the rest.
        return False
    return True


def _prepare(sock: socket.socket) -> bool:
    sock.setblocking(False)
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _TOS_VOICE)
        elif hasattr(socket, "IPV6_TCLASS"):
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _TOS_VOICE)
    if _SO_TIMESTAMPNS is None:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def _bind_pair(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    rtp = socket.socket(family, socket.SOCK_DGRAM)
    rtcp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if port + 1 > 65535:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        rtp.bind((address, port))
        rtcp.bind((address, port + 1))
    except BaseException:
        rtp.close()
        rtcp.close()
        raise
    return rtp, rtcp
