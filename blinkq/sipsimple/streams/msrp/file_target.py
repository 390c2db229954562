"""Where a file that comes is kept until it is whole: beside its final place, under a name that says that it is not.

Its methods block: they are for the worker pool, one after another.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import BinaryIO

from blinkq.base.logging import get_logger
from blinkq.msrp.ranges import Ranges
from blinkq.sipsimple.streams.msrp.file_hash import BLOCK, FileHash
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector, free_path, safe_name
from blinkq.sipsimple.streams.msrp.partial_files import OPEN_FLAGS, digest_of, is_plain, partial_path, release, reserve

__all__ = ["FileTarget"]

log = get_logger("sipsimple.file_transfer")

#: For each byte that comes, so many of those of an earlier time are hashed; with the least of them.
CATCH_UP, LEAST = 4, 64 * 1024
#: How often a part is tried to be had that vanishes in between.
CLAIMS = 3


class FileTarget:
    """selector: what the peer says of the file; directory: where it will be; keep: whether an interrupted file stays.

    It stays as ".NAME.HASH.blinkq.part" and goes on from there when the same file (size, hash) is offered again.
    """

    def __init__(self, selector: FileSelector, directory: Path, *, keep: bool = True) -> None:
        self.selector = selector
        self.directory = directory
        self.name = safe_name(selector.name)
        digest = digest_of(selector)
        self._resumable = keep and bool(digest)
        self.partial = partial_path(directory, self.name, digest if self._resumable else "")
        self._file: BinaryIO | None = None
        self._token: str | None = None
        self._hash = FileHash()
        self._position = 0  # bytes hashed, all from the beginning
        self._received = Ranges()
        self._room: int | None = None  # bytes that a file of unknown size may have

    @property
    def received(self) -> int:
        """Bytes of the file that are there."""
        return self._received.total

    def open(self, *, resume: bool = True) -> int:
        """Make room; returns how many bytes are there already. Raises OSError with a sentence when there is not enough space.

        :param resume: False when the sender begins at the first byte in any case
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self._file = self._opened()
        try:
            kept = os.fstat(self._file.fileno()).st_size
            if not resume or not self._resumable or kept > (self.selector.size or 0):
                kept = 0
            free = shutil.disk_usage(self.directory).free
            if (self.selector.size or 0) - kept > free:
                raise OSError(f"there is not enough room in {self.directory} for {self.name}")
            self._room = free // 2 if self.selector.size is None else None  # an endless file must not fill the disk
            self._file.truncate(kept)
        except OSError:
            self._close()
            self._drop_if_empty()
            raise
        self._received.add(0, kept)
        return kept

    def write(self, offset: int, data: bytes) -> None:
        """Bytes of the file. Raises OSError (a full disk)."""
        assert self._file is not None
        if self._room is not None and offset + len(data) > self._room:
            raise OSError(f"there is not enough room in {self.directory} for {self.name}")
        self._file.seek(offset)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._received.add(offset, offset + len(data))
        if offset < self._position:  # what was hashed may be something else now
            self._hash, self._position = FileHash(), 0
        elif offset == self._position:
            self._hash.update(data)
            self._position += len(data)
        self._catch_up(max(CATCH_UP * len(data), LEAST))

    def finish(self) -> Path:
        """All bytes came: check them and give the file its name. Raises OSError, ValueError when it is not the file that was announced."""
        assert self._file is not None
        size = self.selector.size if self.selector.size is not None else self._received.total
        if not self._received.covers(0, size) or self._received.total != size:
            raise ValueError("Incomplete file")
        self._catch_up(size)
        computed = self._hash.hashes
        if self._position != size or any(computed.get(name) != value for name, value in self.selector.hashes.items()):
            self.discard()
            raise ValueError("File hash mismatch")
        self._file.flush()
        os.fsync(self._file.fileno())
        if sys.platform == "win32":  # nothing that is open can be renamed there; elsewhere the lock lasts until it has its name
            self._file.close()
        self.name = safe_name(self.selector.name)  # of a file that we asked for by its hash, only the answer tells it
        final = self._name_it()
        self._close()
        self.selector.size, self.selector.hashes, self.selector.hash = size, computed, f"sha1:{computed['sha-1']}"
        return final

    def interrupt(self) -> None:
        """Keep what came in order for another time, where that is possible. Idempotent."""
        if self._file is None:
            return
        kept = self._in_order
        try:
            if not self._file.closed:
                self._file.truncate(kept)
        finally:
            self._close()
            if not kept or not self._resumable:
                self.partial.unlink(missing_ok=True)

    def discard(self) -> None:
        """Keep nothing. Idempotent."""
        if self._file is not None:
            self._close()
            self.partial.unlink(missing_ok=True)

    # the file ------------------------------------------------------------------------------------------------------------------------

    @property
    def _in_order(self) -> int:
        pairs = self._received.pairs()
        return pairs[0][1] if pairs and pairs[0][0] == 0 else 0

    def _opened(self) -> BinaryIO:
        """The part, for us alone: whoever else gets the same file now has one of its own, which is as good but cannot go on later."""
        file = self._claimed() if self._resumable else None
        if file is None:
            if self._resumable:
                self._resumable = False
                self.partial = partial_path(self.directory, self.name, "")
            file = os.fdopen(os.open(self.partial, OPEN_FLAGS | os.O_CREAT | os.O_EXCL, 0o666), "r+b", buffering=0)
            self._token = reserve(file.fileno())
        return file

    def _claimed(self) -> BinaryIO | None:
        for _ in range(CLAIMS):
            try:
                descriptor = os.open(self.partial, OPEN_FLAGS | os.O_CREAT, 0o666)
            except OSError:  # a link, or no file at all; where nothing can be written the own part tells
                return None
            file = os.fdopen(descriptor, "r+b", buffering=0)
            token = reserve(descriptor) if is_plain(os.fstat(descriptor)) else None
            # between opening and reserving it may have got its final name, or been deleted
            if token is not None and _is(descriptor, self.partial):
                self._token = token
                return file
            file.close()
            if token is None:
                return None
            release(token)
        return None

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
        token, self._token = self._token, None
        if token is not None:
            release(token)

    def _drop_if_empty(self) -> None:
        with contextlib.suppress(OSError):
            if not self.partial.is_symlink() and self.partial.stat().st_size == 0:
                self.partial.unlink()

    def _catch_up(self, budget: int) -> None:
        """Hash bytes that came earlier, or in another order: each is read at most once beside its coming."""
        assert self._file is not None
        until = min(self._in_order, self._position + budget)
        if self._position < until:
            self._file.seek(self._position)
        while self._position < until:
            block = self._file.read(min(BLOCK, until - self._position))
            if not block:
                return  # somebody has shortened it; it will not have the right hash
            self._hash.update(block)
            self._position += len(block)

    def _name_it(self) -> Path:
        while True:
            final = free_path(self.directory, self.name)
            try:  # a link fails where the name was taken meanwhile; a rename would overwrite
                os.link(self.partial, final)
            except FileExistsError:
                continue
            except OSError:  # no links on this file system
                if not self._rename(final):
                    continue
                return final
            try:
                os.unlink(self.partial)
            except OSError as error:
                log.warning("%s stays beside %s: %s", self.partial.name, final.name, error)
            return final

    def _rename(self, final: Path) -> bool:
        """Take the name first, so that nobody else does, then the place; False when somebody was quicker."""
        try:
            with open(final, "xb"):
                pass
        except FileExistsError:
            return False
        try:
            os.replace(self.partial, final)
        except OSError:
            final.unlink(missing_ok=True)
            raise
        return True


def _is(descriptor: int, path: Path) -> bool:
    """Whether ``path`` still is the open file."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False
