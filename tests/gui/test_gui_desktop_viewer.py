"""The window of another party's desktop: the picture, keys, pointer, clipboard, and how it begins and ends."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6 import sip
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QFocusEvent, QGuiApplication, QImage, QWheelEvent
from PyQt6.QtWidgets import QApplication
from support.fake_desktops import FakeDesktop, FarScreen
from support.gui_person import Person
from support.rfb_pair import picture

from blinkq.app.desktop_viewer import ViewStage
from blinkq.app.desktop_window import DesktopWindow
from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.rfb.messages import ClipboardReceived, KeyReceived, PointerReceived


class Looking:
    """A window as a person operates it, and the other party's screen."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.far: FarScreen

    @property
    def window(self) -> DesktopWindow:
        return self.person.application.desktops.windows[-1]

    @property
    def stream(self) -> FakeDesktop:
        return self.person.middleware.desktop.desktops[-1]

    def begin(self) -> None:
        self.person.ui.dialBox.setText("bob@example.com")
        self.person.application.desktop_commands.view_action.trigger()
        self.person.settle()

    def connect(self) -> None:
        self.begin()
        self.person.middleware.found()
        self.person.settle()
        self.person.middleware.sessions[-1].starts()
        self.person.settle()

    def show(self) -> None:
        self.far = FarScreen(self.stream)
        self.settle()

    def settle(self) -> None:
        for _ in range(10):
            self.person.settle()

    def control(self) -> None:
        self.person.click(self.window.control_button)
        self.settle()
        self.far.events.clear()

    def typed(self) -> list[tuple[int, bool]]:
        self.settle()
        return [(event.keysym, event.pressed) for event in self.far.events if isinstance(event, KeyReceived)]

    def pointers(self) -> list[tuple[int, int, int]]:
        self.settle()
        return [(event.x, event.y, event.buttons) for event in self.far.events if isinstance(event, PointerReceived)]


@pytest.fixture
def looking(person: Person) -> Looking:
    return Looking(person)


@pytest.fixture
def shown(looking: Looking) -> Looking:
    looking.connect()
    looking.show()
    assert looking.window.viewer.stage is ViewStage.SHOWN
    looking.far.stand_still()
    looking.settle()
    return looking


def grabbed(looking: Looking) -> np.ndarray:  # type: ignore[type-arg]
    """What the view shows, blue, green, red."""
    image = looking.window.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    assert bits is not None
    return np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)[..., :3]


# the picture -----------------------------------------------------------------------------------------------------------------------


def test_from_the_address_to_the_picture(looking: Looking) -> None:
    looking.begin()
    window = looking.window
    assert window.isVisible()
    assert window.message_label.text() == "Looking up the server…"
    looking.person.middleware.found()
    looking.person.settle()
    session = looking.person.middleware.sessions[-1]
    assert session.commands == ["connect sip:bob@example.com ['desktop-sharing']"]
    session.rings()
    looking.person.settle()
    assert window.message_label.text() == "Waiting for bob@example.com to agree…"
    session.starts()
    looking.person.settle()
    assert window.message_label.text() == "Connected. Waiting for the picture…"
    assert not window.control_button.isEnabled()
    looking.show()
    assert window.view.isVisible()
    assert window.title_label.text() == "bob@example.com – Far"


