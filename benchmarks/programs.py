"""The programs under test, started and stopped: the caller, `blinkq echo`, the softphone with windows, baresip."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from benchmarks.machine import family
from blinkq.media.wav import open_writer

__all__ = ["CallerProcess", "baresip", "echo", "folder", "free_port", "options_request", "settings", "speech", "window"]

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 30.0


def settings(*, codecs: str = "PCMU", proxy_port: int = 0, accounts: int = 0) -> dict[str, Any]:
    """A settings tree: no sound devices, loopback only, and ``accounts`` accounts that register at ``proxy_port``."""
    proxy = f"127.0.0.1:{proxy_port};transport=udp"
    return {
        "SIPSimpleSettings": {
            "audio": {"input_device": None, "output_device": None, "alert_device": None},
            "rtp": {"audio_codec_list": codecs.split(",")},
            "sip": {"local_ip": "127.0.0.1", "transport_list": ["udp", "tcp"]},
        },
        "Accounts": {
            f"user{number}@example.test": {"enabled": "true", "sip": {"outbound_proxy": proxy}} for number in range(accounts)
        },
    }  # fmt: skip


class CallerProcess:
    """``benchmarks.caller`` and the media process below it; a context manager. ``start_time`` is from exec to SIPApplicationDidStart."""

    def __init__(self, tree: dict[str, Any], program: str = "benchmarks.caller") -> None:
        begin = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", program, json.dumps(tree)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.start_time: float = self._answer()["started"] - begin

    @property
    def pids(self) -> list[int]:
        """The process and its media process."""
        return family(self._process.pid)

    def do(self, command: str, *, limit: float = LIMIT, **arguments: object) -> dict[str, Any]:
        """Have the caller do something; returns its answer, which must come within ``limit`` seconds."""
        self.ask(command, **arguments)
        return self._answer(limit)

    def ask(self, command: str, **arguments: object) -> None:
        """The same without waiting."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
        self._process.stdin.flush()

    def close(self) -> float:
        """End it; returns the seconds from ``stop()`` to SIPApplicationDidEnd. Raises what went wrong there."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        seconds: float = self._answer()["stopping"]
        self._process.wait(LIMIT)
        return seconds

    def _answer(self, limit: float = LIMIT) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(wait_for_line(self._process, lambda text: text.startswith("{"), limit=limit))
        return answer

    def __enter__(self) -> CallerProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _end(self._process)


@contextmanager
def echo(config: Path, *, codecs: str = "PCMU", greeting: Path) -> Iterator[tuple[int, int]]:
    """``blinkq echo`` on loopback; yields its SIP port and process id."""
    port = free_port()
    command = [sys.executable, "-m", "blinkq.cli.main", "echo", "--config-dir", str(config), "--listen", f"127.0.0.1:{port}",
               "--local-address", "127.0.0.1", "--codecs", codecs, "--audio", "null", "--play", str(greeting)]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for_line(process, lambda text: text.startswith("Waiting"), errors=True)
        # read on, or the service would wait when the pipe is full
        threading.Thread(target=_drain, args=(process.stderr,), name="drain", daemon=True).start()
        yield port, process.pid
    finally:
        _end(process)


@contextmanager
def window(config: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, float]]]:
    """The softphone without a screen; yields the process and its moments: "window" (shown and idle) and "application" (started)."""
    begin = time.monotonic()
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "benchmarks.window", str(config)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    try:
        moments: dict[str, float] = {}
        while not {"window", "application"} <= moments.keys():
            moments |= json.loads(wait_for_line(process, lambda text: text.startswith("{")))
        yield process, {name: moment - begin for name, moment in moments.items()}
    finally:
        _end(process)


@contextmanager
def baresip(directory: Path, speech_file: Path, codec: str) -> Iterator[tuple[int, int]]:
    """A baresip that answers and speaks the file; yields its SIP port and process id."""
    port = free_port()
    modules = ("g711.so", "opus.so", "aufile.so", "aubridge.so", "menu.so")
    lines = [
        f"sip_listen 127.0.0.1:{port}", f"audio_source aufile,{speech_file}", "audio_player aubridge,bench", "audio_alert aubridge,bench",
        "ausrc_srate 48000", "ausrc_channels 1", "auplay_srate 48000", "auplay_channels 1", "net_interface 127.0.0.1", "call_max_calls 20",
        "module_path /usr/lib/baresip/modules", "jitter_buffer_delay 5-10", "rtp_ports 49000-49400", "ringback_disabled yes",
        "module_tmp uuid.so", "module_tmp account.so", "menu_bell no", *(f"module {module}" for module in modules),
    ]  # fmt: skip
    (directory / "config").write_text("\n".join(lines) + "\n")
    (directory / "accounts").write_text(f"<sip:echo@127.0.0.1:{port};transport=udp>;regint=0;answermode=auto;audio_codecs={codec}\n")
    process = subprocess.Popen(
        [shutil.which("baresip") or "baresip", "-f", str(directory)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(directory)},
    )  # fmt: skip
    try:
        _wait_for_sip(port)
        yield port, process.pid
    finally:
        _end(process)


def _wait_for_sip(port: int) -> None:
    """Until somebody answers SIP there. Raises TimeoutError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(0.3)
        own = probe.getsockname()[1]
        for number in range(40):
            try:
                probe.sendto(options_request(port, own, number), ("127.0.0.1", port))
                probe.recv(65536)
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.1)
            else:
                return
    raise TimeoutError("nobody answers SIP")


