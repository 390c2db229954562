"""One window of an X server, shared alone: seen exactly, whatever covers it, and operated without touching anything else."""

from __future__ import annotations

import queue
import select
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.painted_screen import PaintedScreen
from support.x_windows import COVER, XWindow, drawing
from Xlib import X
from Xlib.display import Display

from blinkq.base.clock import SystemClock
from blinkq.engine.screen.changes import DOUBT
from blinkq.engine.screen.monitor_source import MonitorSource
from blinkq.engine.screen.server import ScreenServer
from blinkq.engine.screen.source import Place, ScreenError
from blinkq.engine.screen.window import Window, find_window, windows
from blinkq.engine.screen.window_operator import WindowOperator
from blinkq.engine.screen.window_source import WindowSource
from blinkq.rfb.encodings import Encoding
from blinkq.rfb.messages import Transmit
from blinkq.rfb.viewer import ViewerCore

pytestmark = pytest.mark.lab
missing = [name for name in ("Xvfb", "openbox") if shutil.which(name) is None]
if missing:
    pytest.skip(f"not installed: {', '.join(missing)}", allow_module_level=True)

GREY = (128, 128, 128)


@pytest.fixture
def display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    directory = tmp_path / "screen"
    directory.mkdir()
    with PaintedScreen(directory, paint=False, width=800, height=600) as screen:
        monkeypatch.setenv("DISPLAY", screen.display)
        yield screen.display


@pytest.fixture
def managed(display: str) -> Iterator[str]:
    """With a window manager."""
    with subprocess.Popen(["openbox", "--sm-disable"], stderr=subprocess.DEVNULL) as manager:
        connection = Display(display)
        try:
            root = connection.screen().root
            root.change_attributes(event_mask=X.PropertyChangeMask)
            while root.get_full_property(connection.get_atom("_NET_SUPPORTED"), X.AnyPropertyType) is None:
                assert manager.poll() is None
                if not connection.pending_events():
                    assert select.select([connection.fileno()], [], [], 30)[0], "the window manager does not begin"
                connection.next_event()
            yield display
        finally:
            connection.close()
            manager.terminate()


@pytest.fixture
def drawn(display: str) -> Iterator[XWindow]:
    window = XWindow(display, (100, 80, 300, 200), "what is shared", drawing(300, 200))
    yield window
    window.close()


@pytest.fixture
def cover(display: str, drawn: XWindow) -> Iterator[XWindow]:
    """Above half of what is shared."""
    window = XWindow(display, (250, 60, 400, 300), "a secret")
    yield window
    window.close()


class Look:
    """A viewer of one window; every picture that it gets is looked at."""

    def __init__(self, window: Window) -> None:
        self.inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.viewer = ViewerCore(encodings=(Encoding.ZRLE, Encoding.RAW, Encoding.DESKTOP_SIZE))
        self.places: list[Place] = []
        self.ended = threading.Event()
        self.reason: str | None = None
        self.server = ScreenServer(
            "window", lambda: WindowSource(window), lambda: WindowOperator(window), SystemClock(), self.inbox.put, self.over, self.told,
        )  # fmt: skip
        self.server.start()

    def told(self, event: object) -> None:
        if isinstance(event, Place):
            self.places.append(event)

    def over(self, reason: str | None) -> None:
        self.reason = reason
        self.ended.set()

    def until(self, done: Callable[[], bool], *programs: XWindow) -> None:
        for _ in range(3000):
            for program in programs:
                program.pump()
            self.carry()
            if done():
                return
            try:
                self.viewer.receive_data(self.inbox.get(timeout=0.02), 0.0)
            except queue.Empty:
                continue
            if self.viewer.screen is not None:
                assert not (self.viewer.screen.pixels[..., :3] == COVER).all(axis=2).any(), "another window was seen"
        raise AssertionError("it did not come to that")

    def shows(self, picture: NDArray[np.uint8]) -> Callable[[], bool]:
        def same() -> bool:
            screen = self.viewer.screen
            return screen is not None and screen.pixels.shape[:2] == picture.shape[:2] and bool((screen.pixels[..., :3] == picture).all())

        return same

    def carry(self) -> None:
        for output in self.viewer.drain():
            if isinstance(output, Transmit):
                self.server.receive_data(output.data)

    def __enter__(self) -> Look:
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.stop()
        assert self.ended.wait(30)
        self.server.join(30)


