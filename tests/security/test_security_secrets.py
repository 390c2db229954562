"""Passwords and keys: not in files, notifications, texts, traces, logs, nor where other users of the computer can look."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.middleware import Recorder

from blinkq.base.logging import redact
from blinkq.base.notification import NotificationCenter
from blinkq.cli.output import Output, plain
from blinkq.media.control import CryptoKey
from blinkq.sdp.crypto import CryptoAttribute
from blinkq.sip.digest import Credentials as DigestCredentials
from blinkq.sip.headers import Headers
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.keyring import FilePasswordStore
from blinkq.sipsimple.core import Credentials
from blinkq.sipsimple.singleton import Singleton

SECRET = "pa55-of-alice"
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Path]:
    """A configuration in files, in a directory that does not exist yet, whatever the umask."""
    Singleton.forget()
    directory = tmp_path / "config"
    before = os.umask(0)
    ConfigurationManager().start(FileBackend(directory / "settings"), FilePasswordStore(directory))
    try:
        yield directory
    finally:
        ConfigurationManager().stop()
        Singleton.forget()
        os.umask(before)


def new_account() -> Account:
    account = Account("alice@example.com")
    account.password = SECRET
    account.save()
    return account


def test_the_password_is_in_no_file_and_no_notification(stored: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    recorder = Recorder()
    account = new_account()
    account.password = SECRET + "2"
    account.display_name = "Alice"
    account.save()
    changes = recorder.all("CFGSettingsObjectDidChange")
    assert any("password" in data.modified for data in changes)
    told = [repr(vars(notification.data)) + json.dumps(plain(vars(notification.data))) for notification in recorder.seen]
    assert not any(SECRET in text for text in told)
    assert SECRET not in repr(account) + str(account) + caplog.text
    files = [path for path in stored.rglob("*") if path.is_file()]
    assert {"settings", "passwords"} <= {path.name for path in files}
    assert not any(SECRET.encode() in path.read_bytes() for path in files)
    NotificationCenter().purge_observer(recorder)


@posix
def test_files_are_private_whatever_the_umask(stored: Path) -> None:
    new_account()
    assert stat.S_IMODE(stored.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in stored.iterdir()}
    assert set(modes.values()) == {0o600}, modes


@posix
def test_a_settings_file_that_others_can_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "settings"
    path.write_text("")
    path.chmod(0o644)
    backend = FileBackend(path)
    backend.load()
    backend.save({"Accounts": {}})
    backend.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "holder",
    [
        Credentials("alice", SECRET),
        DigestCredentials("alice", SECRET),
        CryptoKey("AES_CM_128_HMAC_SHA1_80", SECRET.encode()),
        CryptoAttribute(1, "AES_CM_128_HMAC_SHA1_80", SECRET.encode()),
        Headers([("authorization", SECRET), ("Proxy-Authorization", SECRET), ("To", "<sip:b@c>")]),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_no_text_of_an_object_shows_its_secret(holder: object) -> None:
    assert SECRET not in repr(holder)
    assert SECRET not in repr([holder])
    assert SECRET not in json.dumps(plain(holder))
    assert SECRET not in json.dumps(plain([{"deep": holder}]))


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"], ids=["crlf", "lf", "cr"])
@pytest.mark.parametrize(
    "line",
    [
        'Authorization: Digest username="a", response="SECRET"',
        'authorization :  Digest response="SECRET"',
        'PROXY-AUTHORIZATION:Digest response="SECRET"',
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET",
        "a=crypto:1  AES_CM_128_HMAC_SHA1_80   inline:SECRET|2^20|1:4",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x|2^20|1:4;inline:SECRET|2^20|2:4",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline: SECRET",
        "A=Crypto:1\tAES_CM_128_HMAC_SHA1_80\tINLINE:SECRET",
        "a=ice-pwd: SECRET",
        "a=path:msrps://example.com:2855/SECRET;tcp",
        "a=key-mgmt:mikey SECRET",
        "k=clear:SECRET",
    ],
)
def test_traces_hide_secrets_however_they_are_written(line: str, end: str) -> None:
    text = f"INVITE sip:a@b SIP/2.0{end}X-Before: kept{end}{line}{end}X-After: kept{end}{end}v=0{end}"
    shown = redact(text)
    assert "SECRET" not in shown
    assert shown.count("kept") == 2
    assert "[hidden]" in shown
    assert "SECRET" not in redact(line), "at the very beginning as well"


def test_folded_credentials_are_hidden_to_their_end() -> None:
    shown = redact('Authorization: Digest username="a",\r\n response="SECRET",\r\n\tcnonce="SECRET"\r\nTo: <sip:b@c>\r\n')
    assert "SECRET" not in shown
    assert "To: <sip:b@c>" in shown


@pytest.mark.parametrize("piece", ["Authorization: ", "a=crypto:", "a=crypto:1 x ", "\r\n ", "a=crypto:inline", "k=", " \t"])
def test_hiding_takes_time_linear_in_the_text(piece: str) -> None:
    """A trace that is on must not be a way to stop the engine. Of 1 MB of the worst, quadratic time would be hours."""
    text = piece * (1_000_000 // len(piece))
    begin = time.thread_time()
    redact(text)
    assert time.thread_time() - begin < 10.0  # of the processor, whoever else uses it


def test_peers_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Names, reasons and traces are the peer's words; ESC ] 52 would write the clipboard, ESC [ 2 J clear the screen."""
    output = Output(as_json=False)
    output.say("Call from \x1b]52;c;cm0gLXJm\x07\x9b2J\u202eliame\r\nnext line\tand tab")
    output.result("\x1b[2J")
    said = "".join(capsys.readouterr())
    assert not any(character in said for character in "\x1b\x07\x9b\u202e\r")
    assert "next line\tand tab" in said


