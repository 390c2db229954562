"""Settings in one text file, written so that a crash at any moment leaves the old or the new settings, never half of them."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from zope.interface import implementer

from blinkq.base.logging import get_logger
from blinkq.sipsimple.configuration.atomic_write import atomic_write
from blinkq.sipsimple.configuration.backend import IConfigurationBackend, Tree, Value
from blinkq.sipsimple.configuration.backend.file_syntax import build, parse, salvage
from blinkq.sipsimple.configuration.backend.lock import DirectoryLock
from blinkq.sipsimple.configuration.errors import ConfigurationBackendError, FileBuilderError, FileParserError

__all__ = ["FileBackend"]

log = get_logger("sipsimple.configuration")

#: Settings of hundreds of accounts take less than 1 MiB; more than this is not a settings file.
MAX_FILE_SIZE = 16 * 1024 * 1024


@implementer(IConfigurationBackend)
class FileBackend:
    """The settings file ``filename``; a missing file is an empty one, missing directories are made when something is loaded or saved.

    :param filename: path of the file
    :param encoding: of the text
    :param read_only: look at the settings without taking the directory's lock; ``save`` then raises

    ``load`` takes the directory's lock (one process per directory) and raises ConfigurationInUseError when another process has it. A
    file that cannot be parsed is renamed to ``<filename>.corrupt-<time>`` and ``corrupt_file`` and ``load_error`` tell of it: nothing is
    lost, nothing is overwritten. What can be read of it is loaded, and is the new file.
    """

    def __init__(self, filename: str | os.PathLike[str], encoding: str = "utf-8", *, read_only: bool = False) -> None:
        self.filename = os.fspath(filename)
        self.encoding = encoding
        self.read_only = read_only
        self.corrupt_file: str | None = None
        self.load_error: Exception | None = None
        # through symbolic links, so that renaming replaces the file and not the link to it
        self._path = Path(os.path.realpath(os.path.expanduser(self.filename)))
        self._lock = DirectoryLock(self._path.parent)

    @property
    def directory(self) -> str:
        """Where the file lives, and where its neighbours (the password file) belong."""
        return str(self._path.parent)

    def load(self) -> Tree:
        """Read the tree. Raises ConfigurationBackendError when the file exists but cannot be read."""
        self.corrupt_file = self.load_error = None
        if not self.read_only:
            self._make_directory()
            self._lock.acquire()
            self._clear_leftovers()
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_FILE_SIZE + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigurationBackendError(f"cannot read the settings file {self._path}: {error.strerror}") from error
        if len(data) > MAX_FILE_SIZE:
            self._keep_aside(FileParserError("the file is too large for a settings file"))
            return {}
        try:
            return parse(data.decode(self.encoding))
        except (FileParserError, UnicodeDecodeError) as error:
            return self._rescue(data, error)

    def save(self, data: Mapping[str, Value]) -> None:
        """Write the tree. Raises ConfigurationBackendError when that is impossible; the old file is then untouched."""
        if self.read_only:
            raise ConfigurationBackendError(f"the settings file {self._path} was opened for reading only")
        try:
            content = build(data).encode(self.encoding)
        except UnicodeEncodeError as error:
            raise FileBuilderError(f"a setting contains characters that cannot be stored: {error.reason}") from error
        self._make_directory()
        self._lock.acquire()
        try:
            atomic_write(self._path, content)
        except OSError as error:
            raise ConfigurationBackendError(f"cannot write the settings file {self._path}: {error.strerror}") from error

    def keep_copy(self, suffix: str, secrets: Iterable[str] = ()) -> None:
        """Keep a copy of the file as it is, as ``<filename>.<suffix>``, with ``secrets`` blotted out; an older copy stays as it is.

        Raises ConfigurationBackendError when that is impossible.
        """
        target = self._path.with_name(f"{self._path.name}.{suffix}")
        if target.exists() or not self._path.exists():
            return
        try:
            tree = parse(self._path.read_bytes().decode(self.encoding))
            _blot_out(tree, frozenset(secrets))
            atomic_write(target, build(tree).encode(self.encoding))
        except (OSError, UnicodeError) as error:
            raise ConfigurationBackendError(f"cannot keep a copy of the settings file as {target}: {error}") from error

    def close(self) -> None:
        """Let other processes use the settings."""
        self._lock.release()

    def _make_directory(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationBackendError(f"cannot create the settings directory {self._path.parent}: {error.strerror}") from error

    def _clear_leftovers(self) -> None:
        """Remove what a killed process had begun to write, here or in the password store; the lock says that nobody is writing now."""
        leftover = re.compile(rf"\.(?:{re.escape(self._path.name)}|passwords(?:\.key)?)\.[0-9a-f]{{12}}\.tmp")
        try:
            for path in self._path.parent.iterdir():
                if leftover.fullmatch(path.name):
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.info("leftovers in %s stay: %s", self._path.parent, error.strerror)

    def _rescue(self, data: bytes, error: FileParserError | UnicodeDecodeError) -> Tree:
        """Keep a damaged file aside, and put what can be read of it into its place."""
        # a line with bytes that are no text is none of those that can be read
        lines = (_decoded(line, self.encoding) for line in data.split(b"\n"))
        tree, _ = salvage("\n".join(lines))
        self._keep_aside(error)
        if tree and not self.read_only:
            try:
                atomic_write(self._path, build(tree).encode(self.encoding))
            except OSError as failure:
                log.warning("what can be read of the settings is not stored yet: %s", failure.strerror)
        return tree

    def _keep_aside(self, error: Exception) -> None:
        self.load_error = error
        if self.read_only:
            log.warning("the settings file %s is unreadable: %s", self._path, error)
            return
        time = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S")
        aside = self._path.with_name(f"{self._path.name}.corrupt-{time}")
        count = 1
        while aside.exists():
            count += 1
            aside = self._path.with_name(f"{self._path.name}.corrupt-{time}-{count}")
        try:
            self._path.rename(aside)
        except OSError as failure:
            raise ConfigurationBackendError(
                f"the settings file {self._path} is unreadable ({error}) and cannot be kept aside: {failure.strerror}"
            ) from failure
        self.corrupt_file = str(aside)
        log.warning("the settings file was unreadable (%s); it is kept as %s", error, aside)


def _decoded(line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        indent = len(line) - len(line.lstrip(b" "))
        return " " * indent + "not text"  # as it is written, it cannot be read: neither can what belongs to it


def _blot_out(tree: Tree, secrets: frozenset[str]) -> None:
    for name, value in tree.items():
        if isinstance(value, dict):
            _blot_out(value, secrets)
        elif isinstance(value, str) and value in secrets:
            tree[name] = "moved to the password store"
