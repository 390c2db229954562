"""Where a file that comes is kept until it is whole: beside its final place, under a name that says that it is not.

Its methods block: they are for the worker pool, one after another.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO

from blinkq.msrp.ranges import Ranges
from blinkq.sipsimple.streams.msrp.file_hash import FileHash, hash_file
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector, free_path, safe_name

__all__ = ["FileTarget"]


class FileTarget:
    """selector: what the peer says of the file; directory: where it will be.

    An interrupted file stays as ".NAME.HASH.part" and goes on from there when the same file (size, hash) is offered again.
    """

    def __init__(self, selector: FileSelector, directory: Path) -> None:
        self.selector = selector
        self.directory = directory
        self.name = safe_name(selector.name)
        digest = next(iter(sorted(selector.hashes.values())), "").replace(":", "")[:16].lower()
        self._resumable = bool(digest) and selector.size is not None
        suffix = digest or f"{os.getpid()}-{id(self):x}"
        self.partial = directory / f".{self.name}.{suffix}.part"
        self._file: BinaryIO | None = None
        self._hash: FileHash | None = None
        self._received = Ranges()
        self._position = 0  # bytes hashed, all from the beginning
        self._room: int | None = None  # bytes that a file of unknown size may have

    def open(self) -> int:
        """Make room; returns how many bytes are there already. Raises OSError with a sentence when there is not enough space."""
        self.directory.mkdir(parents=True, exist_ok=True)
        kept = 0
        if self._resumable and self.partial.is_file() and not self.partial.is_symlink():
            kept = self.partial.stat().st_size
            if self.selector.size is not None and kept > self.selector.size:
                kept = 0
        needed = (self.selector.size or 0) - kept
        free = shutil.disk_usage(self.directory).free
        if needed > free:
            raise OSError(f"there is not enough room in {self.directory} for {self.name}")
        self._room = free // 2 if self.selector.size is None else None  # an endless file must not fill the disk
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.partial, flags | (0 if kept else os.O_TRUNC), 0o666)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._file.truncate(kept)
        self._hash = hash_file(self._file, lambda done: None, lambda: False, kept)
        self._received.add(0, kept)
        self._position = kept
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
        if self._hash is not None and offset == self._position:
            self._hash.update(data)
            self._position += len(data)
        elif offset != self._position:
            self._hash = None  # not in order, or twice: it is read again in the end

    def finish(self) -> Path:
        """All bytes came: check them and give the file its name. Raises OSError, ValueError when it is not the file that was announced."""
        assert self._file is not None
        size = self.selector.size if self.selector.size is not None else self._received.total
        if not self._received.covers(0, size) or self._received.total != size:
            raise ValueError("Incomplete file")
        if self._hash is None:
            self._hash = hash_file(self._file, lambda done: None, lambda: False)
        computed = {} if self._hash is None else self._hash.hashes
        if any(computed.get(name) != value for name, value in self.selector.hashes.items()):
            self.discard()
            raise ValueError("File hash mismatch")
        self.selector.hashes = computed
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        return self._name_it()

    def _name_it(self) -> Path:
        while True:
            final = free_path(self.directory, self.name)
            try:  # a link fails where the name was taken meanwhile; a rename would overwrite
                os.link(self.partial, final)
            except FileExistsError:
                continue
            except OSError:  # no links on this file system
                with open(final, "xb"):
                    pass
                os.replace(self.partial, final)
                return final
            os.unlink(self.partial)
            return final

    def interrupt(self) -> None:
        """Keep what came in order for another time, where that is possible. Idempotent."""
        if self._file is None:
            return
        pairs = self._received.pairs()
        kept = pairs[0][1] if pairs and pairs[0][0] == 0 else 0
        try:
            self._file.truncate(kept)
        finally:
            self._file.close()
            self._file = None
        if not kept or not self._resumable:
            self.partial.unlink(missing_ok=True)

    def discard(self) -> None:
        """Keep nothing. Idempotent."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self.partial.unlink(missing_ok=True)
