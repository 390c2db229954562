"""Nothing jumps, is cut off or takes room in vain: heights of the call panel, the keypad in a small window, where the focus goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from support.fake_desktops import FarScreen
from support.fake_middleware import FakeMiddleware, FakeStream
from support.gui_person import Person

from blinkq.app.account_dialog import AccountDialog
from blinkq.app.call_panel import CallPanel
from blinkq.app.contact_dialog import ContactDialog
from blinkq.app.main import Application
from blinkq.app.transfer_dialog import TransferDialog
from blinkq.app.widgets import ElidedLabel
from blinkq.sipsimple.screens import Monitor

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(application: Application, middleware: FakeMiddleware, qtbot: QtBot) -> CallPanel:
    """A call that stands."""
    application.window.resize(430, 680)
    application.window.place_call("bob@example.com")
    middleware.found()
    qtbot.waitUntil(lambda: bool(middleware.sessions[-1].commands))
    session = middleware.sessions[-1]
    session.proposed_streams = [FakeStream()]
    session.starts()
    (panel,) = application.window.panels.values()
    qtbot.waitUntil(panel.ui.holdButton.isEnabled)
    return panel


def test_a_notice_does_not_stretch_the_rows_above_it(panel: CallPanel, qtbot: QtBot) -> None:
    place = panel.ui.stateLabel.y()
    qtbot.mouseClick(panel.ui.recordButton, LEFT)
    qtbot.waitUntil(panel.ui.noticeLabel.isVisible)
    layout = panel.layout()
    assert layout is not None
    qtbot.waitUntil(lambda: panel.height() == layout.totalHeightForWidth(panel.width()))
    assert panel.ui.stateLabel.y() == place


def test_the_keypad_fits_while_the_list_is_empty(panel: CallPanel, application: Application, qtbot: QtBot) -> None:
    application.window.resize(430, 540)
    qtbot.mouseClick(panel.ui.keypadButton, LEFT)
    key = panel.ui.keypad.keys["#"]
    qtbot.waitUntil(lambda: key.isVisible() and key.visibleRegion().boundingRect() == key.rect())


def test_the_focus_stays_with_the_ended_call(
    panel: CallPanel, application: Application, middleware: FakeMiddleware, qtbot: QtBot
) -> None:
    panel.ui.hangUpButton.setFocus()
    qtbot.mouseClick(panel.ui.hangUpButton, LEFT)
    middleware.sessions[-1].ends()
    qtbot.waitUntil(panel.ui.overButtons.isVisible)
    assert application.window.focusWidget() is panel


def test_the_clear_button_of_the_dial_box_is_in_its_middle(application: Application, qtbot: QtBot) -> None:
    box = application.window.ui.dialBox
    qtbot.keyClicks(box, "bob")
    (button,) = [button for button in box.findChildren(QToolButton) if button.isVisible()]
    qtbot.waitUntil(lambda: abs(button.geometry().center().y() - box.rect().center().y()) <= 1)


# no text is cut off -----------------------------------------------------------------------------------------------------------------


def cut_off(window: QWidget) -> list[str]:
    """What of a window's visible texts does not fit into its widget."""
    found = []
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, QLabel | QAbstractButton) or isinstance(widget, ElidedLabel):
            continue
        if not widget.isVisible() or not widget.text():
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            fits = widget.height() >= widget.heightForWidth(widget.width())
        else:
            fits = widget.width() >= widget.sizeHint().width() and widget.height() >= widget.sizeHint().height()
        if not fits:
            found.append(f"{widget.objectName()}: {widget.text()} ({widget.size()} instead of {widget.sizeHint()})")
    return found


def _two_calls(person: Person) -> list[QWidget]:
    person.call("bob@example.com")
    person.call("carol@example.com")
    return [person.application.window]


def _conference(person: Person) -> list[QWidget]:
    _two_calls(person)
    person.ui.joinAction.trigger()
    person.answer_holds()
    person.call("dave@example.com")
    return [person.application.window]


def _consulting(person: Person) -> list[QWidget]:
    bob = person.call("bob@example.com")
    person.application.calls.consult(person.panel(bob).call, "carol", person.middleware.known[0])
    return [person.application.window]


