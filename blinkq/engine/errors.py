"""What the network can do to us, as exceptions whose message is a sentence for the person at the screen.

    BlinkQError
    ├── NetworkError        a connection or socket could not be opened, or broke
    │   └── TLSError        the TLS handshake or the certificate is at fault
    └── ResolveError        a name could not be turned into addresses

Each sentence says what happened and what to do. This file knows only operating system errors; certificates are ``tls.py``'s matter.
"""

from __future__ import annotations

import errno
import socket

from blinkq.base.errors import BlinkQError

__all__ = ["NetworkError", "ResolveError", "TLSError", "describe_bind_error", "describe_os_error", "place"]


class NetworkError(BlinkQError):
    """A connection or socket failed; the message is a sentence for people."""


class TLSError(NetworkError):
    """The TLS handshake failed or the peer's certificate is not acceptable."""


class ResolveError(BlinkQError):
    """No address was found for a name; the message is a sentence for people.

    ``local`` is True when the fault is on our side (no name server answered), False when the name has no such record.
    """

    def __init__(self, message: str, *, local: bool = False) -> None:
        super().__init__(message)
        self.local = local


_REFUSED = "nothing is listening there. Check the server's address, port and transport"
_UNREACHABLE = "there is no way to it from this network. Check the network connection"
_SENTENCES = {
    errno.ECONNREFUSED: ("Connection refused by {place}", _REFUSED),
    errno.EHOSTUNREACH: ("Host unreachable: {place}", _UNREACHABLE),
    errno.ENETUNREACH: ("Network unreachable: {place}", _UNREACHABLE),
    errno.ENETDOWN: ("The network is down", "check the network connection"),
    errno.ETIMEDOUT: ("No answer from {place}", "the server may be down or a firewall in between. Try again later"),
    errno.ECONNRESET: ("Connection reset by {place}", "the server closed it. It may be restarting"),
    errno.ECONNABORTED: ("Connection to {place} was aborted", "the network may have changed. Try again"),
    errno.EPIPE: ("Connection closed by {place}", "the server closed it. It may be restarting"),
    errno.EADDRNOTAVAIL: ("Cannot reach {place} from the chosen local address", "check the local address in the settings"),
    errno.EACCES: ("Not allowed to reach {place}", "a firewall on this computer forbids it"),
    errno.EPERM: ("Not allowed to reach {place}", "a firewall on this computer forbids it"),
}

# Python raises these whatever the system's number for them is.
_KINDS: tuple[tuple[type[BaseException], int], ...] = (
    (TimeoutError, errno.ETIMEDOUT),
    (ConnectionRefusedError, errno.ECONNREFUSED),
    (ConnectionResetError, errno.ECONNRESET),
    (ConnectionAbortedError, errno.ECONNABORTED),
    (BrokenPipeError, errno.EPIPE),
)
# What Windows' Proactor loop reports for a connection is no socket error but a system error code.
_WINDOWS = {
    64: errno.ECONNRESET,  # ERROR_NETNAME_DELETED
    121: errno.ETIMEDOUT,  # ERROR_SEM_TIMEOUT
    1225: errno.ECONNREFUSED,  # ERROR_CONNECTION_REFUSED
    1231: errno.ENETUNREACH,  # ERROR_NETWORK_UNREACHABLE
    1232: errno.EHOSTUNREACH,  # ERROR_HOST_UNREACHABLE
    1234: errno.ECONNREFUSED,  # ERROR_PORT_UNREACHABLE
    1236: errno.ECONNABORTED,  # ERROR_CONNECTION_ABORTED
}


def place(address: str, port: int, transport: str) -> str:
    """``192.0.2.1 port 5060 (TCP)``"""
    return f"{address} port {port} ({transport.upper()})"


def describe_os_error(error: BaseException, address: str, port: int, transport: str) -> str:
    """The sentence for an operating system error while talking to ``address``."""
    where = place(address, port, transport)
    number = _number(error)
    if isinstance(error, socket.gaierror):
        return f"{address} is not an address: check the server's name."
    if number in _SENTENCES:
        what, remedy = _SENTENCES[number]
        return f"{what.format(place=where)}: {remedy}."
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return f"Connection to {where} failed: {detail}."


def describe_bind_error(error: OSError, address: str, port: int, transport: str) -> str:
    """The sentence for a local address or port that cannot be used."""
    where = place(address, port, transport)
    if error.errno == errno.EADDRINUSE:
        return f"Cannot listen on {where}: another program uses this port. Choose another port in the settings, or 0 for any free one."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"Cannot listen on {where}: this computer has no such address. Choose another local address in the settings."
    if error.errno == errno.EACCES:
        return f"Cannot listen on {where}: this port is reserved for the system. Choose a port above 1023."
    return f"Cannot listen on {where}: {error.strerror or error}."


def _number(error: BaseException) -> int | None:
    """The errno that an error means, also where it carries another one or none."""
    for kind, number in _KINDS:
        if isinstance(error, kind):
            return number
    return _WINDOWS.get(getattr(error, "winerror", None) or 0) or (error.errno if isinstance(error, OSError) else None)
