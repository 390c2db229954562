"""Whether multicast works on loopback here."""

from __future__ import annotations

import functools
import socket

__all__ = ["why_no_multicast"]

GROUP = "224.0.0.251"


@functools.cache
def why_no_multicast() -> str | None:
    """Why tests of multicast DNS cannot run, None where they can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        try:
            receiver.bind(("", 0))
            receiver.settimeout(1)
            membership = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            sender.sendto(b"?", (GROUP, receiver.getsockname()[1]))
            receiver.recv(1)
        except OSError as error:
            return f"no multicast on loopback: {error}"
    return None
