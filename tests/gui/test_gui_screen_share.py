"""Our screen while somebody sees it: begun here and there, the question, the bar, the border, control, and the end."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QGuiApplication
from support.fake_desktops import FakeDesktop, FakeEnd
from support.fake_middleware import FakeSession
from support.gui_person import Person

from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.app.screen_border import frames
from blinkq.app.screens_shared import ScreensShared
from blinkq.app.share_bar import ShareBar
from blinkq.app.share_dialog import ShareDialog
from blinkq.sipsimple.screens import Icon, Monitor, Window


class Sharing:
    """What a person does, and the network."""

    def __init__(self, person: Person) -> None:
        self.person = person

    @property
    def shared(self) -> ScreensShared:
        return self.person.application.desktops.shared

    @property
    def dialog(self) -> ShareDialog:
        return self.shared.dialogs[-1]

    @property
    def bar(self) -> ShareBar:
        return self.shared.bars[-1]

    @property
    def session(self) -> FakeSession:
        return self.person.middleware.sessions[-1]

    @property
    def stream(self) -> FakeDesktop:
        return self.person.middleware.desktop.desktops[-1]

    @property
    def end(self) -> FakeEnd:
        return self.stream.handler

    def begin(self) -> None:
        self.person.ui.dialBox.setText("bob@example.com")
        self.person.application.desktop_commands.share_action.trigger()
        self.person.settle()

    def connect(self) -> None:
        self.begin()
        self.person.click(self.dialog.share_button)
        self.person.middleware.found()
        self.person.settle()
        self.session.starts()
        self.person.settle()


@pytest.fixture
def sharing(person: Person) -> Sharing:
    return Sharing(person)


@pytest.fixture
def seen(sharing: Sharing) -> Sharing:
    sharing.connect()
    return sharing


def test_nothing_is_shown_before_the_question_is_answered(sharing: Sharing) -> None:
    sharing.begin()
    assert sharing.dialog.cancel_button.hasFocus()
    assert not sharing.dialog.control_box.isChecked()
    assert not sharing.dialog.selector.isVisible()  # there is one
    sharing.person.qtbot.keyClick(sharing.dialog, Qt.Key.Key_Return)
    sharing.person.settle()
    assert not sharing.shared.dialogs
    assert not sharing.person.middleware.sessions
    assert not sharing.shared.bars


def test_a_screen_is_shown_until_stop(sharing: Sharing) -> None:
    sharing.begin()
    sharing.person.click(sharing.dialog.share_button)
    assert sharing.bar.label.text() == "Showing your screen to bob@example.com…"
    assert not sharing.bar.border.isVisible()
    sharing.person.middleware.found()
    sharing.person.settle()
    assert sharing.session.commands == ["connect sip:bob@example.com ['desktop-sharing']"]
    assert (sharing.end.type, sharing.end.monitor, sharing.end.control) == ("passive", 1, False)
    sharing.session.starts()
    sharing.person.settle()
    bar = sharing.bar
    assert bar.label.text() == "bob@example.com sees your screen."
    assert bar.border.isVisible()
    assert bar.border.geometry() == QGuiApplication.primaryScreen().geometry()  # type: ignore[union-attr]
    assert bar.border.mask().contains(bar.border.rect().topLeft())
    assert not bar.border.mask().contains(bar.border.rect().center())
    sharing.person.click(bar.stop_button)
    assert sharing.session.commands[-1] == "end"
    sharing.session.ends("local")
    sharing.person.settle()
    assert not sharing.shared.bars
    assert not sharing.person.ui.noticeFrame.isVisible()


def test_one_of_several_screens(sharing: Sharing) -> None:
    sharing.person.middleware.desktop.screens = [Monitor(0, 0, 0, 1600, 600), Monitor(1, 0, 0, 800, 600), Monitor(2, 800, 0, 800, 600)]
    sharing.begin()
    selector = sharing.dialog.selector
    assert selector.isVisible()
    assert [selector.itemText(n) for n in range(selector.count())] == [
        "All screens (1600 × 600)", "Screen 1 (800 × 600)", "Screen 2 (800 × 600)",
    ]  # fmt: skip
    selector.setCurrentIndex(2)
    sharing.dialog.control_box.setChecked(True)
    sharing.person.click(sharing.dialog.share_button)
    assert (sharing.end.monitor, sharing.end.control) == (2, True)
    assert sharing.bar.control_box.isChecked()


def test_one_window(sharing: Sharing) -> None:
    picture = Icon(2, 2, bytes(range(16)))
    letter = Window(77, "A letter\nto & from <b>Bob</b>", "Writer", 100, 50, 300, 200, icon=picture)
    sharing.person.middleware.desktop.open_windows = [letter, Window(78, "", "Player", 0, 0, 10, 10, hidden=True)]
    sharing.begin()
    selector = sharing.dialog.selector
    assert selector.isVisible()
    assert [selector.itemText(n) for n in range(selector.count())] == [
        "Screen 1 (800 × 600)", "", "Window: A letter to & from <b>Bob</b>", "Window: Player (hidden)",
    ]  # fmt: skip
    assert "notifications too" in sharing.dialog.hint.text()
    selector.setCurrentIndex(2)
    assert "Only this window" in sharing.dialog.hint.text()
    sharing.person.click(sharing.dialog.share_button)
    assert (sharing.end.window, sharing.end.monitor) == (letter, None)
    bar = sharing.bar
    assert bar.label.text() == "Showing the window “A letter to & from <b>Bob</b>” to bob@example.com…"
    sharing.person.middleware.found()
    sharing.person.settle()
    sharing.session.starts()
    sharing.person.settle()
    assert bar.label.text() == "bob@example.com sees the window “A letter to & from <b>Bob</b>”."
    assert bar.border.geometry() == QRect(96, 46, 308, 208)  # around it
    announce = sharing.person.middleware.media.announce
    announce("ScreenServerHandlerPlaceDidChange", sharing.end, left=200, top=150, width=100, height=80, shown=True)
    sharing.person.settle()
    assert bar.border.geometry() == QRect(196, 146, 108, 88)
    assert not bar.border.mask().contains(QPoint(54, 44))
    announce("ScreenServerHandlerPlaceDidChange", sharing.end, left=200, top=150, width=100, height=80, shown=False)
    sharing.person.settle()
    assert not bar.border.isVisible()
    assert bar.label.text() == "bob@example.com sees the last picture of “A letter to & from <b>Bob</b>”, which is hidden now."


def test_control_is_given_and_taken_back(seen: Sharing) -> None:
    assert not seen.end.control
    seen.bar.control_box.click()
    assert seen.end.control
    seen.bar.control_box.click()
    assert not seen.end.control


def test_control_that_this_computer_does_not_let_anybody_have(seen: Sharing) -> None:
    told: list[str] = []
    seen.shared.told.connect(told.append)
    seen.bar.control_box.click()
    seen.end.control = False
    seen.person.middleware.media.announce("ScreenServerHandlerControlDidFail", seen.end, reason="It cannot be operated.")
    seen.person.settle()
    assert not seen.bar.control_box.isChecked()
    (sentence,) = told
    assert sentence.endswith("can only look. It cannot be operated.")


def test_the_clipboard_is_told_only_to_who_controls(seen: Sharing) -> None:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText("secret")
    seen.person.settle()
    announce = seen.person.middleware.media.announce
    announce("ScreenServerHandlerGotClipboard", seen.end, text="pushed")
    seen.person.settle()
    assert clipboard.text() == "secret"
    seen.bar.control_box.click()
    clipboard.setText("for you")
    announce("ScreenServerHandlerGotClipboard", seen.end, text="from you")
    seen.person.settle()
    assert seen.end.texts == ["for you"]
    assert clipboard.text() == "from you"


def test_keys_in_any_window_stop_it(seen: Sharing) -> None:
    window = seen.person.application.window
    window.activateWindow()
    three = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
    seen.person.qtbot.keyClick(window.ui.dialBox, Qt.Key.Key_Q, three)
    seen.person.settle()
    assert seen.session.commands[-1] == "end"


def test_closing_the_bar_stops_it(seen: Sharing) -> None:
    end = seen.end
    seen.bar.close()
    assert end.stopped  # nothing is shown any more, whatever the network does
    assert not seen.shared.bars
    assert seen.session.commands[-1] == "end"


def test_what_failed_is_told(seen: Sharing) -> None:
    seen.stream.fails("The screen cannot be read any more: gone.")
    seen.session.ends("local", "media failed")
    seen.person.settle()
    assert not seen.shared.bars
    told = "Your screen is not shown to bob@example.com any more. The screen cannot be read any more: gone."
    assert seen.person.ui.noticeLabel.text() == told


def test_a_screen_that_cannot_be_read(sharing: Sharing) -> None:
    sharing.person.middleware.desktop.blind = True
    sharing.begin()
    assert not sharing.shared.dialogs
    assert "cannot be read" in sharing.person.ui.noticeLabel.text()


def test_in_a_call(sharing: Sharing) -> None:
    session = sharing.person.call("bob@example.com")
    sharing.person.application.desktop_commands.share_action.trigger()
    sharing.person.click(sharing.dialog.share_button)
    assert session.commands[-1] == "add desktop-sharing"
    session.answers_proposal()
    sharing.person.settle()
    assert sharing.bar.border.isVisible()
    sharing.person.click(sharing.bar.stop_button)
    assert session.commands[-1] == "remove desktop-sharing"


def test_somebody_wants_to_see_it(sharing: Sharing) -> None:
    person = sharing.person
    session = person.middleware.calls_in(streams=[person.middleware.desktop.offered("passive")])
    person.settle()
    dialog = person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    assert dialog.ui.questionLabel.text() == "(carol@example.com) wants to see your screen."
    assert dialog.ui.rejectButton.hasFocus()
    person.click(dialog.ui.acceptButton)
    assert session.commands == ["ring"]  # not yet: which one?
    person.click(sharing.dialog.share_button)
    assert session.commands == ["ring", "accept"]
    assert sharing.end.monitor == 1
    session.starts()
    person.settle()
    assert sharing.bar.label.text() == "Carol Jones sees your screen."


def test_second_thoughts_refuse(sharing: Sharing) -> None:
    person = sharing.person
    session = person.middleware.calls_in(streams=[person.middleware.desktop.offered("passive")])
    person.settle()
    assert isinstance(person.dialog, PeerRequestDialog)
    person.click(person.dialog.ui.acceptButton)
    person.click(sharing.dialog.cancel_button)
    assert session.commands == ["ring", "reject 603"]


def test_the_question_goes_when_nobody_waits_any_more(sharing: Sharing) -> None:
    person = sharing.person
    session = person.middleware.calls_in(streams=[person.middleware.desktop.offered("passive")])
    person.settle()
    assert isinstance(person.dialog, PeerRequestDialog)
    person.click(person.dialog.ui.acceptButton)
    session.fails(487, "Request Terminated")
    person.settle()
    assert not sharing.shared.dialogs
    assert session.commands == ["ring"]


def test_the_other_party_of_a_call_wants_to_see_it(sharing: Sharing) -> None:
    person = sharing.person
    session = person.call("bob@example.com")
    session.proposes_streams(person.middleware.desktop.offered("passive"))
    person.settle()
    assert isinstance(person.dialog, PeerRequestDialog)
    person.click(person.dialog.ui.acceptButton)
    person.click(sharing.dialog.share_button)
    assert session.commands[-1] == "accept proposal ['desktop-sharing']"
    session.answers_proposal()
    person.settle()
    assert sharing.bar.label.text() == "bob@example.com sees your screen."
    assert sharing.bar.border.isVisible()


def test_the_other_party_of_a_call_is_refused(sharing: Sharing) -> None:
    person = sharing.person
    session = person.call("bob@example.com")
    session.proposes_streams(person.middleware.desktop.offered("passive"))
    person.settle()
    person.qtbot.keyClick(person.dialog, Qt.Key.Key_Escape)
    assert session.commands[-1] == "reject proposal 488"


def test_the_border_of_several_screens_is_around_each() -> None:
    left, right = QRect(0, 0, 800, 600), QRect(800, 0, 400, 300)
    painted = frames(left.united(right), [left, right])
    for screen in (left, right):
        for corner in (screen.topLeft(), screen.topRight(), screen.bottomLeft(), screen.bottomRight()):
            assert painted.contains(corner)
        assert not painted.contains(screen.center())
    assert not painted.contains(QPoint(1000, 450))  # there is no screen
    alone = frames(left, [left, right])
    assert alone.contains(QPoint(799, 10))
    assert not alone.contains(QPoint(801, 10))
