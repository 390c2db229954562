"""A test screen served to a viewer by the screen's own thread."""

from __future__ import annotations

import queue
import sys
import threading
from typing import Any

import pytest

from blinkq.base.clock import SystemClock
from blinkq.engine.screen import operator as operator_module
from blinkq.engine.screen.operator import ScreenOperator
from blinkq.engine.screen.server import ControlRefused, ScreenServer
from blinkq.engine.screen.source import Monitor, PatternSource, Place, ScreenError, ScreenSource
from blinkq.rfb.encodings import Encoding
from blinkq.rfb.messages import Transmit, Updated
from blinkq.rfb.viewer import ViewerCore


class Hands:
    """A ScreenOperator that remembers."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def key(self, keysym: int, pressed: bool) -> None:
        self.done.append((keysym, pressed))

    def pointer(self, x: int, y: int, buttons: int) -> None:
        self.done.append((x, y, buttons))

    def close(self) -> None:
        self.done.append("closed")


class Scene:
    """A viewer in the test's thread."""

    def __init__(self, open_source: Any = PatternSource) -> None:
        self.hands = Hands()
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.viewer = ViewerCore()
        self.events: list[Any] = []
        self.updates = 0
        self.ended = threading.Event()
        self.reason: str | None = "running"
        self.server = ScreenServer("test", open_source, self.operator, SystemClock(), self.inbox.put, self.over, self.events.append)

    def operator(self) -> ScreenOperator:
        return self.hands

    def over(self, reason: str | None) -> None:
        self.reason = reason
        self.ended.set()

    def until(self, updates: int) -> None:
        while self.updates < updates:
            self.viewer.receive_data(self.inbox.get(timeout=60), 0.0)
            self.carry()

    def carry(self) -> None:
        for output in self.viewer.drain():
            if isinstance(output, Transmit):
                self.server.receive_data(output.data)
            elif isinstance(output, Updated):
                self.updates += 1

    def stop(self) -> None:
        self.server.stop()
        assert self.ended.wait(60)
        self.server.join(60)


def test_a_moving_picture_arrives() -> None:
    scene = Scene()
    scene.server.start()
    scene.until(5)
    assert scene.viewer.screen is not None
    shown = scene.viewer.screen.pixels
    assert shown.shape == (400, 640, 4)
    assert (shown[:, :, :3] == 255).all(axis=2).sum() >= 1600
    scene.stop()
    assert scene.reason is None


def test_control_only_while_it_is_allowed() -> None:
    scene = Scene()
    scene.server.start()
    scene.until(1)
    scene.viewer.key(0x61, True, 0.0)
    scene.carry()
    scene.until(2)
    assert scene.hands.done == []
    scene.server.allow_control(True)
    scene.viewer.key(0x61, True, 0.0)
    scene.viewer.pointer(5, 6, 1, 0.0)
    scene.carry()
    scene.until(4)
    assert scene.hands.done == [(0x61, True), (5, 6, 1)]
    scene.server.allow_control(False)
    scene.viewer.key(0x62, True, 0.0)
    scene.carry()
    scene.until(6)
    assert scene.hands.done[-1] == "closed"
    scene.stop()


class Locked(Scene):
    """A screen that nobody can operate."""

    def operator(self) -> ScreenOperator:
        raise ScreenError("It cannot be operated.")


def test_a_screen_that_cannot_be_operated_is_seen_all_the_same() -> None:
    scene = Locked()
    scene.server.start()
    scene.until(1)
    scene.server.allow_control(True)
    scene.viewer.key(0x61, True, 0.0)
    scene.carry()
    scene.until(3)
    assert [event for event in scene.events if isinstance(event, ControlRefused)] == [ControlRefused("It cannot be operated.")]
    scene.stop()
    assert scene.reason is None


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux", "beos"])
def test_the_operator_of_each_system(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    made: list[str] = []
    for name in ("WindowsOperator", "MacOperator", "X11Operator"):
        monkeypatch.setattr(operator_module, name, lambda monitor, name=name: made.append(name))
    monkeypatch.setattr(sys, "platform", platform)
    if platform == "beos":
        with pytest.raises(ScreenError):
            operator_module.open_operator(Monitor(0, 0, 0, 1, 1))
    else:
        operator_module.open_operator(Monitor(0, 0, 0, 1, 1))
    assert made == {"win32": ["WindowsOperator"], "darwin": ["MacOperator"], "linux": ["X11Operator"]}.get(platform, [])


def no_screen() -> ScreenSource:
    raise ScreenError("There is no screen.")


def test_no_screen() -> None:
    scene = Scene(no_screen)
    scene.server.start()
    assert scene.ended.wait(60)
    scene.server.join(60)
    assert scene.reason == "There is no screen."


class Still:
    """A source in which nothing moves after the first picture, until it is gone."""

    def __init__(self) -> None:
        self.grabbed = 0
        self.gone = threading.Event()

    def place(self) -> Place:
        if self.gone.is_set():
            raise ScreenError("It is gone.")
        return Place(1, 2, 640, 400)

    def grab(self) -> Any:
        self.grabbed += 1
        return PatternSource().grab() if self.grabbed == 1 else None

    def close(self) -> None:
        pass


def test_a_source_in_which_nothing_moves_is_refined_and_watched() -> None:
    source = Still()
    scene = Scene(lambda: source)
    scene.viewer = ViewerCore(encodings=(Encoding.TIGHT, Encoding.JPEG_QUALITY_0))
    events: list[Any] = []
    scene.server = ScreenServer("test", lambda: source, scene.operator, SystemClock(), scene.inbox.put, scene.over, events.append)
    scene.server.start()
    wanted = PatternSource().grab()
    while scene.viewer.screen is None or not (scene.viewer.screen.pixels[..., :3] == wanted[..., :3]).all():
        scene.until(scene.updates + 1)
    assert [event for event in events if isinstance(event, Place)] == [Place(1, 2, 640, 400)]
    source.gone.set()
    assert scene.ended.wait(30)
    scene.server.join(10)
    assert scene.reason == "It is gone."


def test_what_waits_to_be_done_is_not_done_after_control_was_taken_back() -> None:
    scene = Scene()
    gate = threading.Event()
    scene.server.start()
    scene.until(1)
    scene.server.allow_control(True)
    scene.server._inbox.put(lambda: gate.wait(10) and None)
    scene.viewer.key(0x61, True, 0.0)
    scene.carry()
    scene.server.allow_control(False)
    gate.set()
    scene.stop()
    assert scene.hands.done == ["closed"]
