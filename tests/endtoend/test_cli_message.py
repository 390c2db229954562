"""``blinkq message``: two processes over loopback, and a bare agent for what can go wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ
from support.ports import free_port

from blinkq.sip.message import Request
from blinkq.sip.parser import parse_message
from blinkq.sip.replies import reply

Command = Callable[..., BlinkQ]
ENVIRONMENT = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Start ``blinkq`` with settings of its own."""

    def start(word: str, *arguments: str) -> BlinkQ:
        return BlinkQ(word, *arguments, "--config-dir", str(tmp_path / word), environment=ENVIRONMENT)

    return start


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE)
        yield made


def answer(peer: socket.socket, code: int) -> Request:
    """Take the next MESSAGE, and answer it."""
    data, source = peer.recvfrom(65535)
    request = parse_message(data)
    assert isinstance(request, Request)
    peer.sendto(reply(request, code, tag="x").to_bytes(), source)
    return request


def test_a_message_between_two_processes(command: Command) -> None:
    port = free_port()
    with command("answer", "--listen", f"127.0.0.1:{port}", "--audio", "null") as answering:
        answering.wait_for("SIPApplicationDidStart")
        with command("message", f"sip:blinkq@127.0.0.1:{port}", "Grüße 🙂", "--local-address", "127.0.0.1") as sending:
            assert sending.wait() == 0, sending.text
        assert "was taken" in sending.text
        data = answering.wait_for("SIPAccountGotMessage")
        assert (data["content"], data["content_type"]) == ("Grüße 🙂", "text/plain")
        assert "Message from sip:blinkq@127.0.0.1: Grüße" in answering.text
        answering.interrupt()
        answering.wait()


@pytest.mark.parametrize(
    ("code", "status", "sentence"), [(200, 0, "was taken"), (202, 0, "is kept for later"), (404, 1, "does not exist. Check the address")]
)
def test_the_answer_decides(command: Command, peer: socket.socket, code: int, status: int, sentence: str) -> None:
    uri = f"sip:bob@127.0.0.1:{peer.getsockname()[1]}"
    with command("message", uri, "hello", "--local-address", "127.0.0.1") as sending:
        request = answer(peer, code)
        assert sending.wait() == status, sending.text
    assert (request.body, request.content_type) == (b"hello", "text/plain")
    assert sentence in sending.text


def run(*arguments: str, text: str = "", tmp_path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "blinkq.cli.main", "message", *arguments, "--config-dir", str(tmp_path / "config")]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_the_text_may_come_from_standard_input(peer: socket.socket, tmp_path: Path) -> None:
    uri = f"sip:bob@127.0.0.1:{peer.getsockname()[1]}"
    command = [sys.executable, "-m", "blinkq.cli.main", "message", uri, "-", "--local-address", "127.0.0.1", "--json"]
    process = subprocess.Popen(
        [*command, "--config-dir", str(tmp_path / "config")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(b"two\nlines")
    process.stdin.close()
    assert answer(peer, 200).body == b"two\nlines"
    assert process.stdout is not None
    names = [json.loads(line)["name"] for line in process.stdout.read().splitlines()]
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert "OutgoingMessageDidSend" in names


def test_wrong_usage(tmp_path: Path) -> None:
    for arguments, words in (
        (("bob", ""), "nothing to say"),
        (("sip:bob@127.0.0.1", "x", "--wait", "3", "--local-address", "127.0.0.1"), "need an account"),
        (("bob", "x", "--wait", "soon"), "not a number of seconds"),
        (("sip:", "x"), "is not a SIP address"),
        (("bob",), "required"),
    ):
        done = run(*arguments, tmp_path=tmp_path)
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_a_message_that_is_too_long(tmp_path: Path) -> None:
    done = run("sip:bob@127.0.0.1", "-", "--local-address", "127.0.0.1", text="x" * 60_000, tmp_path=tmp_path)
    assert (done.returncode, "at most" in done.stderr) == (1, True), done.stderr
