"""Files are replaced whole, also where other programs look at them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from blinkq.sipsimple.configuration import atomic_write as module
from blinkq.sipsimple.configuration.atomic_write import PAUSE, TRIES, atomic_write
from blinkq.sipsimple.configuration.backend import lock
from blinkq.sipsimple.configuration.backend.lock import DirectoryLock
from blinkq.sipsimple.configuration.errors import ConfigurationBackendError


class Scanner:
    """A virus scanner on Windows: has the file open the first few times that it is replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, looks: int) -> None:
        self.looks = looks
        self.pauses: list[float] = []
        self._replace = os.replace
        monkeypatch.setattr(module, "_WINDOWS", True)
        monkeypatch.setattr(module.os, "replace", self.replace)
        monkeypatch.setattr(module.time, "sleep", self.pauses.append)

    def replace(self, source: Path, target: Path) -> None:
        if self.looks:
            self.looks -= 1
            raise PermissionError(errno.EACCES, "used by another process")
        self._replace(source, target)


def test_the_new_content_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_short_look_of_another_program_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = Scanner(monkeypatch, TRIES - 1)
    atomic_write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert scanner.pauses == [PAUSE] * (TRIES - 1)


def test_a_long_look_is_an_error_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("old")
    Scanner(monkeypatch, TRIES)
    with pytest.raises(PermissionError):
        atomic_write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_directory_that_cannot_be_synchronised_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronise = os.fsync

    def refuse(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        synchronise(descriptor)

    monkeypatch.setattr(module.os, "fsync", refuse)
    atomic_write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_file_system_without_locks_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", refuse)
    with pytest.raises(ConfigurationBackendError, match="cannot be locked: No locks available"):
        DirectoryLock(tmp_path).acquire()
