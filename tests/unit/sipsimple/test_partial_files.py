"""Parts of files that nobody went on with: they go, nothing else does, and nobody is disturbed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from blinkq.sipsimple.streams.msrp.file_selector import FileSelector
from blinkq.sipsimple.streams.msrp.file_target import FileTarget
from blinkq.sipsimple.streams.msrp.partial_files import clean, partial_path, release, reserve

DAY = 86400
NOW = 1_000_000_000


def part(directory: Path, number: int, days: float) -> Path:
    """A part that was written some days ago."""
    path = partial_path(directory, "data.bin", f"{number:016x}")
    path.write_bytes(b"beginning")
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    return path


def test_old_ones_go(tmp_path: Path) -> None:
    old, young = part(tmp_path, 1, 14.1), part(tmp_path, 2, 13.9)
    assert clean(tmp_path, 14, 20, NOW) == [old]
    assert list(tmp_path.iterdir()) == [young]
    assert clean(tmp_path, 14, 20, NOW) == []


def test_the_latest_stay(tmp_path: Path) -> None:
    parts = [part(tmp_path, number, number) for number in range(5)]
    assert clean(tmp_path, 14, 2, NOW) == parts[2:]
    assert sorted(tmp_path.iterdir()) == parts[:2]


@pytest.mark.parametrize(("days", "count"), [(0, 20), (14, 0)])
def test_zero_keeps_none(tmp_path: Path, days: int, count: int) -> None:
    part(tmp_path, 1, 0.1)
    clean(tmp_path, days, count, NOW)
    assert list(tmp_path.iterdir()) == []


def test_those_that_can_never_go_on_are_ours_too(tmp_path: Path) -> None:
    path = partial_path(tmp_path, "data.bin", "")
    path.touch()
    os.utime(path, (0, 0))
    assert clean(tmp_path, 14, 20, NOW) == [path]


@pytest.mark.parametrize(
    "name",
    [
        "data.bin", "data.part", ".data.bin.part", ".data.bin.0000000000000001.part", "data.bin.0000000000000001.blinkq.part",
        ".data.bin.000000000000000g.blinkq.part", ".data.bin.0000000000000001.blinkq.part.txt", "..0000000000000001.blinkq.part",
    ],
)  # fmt: skip
def test_files_of_others_stay(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    os.utime(path, (0, 0))
    assert clean(tmp_path, 1, 0, NOW) == []
    assert path.exists()


def test_links_folders_and_pipes_stay_and_so_does_what_they_lead_to(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    names = [partial_path(folder, "x", f"{number:016x}") for number in range(4)]
    names[0].symlink_to(victim)
    names[1].hardlink_to(victim)
    names[2].mkdir()
    os.mkfifo(names[3])
    assert clean(folder, 0, 0, NOW * 10) == []
    assert sorted(folder.iterdir()) == names
    assert victim.read_bytes() == b"precious"


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    target = FileTarget(FileSelector("data.bin", None, 100, hashes={"sha-1": "AA" * 20}), tmp_path)
    target.open()
    target.write(0, b"beginning")
    assert clean(tmp_path, 0, 0, NOW * 10) == []
    target.interrupt()
    assert clean(tmp_path, 0, 0, NOW * 10) == [target.partial]


LOCKING = """
import os, sys
from blinkq.sipsimple.streams.msrp.partial_files import reserve
print(bool(reserve(os.open(sys.argv[1], os.O_RDWR))), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="what is open cannot be deleted there")
def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    path = part(tmp_path, 1, 100)
    command = [sys.executable, "-c", LOCKING, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert clean(tmp_path, 0, 0, NOW) == []
        other.communicate()
    assert clean(tmp_path, 0, 0, NOW) == [path]


def test_a_part_is_reserved_once(tmp_path: Path) -> None:
    path = part(tmp_path, 1, 0)
    with path.open("r+b") as one, path.open("r+b") as other:
        token = reserve(one.fileno())
        assert token is not None
        assert reserve(other.fileno()) is None
        release(token)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert clean(tmp_path / "nowhere", 0, 0, NOW) == []


def test_what_cannot_be_deleted_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = part(tmp_path, 1, 100)

    def fails(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", fails)
    assert clean(tmp_path, 0, 0, NOW) == []
    monkeypatch.undo()
    assert path.exists()
    assert clean(tmp_path, 0, 0, NOW) == [path]
