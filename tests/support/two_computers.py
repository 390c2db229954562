"""Two computers on one wire: network namespaces joined by a veth pair, without any route to elsewhere. Needs root on Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["two_computers", "why_no_namespaces"]

ADDRESSES = ("10.77.0.1", "10.77.0.2")


def why_no_namespaces() -> str | None:
    """Why there can be none here, or None."""
    if shutil.which("ip") is None:
        return "network namespaces need the program ip"
    name = f"bq{os.getpid()}t"
    done = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"no network namespaces: {done.stderr.strip()}"
    _ip("netns", "delete", name)
    return None


@contextmanager
def two_computers() -> Iterator[list[tuple[str, tuple[str, ...]]]]:
    """For each computer its address, and the command that runs something there."""
    names = [f"bq{os.getpid()}{letter}" for letter in "ab"]
    made: list[str] = []
    try:
        for name in names:
            _ip("netns", "add", name)
            made.append(name)
        _ip("link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0", "netns", names[1])
        for name, address in zip(names, ADDRESSES, strict=True):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", name, "link", "set", device, "up")
        yield [(address, ("ip", "netns", "exec", name)) for name, address in zip(names, ADDRESSES, strict=True)]
    finally:
        for name in made:
            _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=60)