def _failed_transfer(person: Person) -> list[QWidget]:
    bob = person.call("bob@example.com")
    person.application.transfers.transfer(person.panel(bob).call, "sip:carol@example.com")
    bob.transfer_starts()
    bob.transfer_fails(480, "Temporarily Unavailable")
    return [person.application.window]


def _second_caller(person: Person) -> list[QWidget]:
    person.call("bob@example.com")
    person.called_by("carol", "Carol Jones")
    return [person.application.window, person.dialog]


def _proposal(person: Person) -> list[QWidget]:
    person.call("bob@example.com").proposes("audio", "text", "whiteboard")
    person.settle()
    return [person.dialog]


def _transfer_dialog(person: Person) -> list[QWidget]:
    _two_calls(person)
    person.ui.transferAction.trigger()
    dialogs = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, TransferDialog) and widget.isVisible()]
    person.click(dialogs[0].ui.transferButton)
    return list(dialogs)


def _contacts(person: Person) -> list[QWidget]:
    people, alice = person.middleware.people, person.middleware.known[0]
    people.publishing, people.mailboxes[alice.id] = True, "sip:voicemail@example.com"
    people.voicemail(alice, "Messages-Waiting: yes\r\nVoice-Message: 128/8\r\n")
    person.application.accounts.reload()
    person.ui.bodyTabs.setCurrentIndex(1)
    return [person.application.window]


def _contact_dialog(person: Person) -> list[QWidget]:
    person.ui.addContactAction.trigger()
    dialogs = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, ContactDialog) and widget.isVisible()]
    person.click(dialogs[0].ui.saveButton)
    return list(dialogs)


def _account_dialog(person: Person) -> list[QWidget]:
    person.ui.addAccountAction.trigger()
    dialogs = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, AccountDialog) and widget.isVisible()]
    ui = dialogs[0].ui
    person.click(ui.serviceButton)
    person.click(ui.voicemailBox)
    person.qtbot.keyClicks(ui.voicemailEdit, "nowhere")
    return list(dialogs)


def _chat(person: Person) -> list[QWidget]:
    session = person.call("bob@example.com")
    person.click(person.panel(session).ui.chatButton)
    session.answers_proposal()
    person.settle()
    window = person.application.messages.chat_window
    window.resize(300, 300)
    return [person.application.window, window]


def _call_with_all_media(person: Person) -> list[QWidget]:
    session = person.call("bob@example.com")
    ui = person.panel(session).ui
    for button in (ui.chatButton, ui.viewButton, ui.shareButton):
        person.click(button)
        if button is ui.shareButton:
            person.click(person.application.desktops.shared.dialogs[-1].share_button)
        session.answers_proposal()
        person.settle()
    call = person.panel(session).call
    person.application.desktops.windows[0].hide()
    person.application.messages.files.send_in_call([Path(__file__)], call)
    return [person.application.window]


def _call_that_offers_everything(person: Person) -> list[QWidget]:
    media, desktop = person.middleware.media, person.middleware.desktop
    person.middleware.calls_in(
        streams=[FakeStream(), media.offered_chat(), media.offered_file("a very long name " * 12 + ".pdf", 10_000_000),
                 desktop.offered("active"), desktop.offered("passive")],
    )  # fmt: skip
    person.settle()
    return [person.dialog]


def _second_caller_with_more_than_sound(person: Person) -> list[QWidget]:
    person.call("bob@example.com")
    return _call_that_offers_everything(person)


def _several_files_offered(person: Person) -> list[QWidget]:
    media = person.middleware.media
    person.middleware.calls_in(streams=[media.offered_file("a" * 100, 10_000), media.offered_file("report.pdf", 2_000_000)])
    person.settle()
    return [person.dialog]


def _chat_that_ended(person: Person) -> list[QWidget]:
    _chat(person)
    person.middleware.sessions[-1].ends()
    person.settle()
    return [person.application.messages.chat_window]


def _files(person: Person) -> list[QWidget]:
    media, messages = person.middleware.media, person.application.messages
    for number in range(3):
        person.called_by("carol")
        session = person.middleware.calls_in(f"carol{number}", streams=[media.offered_file(f"file {number}" * 20, 10_000)])
        person.settle()
        person.click(person.dialog.ui.acceptButton)  # type: ignore[attr-defined]
        media.files[-1].starts()
        media.files[-1].moves(1000 * number)
        person.settle()
    session.fails(480, "Temporarily Unavailable")
    media.files[0].finishes("/tmp/file")
    messages.files_window.resize(300, 300)
    return [messages.files_window]


