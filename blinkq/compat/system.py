"""``application.system``: the computer, its files."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import IO, Any

__all__ = ["host", "makedirs", "openfile", "unlink"]

#: Towards here we ask for our own address; nothing is sent there (RFC 5737).
_ANYWHERE = "192.0.2.1"


class _Host:
    """This computer."""

    @property
    def name(self) -> str:
        """Its name without the domain."""
        return socket.gethostname().partition(".")[0]

    @property
    def fqdn(self) -> str:
        """Its name with the domain, as far as it is known."""
        return socket.getfqdn()

    @property
    def default_ip(self) -> str | None:
        """The address from which it reaches the rest of the world, None without a network."""
        return self.outgoing_ip_for(_ANYWHERE)

    def outgoing_ip_for(self, destination: str) -> str | None:
        """The address from which it reaches ``destination`` (an IPv4 address), None when it does not."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((destination, 1))
                address: str = probe.getsockname()[0]
            except OSError:
                return None
        return address


host = _Host()


def makedirs(path: str, mode: int = 0o777) -> None:
    """Make a directory and those above it; nothing happens when it exists."""
    os.makedirs(path, mode, exist_ok=True)


def unlink(path: str) -> None:
    """Remove a file if it can be removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def openfile(path: str, mode: str = "r", permissions: int | None = None) -> IO[Any]:
    """Open a file; a new one has ``permissions``."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o666 if permissions is None else permissions)

    return open(path, mode, opener=opener)
