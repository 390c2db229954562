"""Two ``blinkq`` processes write to each other, send files and show a desktop over loopback, over TLS."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.lab import PATIENCE, BlinkQ
from support.pattern_screen import is_test_screen
from support.ports import free_port

Command = Callable[..., BlinkQ]
MEBIBYTE = 1 << 20


@pytest.fixture
def port() -> int:
    """A port that is free for UDP and for TCP."""
    return free_port()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Start ``blinkq`` with settings of its own, and without the keyring of whoever runs the tests."""

    def start(word: str, *arguments: str) -> BlinkQ:
        environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        return BlinkQ(word, *arguments, "--config-dir", str(tmp_path / f"settings {word}"), environment=environment)

    return start


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_chat_with_the_echo_service(command: Command, port: int) -> None:
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "1") as service:
        service.wait_for("SIPApplicationDidStart")
        texts = ["hello", "Grüße 🎉", "x" * 100_000]
        arguments = [part for text in texts for part in ("--message", text)]
        with command("chat", f"sip:echo@127.0.0.1:{port}", "--wait", "60", *arguments) as chat:
            chat.wait_for("ChatStreamGotMessage", count=3)
            chat.wait_for("ChatStreamDidDeliverMessage", count=3)
            chat.interrupt()
            assert chat.wait() == 0, chat.text
        assert service.wait() == 0, service.text
    received = [item["data"]["content"] for item in chat.notifications if item["name"] == "ChatStreamGotMessage"]  # type: ignore[index]
    assert sorted(received) == sorted(texts)
    assert chat.names().count("ChatStreamDidDeliverMessage") == 3


def test_nobody_who_chats(command: Command, port: int) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null") as answer:
        answer.wait_for("SIPApplicationDidStart")
        with command("chat", f"sip:bob@127.0.0.1:{port}", "--message", "hello") as chat:
            assert chat.wait() == 1
            assert chat.wait_for("SIPSessionDidFail")["code"] == 488
            assert chat.text.count("takes no chats") == 1
            assert "Not delivered" not in chat.text
        assert answer.wait() == 1


def test_a_screen_that_cannot_be_shown(command: Command, port: int) -> None:
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "1") as service:
        service.wait_for("SIPApplicationDidStart")
        with command("share-desktop", f"sip:echo@127.0.0.1:{port}", "--server", "127.0.0.1:1") as share:
            assert share.wait() == 1
            assert "could not be shared" in share.text
        assert service.wait() == 0, service.text


def test_files_arrive_as_they_were(command: Command, port: int, tmp_path: Path) -> None:
    files = [tmp_path / "big.bin", tmp_path / "leer.txt", tmp_path / "Übung 'eins'.txt"]
    for path, content in zip(files, (os.urandom(5 * MEBIBYTE), b"", b"short"), strict=True):
        path.write_bytes(content)
    target = tmp_path / "incoming"
    target.mkdir()
    (target / "big.bin").write_bytes(b"was here before")
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "3", "--files-dir", str(target)) as service:
        service.wait_for("SIPApplicationDidStart")
        with command("send-file", f"sip:echo@127.0.0.1:{port}", *map(str, files)) as sending:
            assert sending.wait() == 0, sending.text
        assert service.wait() == 0, service.text
    assert sorted(path.name for path in target.iterdir()) == ["big (2).bin", "big.bin", "leer.txt", "Übung 'eins'.txt"]
    assert digest(target / "big (2).bin") == digest(files[0])
    assert (target / "big.bin").read_bytes() == b"was here before"


