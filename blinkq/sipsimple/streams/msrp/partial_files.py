"""Files that are not whole yet: their names, who is writing one, and the end of those that nobody went on with.

Everything here blocks: it is for the worker pool.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
import threading
from pathlib import Path

from blinkq.base.logging import get_logger
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector

if sys.platform != "win32":
    import fcntl

__all__ = ["OPEN_FLAGS", "clean", "digest_of", "is_plain", "partial_path", "release", "reserve"]

log = get_logger("sipsimple.file_transfer")

DAY = 86400.0

#: No link of somebody else is followed where the system can promise that.
OPEN_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

_ours = re.compile(r"\..+\.-?[0-9a-f]{16}\.blinkq\.part", re.DOTALL)

_guard = threading.Lock()
_reserved: set[str] = set()  # device and inode of those that this process is writing


def digest_of(selector: FileSelector) -> str:
    """What of a file's hashes is in the name of its part; "" when it cannot be known again."""
    known = selector.hashes.get("sha-1") or selector.hashes.get("sha-256") or ""
    return known.replace(":", "")[:16].lower() if selector.size is not None else ""


def partial_path(directory: Path, name: str, digest: str) -> Path:
    """Where the part of a file is kept: under a name of its own when there is no ``digest`` by which it is known again."""
    return directory / f".{name}.{digest or f'-{secrets.token_hex(8)}'}.blinkq.part"


def reserve(descriptor: int) -> str | None:
    """Take an open part for us alone, in this process and, where the system can do that, among all: a token, None when another has it."""
    status = os.fstat(descriptor)
    token = f"{status.st_dev}:{status.st_ino}"
    with _guard:
        if token in _reserved:
            return None
        if not _locked(descriptor):
            return None
        _reserved.add(token)
        return token


def release(token: str) -> None:
    """Give a part back; the system's lock goes with its descriptor."""
    with _guard:
        _reserved.discard(token)


def is_plain(status: os.stat_result) -> bool:
    """Whether it is a file that has no other name: no link, pipe or device that somebody put there."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def clean(directory: Path, days: int, count: int, now: float) -> list[Path]:
    """Delete the parts in ``directory`` that are older than ``days``, and of the others the oldest until ``count`` are left; which ones.

    Only files of ours, by name, kind, and owner, that nobody is writing. What cannot be deleted stays. Never raises OSError.

    :param now: seconds since 1970
    """
    found: list[tuple[float, Path]] = []
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if _ours.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if _is_ours(status):
                        found.append((status.st_mtime, Path(entry.path)))
    found.sort(reverse=True)
    cleaned = []
    for position, (modified, path) in enumerate(found):
        if (position >= count or now - modified > days * DAY) and _delete(path):
            log.info("%s was not gone on with: deleted", path.name)
            cleaned.append(path)
    return cleaned


def _is_ours(status: os.stat_result) -> bool:
    return is_plain(status) and (sys.platform == "win32" or status.st_uid == os.getuid())


def _delete(path: Path) -> bool:
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except OSError:
        return False
    try:
        token = reserve(descriptor) if _is_ours(os.fstat(descriptor)) else None
    except OSError:
        token = None
    finally:
        if sys.platform == "win32":  # nothing that is open can be deleted there
            os.close(descriptor)
    try:
        if token is None:
            return False
        path.unlink()
    except OSError:
        return False
    finally:
        if token is not None:
            release(token)
        if sys.platform != "win32":
            os.close(descriptor)
    return True


def _locked(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # a file system without locks
            log.debug("no lock: %s", error)
    return True
