"""Clipboards in every script: our viewer at TigerVNC's server, its viewer at our server, and nothing where one may only look."""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pytest
from support.painted_screen import PaintedScreen

from blinkq.rfb.messages import ClipboardReceived, Connected, Failed, PointerReceived, Transmit
from blinkq.rfb.server import ServerCore
from blinkq.rfb.viewer import ViewerCore

pytestmark = pytest.mark.lab
NEEDED = ("Xvfb", "Xtigervnc", "xtigervncviewer", "xdotool")
missing = [name for name in NEEDED if shutil.which(name) is None]
if missing:
    pytest.skip(f"not installed: {', '.join(missing)}", allow_module_level=True)

HERE, THERE = "Grüße\nпривет 🎉", "zurück\n日本 ᚠ"

# A program with a clipboard: JSON lines are texts to copy, and those that others copied.
_PROGRAM = """
import json, sys, threading
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QGuiApplication

class Lines(QObject):
    came = pyqtSignal(str)
    over = pyqtSignal()

application = QGuiApplication(sys.argv)
clipboard = application.clipboard()
lines = Lines()

def read():
    for line in sys.stdin:
        lines.came.emit(json.loads(line))
    lines.over.emit()

def changed():
    if not clipboard.ownsClipboard():
        print(json.dumps(clipboard.text()), flush=True)

lines.came.connect(clipboard.setText)
lines.over.connect(application.quit)
clipboard.dataChanged.connect(changed)
threading.Thread(target=read, daemon=True).start()
print(json.dumps("ready"), flush=True)
application.exec()
"""


