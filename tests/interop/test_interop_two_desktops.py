"""Two softphones with windows on two X screens: one shows its screen, the other looks at it and works there with mouse and keyboard."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.lab import PATIENCE, TOOLS
from support.painted_screen import PaintedScreen
from support.ports import free_port
from support.windows import SHOTS

pytestmark = pytest.mark.lab
SUPPORT = Path(__file__).parents[1] / "support"
KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


class Hand:
    """A mouse and a keyboard at a screen without a window manager."""

    def __init__(self, display: str) -> None:
        self._environment = {**os.environ, "DISPLAY": display}

    def __call__(self, *arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], env=self._environment, check=True, timeout=PATIENCE)

    def click(self, place: list[int]) -> None:
        self("mousemove", *place, "click", 1)

    def shoot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(TOOLS / "shot.sh"), str(path)], env=self._environment, check=True, timeout=PATIENCE)


@contextmanager
def windows(display: str, script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A softphone of the scripts in ``support`` on a screen."""
    command = [sys.executable, str(SUPPORT / script), *map(str, arguments)]
    environment = {**os.environ, **KEYRING, "DISPLAY": display}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.terminate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_a_desktop_is_viewed_and_controlled_from_window_to_window(tmp_path: Path) -> None:
    missing = [program for program in ("Xvfb", "xdotool", "import") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"there is no {', '.join(missing)}")
    for name in ("there", "here", "sharer"):
        (tmp_path / name).mkdir()
    port = free_port()
    with (
        PaintedScreen(tmp_path / "there") as there,
        PaintedScreen(tmp_path / "here", paint=False, width=1000, height=700) as here,
        windows(here.display, "view_windows.py", tmp_path / "viewer", port) as viewer,
    ):
        assert line(viewer) == "ready"
        with windows(there.display, "share_windows.py", tmp_path / "sharer", f"sip:bob@127.0.0.1:{port}") as sharer:
            assert line(sharer) == "seen"
            places = json.loads(line(viewer))
            hand = Hand(here.display)
            hand("windowfocus", "--sync", places["window"])
            hand.click(places["field"])
            hand("type", "no")  # who only looks does nothing
            hand.click(places["control"])
            hand.click(places["field"])
            hand("type", "Hi")
            assert [there.painter.said(), there.painter.said()] == ["typed H", "typed Hi"]
            hand.click(places["button"])
            assert there.painter.said() == "pressed"
            hand.shoot(SHOTS / "viewer.png")
            hand("key", "ctrl+alt+shift+f")
            hand.shoot(SHOTS / "viewer-full-screen.png")
            assert sharer.stdin is not None
            sharer.stdin.write("stop\n")
            sharer.stdin.flush()
            assert line(sharer) == "over"
            assert sharer.wait(PATIENCE) == 0
        said = line(viewer)
        assert said.startswith("over ")
        assert "has ended it" in said
        assert viewer.wait(PATIENCE) == 0
