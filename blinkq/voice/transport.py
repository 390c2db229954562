"""A pair of UDP sockets for RTP and RTCP: even port and the next one, raw and non-blocking.

For ICE there is such a pair on each local address, of which one is in use, and the STUN messages that come along with the RTP are handed
to the ICE thread (RFC 7983).

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
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from blinkq.base.clock import Entropy, monotonic
from blinkq.base.errors import BlinkQError

__all__ = ["MAX_DATAGRAM", "Address", "Datagram", "SocketPair", "Transport", "TransportError", "check_address", "is_stun"]

Address = tuple[str, int]
SocketPair = tuple[socket.socket, socket.socket]

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


def is_stun(data: bytes) -> bool:
    """Whether a datagram on a media port is a STUN message: its first byte says so (RFC 7983 §7)."""
    return data[:1] < b"\x04" and bool(data)


class Transport:
    """The bound pair. ``rtp_port`` is even, ``rtcp_port`` the next; ``dated`` tells that the kernel dates what arrives.

    ``bases`` are the pairs by local address, more than one only with ICE; all have the same two ports. ``on_stun(socket, data, source)`` is
    called with STUN messages where it is set, on the clock thread; ``may_send`` is False while nobody agrees to get our packets (RFC 7675).
    """

    def __init__(self, rtp: socket.socket, rtcp: socket.socket, others: Iterable[SocketPair] = ()) -> None:
        self._rtp = rtp
        self._rtcp = rtcp
        self.address: str = rtp.getsockname()[0]
        self.rtp_port: int = rtp.getsockname()[1]
        self.rtcp_port: int = rtcp.getsockname()[1]
        self.bases: dict[str, SocketPair] = {pair[0].getsockname()[0]: pair for pair in ((rtp, rtcp), *others)}
        self.on_stun: Callable[[socket.socket, bytes, Address], None] | None = None
        self.may_send = True
        self.dated = all([_prepare(sock) for pair in self.bases.values() for sock in pair])

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

    @classmethod
    def open_all(
        cls, addresses: Sequence[str], port_range: tuple[int, int], port: int, entropy: Entropy, attempts: int = 20
    ) -> Transport:
        """Like ``open`` on the first of ``addresses``, and on the others with the same ports as far as they have them free.

        Raises TransportError when not even the first one can be used.
        """
        best: Transport | None = None
        for _ in range(1 if port else attempts):
            made = cls.open(addresses[0], port_range, port, entropy)
            others = []
            for address in addresses[1:]:
                with contextlib.suppress(OSError):
                    others.append(_bind_pair(address, made.rtp_port))
            if best is None or len(others) + 1 > len(best.bases):
                if best is not None:
                    best.close()
                best = cls(*made.bases[made.address], others)
            else:
                _close(pair for pair in (*made.bases.values(), *others))
            if len(best.bases) == len(addresses):
                break
        assert best is not None
        return best

    def select(self, rtp: str, rtcp: str) -> None:
        """Use the RTP socket of base ``rtp`` and the RTCP socket of base ``rtcp`` from now on; an unknown base changes nothing."""
        if rtp in self.bases:
            self._rtp = self.bases[rtp][0]
        if rtcp in self.bases:
            self._rtcp = self.bases[rtcp][1]
        self.may_send = True

    def receive_rtp(self, now: float) -> list[Datagram]:
        """Everything that waits on the RTP socket, bounded; ``now`` dates it where the kernel does not."""
        return self._receive(self._rtp, now)

    def receive_rtcp(self, now: float) -> list[Datagram]:
        """Everything that waits on the RTCP socket, bounded."""
        return self._receive(self._rtcp, now)

    def send_rtp(self, data: bytes, address: tuple[str, int]) -> bool:
        """Send from the RTP port; False when the network did not take it."""
        return self.may_send and _send(self._rtp, data, address)

    def send_rtcp(self, data: bytes, address: tuple[str, int]) -> bool:
        """Send from the RTCP port; False when the network did not take it."""
        return self.may_send and _send(self._rtcp, data, address)

    def flush(self) -> None:
        """Throw away what waits on both sockets: it was sent before the stream started or while it was stopped."""
        while self._receive(self._rtp, 0.0):
            pass
        while self._receive(self._rtcp, 0.0):
            pass

    def close(self) -> None:
        """Close the sockets. Idempotent."""
        _close(self.bases.values())

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
            if self.on_stun is not None and is_stun(data):
                self.on_stun(sock, data, (source[0], source[1]))
            elif len(data) <= MAX_DATAGRAM:
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


def _close(pairs: Iterable[SocketPair]) -> None:
    for pair in pairs:
        for sock in pair:
            sock.close()


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


def _bind_pair(address: str, port: int) -> SocketPair:
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
