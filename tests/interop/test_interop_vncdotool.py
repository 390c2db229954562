"""vncdotool at our server: it sees the screen to the pixel; what it types and clicks arrives there, if that was allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from support.painted_screen import PaintedScreen
from support.shared_screen import SharedScreen

pytestmark = pytest.mark.lab
PYTHON = Path(__file__).resolve().parents[2] / ".venv-lab" / "bin" / "python"
if not (PYTHON.parent / "vncdo").exists():
    pytest.skip("not installed: vncdotool (tests/lab/python.sh)", allow_module_level=True)
missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
if missing:
    pytest.skip(f"not installed: {', '.join(missing)}", allow_module_level=True)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[PaintedScreen]:
    directory = tmp_path / "screen"
    directory.mkdir()
    with PaintedScreen(directory) as painted:
        yield painted


# Calls methods of its client, one a line, and says when each is done.
_DRIVER = """
import sys
from vncdotool import api
client = api.connect(sys.argv[1], timeout=100)
for line in sys.stdin:
    name, *words = line.split(" ")
    words = [word.strip("\\n") for word in words]
    getattr(client, name)(*(map(int, words) if name.startswith("mouse") else words))
    print("done", flush=True)
client.disconnect()
api.shutdown()
"""


class VNCDoTool:
    """It as a program of its own, in its own environment: a context manager."""

    def __init__(self, port: int, directory: Path) -> None:
        self._file = directory / "seen.png"
        command = [str(PYTHON), "-c", _DRIVER, f"127.0.0.1::{port}"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, name: str, *words: object) -> None:
        """One method of its client, to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join([name, *map(str, words)]) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n", f"{name} failed"

    def click(self, x: int, y: int) -> None:
        self.do("mouseMove", x, y)
        self.do("mousePress", 1)

    def picture(self) -> NDArray[np.uint8]:
        """What it sees: blue, green, red."""
        self.do("captureScreen", self._file)
        with Image.open(self._file) as image:
            return np.asarray(image.convert("RGB"))[..., ::-1]

    def see(self, screen: PaintedScreen) -> None:
        """Take pictures until one is the screen's; that is being painted on at first."""
        deadline = time.monotonic() + 60
        while not _same(self.picture(), screen):
            assert time.monotonic() < deadline, "it does not see what is on the screen"

    def __enter__(self) -> VNCDoTool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.wait(60)
            self._process.stdout.close()


def _same(seen: NDArray[np.uint8], screen: PaintedScreen) -> bool:
    """Every pixel, but for the tip of our pointer, which is shown in the lower right corner."""
    different = (seen != screen.pixels()).any(axis=2)
    different[-4:, -4:] = False
    return not different.any()


def test_it_sees_types_and_clicks(screen: PaintedScreen, tmp_path: Path) -> None:
    with SharedScreen(screen.display, tmp_path, "--control") as shared, VNCDoTool(shared.port, tmp_path) as tool:
        tool.do("mouseMove", 639, 399)
        tool.see(screen)
        before = screen.pixels()
        tool.click(200, 315)
        for key in ("H", "i", "space", "5", "!", "bsp", "shift-A"):
            tool.do("keyPress", key)
        assert [screen.painter.said() for _ in range(7)] == [
            "typed H", "typed Hi", "typed Hi ", "typed Hi 5", "typed Hi 5!", "typed Hi 5", "typed Hi 5A",
        ]  # fmt: skip
        tool.click(450, 315)
        assert screen.painter.said() == "pressed"
        tool.do("mouseMove", 639, 399)
        tool.see(screen)
        assert (screen.pixels() != before).any()


def test_it_may_only_look_where_nothing_else_was_allowed(screen: PaintedScreen, tmp_path: Path) -> None:
    environment = {**os.environ, "DISPLAY": screen.display}
    subprocess.run(["xdotool", "mousemove", "639", "399"], env=environment, check=True)
    with SharedScreen(screen.display, tmp_path) as shared, VNCDoTool(shared.port, tmp_path) as tool:
        tool.click(200, 315)
        tool.do("keyPress", "H")
        tool.click(450, 315)
        tool.see(screen)  # what came before has been read by now
        subprocess.run(["xdotool", "mousemove", "450", "315", "click", "1"], env=environment, check=True)
        assert screen.painter.said() == "pressed"  # by us, and nothing was before that
