"""Files and words dragged with a real mouse out of another program's window (XDND) onto a chat: they arrive at the other side."""

from __future__ import annotations

import hashlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest
from PIL import Image
from support.lab import PATIENCE, BlinkQ, Lab, until
from support.ports import free_port
from support.windows import SHOTS, Softphone

pytestmark = pytest.mark.lab
SCRIPT = Path(__file__).parents[1] / "support" / "drag_source.py"
KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
#: where the window to drag from is: in the corner, above all others
PLACE = (20, 740)


class Other:
    """The other program, with its window on the lab's desktop."""

    def __init__(self, softphone: Softphone, kind: str, *what: str) -> None:
        self._softphone = softphone
        environment = {**os.environ, **softphone.lab.environment(), "QT_QPA_PLATFORM": "xcb"}
        command = [sys.executable, str(SCRIPT), *map(str, PLACE), kind, *what]
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._rest = b""

    def __enter__(self) -> Other:
        assert self._says() == "ready"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._softphone._xdotool("mouseup", "1")
        self._process.communicate(timeout=PATIENCE)

    def drag_to(self, name: str) -> None:
        """Hold it over a widget of the softphone until that would take it."""
        place = self._softphone.ask(PATIENCE, find=name)
        x, y = PLACE[0] + 40, PLACE[1] + 20
        self._move(x, y)
        self._softphone._xdotool("mousedown", "1")
        there = int(str(place["x"])), int(str(place["y"]))
        for step in range(1, 6):  # slowly: a drag begins after some pixels, and asks the windows on its way
            self._move(x + (there[0] - x) * step // 5, y + (there[1] - y) * step // 5)
        deadline, said, step = time.monotonic() + PATIENCE, "", 0
        while said != "accepted":  # a hand is never quite still, and a drag asks the windows when it moves
            assert time.monotonic() < deadline, "it is not accepted"
            step += 1
            self._move(there[0] + step % 2, there[1])
            if self._has_something_to_say(0.5):
                said = self._says()

    def let_go(self) -> str:
        """Let the button go; gives what became of it, once the softphone has taken it: Qt tells earlier, and what is dragged can be had
        only while this window lives."""
        self._softphone._xdotool("mouseup", "1")
        while (line := self._says()) in ("accepted", "refused"):
            pass
        self._softphone.ask(PATIENCE, gone="dropLabel")
        return line

    def _move(self, x: int, y: int) -> None:
        self._softphone._xdotool("mousemove", str(x), str(y))

    def _has_something_to_say(self, seconds: float) -> bool:
        return b"\n" in self._rest or bool(select.select([self._process.stdout], [], [], seconds)[0])

    def _says(self) -> str:
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            assert self._has_something_to_say(PATIENCE), "the window to drag from says nothing"
            data = os.read(self._process.stdout.fileno(), 1000)
            assert data, "the window to drag from is gone"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """Where the other side keeps files."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


@pytest.fixture
def talking(desktop: Lab, tmp_path: Path, incoming: Path) -> Iterator[Softphone]:
    """A softphone in a chat with an echo service."""
    port = free_port()
    arguments = ("--listen", f"127.0.0.1:{port}", "--files-dir", str(incoming), "--config-dir", str(tmp_path / "echo"))
    softphone = Softphone(desktop, tmp_path)
    softphone.settings("set", "sip.local_ip", "127.0.0.1")
    with BlinkQ("echo", *arguments, environment=KEYRING) as service:
        service.wait_for("SIPApplicationDidStart")
        with softphone:
            softphone.ask(PATIENCE, started=True)
            softphone.click("dialBox")
            softphone.type(f"sip:echo@127.0.0.1:{port}", into="dialBox")
            softphone.click("chatButton")
            softphone.see("stateLabel", "^Connected", PATIENCE, within="ChatPage")
            yield softphone
        service.interrupt()
        service.wait()


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_are_dragged_onto_the_messages(talking: Softphone, tmp_path: Path, incoming: Path) -> None:
    files = [tmp_path / "plan é.bin", tmp_path / "notes & more.txt"]
    files[0].write_bytes(os.urandom(700_000))
    files[1].write_text("two umbrellas\n")
    with Other(talking, "files", *map(str, files)) as other:
        other.drag_to("view")
        talking.see("dropLabel", "Drop to send", PATIENCE)
        talking.shoot(SHOTS / "dragged.png")
        assert other.let_go() == "dropped CopyAction"
    until(lambda: {path.name for path in incoming.iterdir()} >= {path.name for path in files}, "the files arrive")
    assert [sha(incoming / path.name) for path in files] == [sha(path) for path in files]
    assert all(path.exists() for path in files)  # sent, not moved
    talking.point_away()
    talking.shoot(SHOTS / "dropped.png")


def test_a_file_a_picture_and_words_are_dragged(talking: Softphone, tmp_path: Path, incoming: Path) -> None:
    file = tmp_path / "dragged.bin"
    file.write_bytes(os.urandom(50_000))
    with Other(talking, "files", str(file)) as other:
        other.drag_to("messageEdit")
        assert other.let_go() == "dropped CopyAction"
    until((incoming / file.name).exists, "the file arrives")
    assert sha(incoming / file.name) == sha(file)
    picture = tmp_path / "small.png"
    Image.new("RGB", (120, 90), "#2a7ad1").save(picture)
    with Other(talking, "files", str(picture)) as other:
        other.drag_to("view")
        assert other.let_go() == "dropped CopyAction"
    talking.see("view", r"120 × 90 · .*Save.*✓\sdelivered", PATIENCE)
    talking.point_away()
    talking.shoot(SHOTS / "picture-dropped.png")
    assert not (incoming / picture.name).exists()  # it went into the chat
    with Other(talking, "text", "words from elsewhere") as other:
        other.drag_to("view")
        assert other.let_go() == "dropped CopyAction"
    talking.see("messageEdit", "^words from elsewhere$", PATIENCE)
