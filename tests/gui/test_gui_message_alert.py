"""New messages are heard and seen in the tray while nobody looks at them, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.conversation import Conversation
from support.fake_clock import FakeClock
from support.fake_middleware import FakeAccount, FakeMiddleware

from blinkq.app.main import Application
from blinkq.base.errors import IllegalStateError
from blinkq.base.resources import resource

SOUND = "message.wav"


@pytest.fixture
def away(open_talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """A chat whose window is not in front."""
    monkeypatch.setattr(type(open_talk.person.application.messages.chat_window), "isActiveWindow", lambda _self: False)
    return open_talk


def heard(talk: Conversation) -> int:
    """How many times the sound was started, as far as is known."""
    talk.person.settle()
    sound = talk.person.middleware.sounds.get(SOUND)
    return sound.starts if sound is not None else 0


def test_the_file_is_there() -> None:
    assert resource("sounds", SOUND).is_file()


def test_a_message_is_heard_and_a_flood_once(away: Conversation) -> None:
    away.stream.says("one")
    assert heard(away) == 1
    assert away.person.middleware.sounds[SOUND].alert
    for number in range(20):
        away.stream.says(str(number))
    assert heard(away) == 1
    first = away.person.middleware.sounds[SOUND]
    alert = away.person.application.messages.alert
    alert.pause.timeout.emit()
    alert.pause.stop()
    away.stream.says("later")
    assert heard(away) == 1
    assert away.person.middleware.sounds[SOUND] is not first
    assert not first.playing


def test_nothing_is_heard_of_the_chat_that_is_in_front(open_talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(open_talk.person.application.messages.chat_window), "isActiveWindow", lambda _self: True)
    first = open_talk.stream
    first.says("seen")
    assert heard(open_talk) == 0
    assert open_talk.person.application.tray.icon_name != "tray-message"
    open_talk.begin("carol")
    first.says("in another tab")
    assert heard(open_talk) == 1


def test_silence(away: Conversation) -> None:
    away.person.middleware.set_silent(True)
    away.stream.says("one")
    assert heard(away) == 0
    away.person.middleware.set_silent(False)
    action = away.person.ui.messageSoundAction
    assert action.isChecked()
    action.trigger()
    away.stream.says("two")
    assert heard(away) == 0
    action.trigger()
    away.stream.says("three")
    assert heard(away) == 1


def test_the_choice_is_remembered(
    qapp: QApplication, alice: FakeAccount, clock: FakeClock, tmp_path: Path, qtbot: QtBot
) -> None:
    for expected in (True, False):
        application = Application(qapp, FakeMiddleware(alice), tmp_path, clock)
        application.show()
        application.start()
        qapp.processEvents()
        action = application.window.ui.messageSoundAction
        assert action.isChecked() is expected
        if expected:
            action.trigger()
        application.close()


@pytest.mark.expect_warnings
def test_a_sound_that_cannot_be_played_costs_nothing_else(away: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise IllegalStateError("no sound")

    monkeypatch.setattr(away.person.middleware, "sound", fail)
    away.stream.says("still here")
    away.person.settle()
    assert "still here" in away.text


def test_the_tray_shows_what_is_unread(away: Conversation) -> None:
    tray = away.person.application.tray
    away.stream.says("one")
    away.person.settle()
    assert tray.icon_name == "tray-message"
    assert "one unread message" in tray.icon.toolTip()
    away.stream.says("two")
    away.person.settle()
    assert "2 unread messages" in tray.icon.toolTip()
    texts = [action.text() for action in tray.menu.actions()]
    assert "Show the chats" in texts
    window = away.person.application.messages.chat_window
    window.close()
    tray.menu.actions()[texts.index("Show the chats")].trigger()
    assert window.isVisible()
    away.chat.seen()
    away.person.settle()
    assert tray.icon_name != "tray-message"
    assert "unread" not in tray.icon.toolTip()
    assert "Show the chats" not in [action.text() for action in tray.menu.actions()]


def test_a_click_on_the_notification_shows_the_chat(away: Conversation) -> None:
    application = away.person.application
    application.tray.show()
    application.tray.icon.isVisible = lambda: True  # type: ignore[method-assign]  # there is no tray here
    application.tray.icon.showMessage = lambda *_arguments: None  # type: ignore[assignment,method-assign]
    away.stream.says("one")
    away.person.settle()
    application.messages.chat_window.close()
    application.tray.icon.messageClicked.emit()
    assert application.messages.chat_window.isVisible()
