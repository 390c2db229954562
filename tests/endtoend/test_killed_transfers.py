"""A file whose sender or receiver is killed (signal 9) at 60 %, and which goes on from there; several files at once: between two processes,
over TLS."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.ports import free_port

PROGRAM = Path(__file__).with_name("file_mover.py")
MEBIBYTE = 1 << 20
SIZE = 192 * MEBIBYTE + 12_345
CHUNK = MEBIBYTE
LIMIT = 120  # seconds, where three labs share two cores


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """A file no part of which is like another."""
    path = tmp_path / "big.bin"
    block = os.urandom(MEBIBYTE)
    with path.open("wb") as file:
        for number in range(SIZE // MEBIBYTE):
            file.write(number.to_bytes(4, "big") + block[4:])
        file.write(block[: SIZE % MEBIBYTE])
    yield path
    path.unlink()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def moving(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The program, started and ready."""
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def facts(process: subprocess.Popen[str]) -> dict[str, str]:
    """What it said until it was over."""
    told, errors = process.communicate(timeout=LIMIT)
    lines = dict(line.partition(" ")[::2] for line in told.splitlines())
    lines["errors"] = errors
    return lines


@pytest.mark.parametrize("killed", ["sender", "receiver"])
def test_a_transfer_killed_at_60_percent_goes_on_from_there(killed: str, source: Path, tmp_path: Path) -> None:
    target, port = tmp_path / "incoming", free_port()
    receives = ["receive", port, target, *([0.6] if killed == "receiver" else [])]
    sends = ["send", port, source, *([0.6] if killed == "sender" else [])]
    with moving(*receives) as receiver, moving(*sends) as sender:
        victim, survivor = (sender, receiver) if killed == "sender" else (receiver, sender)
        told = facts(victim)
        assert victim.returncode == -signal.SIGKILL, told
        told = facts(survivor)
        assert told["ended"] == "Interrupted transfer", told
    (partial,) = target.iterdir()
    kept = partial.stat().st_size
    assert 0.57 * SIZE < kept < 0.67 * SIZE  # what was on its way when the sender died arrives yet
    if killed == "receiver":  # what it has confirmed, it has
        assert int(told["acknowledged"]) - kept <= CHUNK
    port = free_port()
    with moving("receive", port, target) as receiver, moving("send", port, source) as sender:
        sent, received = facts(sender), facts(receiver)
    assert (sent["ended"], received["ended"]) == ("well", "well"), (sent, received)
    assert (int(sent["begins"]), int(received["begins"])) == (kept, kept)
    assert int(received["carried"]) == SIZE - kept  # each byte that was missing, once
    assert [path.name for path in target.iterdir()] == ["big.bin"]
    assert digest(target / "big.bin") == digest(source)
    (target / "big.bin").unlink()


def test_several_files_in_one_session_and_one_is_refused(tmp_path: Path) -> None:
    target, port = tmp_path / "incoming", free_port()
    files = [tmp_path / name for name in ("one.bin", "unwanted", "two.bin", "empty")]
    for path in files:
        path.write_bytes(b"" if path.name == "empty" else os.urandom(3 * MEBIBYTE))
    with moving("receive", port, target) as receiver, moving("send", port, os.pathsep.join(map(str, files))) as sender:
        told = sender.communicate(timeout=LIMIT)
        heard = receiver.communicate(timeout=LIMIT)
    assert told[0].splitlines().count("ended well") == 3, told
    assert told[0].splitlines().count("ended Interrupted transfer") == 1, told
    assert heard[0].splitlines().count("ended well") == 3, heard
    assert sorted(path.name for path in target.iterdir()) == ["empty", "one.bin", "two.bin"]
    assert [digest(target / path.name) for path in files if path.name != "unwanted"] == [
        digest(path) for path in files if path.name != "unwanted"
    ]