def test_the_picture_is_the_other_screen(shown: Looking) -> None:
    shown.person.click(shown.window.fit_button)
    assert not shown.window.view.scaled
    shown.settle()
    view = shown.window.view
    corner = QPoint((view.width() - 320) // 2, (view.height() - 200) // 2)
    there = grabbed(shown)[corner.y() : corner.y() + 200, corner.x() : corner.x() + 320]
    assert (there == shown.far.pixels[..., :3]).all()
    shown.far.show(picture(320, 200, 7))
    shown.settle()
    there = grabbed(shown)[corner.y() : corner.y() + 200, corner.x() : corner.x() + 320]
    difference = np.abs(there.astype(int) - shown.far.pixels[..., :3])
    assert difference[110:].mean() < 3  # what moves may be sketched


def test_the_picture_fits_into_the_window(shown: Looking) -> None:
    view = shown.window.view
    assert view.image_place(QPointF(0, 0)) == QPoint(0, 0)
    assert view.image_place(QPointF(view.width() - 1, view.height() - 1)) == QPoint(319, 199)
    middle = view.image_place(QPointF(view.width() / 2, view.height() / 2))
    assert abs(middle.x() - 160) <= 1
    assert abs(middle.y() - 100) <= 1
    box = grabbed(shown)[int(view.height() / 2 + view.width() * 0.2), int(view.width() * 0.8)]
    assert box.tolist() == [10, 20, 200]


def test_another_size_of_the_screen(shown: Looking) -> None:
    shown.far.core.frame(picture(200, 100), 5.0)
    shown.far.pixels = picture(200, 100)
    shown.far.carry()
    shown.settle()
    screen = shown.window.viewer.screen
    assert screen is not None
    assert (screen.width, screen.height) == (200, 100)
    assert shown.window.view.image_place(QPointF(10_000, 10_000)) == QPoint(199, 99)


def test_nothing_is_asked_for_while_the_window_is_minimised(shown: Looking) -> None:
    shown.settle()
    shown.window.hide()
    shown.far.show(picture(320, 200, 3))
    shown.settle()
    before = len(shown.stream.handler.sent)
    shown.far.show(picture(320, 200, 4))
    shown.settle()
    assert len(shown.stream.handler.sent) == before
    shown.window.show()
    shown.settle()
    assert len(shown.stream.handler.sent) > before


# keys and pointer -------------------------------------------------------------------------------------------------------------------


def test_who_only_looks_does_nothing(shown: Looking) -> None:
    shown.far.events.clear()
    shown.person.qtbot.keyClicks(shown.window.view, "abc")
    shown.person.qtbot.mouseClick(shown.window.view, Qt.MouseButton.LeftButton)
    assert not shown.typed()
    assert not shown.pointers()


@pytest.mark.parametrize(
    ("key", "modifiers", "expected"),
    [
        (Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, 0x61),
        (Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier, 0x61),
        (Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier, 0xFF09),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier, 0xFFC2),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, 0xFF1B),
        (Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier, 0x71),
        (Qt.Key.Key_5, Qt.KeyboardModifier.KeypadModifier, 0xFFB5),
    ],
)
def test_keys_arrive(shown: Looking, key: Qt.Key, modifiers: Qt.KeyboardModifier, expected: int) -> None:
    shown.control()
    shown.person.qtbot.keyClick(shown.window.view, key, modifiers)
    keys = [item for item in shown.typed() if item[0] not in (0xFFE3,)]
    assert keys == [(expected, True), (expected, False)]


def test_text_of_any_script_arrives(shown: Looking) -> None:
    from PyQt6.QtGui import QInputMethodEvent, QKeyEvent

    shown.control()
    view, kind = shown.window.view, QKeyEvent.Type
    for text in ("ä", "€", "я"):
        for what in (kind.KeyPress, kind.KeyRelease):
            QApplication.sendEvent(view, QKeyEvent(what, 0, Qt.KeyboardModifier.NoModifier, text))
    event = QInputMethodEvent()
    event.setCommitString("日")
    QApplication.sendEvent(view, event)
    assert [keysym for keysym, pressed in shown.typed() if pressed] == [0xE4, 0x010020AC, 0x0100044F, 0x010065E5]


def test_what_is_held_is_let_go_with_the_focus(shown: Looking) -> None:
    shown.control()
    shown.person.qtbot.keyPress(shown.window.view, Qt.Key.Key_Control)
    shown.person.qtbot.mousePress(shown.window.view, Qt.MouseButton.LeftButton)
    QApplication.sendEvent(shown.window.view, QFocusEvent(QFocusEvent.Type.FocusOut))
    assert shown.typed() == [(0xFFE3, True), (0xFFE3, False)]
    assert [buttons for _x, _y, buttons in shown.pointers()] == [1, 0]


def test_the_pointer_and_the_wheel(shown: Looking) -> None:
    shown.control()
    view = shown.window.view
    middle = QPoint(view.width() // 2, view.height() // 2)
    shown.person.qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=middle)
    place = view.image_place(QPointF(middle))
    assert shown.pointers()[-2:] == [(place.x(), place.y(), 4), (place.x(), place.y(), 0)]
    shown.far.events.clear()
    wheel = QWheelEvent(
        QPointF(middle), QPointF(view.mapToGlobal(middle)), QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, wheel)
    assert [buttons for _x, _y, buttons in shown.pointers()] == [16, 0, 16, 0]


