"""A screen shared from the windows: seen and operated through ``blinkq answer`` and a VNC connection, until Stop."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.lab import PATIENCE, BlinkQ
from support.painted_screen import PaintedScreen
from support.ports import free_port

from blinkq.rfb.messages import Transmit
from blinkq.rfb.viewer import ViewerCore

pytestmark = pytest.mark.lab
SCRIPT = Path(__file__).parents[1] / "support" / "share_windows.py"
KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
RED = [0x2B, 0x2B, 0xC0]  # of the border, blue first


class Connection:
    """A viewer on a socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.core = ViewerCore()

    def carry(self) -> None:
        """One read comes in; fails when nothing comes."""
        data = self._socket.recv(1 << 16)
        assert data
        self.core.receive_data(data, 0.0)
        self.flush()

    def flush(self) -> None:
        """What is to be sent goes out."""
        for output in self.core.drain():
            if isinstance(output, Transmit):
                self._socket.sendall(output.data)

    def close(self) -> None:
        self._socket.close()


def test_a_screen_is_shared_from_the_windows(tmp_path: Path) -> None:
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb")
    port = free_port()
    (tmp_path / "screen").mkdir()
    (tmp_path / "windows").mkdir()
    arguments = ("--listen", f"127.0.0.1:{port}", "--count", "1", "--audio", "null", "--accept", "desktop-sharing")
    with (
        PaintedScreen(tmp_path / "screen") as screen,
        BlinkQ("answer", *arguments, "--config-dir", str(tmp_path / "answer"), environment=KEYRING) as answer,
    ):
        answer.wait_for("SIPApplicationDidStart")
        command = [sys.executable, str(SCRIPT), str(tmp_path / "windows"), f"sip:bob@127.0.0.1:{port}"]
        environment = {**os.environ, **KEYRING, "DISPLAY": screen.display}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as windows:
            assert windows.stdout is not None
            assert windows.stdin is not None
            assert windows.stdout.readline() == "seen\n"
            answer.wait_for_text("localhost port ")
            connection = Connection(int(answer.text.rpartition("localhost port ")[2].split()[0]))
            core = connection.core
            while core.screen is None or core.screen.pixels[200, 1, :3].tolist() != RED:
                connection.carry()
            for buttons in (0, 1, 0):
                core.pointer(200, 315, buttons, 0.0)
            for character in "hi":
                core.key(ord(character), True, 0.0)
                core.key(ord(character), False, 0.0)
            connection.flush()
            assert [screen.painter.said(), screen.painter.said()] == ["typed h", "typed hi"]
            windows.stdin.write("stop\n")
            windows.stdin.flush()
            assert windows.stdout.readline() == "over\n"
            assert windows.wait(PATIENCE) == 0
            connection.close()
        assert answer.wait() == 0, answer.text