def _asked_about_a_file(person: Person) -> list[QWidget]:
    person.middleware.calls_in(streams=[person.middleware.media.offered_file("a" * 400, 10_000)])
    person.settle()
    return [person.dialog]


def _transfers_of_every_kind(person: Person) -> list[QWidget]:
    media, files = person.middleware.media, person.application.messages.files
    folder = Path(__file__).parent
    for name in ("conftest.py", "test_gui_calls.py", "test_gui_chat.py", "test_gui_files.py"):
        files.send(folder / name, "sip:bob@example.com", person.middleware.known[0], "Bob Taylor")
    media.files[0].hashes(10_000)
    media.files[1].starts()
    media.files[1].moves(12_000)
    media.files[2].starts()
    media.files[2].fails("Permission denied")
    session = person.middleware.calls_in(streams=[media.offered_file("report.pdf", 10_000)])
    person.settle()
    person.click(person.dialog.ui.acceptButton)  # type: ignore[attr-defined]
    session.starts()
    media.files[-1].finishes("/tmp/report.pdf")
    person.settle()
    window = person.application.messages.files_window
    window.come_to_front()
    return [window]


def _no_transfers(person: Person) -> list[QWidget]:
    window = person.application.messages.files_window
    window.resize(360, 260)
    window.come_to_front()
    return [window]


def _looks_at_a_screen(person: Person) -> list[QWidget]:
    session = person.call("bob@example.com")
    person.click(person.panel(session).ui.viewButton)
    session.answers_proposal()
    person.settle()
    FarScreen(person.middleware.desktop.desktops[-1])
    for _ in range(5):
        person.settle()
    window = person.application.desktops.windows[-1]
    person.click(window.control_button)
    return [window]


def _full_screen(person: Person) -> list[QWidget]:
    (window,) = _looks_at_a_screen(person)
    person.click(window.full_button)  # type: ignore[attr-defined]
    return [window]


def _screen_that_was_lost(person: Person) -> list[QWidget]:
    person.application.desktops.view("bob@example.com", person.middleware.known[0], "Bob")
    person.middleware.found()
    person.settle()
    person.middleware.sessions[-1].fails(480, "Temporarily Unavailable")
    person.settle()
    return [person.application.desktops.windows[-1]]


def _screen_is_shared(person: Person) -> list[QWidget]:
    person.middleware.desktop.screens = [Monitor(0, 0, 0, 1600, 600), Monitor(1, 0, 0, 800, 600), Monitor(2, 800, 0, 800, 600)]
    session = person.call("bob@example.com")
    person.click(person.panel(session).ui.shareButton)
    shared = person.application.desktops.shared
    person.click(shared.dialogs[-1].share_button)
    session.answers_proposal()
    person.settle()
    person.application.desktops.share("carol@example.com", person.middleware.known[0])
    return [shared.dialogs[-1], *shared.bars]


SCENES = [
    _transfers_of_every_kind, _no_transfers, _looks_at_a_screen, _full_screen, _screen_that_was_lost, _screen_is_shared,
    _call_with_all_media, _call_that_offers_everything, _second_caller_with_more_than_sound, _several_files_offered, _chat,
    _chat_that_ended, _files, _asked_about_a_file,
    _two_calls, _conference, _consulting, _failed_transfer, _second_caller, _proposal, _transfer_dialog, _contacts, _contact_dialog,
    _account_dialog,
]  # fmt: skip


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_no_text_is_cut_off(person: Person, scene: Callable[[Person], list[QWidget]]) -> None:
    person.application.window.resize(300, 680)  # smaller than it can be
    windows = scene(person)

    def nothing_is_cut_off() -> None:  # once the layouts have come to rest
        assert not [text for window in windows for text in cut_off(window)]

    person.qtbot.waitUntil(nothing_is_cut_off)


def test_a_long_name_does_not_widen_the_question(person: Person) -> None:
    (dialog,) = _asked_about_a_file(person)
    assert dialog.width() < 500


def test_every_shortcut_has_one_meaning(application: Application) -> None:
    actions = [action for action in application.window.findChildren(QAction) if action.shortcut().toString()]
    keys = [action.shortcut().toString() for action in actions]
    assert len(keys) > 10
    assert sorted(set(keys)) == sorted(keys)