class Registrar(threading.Thread):
    """Challenges one REGISTER over UDP on loopback and takes the next."""

    def __init__(self) -> None:
        super().__init__(name="test registrar")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.done = threading.Event()
        self.port = self.socket.getsockname()[1]
        self.digests = 0
        self.command_lines: list[bytes] = []
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        copied = (b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Contact")
        while not self.done.is_set():
            try:
                data, source = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            if not data.startswith(b"REGISTER"):
                continue
            kept = [line for line in data.split(b"\r\n") if line.split(b":")[0] in copied]
            if b"\r\nAuthorization:" in data:
                self.digests += 1
                self._look()
                head = b"SIP/2.0 200 OK"
            else:
                head = b"SIP/2.0 401 Unauthorized"
                kept.append(b'WWW-Authenticate: Digest realm="127.0.0.1", nonce="n", qop="auth"')
            self.socket.sendto(b"\r\n".join([head, *kept, b"Content-Length: 0", b"", b""]), source)

    def _look(self) -> None:
        """What any user of the computer sees of the processes, and what the process gives to its children."""
        for name in ("cmdline", "environ"):
            for path in Path("/proc").glob(f"[0-9]*/{name}"):
                try:
                    self.command_lines.append(path.read_bytes())
                except OSError:
                    continue


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
def test_a_real_registration_shows_the_password_nowhere(tmp_path: Path) -> None:
    """The whole program: --json, --trace sip, the process list, the environment, every file it leaves."""
    password = tmp_path / "password.txt"
    password.write_text(SECRET + "\n")
    registrar = Registrar()
    registrar.start()
    config = tmp_path / "config"
    command = [
        sys.executable, "-m", "blinkq.cli.main", "register", "--once", "--json", "--trace", "sip", "--config-dir", str(config),
        "--account", "alice@127.0.0.1", "--proxy", f"127.0.0.1:{registrar.port};transport=udp", "--password-file", str(password),
        "--local-address", "127.0.0.1",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    finally:
        registrar.done.set()
        registrar.join(30)
        registrar.socket.close()
    text = done.stdout + done.stderr
    assert done.returncode == 0, text.decode()
    assert registrar.digests
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert "SIPAccountRegistrationDidSucceed" in names
    traces = [json.loads(line)["data"]["data"] for line in done.stdout.splitlines() if b'"SIPEngineSIPTrace"' in line]
    assert any("Authorization: [hidden]" in trace for trace in traces), "the trace is there, the digest is not"
    assert b"Authorization: [hidden]" in done.stderr
    assert b'response="' not in text
    assert SECRET.encode() not in text
    assert registrar.command_lines
    assert not any(SECRET.encode() in line for line in registrar.command_lines)
    assert not any(SECRET.encode() in path.read_bytes() for path in config.rglob("*") if path.is_file())


SAVER = """
import sys
from blinkq.sipsimple.configuration.backend.file import FileBackend
backend = FileBackend(sys.argv[1])
backend.load()
print("ready", flush=True)
number = 0
while True:
    number += 1
    backend.save({"Accounts": {f"user{i}@example.com": {"display_name": str(number)} for i in range(200)}})
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_kill_minus_nine_while_saving_leaves_whole_settings(tmp_path: Path) -> None:
    path = tmp_path / "settings"
    (tmp_path / ".settings.0123456789ab.tmp").write_text("half a sett")
    (tmp_path / ".passwords.0123456789ab.tmp").write_text("half a pass")
    (tmp_path / ".notes.0123456789ab.tmp").write_text("not ours")
    for attempt in range(4):
        with subprocess.Popen([sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            seen = path.stat().st_mtime_ns if path.exists() else 0
            deadline = time.monotonic() + 20
            while (path.stat().st_mtime_ns if path.exists() else 0) == seen and time.monotonic() < deadline:
                pass  # until the first save of this process is done; it is killed in one of the next
            for _ in range(attempt * 4000):
                pass
            process.kill()
        backend = FileBackend(path)
        accounts = backend.load()["Accounts"]
        assert isinstance(accounts, dict)
        assert len(accounts) == 200
        assert len({str(account) for account in accounts.values()}) == 1, "settings of two saves are mixed"
        assert backend.corrupt_file is None
        backend.save({"Accounts": accounts})
        backend.close()
        assert [left.name for left in tmp_path.glob("*corrupt*")] == []
        assert [left.name for left in tmp_path.glob(".*.tmp")] == [".notes.0123456789ab.tmp"], "what a killed one had begun is cleared"


def test_nothing_that_is_stored_is_executed() -> None:
    """The oldest trap of Python programs: no pickle, marshal, shelve, eval or exec anywhere in the product."""
    import blinkq

    root = Path(blinkq.__file__).parent
    banned = ("import pickle", "import marshal", "import shelve", "eval(", "exec(", "yaml.load(")
    found = [
        f"{path.relative_to(root)}: {word}"
        for path in root.rglob("*.py")
        for word in banned
        for line in path.read_text("utf-8").splitlines()
        if word in line and not line.lstrip().startswith("#") and f".{word}" not in line and f"_{word}" not in line
    ]
    assert found == []
