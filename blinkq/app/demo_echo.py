"""The echo service that the demo calls, as a process of its own: where it listens, and what it noticed."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

from PyQt6.QtCore import QObject, QProcess

__all__ = ["EchoService"]

#: how long the service may take to end by itself (ms)
_END_TIME = 8000


class EchoService(QObject):
    """``blinkq echo`` on a free port of this computer. Its notifications are read as the Qt loop runs.

    :param config_dir: where it finds no settings, so that the user's are left alone
    """

    def __init__(self, config_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.address = f"127.0.0.1:{_free_port()}"
        self.complaints = ""
        self._notifications: list[tuple[str, dict[str, object]]] = []
        self._rest = b""
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_complaints)
        arguments = ["-m", "blinkq.cli.main", "--config-dir", str(config_dir), "echo", "--listen", self.address, "--json"]
        self._process.start(sys.executable, arguments)

    @property
    def listening(self) -> bool:
        return self.heard("SIPApplicationDidStart") > 0

    @property
    def failed(self) -> bool:
        """Whether the process is gone (or could not be started)."""
        return self._process.state() is QProcess.ProcessState.NotRunning

    @property
    def digits(self) -> str:
        """The DTMF digits that arrived."""
        return "".join(str(data.get("digit", "")) for name, data in self._notifications if name == "AudioStreamGotDTMF")

    def heard(self, name: str, **data: object) -> int:
        """How many notifications ``name`` with these values there were."""
        return sum(
            known == name and all(values.get(key) == value for key, value in data.items()) for known, values in self._notifications
        )

    def close(self) -> None:
        """End the service. Idempotent."""
        if self.failed:
            return
        self._process.terminate()
        if not self._process.waitForFinished(_END_TIME):
            self._process.kill()
            self._process.waitForFinished(_END_TIME)

    def _read(self) -> None:
        *lines, self._rest = (self._rest + self._process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            item = json.loads(line)
            self._notifications.append((item["name"], item["data"]))

    def _read_complaints(self) -> None:
        self.complaints += self._process.readAllStandardError().data().decode("utf-8", "replace")


def _free_port() -> int:
    """A port that is free for UDP and TCP at the moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        stream.bind(("127.0.0.1", 0))
        port: int = stream.getsockname()[1]
        try:
            datagram.bind(("127.0.0.1", port))
        except OSError:  # taken by another program's UDP socket
            return _free_port()
    return port
