"""Chats and files between two BlinkQs through Kamailio's MSRP relay (RFC 4976), over TLS and WebSocket (RFC 7977), both ways."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.lab import PATIENCE, BlinkQ, Lab
from support.pattern_screen import is_test_screen

pytestmark = pytest.mark.lab

Person = Callable[..., list[str]]


@pytest.fixture
def person(lab: Lab, tmp_path: Path) -> Person:
    """The options that make a command somebody of lab.test, behind the relay that DNS announces, with settings of its own."""

    def options(name: str, **settings: str) -> list[str]:
        config, password = tmp_path / f"config {name}", tmp_path / f"password {name}"
        password.write_text(f"{name}pw\n")
        password.chmod(0o600)
        address = f"{name}@lab.test"
        blinkq(config, "accounts", "add", address, "--password-file", str(password))
        for setting, value in settings.items():
            blinkq(config, "set", setting.replace("__", "."), value, "--account", address)
        return [
            "--config-dir", str(config), "--account", address, "--password-file", str(password), "--ca", str(lab.ca),
            "--nameserver", lab.nameserver, "--local-address", "127.0.0.1", "--proxy", lab.proxy("tls"),
        ]  # fmt: skip

    return options


def blinkq(config: Path, *arguments: str) -> None:
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    command = [sys.executable, "-m", "blinkq.cli.main", "settings", *arguments, "--config-dir", str(config)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr


def asked(lab: Lab, name: str = "", transport: str = "") -> int:
    """How often somebody has got a place at the relay, over one transport or any."""
    log = "".join(file.read_text(errors="replace") for file in (lab.directory / "log").glob("kamailio*"))
    return len(re.findall(rf"digest of {name or '[a-z]+'} accepted for AUTH over {transport or '[a-z]+'} from", log))


OUTBOUND = {"nat_traversal__use_msrp_relay_for_outbound": "true"}


@pytest.mark.parametrize("direction", ["inbound", "outbound", "both"])
def test_a_chat_and_files_through_the_relay(lab: Lab, person: Person, tmp_path: Path, direction: str) -> None:
    chat_and_files(lab, person, tmp_path, direction, {}, {})


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_chat_and_files_over_websocket(lab: Lab, person: Person, tmp_path: Path, direction: str) -> None:
    websocket = {"nat_traversal__msrp_relay": f"wss://sip.lab.test:{lab.port(81)}/msrp"}  # only *.lab.test is in the certificate
    before = asked(lab, "", "wss")
    chat_and_files(lab, person, tmp_path, direction, websocket, websocket)
    assert asked(lab, "", "wss") - before == 2


def test_one_over_websocket_and_the_other_over_tls(lab: Lab, person: Person, tmp_path: Path) -> None:
    before = asked(lab, "dave", "wss"), asked(lab, "alice", "tls")
    chat_and_files(lab, person, tmp_path, "both", {}, {"nat_traversal__msrp_relay": f"wss://127.0.0.1:{lab.port(81)}"})
    assert (asked(lab, "dave", "wss") - before[0], asked(lab, "alice", "tls") - before[1]) == (2, 2)


def test_without_encryption_where_the_settings_say_so(lab: Lab, person: Person, tmp_path: Path) -> None:
    plain = {"msrp__transport": "tcp", "nat_traversal__msrp_relay": f"127.0.0.1:{lab.port(80)};transport=ws"}
    before = asked(lab, "alice", "ws")
    chat_and_files(lab, person, tmp_path, "both", plain, plain)
    assert asked(lab, "alice", "ws") - before == 2


def chat_and_files(
    lab: Lab, person: Person, tmp_path: Path, direction: str, alices: dict[str, str], daves: dict[str, str]
) -> None:
    """Alice writes to Dave, who echoes, and sends him a file; through the relays of those whose direction it is."""
    dave = person("dave", nat_traversal__use_msrp_relay_for_inbound=str(direction != "outbound").lower(), **daves)
    alice = person("alice", **({} if direction == "inbound" else OUTBOUND), **alices)
    before = asked(lab, "alice"), asked(lab, "dave")
    target, source = tmp_path / "incoming", tmp_path / "file.bin"
    source.write_bytes(os.urandom(3_000_000))
    with BlinkQ("echo", *dave, "--count", "2", "--files-dir", str(target), "--audio", "null") as service:
        service.wait_for("SIPAccountRegistrationDidSucceed")
        texts = ["hello", "Grüße 🎉", "x" * 50_000]
        arguments = [part for text in texts for part in ("--message", text)]
        with BlinkQ("chat", "sip:dave@lab.test", *alice, "--wait", "60", *arguments) as chat:
            chat.wait_for("ChatStreamGotMessage", count=3)
            chat.wait_for("ChatStreamDidDeliverMessage", count=3)
            chat.interrupt()
            assert chat.wait() == 0, chat.text
        received = [item["data"]["content"] for item in chat.notifications if item["name"] == "ChatStreamGotMessage"]  # type: ignore[index]
        assert sorted(received) == sorted(texts)
        assert chat.names().count("ChatStreamDidDeliverMessage") == 3
        with BlinkQ("send-file", "sip:dave@lab.test", *alice, str(source)) as sending:
            assert sending.wait() == 0, sending.text
        assert service.wait() == 0, service.text
    (arrived,) = target.iterdir()
    assert hashlib.sha256(arrived.read_bytes()).digest() == hashlib.sha256(source.read_bytes()).digest()
    assert asked(lab, "alice") - before[0] == (0 if direction == "inbound" else 2)
    assert asked(lab, "dave") - before[1] == (0 if direction == "outbound" else 2)


@pytest.mark.parametrize("transport", ["tls", "wss"])
def test_the_relay_reaches_out_to_a_peer_that_waits_and_has_none(lab: Lab, person: Person, transport: str) -> None:
    """Who shares a desktop waits for the connection: Dave's relay makes it, to Alice who has no relay."""
    dave = person("dave", **({"nat_traversal__msrp_relay": f"wss://127.0.0.1:{lab.port(81)}"} if transport == "wss" else {}))
    alice = person("alice")
    before = asked(lab, "dave", transport), asked(lab, "alice")
    with BlinkQ("answer", *dave, "--count", "1", "--audio", "null", "--accept", "desktop-sharing") as answer:
        answer.wait_for("SIPAccountRegistrationDidSucceed", PATIENCE)
        with BlinkQ("share-desktop", "sip:dave@lab.test", *alice, "--test-screen") as share:
            share.wait_for("SIPSessionDidStart", PATIENCE)
            answer.wait_for_text("localhost port ", PATIENCE)
            port = int(answer.text.rpartition("localhost port ")[2])
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as viewer:
                for sent, expected in ((b"", b"RFB 003.008\n"), (b"RFB 003.008\n", b"\x01\x01"), (b"\x01", bytes(4))):
                    viewer.sendall(sent)
                    assert read(viewer, len(expected)) == expected
            assert share.wait(PATIENCE) == 0, share.text
        assert answer.wait(PATIENCE) == 0, answer.text
    assert (asked(lab, "dave", transport), asked(lab, "alice")) == (before[0] + 1, before[1])


