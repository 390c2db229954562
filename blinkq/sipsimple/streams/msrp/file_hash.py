"""Hashing a file once, for every hash that a peer may ask for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import BinaryIO

__all__ = ["BLOCK", "FileHash", "Identity", "hash_file", "identity_of"]

BLOCK = 1024 * 1024
"""Bytes read at once."""

#: What tells that a file on disk has not changed: device, inode, size and time of modification in nanoseconds.
Identity = tuple[int, int, int, int]


class FileHash:
    """SHA-1, which the genuine clients want, and SHA-256, which is worth something, in one pass."""

    def __init__(self) -> None:
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def update(self, data: bytes | bytearray | memoryview) -> None:
        self._sha1.update(data)
        self._sha256.update(data)

    @property
    def hashes(self) -> dict[str, str]:
        """As FileSelector keeps them."""
        return {"sha-1": _written(self._sha1.digest()), "sha-256": _written(self._sha256.digest())}


def identity_of(file: BinaryIO) -> Identity:
    """Raises OSError."""
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def hash_file(file: BinaryIO, size: int, progress: Callable[[int], None], cancelled: Callable[[], bool]) -> FileHash | None:
    """The hashes of the first ``size`` bytes, from the beginning (a file may grow); None when cancelled. Blocks: for the worker pool.

    Raises OSError.
    """
    file.seek(0)
    state, done = FileHash(), 0
    buffer = bytearray(BLOCK)
    view = memoryview(buffer)
    while done < size:
        if cancelled():
            return None
        count = file.readinto(view[: size - done])  # type: ignore[attr-defined]  # buffered files have it
        if not count:
            break
        state.update(view[:count])
        done += count
        progress(done)
    return state


def _written(digest: bytes) -> str:
    return ":".join(f"{octet:02X}" for octet in digest)
