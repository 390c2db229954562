"""Replacing a file as a whole, so that a crash at any moment leaves the old content or the new."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from pathlib import Path

__all__ = ["atomic_write"]

#: Windows does not replace a file while another program (a virus scanner, another BlinkQ that only reads) has it open: how often to
#: try, and how many seconds apart. They look for some milliseconds.
TRIES = 10
PAUSE = 0.02

_WINDOWS = sys.platform == "win32"


def atomic_write(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, readable by its owner only; raises OSError and then leaves the old file as it was.

    The bytes are on the disk before the name points to them.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if not _WINDOWS:
        _sync_directory(path.parent)


def _replace(source: Path, target: Path) -> None:
    for _ in range(TRIES - 1 if _WINDOWS else 0):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            time.sleep(PAUSE)
    os.replace(source, target)


def _sync_directory(directory: Path) -> None:
    # the new content has its name already; some network file systems refuse this
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
