"""Where an incoming file is kept: whole or not at all under its name, and what was there stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blinkq.sipsimple.streams.msrp.file_hash import FileHash
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector
from blinkq.sipsimple.streams.msrp.file_target import FileTarget

BODY = bytes(range(256)) * 40


def selector(body: bytes = BODY, name: str = "data.bin") -> FileSelector:
    state = FileHash()
    state.update(body)
    return FileSelector(name, None, len(body), hashes=state.hashes)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_whole_file(tmp_path: Path) -> None:
    target = FileTarget(selector(), tmp_path / "new")
    assert target.open() == 0
    target.write(0, BODY[:1000])
    assert not any(name == "data.bin" for name in names(tmp_path / "new"))
    target.write(1000, BODY[1000:])
    path = target.finish()
    assert path.read_bytes() == BODY
    assert names(tmp_path / "new") == ["data.bin"]


def test_what_has_the_name_stays(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"mine")
    target = FileTarget(selector(), tmp_path)
    target.open()
    target.write(0, BODY)
    assert target.finish().name == "data (2).bin"
    assert (tmp_path / "data.bin").read_bytes() == b"mine"


@pytest.mark.parametrize("order", [[2, 0, 1], [0, 2, 1], [0, 1, 1, 2]])
def test_out_of_order_and_twice(tmp_path: Path, order: list[int]) -> None:
    target = FileTarget(selector(), tmp_path)
    target.open()
    third = len(BODY) // 3 + 1
    for number in order:
        target.write(number * third, BODY[number * third : (number + 1) * third])
    assert target.finish().read_bytes() == BODY


def test_a_wrong_hash_leaves_nothing(tmp_path: Path) -> None:
    target = FileTarget(selector(), tmp_path)
    target.open()
    target.write(0, b"x" * len(BODY))
    with pytest.raises(ValueError, match="hash mismatch"):
        target.finish()
    assert names(tmp_path) == []


def test_a_gap_is_not_whole(tmp_path: Path) -> None:
    target = FileTarget(selector(), tmp_path)
    target.open()
    target.write(10, BODY[10:])
    with pytest.raises(ValueError, match="Incomplete"):
        target.finish()
    target.interrupt()
    assert names(tmp_path) == []


def test_an_interrupted_file_goes_on(tmp_path: Path) -> None:
    first = FileTarget(selector(), tmp_path)
    first.open()
    first.write(0, BODY[:6000])
    first.write(8000, BODY[8000:])  # beyond a gap: not kept
    first.interrupt()
    first.interrupt()
    assert [name.endswith(".part") for name in names(tmp_path)] == [True]
    second = FileTarget(selector(), tmp_path)
    assert second.open() == 6000
    second.write(6000, BODY[6000:])
    assert second.finish().read_bytes() == BODY
    assert names(tmp_path) == ["data.bin"]


def test_another_file_of_that_name_begins_anew(tmp_path: Path) -> None:
    first = FileTarget(selector(), tmp_path)
    first.open()
    first.write(0, BODY[:6000])
    first.interrupt()
    second = FileTarget(selector(b"another" * 2000), tmp_path)
    assert second.open() == 0
    second.discard()


def test_without_a_hash_nothing_is_kept(tmp_path: Path) -> None:
    target = FileTarget(FileSelector("data.bin", None, len(BODY)), tmp_path)
    target.open()
    target.write(0, BODY[:6000])
    target.interrupt()
    assert names(tmp_path) == []


def test_an_empty_file(tmp_path: Path) -> None:
    target = FileTarget(selector(b""), tmp_path)
    target.open()
    assert target.finish().read_bytes() == b""


def test_a_file_larger_than_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100))
    with pytest.raises(OSError, match="not enough room"):
        FileTarget(selector(), tmp_path).open()
    assert names(tmp_path) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    target = FileTarget(selector(), tmp_path)
    target.partial.symlink_to(victim)
    with pytest.raises(OSError, match=r".*"):
        target.open()
    assert victim.read_bytes() == b"precious"


def test_a_file_of_unknown_size_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2000))
    target = FileTarget(FileSelector("endless.bin", None, None), tmp_path)
    target.open()
    target.write(0, bytes(1000))
    for offset in (1000, 2**62):
        with pytest.raises(OSError, match="room"):
            target.write(offset, b"x")
    target.discard()
    assert names(tmp_path) == []