def options_request(port: int, own_port: int, number: int) -> bytes:
    """An OPTIONS request of its own transaction."""
    return (
        f"OPTIONS sip:echo@127.0.0.1:{port} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{own_port};branch=z9hG4bKbench{own_port}x{number};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:bench@127.0.0.1>;tag=b{number}\r\nTo: <sip:echo@127.0.0.1:{port}>\r\n"
        f"Call-ID: bench-{own_port}-{number}@127.0.0.1\r\nCSeq: 1 OPTIONS\r\nContact: <sip:bench@127.0.0.1:{own_port}>\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def wait_for_line(process: subprocess.Popen[bytes], wanted: Callable[[str], bool], *, errors: bool = False, limit: float = LIMIT) -> str:
    """The next line of the output that is wanted. Raises TimeoutError, or RuntimeError when the process ends without."""
    stream = process.stderr if errors else process.stdout
    assert stream is not None
    deadline = time.monotonic() + limit
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        line = b""
        while selector.select(max(0.0, deadline - time.monotonic())):
            octet = os.read(stream.fileno(), 1)
            if not octet:
                raise RuntimeError(f"{process.args!r} ended too early")
            line += octet
            if octet == b"\n":
                text, line = line.decode(errors="replace"), b""
                if wanted(text):
                    return text
    raise TimeoutError(f"{process.args!r} said nothing for {limit:g} s")


def _drain(stream: IO[bytes]) -> None:
    with suppress(OSError, ValueError):  # closed under our feet at the end
        while os.read(stream.fileno(), 65536):
            pass


def free_port() -> int:
    """A port that is free for UDP and TCP just now."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            try:
                datagram.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def speech(path: Path, *, times: int = 1) -> Path:
    """Write what costs a codec as much as a voice does: six seconds of a gliding buzz in syllables, ``times`` over."""
    rate = 48000
    moment = np.arange(6 * rate) / rate
    phase = 2 * np.pi * np.cumsum(120 + 25 * np.sin(4 * moment)) / rate
    buzz = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 25))
    syllables = np.clip(np.sin(2 * np.pi * 3 * moment) + 0.5, 0, 1)
    writer = open_writer(path, rate)
    writer.write(np.tile((4000 * buzz * syllables).astype(np.int16), times))
    writer.close()
    return path


@contextmanager
def folder() -> Iterator[Path]:
    """A directory that lives as long as the measurement."""
    with tempfile.TemporaryDirectory(prefix="blinkq-bench-") as name:
        yield Path(name)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
