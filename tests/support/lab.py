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
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from support.ports import is_bound

TOOLS = Path(__file__).resolve().parents[1] / "lab"
#: Seconds after which something that was waited for is taken to be missing: the machine may be busy with other tests.
PATIENCE = 90.0
NEEDED = {"kamailio": "kamailio", "dnsmasq": "dns", "baresip": "bob", "pulseaudio": "pulse", "espeak-ng": "speech", "sox": "speech"}


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that nobody announces."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        threading.Event().wait(0.05)


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
            timeout=300, check=False,
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
        with self.events(who) as control:
            return control.ask(command, parameters)

    def events(self, who: str) -> BaresipEvents:
        """Hear what happens at baresip ``who`` from now on, until the next ``baresip`` or ``events``: it talks to one at a time."""
        return BaresipEvents(self.port({"bob": 110, "carol": 120}[who]) + 2)

    def clear_heard(self, who: str) -> None:
        for file in (self.directory / f"baresip-{who}" / "heard").glob("*.wav"):
            file.unlink()

    def heard(self, who: str) -> Path:
        """The newest recording of what baresip ``who`` heard."""
        files = self._recordings(who)
        assert files, f"{who} recorded nothing"
        return files[-1]

    def wait_until_heard(self, who: str, seconds: float) -> None:
        """Wait until the newest recording of baresip ``who`` is that long (48 kHz, mono, 16 bits)."""
        until(lambda: any(file.stat().st_size >= seconds * 96_000 for file in self._recordings(who)[-1:]), f"{who} heard {seconds} s")

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
            command = [str(TOOLS / "sound.sh"), "say", text, str(path), str(rate)]
            subprocess.run(command, env=self._environment, check=True, timeout=PATIENCE)
        return path

    def after_silence(self, speech: Path, seconds: float, times: int = 1) -> Path:
        """``speech``, so many times, with that much silence before it."""
        path = speech.with_name(f"{speech.stem}-{times}-after-{seconds:g}.wav")
        if not path.exists():
            effects = ["repeat", str(times - 1), "pad", str(seconds)]
            subprocess.run(["sox", "-q", str(speech), str(path), *effects], check=True, timeout=PATIENCE)
        return path

    def last_seconds(self, recording: Path, seconds: float) -> Path:
        """The end of a recording."""
        path = recording.with_name(f"{recording.stem}-end.wav")
        subprocess.run(["sox", "-q", str(recording), str(path), "trim", f"-{seconds}"], check=True, timeout=PATIENCE)
        return path

    def score(self, reference: Path, recording: Path) -> dict[str, float]:
        """How much of the reference's speech is in the recording: ``score`` is about 1 for a copy, 0.2 for other speech."""
        command = ["/usr/bin/python3", str(TOOLS / "tools" / "speechcheck.py"), str(reference), str(recording), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.stdout, done.stderr
        result: dict[str, float] = json.loads(done.stdout)
        return result

    def request(self, *arguments: str) -> str:
        """Send one SIP request with tools/sipreq.py; what it printed."""
        command = ["/usr/bin/python3", str(TOOLS / "tools" / "sipreq.py"), *arguments]
        environment = {**self._environment, "LAB_SIP": str(self.port(60)), "LAB_SIPS": str(self.port(61))}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sipp(self, scenario: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a SIPp scenario of tests/lab/sipp, and wait until it can be called; its exit status is 0 when the call went as written."""
        command = [str(TOOLS / "sipp.sh"), scenario, *arguments]
        process = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if scenario.startswith("uas_"):
            port = int(arguments[arguments.index("-p") + 1])
            until(lambda: is_bound(port) or process.poll() is not None, f"SIPp listens on port {port}")
        return process


class BaresipEvents:
    """The control connection of one baresip: its events since this object was made, and its answers. A context manager."""

    def __init__(self, port: int) -> None:
        self._control = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._received = b""
        self.seen: list[dict[str, object]] = []
        try:
            self.ask("about")  # until it has accepted the connection it tells nothing
        except BaseException:
            self._control.close()
            raise

    def ask(self, command: str, parameters: str = "") -> str:
        """Give a command; its answer."""
        body = json.dumps({"command": command, "params": parameters, "token": "test"}).encode()
        self._control.sendall(b"%d:%s," % (len(body), body))
        deadline = time.monotonic() + PATIENCE
        while (frame := self._frame(deadline)) is not None:
            if frame.get("response"):
                return re.sub(r"\x1b\[[0-9;]*m", "", str(frame.get("data", ""))).strip()
            self.seen.append(frame)
        raise AssertionError(f"baresip did not answer to {command}")

    def wait_for(self, wanted: Callable[[dict[str, object]], bool], seconds: float = PATIENCE, count: int = 1) -> dict[str, object]:
        """The ``count``-th event, past or to come, that ``wanted`` accepts."""
        deadline = time.monotonic() + seconds
        while len(found := [event for event in self.seen if wanted(event)]) < count:
            frame = self._frame(deadline)
            assert frame is not None, f"no such event within {seconds} s; seen: {self.seen}"
            self.seen.append(frame)
        return found[count - 1]

    def _frame(self, deadline: float) -> dict[str, object] | None:
        """The next JSON object, which came as a netstring; None when there is none in time or nobody there any more."""
        while True:
            head, colon, rest = self._received.partition(b":")
            if colon and len(rest) > int(head):
                self._received = rest[int(head) + 1 :]
                frame: dict[str, object] = json.loads(rest[: int(head)].decode(errors="replace"))
                return frame
            self._control.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._control.recv(65536)
            except TimeoutError:
                return None
            if not data:
                return None
            self._received += data

    def __enter__(self) -> BaresipEvents:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._control.close()


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
        self._reading = 2
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._read_notifications, self._read_sentences)]
        for thread in self._threads:
            thread.start()

    @property
    def text(self) -> str:
        return "".join(self.sentences)

    def wait_for(self, name: str, seconds: float = PATIENCE, count: int = 1, **data: object) -> dict[str, object]:
        """Data of the ``count``-th notification ``name`` whose data has these values; waits for it."""

        def found() -> list[dict[str, object]]:
            return [
                item["data"]  # type: ignore[misc]  # our own JSON
                for item in self.notifications
                if item["name"] == name and all(item["data"].get(key) == value for key, value in data.items())  # type: ignore[attr-defined]
            ]

        with self._news:
            arrived = self._news.wait_for(lambda: len(found()) >= count or self._said_all(), seconds)
            matching = found()
        names = [item["name"] for item in self.notifications]
        assert len(matching) >= count, f"no {name} {data} ({'exited' if arrived else 'timeout'}); seen {names}\n{self.text}"
        return matching[count - 1]

    def wait_for_text(self, text: str, seconds: float = PATIENCE, times: int = 1) -> None:
        """Wait until the command has said ``text`` (``times`` times)."""
        with self._news:
            self._news.wait_for(lambda: self.text.count(text) >= times or self._said_all(), seconds)
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

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit status."""
        status = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(PATIENCE)
        return status

    def __enter__(self) -> BlinkQ:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.interrupt()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _said_all(self) -> bool:
        """Whether nothing more can come. (That the process has ended does not mean that all of its lines have been read.)"""
        return self._reading == 0

    def _read_notifications(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):  # a process that is killed may leave a part of one
                with self._news:
                    self.notifications.append(json.loads(line))
                    self._news.notify_all()
        self._read_all()

    def _read_sentences(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.sentences.append(line)
                self._news.notify_all()
        self._read_all()

    def _read_all(self) -> None:
        with self._news:
            self._reading -= 1
            self._news.notify_all()
