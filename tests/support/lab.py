"""The interoperability lab as tests see it: start and stop real peers, tell baresip what to do, ask whether speech was heard.

Everything waits for something that happens, with a limit; nothing sleeps for a guessed time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType

TOOLS = Path(__file__).resolve().parents[1] / "lab"
NEEDED = {"kamailio": "kamailio", "dnsmasq": "dns", "baresip": "bob", "pulseaudio": "pulse", "espeak-ng": "speech", "sox": "speech"}


def missing_programs() -> list[str]:
    """The lab's programs that are not installed (tests/lab/install.sh installs them)."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [program for program in NEEDED if shutil.which(program, path=path) is None]


class Lab:
    """One run of the lab with its own ports and directory.

    :param directory: the run directory
    :param base: the first of its 1000 ports
    """

    def __init__(self, directory: Path, base: int) -> None:
        self.directory = directory
        self.base = base
        self._environment = {**os.environ, "LAB_RUN": str(directory), "LAB_BASE": str(base), "TERM": "dumb"}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "PULSE_SERVER"):
            self._environment.pop(name, None)

    def port(self, offset: int) -> int:
        return self.base + offset

    @property
    def nameserver(self) -> str:
        return f"127.0.0.1:{self.port(53)}"

    @property
    def ca(self) -> Path:
        return self.directory / "tls" / "ca.pem"

    def proxy(self, transport: str) -> str:
        """Kamailio as the value of --proxy."""
        return f"127.0.0.1:{self.port(61 if transport == 'tls' else 60)};transport={transport}"

    # components ------------------------------------------------------------------------------------------------------------------

    def up(self, *components: str, **settings: str) -> None:
        self._lab("up", *components, settings=settings)

    def down(self, *components: str) -> None:
        self._lab("down", *components)

    def reset(self, *components: str, **settings: str) -> None:
        """Restart components with these LAB_... settings (others at their defaults)."""
        self._lab("reset", *components, settings=settings)

    def _lab(self, *arguments: str, settings: dict[str, str] | None = None) -> None:
        done = subprocess.run(
            [str(TOOLS / "lab.sh"), *arguments], env={**self._environment, **(settings or {})}, capture_output=True, text=True,
            timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"lab.sh {' '.join(arguments)}: {done.stdout}{done.stderr}"

    def environment(self) -> dict[str, str]:
        """What a program under test should have in its environment (PULSE_SERVER, DISPLAY, ...)."""
        text = (self.directory / "env").read_text() if (self.directory / "env").exists() else ""
        return dict(re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE))

    def pid(self, component: str) -> int:
        return int((self.directory / "pid" / component).read_text().split()[0])

    # baresip -------------------------------------------------------------------------------------------------------------------------

    def baresip(self, who: str, command: str, parameters: str = "") -> str:
        """Run one command of baresip ``who`` ("bob", "carol") and return its answer."""
        with closing(self._control(who)) as control:
            body = json.dumps({"command": command, "params": parameters, "token": "test"}).encode()
            control.sendall(b"%d:%s," % (len(body), body))
            for frame in _netstrings(control, 10.0):
                if frame.get("response"):
                    return re.sub(r"\x1b\[[0-9;]*m", "", str(frame.get("data", ""))).strip()
        raise AssertionError(f"baresip {who} did not answer to {command}")

    def events(self, who: str) -> BaresipEvents:
        """Hear what happens at baresip ``who`` from now on."""
        return BaresipEvents(self._control(who))

    def _control(self, who: str) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port({"bob": 110, "carol": 120}[who]) + 2), 5)

    def clear_heard(self, who: str) -> None:
        for file in (self.directory / f"baresip-{who}" / "heard").glob("*.wav"):
            file.unlink()

    def heard(self, who: str) -> Path:
        """The newest recording of what baresip ``who`` heard."""
        files = self._recordings(who)
        assert files, f"{who} recorded nothing"
        return files[-1]

    def wait_until_heard(self, who: str, seconds: float, limit: float = 30.0) -> None:
        """Wait until the newest recording of baresip ``who`` is that long (48 kHz, mono, 16 bits)."""
        deadline = time.monotonic() + limit
        while not (files := self._recordings(who)) or files[-1].stat().st_size < seconds * 96_000:
            assert time.monotonic() < deadline, f"{who} did not hear {seconds} s within {limit} s"
            threading.Event().wait(0.1)

    def _recordings(self, who: str) -> list[Path]:
        return sorted((self.directory / f"baresip-{who}" / "heard").glob("*-dec.wav"), key=lambda file: file.stat().st_mtime)

    def spoken(self, who: str) -> Path:
        """What baresip ``who`` says, in a loop."""
        return self.directory / "wav" / f"{who}.wav"

    # sound and SIPp --------------------------------------------------------------------------------------------------------------------

    def say(self, text: str, name: str, rate: int = 16000) -> Path:
        """A WAV file with ``text`` spoken."""
        path = self.directory / "wav" / name
        if not path.exists():
            subprocess.run([str(TOOLS / "sound.sh"), "say", text, str(path), str(rate)], env=self._environment, check=True, timeout=30)
        return path

    def after_silence(self, speech: Path, seconds: float) -> Path:
        """``speech`` with that much silence before it."""
        path = speech.with_name(f"{speech.stem}-after-{seconds:g}.wav")
        if not path.exists():
            subprocess.run(["sox", "-q", str(speech), str(path), "pad", str(seconds)], check=True, timeout=30)
        return path

    def last_seconds(self, recording: Path, seconds: float) -> Path:
        """The end of a recording."""
        path = recording.with_name(f"{recording.stem}-end.wav")
        subprocess.run(["sox", "-q", str(recording), str(path), "trim", f"-{seconds}"], check=True, timeout=30)
        return path

    def score(self, reference: Path, recording: Path) -> dict[str, float]:
        """How much of the reference's speech is in the recording: ``score`` is about 1 for a copy, 0.2 for other speech."""
        command = ["/usr/bin/python3", str(TOOLS / "tools" / "speechcheck.py"), str(reference), str(recording), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout, done.stderr
        result: dict[str, float] = json.loads(done.stdout)
        return result

    def request(self, *arguments: str) -> str:
        """Send one SIP request with tools/sipreq.py; what it printed."""
        command = ["/usr/bin/python3", str(TOOLS / "tools" / "sipreq.py"), *arguments]
        environment = {**self._environment, "LAB_SIP": str(self.port(60)), "LAB_SIPS": str(self.port(61))}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sipp(self, scenario: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a SIPp scenario of tests/lab/sipp; its exit status is 0 when the call went as written."""
        command = [str(TOOLS / "sipp.sh"), scenario, *arguments]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class BaresipEvents:
    """The events of one baresip since this object was made; a context manager."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self.seen: list[dict[str, object]] = []

    def wait_for(self, wanted: Callable[[dict[str, object]], bool], seconds: float) -> dict[str, object]:
        """The first event, past or to come, that ``wanted`` accepts."""
        for event in self.seen:
            if wanted(event):
                return event
        for event in _netstrings(self._control, seconds):
            self.seen.append(event)
            if wanted(event):
                return event
        raise AssertionError(f"no such event within {seconds} s; seen: {self.seen}")

    def __enter__(self) -> BaresipEvents:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._control.close()


def _netstrings(connection: socket.socket, seconds: float) -> Iterator[dict[str, object]]:
    """The JSON objects that arrive as netstrings until ``seconds`` pass without one."""
    connection.settimeout(seconds)
    buffer = b""
    while True:
        head, colon, rest = buffer.partition(b":")
        if colon and len(rest) > int(head):
            yield json.loads(rest[: int(head)].decode(errors="replace"))
            buffer = rest[int(head) + 1 :]
            continue
        try:
            data = connection.recv(65536)
        except TimeoutError:
            return
        if not data:
            return
        buffer += data


class BlinkQ:
    """A ``blinkq ... --json`` process: its notifications as they come, its sentences, its exit status. A context manager.

    :param arguments: the command and its options, without --json
    :param typing: ``type`` gives it lines on standard input
    :param within: the command that runs it somewhere, such as ("ip", "netns", "exec", NAME)
    """

    def __init__(
        self, *arguments: str, environment: dict[str, str] | None = None, within: Sequence[str] = (), typing: bool = False
    ) -> None:
        command = [*within, sys.executable, "-m", "blinkq.cli.main", *arguments, "--json"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE if typing else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        self.notifications: list[dict[str, object]] = []
        self.sentences: list[str] = []
        self._news = threading.Condition()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._read_notifications, self._read_sentences)]
        for thread in self._threads:
            thread.start()

    @property
    def text(self) -> str:
        return "".join(self.sentences)

    def wait_for(self, name: str, seconds: float = 15.0, count: int = 1, **data: object) -> dict[str, object]:
        """Data of the ``count``-th notification ``name`` whose data has these values; waits for it."""

        def found() -> list[dict[str, object]]:
            return [
                item["data"]  # type: ignore[misc]  # our own JSON
                for item in self.notifications
                if item["name"] == name and all(item["data"].get(key) == value for key, value in data.items())  # type: ignore[attr-defined]
            ]

        with self._news:
            arrived = self._news.wait_for(lambda: len(found()) >= count or self.process.poll() is not None, seconds)
            matching = found()
        names = [item["name"] for item in self.notifications]
        assert len(matching) >= count, f"no {name} {data} ({'exited' if arrived else 'timeout'}); seen {names}\n{self.text}"
        return matching[count - 1]

    def wait_for_text(self, text: str, seconds: float = 15.0, times: int = 1) -> None:
        """Wait until the command has said ``text`` (``times`` times)."""
        with self._news:
            self._news.wait_for(lambda: self.text.count(text) >= times or self.process.poll() is not None, seconds)
        assert self.text.count(text) >= times, f"no {text!r} in {self.text}"

    def names(self) -> list[str]:
        return [str(item["name"]) for item in self.notifications]

    def type(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def wait(self, seconds: float = 30.0) -> int:
        """The exit status."""
        status = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(5)
        return status

    def __enter__(self) -> BlinkQ:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.interrupt()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        for thread in self._threads:
            thread.join(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _read_notifications(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.notifications.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def _read_sentences(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.sentences.append(line)
                self._news.notify_all()