def test_a_chat_and_a_file_come_into_a_call_and_go_again(command: Command, port: int, tmp_path: Path) -> None:
    source, target = tmp_path / "data.bin", tmp_path / "incoming"
    source.write_bytes(os.urandom(2 * MEBIBYTE))
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "1", "--files-dir", str(target)) as service:
        service.wait_for("SIPApplicationDidStart")
        environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        caller = [sys.executable, str(Path(__file__).with_name("medium_changer.py")), "call", str(port), str(source)]
        with subprocess.Popen(caller, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as calling:
            try:
                service.wait_for("SIPSessionDidRenegotiateStreams", 60, count=4)
                service.wait_for_text("No more in the call: file-transfer", 60)
            finally:
                calling.kill()
        steps = [line for line in service.text.splitlines() if line.startswith(("Added", "No more"))]
        service.interrupt()
        service.wait()
    assert steps == [
        "Added to the call: chat", "No more in the call: chat", "Added to the call: file-transfer", "No more in the call: file-transfer",
    ]  # fmt: skip
    assert [path.name for path in target.iterdir()] == ["data.bin"]
    assert digest(target / "data.bin") == digest(source)


def test_a_killed_transfer_goes_on_where_it_stopped(command: Command, port: int, tmp_path: Path) -> None:
    source, target = tmp_path / "big.bin", tmp_path / "incoming"
    block = os.urandom(MEBIBYTE)
    with source.open("wb") as file:
        for number in range(256):
            file.write(number.to_bytes(4, "big") + block[4:])
    size = source.stat().st_size
    with command("echo", "--listen", f"127.0.0.1:{port}", "--files-dir", str(target)) as service:
        service.wait_for("SIPApplicationDidStart")
        with command("send-file", f"sip:echo@127.0.0.1:{port}", str(source)) as sending:
            count, done = 0, 0
            while done < size * 0.3:
                count += 1
                done = int(str(service.wait_for("FileTransferHandlerProgress", count=count)["transferred_bytes"]))
            sending.process.send_signal(signal.SIGKILL)
            sending.wait()
        assert service.wait_for("FileTransferHandlerDidEnd")["error"] is True
        service.wait_for_text("was not transferred")
        (partial,) = target.iterdir()
        kept = partial.stat().st_size
        assert 0 < kept < size
        with command("send-file", f"sip:echo@127.0.0.1:{port}", str(source)) as sending:
            assert sending.wait() == 0, sending.text
            assert f"from {kept / MEBIBYTE:.1f} MiB on" in sending.text
        first = [item["data"] for item in service.notifications if item["name"] == "FileTransferHandlerProgress"][count:]
        assert all(int(str(data["transferred_bytes"])) >= kept for data in first[-3:])  # type: ignore[index]
        service.wait_for("FileTransferStreamDidFinish")
    assert [path.name for path in target.iterdir()] == ["big.bin"]
    assert digest(target / "big.bin") == digest(source)


def test_the_echo_service_shows_its_test_screen(command: Command, port: int, tmp_path: Path) -> None:
    picture = tmp_path / "screen.png"
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "1") as service:
        service.wait_for("SIPApplicationDidStart")
        with command("view-desktop", f"sip:echo@127.0.0.1:{port}", "--screenshot", str(picture)) as view:
            assert view.wait() == 0, view.text
        assert service.wait() == 0, service.text
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert is_test_screen(pixels)  # to the pixel: nothing may be lost of a picture that is kept


def test_a_test_screen_is_shared_with_a_vnc_viewer(command: Command, port: int) -> None:
    with command("answer", "--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null", "--accept", "desktop-sharing") as answer:
        answer.wait_for("SIPApplicationDidStart")
        with command("share-desktop", f"sip:bob@127.0.0.1:{port}", "--test-screen") as share:
            share.wait_for("SIPSessionDidStart")
            answer.wait_for_text("localhost port ")
            viewer_port = int(answer.text.rpartition("localhost port ")[2])
            with socket.create_connection(("127.0.0.1", viewer_port), PATIENCE) as connection:
                assert connection.recv(12) == b"RFB 003.008\n"
            answer.wait_for("SIPSessionDidEnd")
            assert share.wait() == 0, share.text


def test_a_thousand_messages_each_way_beside_a_large_file(command: Command, port: int, tmp_path: Path) -> None:
    """None is lost, none overtakes another, and the file at the same port is whole. How quick they are is for ``make bench``."""
    source, target, count = tmp_path / "large.bin", tmp_path / "incoming", 1000
    block = os.urandom(MEBIBYTE)
    with source.open("wb") as file:
        for number in range(64):
            file.write(number.to_bytes(4, "big") + block[4:])
    texts = [f"message {number}" for number in range(count)]
    arguments = [part for text in texts for part in ("--message", text)]
    with command("echo", "--listen", f"127.0.0.1:{port}", "--count", "2", "--files-dir", str(target)) as service:
        service.wait_for("SIPApplicationDidStart")
        with (
            command("send-file", f"sip:echo@127.0.0.1:{port}", str(source)) as sending,
            command("chat", f"sip:echo@127.0.0.1:{port}", "--wait", "300", *arguments) as chat,
        ):
            chat.wait_for("ChatStreamGotMessage", 300, count=count)
            for side in (chat, service):
                side.wait_for("ChatStreamDidDeliverMessage", count=count)
            chat.interrupt()
            assert sending.wait() == 0, sending.text
            assert chat.wait() == 0, chat.text
        assert service.wait() == 0, service.text
    assert [item["data"]["content"] for item in chat.notifications if item["name"] == "ChatStreamGotMessage"] == texts  # type: ignore[index]
    assert chat.names().count("ChatStreamDidDeliverMessage") == count
    assert service.names().count("ChatStreamDidDeliverMessage") == count
    assert "ChatStreamDidNotDeliverMessage" not in [*chat.names(), *service.names()]
    assert digest(target / "large.bin") == digest(source)
