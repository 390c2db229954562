"""BlinkQ with windows and real middleware: a chat and a file to the echo service; chats, files, and a chat in a call with another BlinkQ
with windows, whose dialogs agree; a chat that becomes a call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ
from support.ports import free_port

DRIVER = Path(__file__).parents[1] / "support" / "chat_windows.py"
STEPS = [
    "ready", "a message is delivered", "an answer is read", "a picture is seen", "the transfer is over", "unwanted.txt is over",
    "too long.bin is over", "the chat has ended", "writing connects again", "a call is answered", "a chat is proposed",
    "what was written before is there",
    "a message in the call is delivered", "and answered", "two files in the call", "an unwanted one",
    "one beside the call", "the files are removed from the call", "the chat is removed", "the call is over", "ended",
]  # fmt: skip


def surroundings() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return environment | {"QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drawing é.bin"
    path.write_bytes(os.urandom(3_000_000))
    return path


def test_a_chat_and_a_file_from_the_windows_to_the_echo_service(tmp_path: Path, file: Path) -> None:
    port, target = str(free_port()), tmp_path / "incoming"
    target.mkdir()
    keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    arguments = ("--listen", f"127.0.0.1:{port}", "--files-dir", str(target), "--config-dir", str(tmp_path / "echo"))
    with BlinkQ("echo", *arguments, environment=keyring) as service:
        service.wait_for("SIPApplicationDidStart")
        guest = subprocess.run(
            [sys.executable, str(DRIVER), "guest", str(tmp_path / "guest"), port, str(file)], env=surroundings(), capture_output=True,
            text=True, timeout=2 * PATIENCE, check=False,
        )  # fmt: skip
        assert guest.returncode == 0, guest.stdout + guest.stderr + service.text
        service.interrupt()
        service.wait()
    assert guest.stdout.splitlines() == [*STEPS[:3], STEPS[4], "ended"]
    assert (target / file.name).read_bytes() == file.read_bytes()


def test_chats_and_files_between_two_windows(tmp_path: Path, file: Path) -> None:
    environment, port = surroundings(), str(free_port())
    command = [sys.executable, str(DRIVER)]
    answering = [*command, "bob", str(tmp_path / "bob"), port]
    with (
        (tmp_path / "bob.log").open("w") as log,
        subprocess.Popen(answering, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as bob,
    ):
        try:
            assert bob.stdout is not None
            assert bob.stdout.readline() == "ready\n", (tmp_path / "bob.log").read_text()
            alice = subprocess.run(
                [*command, "alice", str(tmp_path / "alice"), port, str(file)], env=environment, capture_output=True, text=True,
                timeout=4 * PATIENCE, check=False,
            )  # fmt: skip
        finally:
            bob.terminate()
        assert alice.returncode == 0, alice.stdout + alice.stderr + (tmp_path / "bob.log").read_text()
        assert alice.stdout.splitlines() == STEPS
        assert bob.wait(PATIENCE) == 0, (tmp_path / "bob.log").read_text()
    assert (tmp_path / "bob" / "files" / file.name).read_bytes() == file.read_bytes()
    # what was stopped keeps its beginning, hidden, for another time
    assert sorted([path.name for path in (tmp_path / "bob" / "files").iterdir() if not path.name.endswith(".part")]) == sorted(
        [file.name, "first.bin", "second.bin"]
    )
    assert "Traceback" not in alice.stderr + (tmp_path / "bob.log").read_text()


def test_sound_comes_to_a_chat_and_goes_again(tmp_path: Path) -> None:
    environment, port = surroundings(), str(free_port())
    beginner = Path(__file__).with_name("chat_beginner.py")
    answering = [sys.executable, str(DRIVER), "bob", str(tmp_path / "bob"), port]
    with (
        (tmp_path / "bob.log").open("w") as log,
        subprocess.Popen(answering, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as bob,
    ):
        try:
            assert bob.stdout is not None
            assert bob.stdout.readline() == "ready\n", (tmp_path / "bob.log").read_text()
            dave = subprocess.run(
                [sys.executable, str(beginner), port], env=environment | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
                capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        finally:
            bob.terminate()
        told = bob.stdout.read().splitlines()
        steps = ["Bob has read: first", "add audio", "remove audio", "Bob no longer talks", "Bob has read: second", "ended"]
        assert dave.stdout.splitlines() == steps, dave.stdout + dave.stderr + (tmp_path / "bob.log").read_text()
        assert told == ["Bob talks", "Bob's call is over: The sound was removed; the rest goes on.", "ended"]
        assert bob.wait(PATIENCE) == 0, (tmp_path / "bob.log").read_text()
    assert "Traceback" not in dave.stderr + (tmp_path / "bob.log").read_text()
