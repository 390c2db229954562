"""The softphone on the lab's desktop, used with real mouse clicks and keys (xdotool); positions come from ``windows_driver``."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from support.lab import PATIENCE, TOOLS, Lab

DESKTOP = ("Xvfb", "openbox", "xdotool", "trayer", "import", "dbus-daemon")
#: pictures of every state are left there: look at them
SHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
DRIVER = Path(__file__).with_name("windows_driver.py")
SEVERAL = """
import json, sys
from blinkq.cli.main import main
for arguments in json.load(sys.stdin):
    if status := main(arguments):
        sys.exit(status)
"""


def missing_desktop_programs() -> list[str]:
    return [program for program in DESKTOP if shutil.which(program) is None]


class Softphone:
    """BlinkQ with its windows, on the lab's display and devices; a context manager.

    :param folder: for its settings and its log
    """

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.config_dir = folder / "config"
        self.log = folder / "softphone.log"
        self._address = folder / "driver"
        self._socket: socket.socket | None = None
        self._environment = {**os.environ, **lab.environment(), "LAB_RUN": str(lab.directory)}
        self._environment |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "PYTHONFAULTHANDLER": "1"}
        for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
            self._environment.pop(name, None)
        self.process: subprocess.Popen[bytes] | None = None
        self._settings: list[list[str]] = []

    # settings --------------------------------------------------------------------------------------------------------------------

    def settings(self, *arguments: str) -> None:
        """What ``blinkq settings`` shall do before the softphone runs."""
        self._settings.append(["--config-dir", str(self.config_dir), "settings", *arguments])

    def _apply_settings(self) -> None:
        """In one process: to start one for each takes longer than everything else."""
        done = subprocess.run(
            [sys.executable, "-c", SEVERAL], env=self._environment, input=json.dumps(self._settings), capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def add_alice(self, transport: str, password_file: Path) -> None:
        """The account alice@lab.test, and the lab's DNS and certificates."""
        proxy = self.lab.proxy(transport)
        self.settings(
            "accounts", "add", "alice@lab.test", "--password-file", str(password_file), "--display-name", "Alice Miller", "--proxy", proxy
        )
        for name, value in (
            ("dns.nameservers", self.lab.nameserver), ("tls.ca_list", str(self.lab.ca)), ("sip.local_ip", "127.0.0.1"),
            ("audio.directory", str(self.config_dir.parent / "recordings")),
        ):  # fmt: skip
            self.settings("set", name, value)

    # life ------------------------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Softphone:
        self._apply_settings()
        command = [sys.executable, str(DRIVER), str(self._address), "--config-dir", str(self.config_dir)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        try:
            self._connect(self.process)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def _connect(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._socket is None:
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"the softphone does not answer: {self.log.read_text()}"
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._address))
                self._socket = connection
            except OSError:  # not there yet
                connection.close()
                _give_a_moment(process)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self.process is not None
        if self._socket is not None:
            self._socket.close()
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        if kind is None:
            log = self.log.read_text()
            assert status == 0, log
            assert "Traceback" not in log, log

    # looking and pressing --------------------------------------------------------------------------------------------------------

    def ask(self, seconds: float = PATIENCE, **request: object) -> dict[str, object]:
        """Ask the driver; waits until it is true."""
        assert self._socket is not None
        self._socket.settimeout(seconds + 20)
        self._socket.sendall(json.dumps({**request, "seconds": seconds}).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            data = self._socket.recv(65536)
            assert data, f"the softphone is gone ({self.process and self.process.wait(60)}): {self.log.read_text()}"
            answer += data
        result: dict[str, object] = json.loads(answer)
        assert "error" not in result, result["error"]
        return result

    def see(self, name: str, text: str = "", seconds: float = PATIENCE, within: str | None = None) -> str:
        """Wait until the widget is there with this text, inside another one; returns its text."""
        return str(self.ask(seconds, find=name, text=text, **_within(within))["text"])

    def click(self, name: str, text: str = "", within: str | None = None) -> None:
        self._click(self.ask(find=name, text=text, press=True, **_within(within)))

    def see_row(self, text: str, seconds: float = PATIENCE) -> str:
        """Wait for a row of a list or tree."""
        return str(self.ask(seconds, row=text)["text"])

    def double_click_row(self, text: str) -> None:
        place = self.ask(row=text, press=True)
        self._xdotool("mousemove", str(place["x"]), str(place["y"]), "click", "--repeat", "2", "--delay", "60", "1")

    def click_action(self, text: str) -> None:
        """An entry of the menu bar or of an open menu."""
        self._click(self.ask(action=text, press=True))

    def dial(self, address: str) -> None:
        """Type an address into the dial box and press Call."""
        self.click("dialBox")
        self.type(address, into="dialBox")
        self.click("callButton")

    def open_tray_menu(self) -> None:
        self._click(self.ask(tray=True), button=3)

    def type(self, text: str, into: str = "") -> None:
        """Keys for that widget, which has been clicked; the window manager may take a while to give it the keyboard."""
        self.ask(focus=into)
        self._xdotool("type", "--delay", "12", text)

    def press(self, key: str) -> None:
        self.ask(focus="")
        self._xdotool("key", key)

    def point_away(self) -> None:
        """Move the pointer where it touches nothing."""
        self._xdotool("mousemove", "1270", "790")

    def shoot(self, path: Path) -> Path:
        """A picture of the whole desktop."""
        subprocess.run([str(TOOLS / "shot.sh"), str(path)], env=self._environment, check=True, timeout=PATIENCE)
        return path

    def sound(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start sound.sh: play into the microphone, record from the loudspeaker."""
        return subprocess.Popen([str(TOOLS / "sound.sh"), *arguments], env=self._environment)

    def _click(self, place: dict[str, object], button: int = 1) -> None:
        self._xdotool("mousemove", str(place["x"]), str(place["y"]), "click", str(button))

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self._environment, check=True, timeout=PATIENCE)


def _within(name: str | None) -> dict[str, object]:
    return {} if name is None else {"within": name}


def _give_a_moment(process: subprocess.Popen[bytes]) -> None:
    """Give a process a moment, unless it ends."""
    try:
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        pass
