"""An X screen with something on it, whose pixels can be read from a file: what viewers are compared with."""

from __future__ import annotations

import os
import queue
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from support.lab import PATIENCE

__all__ = ["PaintedScreen", "Painter"]

# A gradient, boxes, writing, and a field that shows what was typed into it.
_PAINTER = """
import sys
from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QColor, QFont, QLinearGradient, QPainter
from PyQt6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

class Painting(QWidget):
    def paintEvent(self, event):
        painter = QPainter(self)
        gradient = QLinearGradient(0, 0, 640, 400)
        for place, name in ((0, "navy"), (0.5, "orange"), (1, "teal")):
            gradient.setColorAt(place, QColor(name))
        painter.fillRect(self.rect(), gradient)
        painter.fillRect(60, 60, 300, 200, QColor("white"))
        painter.setFont(QFont("DejaVu Sans", 12))
        for line in range(7):
            painter.drawText(70, 85 + line * 24, f"line {line} of what is shared")
        painter.fillRect(420, 40, 120, 120, QColor("red"))

application = QApplication(sys.argv)
application.setCursorFlashTime(0)
painting = Painting()
painting.setWindowFlags(Qt.WindowType.FramelessWindowHint)
painting.setGeometry(0, 0, 640, 400)
field = QLineEdit(painting)
field.setGeometry(60, 300, 300, 30)
button = QPushButton("press", painting)
button.setGeometry(400, 300, 100, 30)
field.textChanged.connect(lambda text: print("typed", text, flush=True))
button.clicked.connect(lambda: print("pressed", flush=True))
painting.show()
painting.activateWindow()
field.setFocus()
print("shown", flush=True)
application.exec()
"""


class Painter:
    """Paints on a display: a context manager. said: its next line (what was typed and pressed)."""

    def __init__(self, display: str) -> None:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self._process = subprocess.Popen([sys.executable, "-c", _PAINTER], stdout=subprocess.PIPE, text=True, env=environment)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            assert self.said() == "shown"
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def said(self) -> str:
        """Waits for it."""
        return self._lines.get(timeout=PATIENCE)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()


class PaintedScreen:
    """An X server, and a painter on it unless there shall be none: a context manager. display: such as ":12"."""

    def __init__(self, directory: Path, *, paint: bool = True, width: int = 640, height: int = 400) -> None:
        self._directory = directory
        self._width, self._height = width, height
        reading, writing = os.pipe()
        # no cursor: programs that take pictures of a screen differ in whether they draw it
        arguments = ["-screen", "0", f"{width}x{height}x24", "-fbdir", str(directory), "-nolisten", "tcp", "-nocursor"]
        self._server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), *arguments], pass_fds=(writing,), stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.display = f":{pipe.readline().strip()}"
        self._painter: Painter | None = None
        try:
            if paint:
                self._painter = Painter(self.display)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    @property
    def painter(self) -> Painter:
        assert self._painter is not None
        return self._painter

    def pixels(self) -> NDArray[np.uint8]:
        """height x width x 3 bytes: blue, green, red."""
        data = (self._directory / "Xvfb_screen0").read_bytes()  # an X window dump
        header, line, colours = (struct.unpack_from(">I", data, place)[0] for place in (0, 48, 76))
        raw = np.frombuffer(data, np.uint8, line * self._height, header + colours * 12)
        return raw.reshape(self._height, line // 4, 4)[:, : self._width, :3]

    def __enter__(self) -> PaintedScreen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._painter is not None:
            self._painter.__exit__(kind, error, trace)
        self._server.terminate()
        self._server.wait(PATIENCE)
