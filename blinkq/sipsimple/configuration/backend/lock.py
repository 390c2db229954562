"""One process per settings directory: two would overwrite each other's settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from blinkq.sipsimple.configuration.errors import ConfigurationBackendError, ConfigurationInUseError

__all__ = ["DirectoryLock"]


class DirectoryLock:
    """An advisory lock on a directory, given back by the system even when the process is killed.

    The file ``lock`` in the directory names the holder; it stays behind, which means nothing by itself.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; taking it twice does nothing.

        Raises ConfigurationInUseError when another process has it, ConfigurationBackendError when the directory is not writable.
        """
        if self._descriptor is not None:
            return
        path = self.directory / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise ConfigurationBackendError(f"cannot write in the settings directory {self.directory}: {error.strerror}") from error
        try:
            _lock(descriptor)
        except (BlockingIOError, PermissionError):  # Windows says the latter
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            process = f" (process {holder})" if holder.isdigit() else ""
            raise ConfigurationInUseError(
                f"the settings in {self.directory} are in use by another BlinkQ{process}: close it, or use another settings directory"
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise ConfigurationBackendError(f"the settings directory {self.directory} cannot be locked: {error.strerror}") from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.ftruncate(descriptor, 0)
            os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    #: Windows locks are mandatory: a byte beyond the text is locked so that the holder's number stays readable.
    _LOCKED_BYTE = 1 << 20

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