def test_the_list(drawn: XWindow, cover: XWindow) -> None:
    """The uppermost first; without a window manager too."""
    first, second = windows()
    assert (first.title, second.title) == ("a secret", "what is shared")
    assert (second.application, second.left, second.top, second.width, second.height) == ("Drawer", 103, 83, 300, 200)
    assert find_window("SHARED").id == find_window(hex(drawn.window.id)).id == drawn.window.id
    with pytest.raises(ScreenError, match=r"No window is called 'x'. There are:\n.*a secret\n.*what is shared$"):
        find_window("x")
    with pytest.raises(ScreenError, match="Several windows are called"):
        find_window("e")


def test_the_list_of_a_window_manager(managed: str) -> None:
    drawn = XWindow(managed, (100, 80, 300, 200), "über", drawing(300, 200))
    icon = [1, 1, 0, 32, 2, *range(64), 200, 200]  # too small, right, too large and cut off
    drawn.window.change_property(drawn.display.get_atom("_NET_WM_ICON"), drawn.display.get_atom("CARDINAL"), 32, icon)
    drawn.window.change_property(drawn.display.get_atom("_NET_WM_NAME"), drawn.display.get_atom("UTF8_STRING"), 8, "über".encode())
    drawn.display.sync()
    try:
        found = find_window("Über")
        assert (found.width, found.height, found.hidden) == (300, 200, False)
        assert found.icon is not None
        assert (found.icon.width, found.icon.height) == (32, 2)
        assert found.icon.data == np.arange(64, dtype="<u4").tobytes()
    finally:
        drawn.close()


def test_a_covered_window_is_seen_exactly(drawn: XWindow, cover: XWindow) -> None:
    with Look(find_window("shared")) as look:
        look.until(look.shows(drawing(300, 200)), drawn, cover)
        drawn.show(drawing(300, 200, 7))
        look.until(look.shows(drawing(300, 200, 7)), drawn, cover)


def test_it_follows_size_and_place(drawn: XWindow, cover: XWindow) -> None:
    with Look(find_window("shared")) as look:
        look.until(look.shows(drawing(300, 200)), drawn, cover)
        assert look.places == [Place(103, 83, 300, 200)]
        drawn.window.configure(x=200, y=150, width=411, height=333)
        drawn.display.flush()
        drawn.picture = drawing(411, 333, 3)
        look.until(look.shows(drawing(411, 333, 3)), drawn, cover)
        assert look.places[-1] == Place(203, 153, 411, 333)


def test_it_stays_while_it_is_hidden(drawn: XWindow, cover: XWindow) -> None:
    with Look(find_window("shared")) as look:
        look.until(look.shows(drawing(300, 200)), drawn, cover)
        drawn.window.unmap()
        drawn.display.flush()
        look.until(lambda: not look.places[-1].shown, drawn, cover)
        assert look.shows(drawing(300, 200))()
        drawn.picture = drawing(300, 200, 5)
        drawn.window.map()
        drawn.display.flush()
        look.until(look.shows(drawing(300, 200, 5)), drawn, cover)
        assert look.places[-1].shown


def test_the_end_of_the_window_is_the_end(drawn: XWindow) -> None:
    with Look(find_window("shared")) as look:
        look.until(look.shows(drawing(300, 200)), drawn)
        drawn.window.destroy()
        drawn.display.flush()
        look.until(look.ended.is_set, drawn)
        assert look.reason == "The shared window was closed."


def test_a_window_that_is_gone(drawn: XWindow) -> None:
    window = find_window("shared")
    drawn.window.destroy()
    drawn.display.sync()
    with pytest.raises(ScreenError, match="was closed"):
        WindowSource(window)


def test_a_number_that_belongs_to_another_window_now(drawn: XWindow) -> None:
    window = find_window("shared")
    drawn.window.set_wm_class("other", "Other")
    drawn.display.sync()
    with pytest.raises(ScreenError, match="was closed"):
        WindowSource(window)