def test_our_shortcuts_go_there_but_those_that_are_ours(shown: Looking) -> None:
    from PyQt6.QtGui import QKeyEvent

    shown.control()
    override = QKeyEvent.Type.ShortcutOverride
    event = QKeyEvent(override, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    event.ignore()
    QApplication.sendEvent(shown.window.view, event)
    assert event.isAccepted()
    three = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
    event = QKeyEvent(override, Qt.Key.Key_F, three)
    event.ignore()
    QApplication.sendEvent(shown.window.view, event)
    assert not event.isAccepted()


def test_the_clipboards_are_one_while_controlling(shown: Looking) -> None:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText("before")
    shown.far.core.cut_text("not wanted", 1.0)
    shown.far.carry()
    shown.settle()
    assert clipboard.text() == "before"
    shown.window.activateWindow()
    shown.control()
    clipboard.setText("from here")
    shown.settle()
    assert "from here" in [event.text for event in shown.far.events if isinstance(event, ClipboardReceived)]
    shown.far.core.cut_text("from there", 2.0)
    shown.far.carry()
    shown.settle()
    assert clipboard.text() == "from there"


# endings ----------------------------------------------------------------------------------------------------------------------------


def test_the_other_side_ends_it(shown: Looking) -> None:
    shown.person.middleware.sessions[-1].ends()
    shown.settle()
    assert shown.window.message_label.text() == "bob@example.com has ended it."
    assert not shown.window.view.isVisible()
    shown.person.click(shown.window.end_button)
    assert not shown.person.application.desktops.windows


def test_nobody_is_there(looking: Looking) -> None:
    looking.begin()
    looking.person.middleware.found()
    looking.person.settle()
    looking.person.middleware.sessions[-1].fails(603, "Decline")
    looking.person.settle()
    assert looking.window.viewer.failed
    assert looking.window.message_label.text()


def test_what_is_no_desktop(looking: Looking) -> None:
    looking.connect()
    looking.stream.gets(b"HTTP/1.1 200 OK\r\n")
    looking.person.settle()
    session = looking.person.middleware.sessions[-1]
    assert session.commands[-1] == "end"
    session.ends("local")
    looking.person.settle()
    assert "does not speak RFB" in looking.window.message_label.text()


def test_closing_the_window_ends_it(shown: Looking) -> None:
    viewer = shown.window.viewer
    shown.window.close()
    assert shown.person.middleware.sessions[-1].commands[-1] == "end"
    shown.person.middleware.sessions[-1].ends("local")
    shown.settle()
    assert not shown.person.application.desktops.windows
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert sip.isdeleted(viewer)  # with its picture


def test_the_screen_of_somebody_in_a_call(looking: Looking) -> None:
    session = looking.person.call("bob@example.com")
    action = looking.person.application.desktop_commands.view_action
    assert "bob@example.com" in action.text()
    action.trigger()
    looking.settle()
    assert session.commands[-1] == "add desktop-sharing"
    session.answers_proposal()
    looking.settle()
    looking.show()
    assert looking.window.viewer.stage is ViewStage.SHOWN
    looking.window.close()
    assert session.commands[-1] == "remove desktop-sharing"


def test_somebody_shows_a_screen(looking: Looking) -> None:
    person = looking.person
    session = person.middleware.calls_in(streams=[person.middleware.desktop.offered("active")])
    person.settle()
    dialog = person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    assert dialog.ui.questionLabel.text() == "(carol@example.com) wants to show you a screen."
    assert dialog.ui.rejectButton.hasFocus()
    person.click(dialog.ui.acceptButton)
    assert session.commands == ["ring", "accept"]
    session.starts()
    person.settle()
    looking.show()
    assert looking.window.viewer.title == "Carol Jones"


def test_the_other_party_of_a_call_shows_a_screen(looking: Looking) -> None:
    session = looking.person.call("bob@example.com")
    stream = looking.person.middleware.desktop.offered("active")
    session.proposes_streams(stream)
    looking.settle()
    dialog = looking.person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    assert dialog.ui.questionLabel.text() == "wants to show you a screen."
    looking.person.click(dialog.ui.acceptButton)
    assert session.commands[-1] == "accept proposal ['desktop-sharing']"
    session.answers_proposal()
    looking.settle()
    looking.show()
    assert looking.window.viewer.stage is ViewStage.SHOWN


# full screen, keys of a menu, and once more ----------------------------------------------------------------------------------------


def test_full_screen_says_how_it_is_left(shown: Looking) -> None:
    window = shown.window
    shown.person.click(window.full_button)
    shown.settle()
    assert window.isFullScreen()
    assert not window.bar.isVisible()
    assert window.hint_label.isVisible()
    assert "Ctrl+Alt+Shift+F" in window.hint_label.text()
    shown.person.qtbot.mouseMove(window.view, QPoint(50, 60))
    shown.person.qtbot.mouseMove(window.view, QPoint(50, 0))
    shown.settle()
    assert window.bar.isVisible()
    shown.person.click(window.full_button)
    shown.settle()
    assert not window.isFullScreen()
    assert not window.hint_label.isVisible()


def test_keys_that_this_computer_keeps_are_in_a_menu(shown: Looking) -> None:
    menu = shown.window.keys_button.menu()
    assert menu is not None
    assert not shown.window.keys_button.isEnabled()
    menu.actions()[0].trigger()
    assert not shown.typed()  # who only looks does nothing
    shown.control()
    assert shown.window.keys_button.isEnabled()
    menu.actions()[0].trigger()
    down = [(0xFFE3, True), (0xFFE9, True), (0xFFFF, True)]
    assert shown.typed() == [*down, (0xFFFF, False), (0xFFE9, False), (0xFFE3, False)]


def test_what_broke_is_begun_again(shown: Looking) -> None:
    shown.stream.fails("the connection was lost")
    shown.person.middleware.sessions[-1].ends("local", "media failed")
    shown.settle()
    broken = shown.window
    assert broken.again_button.isVisible()
    shown.person.click(broken.again_button)
    shown.settle()
    assert [window.viewer.stage for window in shown.person.application.desktops.windows] == [ViewStage.CONNECTING]
    assert len(shown.person.middleware.sessions) == 2
