"""What Qt takes pictures of, because the desktop itself asks what may be seen: the question, the answer, and the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtMultimedia import QVideoFrame
from support.gui_person import Person

from blinkq.app import screens_shared
from blinkq.app.screen_capture import capturable_windows, pixels_of, through_portal
from blinkq.app.screens_shared import ScreensShared
from blinkq.sipsimple.screens import ScreenError, ScreenFeed


class FakeCapture(QObject):
    """The desktop answers when the test says so."""

    ready = pyqtSignal()
    failed = pyqtSignal(str)
    made: list[FakeCapture] = []

    def __init__(self, window: Any = None) -> None:
        super().__init__()
        self.feed = ScreenFeed("" if window is None else window.description())
        self.running = False
        self.made.append(self)

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False


@pytest.fixture
def shared(person: Person, monkeypatch: pytest.MonkeyPatch) -> ScreensShared:
    FakeCapture.made.clear()
    monkeypatch.setattr(screens_shared, "ScreenCapture", FakeCapture)
    found = person.application.desktops.shared
    found.portal = True
    return found


def begin(person: Person, shared: ScreensShared) -> None:
    person.ui.dialBox.setText("bob@example.com")
    person.application.desktop_commands.share_action.trigger()
    person.settle()
    dialog = shared.dialogs[-1]
    assert "asks next" in dialog.hint.text()
    assert not dialog.control_box.isEnabled()
    person.click(dialog.share_button)


def test_the_desktop_is_asked_before_anybody_is_called(person: Person, shared: ScreensShared) -> None:
    begin(person, shared)
    (capture,) = FakeCapture.made
    assert capture.running
    assert not person.middleware.sessions
    assert not shared.dialogs[-1].share_button.isEnabled()
    assert "Nothing is seen before" in shared.dialogs[-1].hint.text()
    capture.ready.emit()
    person.settle()
    assert not shared.dialogs
    assert person.middleware.desktop.desktops[-1].handler.feed is capture.feed
    person.middleware.found()
    person.settle()
    person.middleware.sessions[-1].starts()
    person.settle()
    bar = shared.bars[-1]
    assert bar.label.text() == "bob@example.com sees your screen."
    assert not bar.border.isVisible()
    assert not bar.control_box.isVisible()
    assert capture.running
    person.click(bar.stop_button)
    person.settle()
    assert not capture.running


def test_the_desktop_says_no(person: Person, shared: ScreensShared) -> None:
    begin(person, shared)
    FakeCapture.made[0].failed.emit("BlinkQ cannot share this screen: no.")
    person.settle()
    dialog = shared.dialogs[-1]
    assert dialog.hint.text() == "BlinkQ cannot share this screen: no."
    assert dialog.share_button.isEnabled()
    assert not person.middleware.sessions
    person.click(dialog.share_button)  # again
    assert FakeCapture.made[1].running


def test_second_thoughts_end_it(person: Person, shared: ScreensShared) -> None:
    begin(person, shared)
    capture = FakeCapture.made[0]
    person.qtbot.keyClick(shared.dialogs[-1], Qt.Key.Key_Escape)
    assert not capture.running
    assert not person.middleware.sessions


def test_nobody_is_there_any_more(person: Person, shared: ScreensShared) -> None:
    session = person.call("bob@example.com")
    person.application.desktop_commands.share_action.trigger()
    person.click(shared.dialogs[-1].share_button)
    session.ends("remote")
    person.settle()
    capture = FakeCapture.made[0]
    capture.ready.emit()
    person.settle()
    assert not capture.running
    assert not shared.bars


def test_a_window_of_another_system(person: Person, shared: ScreensShared, monkeypatch: pytest.MonkeyPatch) -> None:
    class Window:
        def description(self) -> str:
            return "A letter"

    shared.portal = False
    monkeypatch.setattr(screens_shared, "capturable_windows", lambda: [Window()])
    person.ui.dialBox.setText("bob@example.com")
    person.application.desktop_commands.share_action.trigger()
    person.settle()
    dialog = shared.dialogs[-1]
    assert [dialog.selector.itemText(n) for n in range(dialog.selector.count())] == ["Screen 1 (800 × 600)", "", "Window: A letter"]
    dialog.control_box.setChecked(True)
    dialog.selector.setCurrentIndex(2)
    assert not dialog.control
    assert "Only this window" in dialog.hint.text()
    person.click(dialog.share_button)
    FakeCapture.made[0].ready.emit()
    person.settle()
    assert shared.bars[-1].label.text() == "Showing the window “A letter” to bob@example.com…"


@pytest.mark.parametrize("kind", [QImage.Format.Format_RGBA8888, QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32])
def test_pictures(kind: QImage.Format) -> None:
    image = QImage(5, 3, kind)
    image.fill(QColor(10, 20, 30))
    image.setPixelColor(4, 2, QColor(200, 100, 50))
    pixels = pixels_of(QVideoFrame(image))
    assert pixels.shape == (3, 5, 4)
    assert (pixels[0, 0] == (30, 20, 10, 255)).all()
    assert (pixels[2, 4] == (50, 100, 200, 255)).all()
    assert pixels.dtype == np.uint8


def test_no_picture() -> None:
    with pytest.raises(ScreenError, match="of a kind that BlinkQ does not know"):
        pixels_of(QVideoFrame())


def test_here() -> None:
    assert not through_portal()
    assert capturable_windows() == []