class Program:
    """It on a display: a context manager. texts: those that others copied."""

    def __init__(self, display: str) -> None:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        command = [sys.executable, "-c", _PROGRAM]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.texts: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self.texts.get(timeout=60) == "ready"

    def copy(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(text) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.texts.put(json.loads(line))

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.wait(60)
            self._reader.join(60)
            self._process.stdout.close()


class End:
    """Our core at a real socket. texts: what its clipboard was told; clicks: of the viewer."""

    def __init__(self, core: ViewerCore | ServerCore, connection: socket.socket) -> None:
        self.core = core
        self.texts: list[str] = []
        self.connected = False
        self.clicks = 0
        self._connection = connection
        connection.settimeout(0.1)

    def until(self, done: Callable[[], bool], again: Callable[[], None] = lambda: None) -> None:
        """Carry bytes until then. again: what to do every three seconds, at first too."""
        deadline, due = time.monotonic() + 90, 0.0
        while not done():
            now = time.monotonic()
            assert now < deadline, f"it did not come about; texts {self.texts}"
            if now >= due:
                due = now + 3
                again()
            self.carry()

    def carry(self) -> None:
        """What there is."""
        if isinstance(self.core, ServerCore) and self.core.waiting:
            self.core.frame(np.zeros((200, 300, 4), np.uint8), time.monotonic())
        for output in self.core.drain():
            self._take(output)
        try:
            data = self._connection.recv(1 << 18)
        except TimeoutError:
            return
        assert data, "the connection was closed"
        self.core.receive_data(data, time.monotonic())

    def _take(self, output: Any) -> None:
        assert not isinstance(output, Failed), output
        if isinstance(output, Transmit):
            self._connection.sendall(output.data)
        elif isinstance(output, ClipboardReceived):
            self.texts.append(output.text)
        elif isinstance(output, PointerReceived):
            self.clicks += output.buttons & 1
        elif isinstance(output, Connected):
            self.connected = True


def comes(end: End, program: Program, text: str, again: Callable[[], None] = lambda: None) -> list[str]:
    """The program's clipboard has it in the end; what it had until then."""
    seen: list[str] = []

    def done() -> bool:
        while not program.texts.empty():
            seen.append(program.texts.get())
        return text in seen

    end.until(done, again)
    return seen


@pytest.fixture
def tigervnc(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """TigerVNC's server: its display and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    reading, writing = os.pipe()
    command = ["Xtigervnc", "-displayfd", str(writing), "-rfbport", str(port), "-localhost=1", "-geometry", "300x200", "-depth", "24"]
    command += ["-SecurityTypes", "None", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as pipe:
                yield f":{pipe.readline().strip()}", port
        finally:
            server.terminate()
            server.wait(60)


def test_our_viewer_and_the_server_of_tigervnc(tigervnc: tuple[str, int]) -> None:
    display, port = tigervnc
    with Program(display) as program, socket.create_connection(("127.0.0.1", port), 30) as connection:
        end = End(ViewerCore(), connection)
        end.until(lambda: end.connected)
        end.until(lambda: THERE in end.texts, lambda: program.copy(THERE))
        end.core.cut_text(HERE, 0.0)
        comes(end, program, HERE)
        # a viewer that only looks is told nothing, and tells nothing
        assert isinstance(end.core, ViewerCore)
        end.core.view_only = True
        before = len(end.texts)
        program.copy("while looking")
        end.core.cut_text("not told", 0.0)
        end.core.refresh(0.0)
        for _ in range(5):
            end.carry()
        assert len(end.texts) == before
        end.core.view_only = False
        end.core.cut_text("told", 0.0)
        assert "not told" not in comes(end, program, "told")


def test_our_server_and_the_viewer_of_tigervnc(tmp_path: Path) -> None:
    core = ServerCore(300, 200, "ours", allow_input=True)
    directory = tmp_path / "screen"
    directory.mkdir()
    nowhere = ("127.0.0.1", 0)
    with PaintedScreen(directory, paint=False) as screen, Program(screen.display) as program, socket.create_server(nowhere) as listener:
        environment = {**os.environ, "DISPLAY": screen.display, "HOME": str(tmp_path)}
        command = ["xtigervncviewer", "-FullScreen=0", "-RemoteResize=0", f"127.0.0.1::{listener.getsockname()[1]}"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as viewer:
            try:
                listener.settimeout(60)
                connection, _ = listener.accept()
                with connection:
                    _talk(End(core, connection), program, environment)
            finally:
                viewer.terminate()
                try:
                    viewer.wait(60)
                except subprocess.TimeoutExpired:
                    viewer.kill()


def _talk(end: End, program: Program, environment: dict[str, str]) -> None:
    core = end.core
    assert isinstance(core, ServerCore)
    end.until(lambda: end.connected)
    search = ["xdotool", "search", "--onlyvisible", "--name", "TigerVNC"]
    found: list[str] = []

    def appeared() -> bool:
        found[:] = subprocess.run(search, env=environment, capture_output=True, text=True).stdout.split()
        return bool(found)

    end.until(appeared)
    window = found[0]

    def focus() -> None:
        subprocess.run(["xdotool", "windowfocus", window], env=environment, check=True)  # it shares the clipboard while one works in it

    def copied(text: str) -> Callable[[], None]:
        """Copied at ours, and a click in the viewer: that takes the clipboard as of its last event, others who copied later keep it."""

        def again() -> None:
            focus()
            subprocess.run(["xdotool", "mousemove", "--window", window, "20", "20", "click", "1"], env=environment, check=True)
            clicked = end.clicks
            limit = time.monotonic() + 3
            while end.clicks == clicked and time.monotonic() < limit:
                end.carry()
            core.cut_text(text, 0.0)

        return again

    def copied_there() -> None:
        focus()
        program.copy(THERE)  # again: before both have told what they know it comes as Latin-1

    end.until(lambda: THERE in end.texts, copied_there)
    comes(end, program, HERE, copied(HERE))
    core.allow_input = False
    before = len(end.texts)
    program.copy("while looking")
    core.cut_text("not told", 0.0)
    for _ in range(5):
        end.carry()
    assert len(end.texts) == before
    core.allow_input = True
    assert "not told" not in comes(end, program, "told", copied("told"))
