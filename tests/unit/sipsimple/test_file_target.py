"""Where an incoming file is kept: whole or not at all under its name, and what was there stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from blinkq.sipsimple.streams.msrp.file_hash import FileHash
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector, free_path
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


@pytest.mark.parametrize("kind", ["symbolic", "hard", "pipe"])
def test_a_link_is_not_followed(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    target = FileTarget(selector(), tmp_path)
    if kind == "symbolic":
        target.partial.symlink_to(victim)
    elif kind == "hard":
        target.partial.hardlink_to(victim)
    else:
        os.mkfifo(target.partial)
    assert target.open() == 0
    target.write(0, BODY)
    assert target.finish().read_bytes() == BODY
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


def test_the_same_file_twice_at_once(tmp_path: Path) -> None:
    """The second one, of whom nobody knows what it will send, cannot touch what the first one has."""
    first, second = FileTarget(selector(), tmp_path), FileTarget(selector(), tmp_path)
    first.open()
    first.write(0, BODY[:5000])
    assert second.open() == 0
    second.write(0, b"x" * 5000)
    first.write(5000, BODY[5000:])
    path = first.finish()
    second.write(5000, b"x" * (len(BODY) - 5000))
    with pytest.raises(ValueError, match="hash mismatch"):
        second.finish()
    assert path.read_bytes() == BODY
    assert names(tmp_path) == ["data.bin"]


def test_two_files_of_the_same_name_at_once(tmp_path: Path) -> None:
    other = BODY[::-1]
    first, second = FileTarget(selector(), tmp_path), FileTarget(selector(other), tmp_path)
    for target, body in ((first, BODY), (second, other)):
        target.open()
        target.write(0, body)
    assert [second.finish().name, first.finish().name] == ["data.bin", "data (2).bin"]
    assert ((tmp_path / "data.bin").read_bytes(), (tmp_path / "data (2).bin").read_bytes()) == (other, BODY)


@pytest.mark.parametrize("links", [True, False])
def test_somebody_takes_the_name_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    module, asked = "blinkq.sipsimple.streams.msrp.file_target", 0

    def late(directory: Path, name: str) -> Path:
        nonlocal asked
        asked += 1
        found = free_path(directory, name)
        if asked == 1:
            found.write_bytes(b"mine")
        return found

    def no_links(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(f"{module}.free_path", late)
    if not links:  # as on a memory card
        monkeypatch.setattr(f"{module}.os.link", no_links)
    target = FileTarget(selector(), tmp_path)
    target.open()
    target.write(0, BODY)
    assert target.finish().name == "data (2).bin"
    assert (tmp_path / "data.bin").read_bytes() == b"mine"
    assert (tmp_path / "data (2).bin").read_bytes() == BODY
    assert names(tmp_path) == ["data (2).bin", "data.bin"]


def test_a_file_that_cannot_get_its_name_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise OSError(5, "Input/output error")

    module = "blinkq.sipsimple.streams.msrp.file_target"
    monkeypatch.setattr(f"{module}.os.link", fails)
    monkeypatch.setattr(f"{module}.os.replace", fails)
    target = FileTarget(selector(), tmp_path)
    target.open()
    target.write(0, BODY)
    with pytest.raises(OSError, match="Input/output"):
        target.finish()
    target.interrupt()
    assert [name.endswith(".part") for name in names(tmp_path)] == [True]


def test_what_was_hashed_and_comes_again_otherwise_is_seen(tmp_path: Path) -> None:
    target = FileTarget(selector(), tmp_path)
    target.open()
    target.write(0, BODY)
    target.write(10, b"other")
    with pytest.raises(ValueError, match="hash mismatch"):
        target.finish()


def test_nothing_is_read_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there is hashed while more comes; opening does not wait for it."""
    body = BODY * 100
    first = FileTarget(selector(body), tmp_path)
    first.open()
    first.write(0, body[: len(body) // 2])
    first.interrupt()
    hashed = 0

    class Counting(FileHash):
        def update(self, data: bytes | bytearray | memoryview) -> None:
            nonlocal hashed
            hashed += len(data)
            super().update(data)

    monkeypatch.setattr("blinkq.sipsimple.streams.msrp.file_target.FileHash", Counting)
    second = FileTarget(selector(body), tmp_path)
    kept = second.open()
    assert (kept, hashed) == (len(body) // 2, 0)
    for offset in range(kept, len(body), 32_768):
        second.write(offset, body[offset : offset + 32_768])
    assert hashed == len(body)
    assert second.finish().read_bytes() == body


def test_a_file_past_four_gibibytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end has its place; the hole before it takes no room on the disk."""
    far = 5 * 2**30
    monkeypatch.setattr("blinkq.sipsimple.streams.msrp.file_target.CATCH_UP", 0)
    monkeypatch.setattr("blinkq.sipsimple.streams.msrp.file_target.LEAST", 0)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**40))
    target = FileTarget(FileSelector("big.bin", None, far + 3, hashes={"sha-1": "AA" * 20}), tmp_path)
    target.partial.touch()
    os.truncate(target.partial, far)
    assert target.open() == far
    target.write(far, b"end")
    with target.partial.open("rb") as file:
        file.seek(far)
        assert file.read() == b"end"
    assert target.received == far + 3
    target.discard()
    assert names(tmp_path) == []


def test_a_sender_that_begins_anew(tmp_path: Path) -> None:
    first = FileTarget(selector(), tmp_path)
    first.open()
    first.write(0, BODY[:6000])
    first.interrupt()
    second = FileTarget(selector(), tmp_path)
    assert second.open(resume=False) == 0
    second.write(0, BODY)
    assert second.finish().read_bytes() == BODY


def test_nothing_is_kept_where_nobody_wants_it(tmp_path: Path) -> None:
    target = FileTarget(selector(), tmp_path, keep=False)
    target.open()
    target.write(0, BODY[:6000])
    target.interrupt()
    assert names(tmp_path) == []


@pytest.mark.parametrize("odd", ["reserve", "_is", "is_plain"])
def test_file_systems_that_say_odd_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    """Without locks, numbers of files that stay, or numbers of names: nothing goes on there, but files come."""
    answer = {"reserve": None, "_is": False, "is_plain": False}[odd]
    monkeypatch.setattr(f"blinkq.sipsimple.streams.msrp.file_target.{odd}", lambda *_arguments: answer)
    target = FileTarget(selector(), tmp_path)
    assert target.open() == 0
    target.write(0, BODY)
    assert target.finish().read_bytes() == BODY
    for left in names(tmp_path):
        assert left == "data.bin" or left.endswith(".part")