def test_a_desktop_through_the_relay(lab: Lab, person: Person, tmp_path: Path) -> None:
    """A picture is hundreds of chunks, of which none may overtake another."""
    dave, alice = person("dave", nat_traversal__msrp_relay=f"wss://127.0.0.1:{lab.port(81)}"), person("alice", **OUTBOUND)
    before, picture = asked(lab), tmp_path / "screen.png"
    with BlinkQ("echo", *dave, "--count", "1", "--audio", "null") as service:
        service.wait_for("SIPAccountRegistrationDidSucceed", PATIENCE)
        with BlinkQ("view-desktop", "sip:dave@lab.test", *alice, "--screenshot", str(picture)) as view:
            assert view.wait(PATIENCE) == 0, view.text
        assert service.wait(PATIENCE) == 0, service.text
    with Image.open(picture) as image:
        assert is_test_screen(np.asarray(image.convert("RGB")))
    assert asked(lab) - before == 2


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part, data
        data += part
    return data


def test_a_wrong_password_is_said_in_plain_words(person: Person, tmp_path: Path) -> None:
    alice = person("alice", **OUTBOUND)
    Path(alice[5]).write_text("wrong\n")
    with BlinkQ("chat", "sip:dave@lab.test", *alice, "--message", "hello") as chat:
        assert chat.wait() == 1
    assert "name or password" in chat.text
