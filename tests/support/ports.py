"""Ports for programs that tests start."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

__all__ = ["free_port", "is_bound"]

# Below the ports that systems give to whoever asks for any (from 32768 on, on Linux), or somebody else may be given one of these before the
# program that it is meant for has started; and below the labs'. Each of the workers that run side by side has a thousand of its own.
_FIRST = 20000 + 1000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4)
_turns = itertools.count(os.getpid() * 8)


def free_port() -> int:
    """An even port of the loopback address that is free for UDP and for TCP, as is the next one. Never the same twice in a row."""
    for _ in range(500):
        number = _FIRST + next(_turns) * 2 % 1000
        if _is_free(number) and _is_free(number + 1):
            return number
    raise AssertionError("no port is free")


def _is_free(number: int) -> bool:
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            tcp.bind(("127.0.0.1", number))
            udp.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def is_bound(number: int) -> bool:
    """Whether a program has the port, for UDP or for TCP (Linux)."""
    for table in ("udp", "udp6", "tcp", "tcp6"):
        path = Path("/proc/net", table)
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            _, local, _, state, *_rest = line.split()
            if local.endswith(f":{number:04X}") and state in ("07", "0A"):  # UDP, and TCP that listens
                return True
    return False