def test_nothing_is_seen_before_the_program_has_drawn_it(drawn: XWindow, cover: XWindow) -> None:
    """What the server has at that place may be other windows' pixels."""
    source = WindowSource(find_window("shared"))
    try:
        first = source.grab()
        assert first is not None
        assert (first[..., :3] == GREY).all()
        drawn.window.fill_rectangle(drawn.window.create_gc(foreground=0x0000FF), 50, 60, 100, 40)
        drawn.display.sync()
        second = source.grab()
        assert second is not None
        assert (second[60:100, 50:150, :3] == (255, 0, 0)).all()
        second[60:100, 50:150, :3] = GREY
        assert (second[..., :3] == GREY).all()
        drawn.pump()
        drawn.display.sync()
        third = source.grab()
        assert third is not None
        assert (third[..., :3] == drawing(300, 200)).all()
        assert source.grab() is None
    finally:
        source.close()


def test_control_reaches_the_window_only(drawn: XWindow, cover: XWindow) -> None:
    hands = WindowOperator(find_window("shared"))
    try:
        drawn.happened.clear()
        cover.happened.clear()
        hands.pointer(200, 100, 0)  # covered there
        hands.pointer(200, 100, 1)  # comes forward
        hands.pointer(5000, 5000, 1)  # the lower right corner
        hands.pointer(5000, 5000, 0)
        hands.key(0x61, True)
        hands.key(0x61, False)
        hands.key(0xFFE9, True)
        hands.key(0xFF09, True)  # Alt+Tab
        hands.key(0xFFE9, False)
        hands.key(0x62, True)
        code = {symbol: drawn.display.keysym_to_keycode(symbol) for symbol in (0x61, 0x62, 0xFFE9)}
        wanted: list[Any] = [
            (X.MotionNotify, (200, 100)), (X.ButtonPress, 1), (X.MotionNotify, (299, 199)), (X.ButtonRelease, 1),
            (X.KeyPress, code[0x61]), (X.KeyPress, code[0xFFE9]), (X.KeyPress, code[0x62]),
        ]  # fmt: skip
        drawn.until(lambda: (X.KeyPress, code[0x62]) in drawn.happened)
        happened = [event for n, event in enumerate(drawn.happened) if event not in drawn.happened[max(0, n - 1) : n]]
        assert happened == wanted
        cover.display.sync()
        cover.pump()
        assert cover.happened == []
    finally:
        hands.close()


def test_a_hidden_window_is_not_operated(drawn: XWindow, cover: XWindow) -> None:
    hands = WindowOperator(find_window("shared"))
    try:
        drawn.window.unmap()
        cover.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        drawn.display.sync()
        cover.display.sync()
        cover.pump()
        cover.happened.clear()
        hands.pointer(200, 100, 1)
        hands.key(0x61, True)
        hands.close()
        cover.display.sync()
        cover.pump()
        assert cover.happened == []
    finally:
        hands.close()


def test_a_window_manager_brings_it_forward(managed: str) -> None:
    drawn = XWindow(managed, (100, 80, 300, 200), "what is shared", drawing(300, 200))
    cover = XWindow(managed, (120, 80, 400, 300), "a secret")
    try:
        window = find_window("shared")
        with Look(window) as look:
            look.until(look.shows(drawing(300, 200)), drawn, cover)
        hands = WindowOperator(window)
        cover.happened.clear()
        hands.key(0x61, True)
        hands.pointer(150, 100, 1)
        drawn.until(lambda: (X.ButtonPress, 1) in drawn.happened)
        assert (X.KeyPress, drawn.display.keysym_to_keycode(0x61)) in drawn.happened
        hands.close()
        cover.display.sync()
        cover.pump()
        assert [event for event in cover.happened if event[0] != X.MotionNotify] == []
    finally:
        drawn.close()
        cover.close()


def test_a_still_screen_is_hardly_read(drawn: XWindow) -> None:
    source = MonitorSource(1)
    try:
        drawn.pump()
        drawn.display.sync()
        assert source.grab() is not None
        assert [source.grab() for _ in range(DOUBT)] == [None] * DOUBT
        assert source.grab() is not None  # to be sure
        assert source.grab() is None
        drawn.show(drawing(300, 200, 7))
        drawn.display.sync()
        picture = source.grab()
        assert picture is not None
        assert (picture[83:283, 103:403, :3] == drawing(300, 200, 7)).all()
        assert source.grab() is None
        drawn.window.warp_pointer(7, 7)
        drawn.display.sync()
        assert source.grab() is not None  # the pointer is in the picture
        assert source.grab() is None
    finally:
        source.close()
