"""Calls in the windows, from the dial box to the list of recent calls, with mouse and keyboard."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot
from support.fake_clock import FakeClock
from support.fake_middleware import FakeMiddleware, FakeSession, FakeStream

from blinkq.app.call import CallStage
from blinkq.app.call_panel import CallPanel
from blinkq.app.main import Application

LEFT = Qt.MouseButton.LeftButton


class Windows:
    """The windows as a person operates them."""

    def __init__(self, application: Application, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication) -> None:
        self.application, self.middleware, self.qtbot, self.qapp = application, middleware, qtbot, qapp
        self.ui = application.window.ui

    @property
    def panel(self) -> CallPanel:
        return list(self.application.window.panels.values())[-1]

    @property
    def session(self) -> FakeSession:
        return self.middleware.sessions[-1]

    def settle(self) -> None:
        self.qapp.processEvents()

    def click(self, button: object) -> None:
        self.qtbot.mouseClick(button, LEFT)
        self.settle()

    def dial(self, text: str) -> None:
        self.ui.dialBox.clear()
        self.qtbot.keyClicks(self.ui.dialBox, text)
        self.click(self.ui.callButton)

    def talk(self, text: str = "bob@example.com", *, srtp: bool = False) -> None:
        self.dial(text)
        self.middleware.found()
        self.settle()
        self.session.proposed_streams = [FakeStream(srtp_active=srtp)]
        self.session.starts()
        self.settle()

    def recent(self) -> list[tuple[str, str]]:
        return [(record.uri, record.outcome) for record in self.application.window.recent.records]


@pytest.fixture
def windows(application: Application, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication) -> Windows:
    return Windows(application, middleware, qtbot, qapp)


def test_a_whole_call(windows: Windows, clock: FakeClock) -> None:
    windows.dial("bob")
    assert windows.ui.dialBox.text() == ""
    assert windows.panel.ui.titleLabel.text() == "bob@example.com"
    assert windows.panel.ui.stateLabel.text() == "Looking up the server…"
    windows.middleware.found()
    windows.settle()
    assert windows.session.commands == ["connect sip:bob@example.com"]
    assert windows.panel.ui.stateLabel.text() == "Calling…"
    windows.session.rings()
    windows.settle()
    assert windows.panel.ui.stateLabel.text() == "Ringing there…"
    assert windows.application.ringer.playing == {"ring-back"}
    windows.session.starts()
    windows.settle()
    assert windows.panel.ui.stateLabel.text() == "In call"
    assert windows.panel.ui.codecLabel.text() == "opus, 48 kHz"
    assert windows.application.ringer.playing == set()
    clock.advance(65)
    windows.panel.refresh()
    assert windows.panel.ui.timerLabel.text() == "1:05"
    windows.click(windows.panel.ui.hangUpButton)
    assert windows.session.commands[-1] == "end"
    windows.session.ends("local")
    windows.settle()
    assert windows.panel.ui.stateLabel.text() == "Call ended"
    assert windows.recent() == [("sip:bob@example.com", "answered")]
    windows.panel.close_wanted.emit(windows.panel.call)
    assert not windows.application.window.panels


def test_enter_in_the_dial_box_calls(windows: Windows) -> None:
    windows.qtbot.keyClicks(windows.ui.dialBox, "+49 (30) 123-45")
    windows.qtbot.keyClick(windows.ui.dialBox, Qt.Key.Key_Return)
    assert windows.panel.call.uri == "sip:+493012345@example.com"


def test_what_is_no_address_is_explained_and_kept(windows: Windows) -> None:
    windows.dial("bob smith")
    assert "spaces" in windows.ui.dialErrorLabel.text()
    assert windows.ui.dialErrorLabel.isVisible()
    assert windows.ui.dialBox.text() == "bob smith"
    assert not windows.application.window.panels
    windows.qtbot.keyClick(windows.ui.dialBox, Qt.Key.Key_Backspace)
    assert not windows.ui.dialErrorLabel.isVisible()


def test_a_failure_is_explained_and_can_be_redialled(windows: Windows) -> None:
    windows.dial("bob@example.com")
    windows.middleware.found()
    windows.settle()
    windows.session.fails(486, "Busy Here", "remote", "user request")
    windows.settle()
    assert windows.panel.ui.noticeLabel.text() == "bob@example.com is busy. (486 Busy Here)"
    assert windows.panel.ui.adviceLabel.text() == "Try again later."
    assert windows.application.ringer.playing == {"busy"}
    assert windows.recent() == [("sip:bob@example.com", "failed")]
    windows.click(windows.panel.ui.redialButton)
    assert len(windows.application.window.panels) == 1
    assert windows.panel.call.stage is CallStage.LOOKING_UP


def test_an_unknown_host_is_explained(windows: Windows) -> None:
    windows.dial("bob@nowhere.example")
    windows.middleware.not_found("The domain nowhere.example does not exist.")
    windows.settle()
    assert "does not exist" in windows.panel.ui.noticeLabel.text()


def test_a_lookup_that_is_over_before_anybody_listens(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    lookup = windows.middleware.lookup

    def quick(uri: str, account: object) -> object:
        sender = lookup(uri, None)
        windows.middleware.found()
        return sender

    monkeypatch.setattr(windows.middleware, "lookup", quick)
    windows.dial("sip:echo@127.0.0.1:5070")
    assert windows.session.commands == ["connect sip:echo@127.0.0.1:5070"]


def test_a_caller_who_gives_up_before_the_window_knows(windows: Windows) -> None:
    session = windows.middleware.calls_in()
    session.fails(487, "Request Terminated", "remote", "Call cancelled")
    windows.settle()
    assert session.commands == []
    assert not windows.application.dialogs
    assert windows.recent() == [("sip:carol@example.com", "missed")]


def test_hanging_up_during_the_lookup_never_calls(windows: Windows) -> None:
    windows.dial("bob@example.com")
    windows.click(windows.panel.ui.hangUpButton)
    windows.middleware.found()
    windows.settle()
    assert windows.session.commands == []
    assert windows.recent() == [("sip:bob@example.com", "cancelled")]


def test_cancelling_while_it_rings_is_no_failure(windows: Windows) -> None:
    windows.dial("bob@example.com")
    windows.middleware.found()
    windows.settle()
    windows.session.rings()
    windows.settle()
    windows.click(windows.panel.ui.hangUpButton)
    windows.session.fails(487, "Request Terminated", "local", "user request")
    windows.settle()
    assert windows.panel.call.stage is CallStage.ENDED
    assert windows.recent() == [("sip:bob@example.com", "cancelled")]


def test_digits_by_keypad_and_by_keyboard(windows: Windows) -> None:
    windows.talk()
    windows.click(windows.panel.ui.keypadButton)
    assert windows.panel.ui.keypad.isVisible()
    for digit in "123":
        windows.click(windows.panel.ui.keypad.keys[digit])
    windows.qtbot.keyClicks(windows.panel, "*#aD")
    windows.qtbot.keyClicks(windows.panel.ui.holdButton, "9")
    assert windows.panel.call.stream is not None
    assert windows.session.streams
    assert windows.session.streams[0].digits == "123*#AD9"
    assert windows.panel.ui.keypad.ui.sentLabel.text() == "123*#AD9"


def test_keys_typed_in_the_dial_box_are_no_digits(windows: Windows) -> None:
    windows.talk()
    windows.qtbot.keyClicks(windows.ui.dialBox, "42")
    assert windows.session.streams
    assert windows.session.streams[0].digits == ""


def test_hold_and_resume(windows: Windows) -> None:
    windows.talk()
    windows.click(windows.panel.ui.holdButton)
    assert windows.session.commands[-1] == "hold"
    assert not windows.panel.ui.holdButton.isChecked()  # only when it is
    windows.session.holds("local", True)
    windows.settle()
    assert windows.panel.ui.holdButton.isChecked()
    assert windows.panel.ui.stateLabel.text() == "On hold"
    windows.click(windows.panel.ui.holdButton)
    assert windows.session.commands[-1] == "unhold"
    windows.session.holds("local", False)
    windows.session.holds("remote", True)
    windows.settle()
    assert windows.panel.ui.stateLabel.text() == "Held by the other side"


def test_recording(windows: Windows) -> None:
    windows.talk()
    windows.click(windows.panel.ui.recordButton)
    windows.settle()
    assert windows.panel.ui.recordButton.isChecked()
    assert "Recording to" in windows.panel.ui.noticeLabel.text()
    windows.click(windows.panel.ui.recordButton)
    windows.settle()
    assert not windows.panel.ui.recordButton.isChecked()
    assert "Recorded to" in windows.panel.ui.noticeLabel.text()


def test_mute_is_one_state_everywhere(windows: Windows) -> None:
    windows.talk()
    windows.click(windows.panel.ui.muteButton)
    assert windows.middleware.is_muted
    assert windows.panel.ui.muteButton.isChecked()
    assert windows.ui.muteAction.isChecked()
    assert windows.application.tray.icon_name == "tray-muted"
    windows.ui.muteAction.trigger()
    assert not windows.middleware.is_muted
    assert not windows.panel.ui.muteButton.isChecked()


def test_the_lock_tells_the_truth(windows: Windows) -> None:
    windows.talk()
    assert windows.panel.ui.lockLabel.toolTip() == "The sound is not encrypted."
    windows.session.ends()
    windows.settle()
    windows.talk("carol@example.com", srtp=True)
    assert "hop by hop" in windows.panel.ui.lockLabel.toolTip()
    windows.session.transport = "udp"
    windows.panel.refresh()
    assert "no TLS" in windows.panel.ui.lockLabel.toolTip()


def test_the_lock_tells_which_way_the_sound_takes(windows: Windows) -> None:
    windows.talk()
    (stream,) = windows.session.streams
    stream.ice_active, stream.local_rtp_candidate_type, stream.remote_rtp_candidate_type = True, "srflx", "host"
    windows.panel.refresh()
    said = windows.panel.ui.lockLabel.toolTip()
    assert said == "The sound is not encrypted.\nIt takes the way that ICE found: srflx to host."


def test_answering_an_incoming_call(windows: Windows) -> None:
    session = windows.middleware.calls_in()
    windows.settle()
    dialog = windows.application.dialogs[0]
    assert session.commands == ["ring"]
    assert dialog.ui.titleLabel.text() == "Carol Jones"
    assert dialog.ui.addressLabel.text() == "carol@example.com"
    assert dialog.ui.accountLabel.text() == "For alice@example.com"
    assert windows.application.ringer.playing == {"ring"}
    assert windows.application.tray.icon_name == "tray-ringing"
    windows.click(dialog.ui.answerButton)
    assert session.commands == ["ring", "accept"]
    assert windows.application.ringer.playing == set()
    assert not windows.application.dialogs
    session.starts()
    windows.settle()
    assert windows.panel.ui.stateLabel.text() == "In call"


@pytest.mark.parametrize(("button", "command"), [("busyButton", "reject 486"), ("rejectButton", "reject 603")])
def test_refusing_an_incoming_call(windows: Windows, button: str, command: str) -> None:
    session = windows.middleware.calls_in()
    windows.settle()
    refuse: QPushButton = getattr(windows.application.dialogs[0].ui, button)
    windows.click(refuse)
    assert session.commands[-1] == command
    session.fails(int(command.split()[1]), "", "local", "user request")
    windows.settle()
    assert windows.recent() == [("sip:carol@example.com", "rejected")]
    assert windows.panel.call.stage is CallStage.ENDED


@pytest.mark.parametrize(("key", "command"), [(Qt.Key.Key_A, "accept"), (Qt.Key.Key_B, "reject 486"), (Qt.Key.Key_R, "reject 603")])
def test_an_incoming_call_by_keyboard(windows: Windows, key: Qt.Key, command: str) -> None:
    session = windows.middleware.calls_in()
    windows.settle()
    dialog = windows.application.dialogs[0]
    dialog.activateWindow()
    windows.qtbot.waitUntil(dialog.isActiveWindow)
    windows.qtbot.keyClick(dialog, key, Qt.KeyboardModifier.AltModifier)
    windows.qtbot.waitUntil(lambda: session.commands[-1] == command)


def test_escape_silences_and_leaves_the_call(windows: Windows) -> None:
    session = windows.middleware.calls_in()
    windows.settle()
    windows.qtbot.keyClick(windows.application.dialogs[0], Qt.Key.Key_Escape)
    windows.settle()
    assert session.commands == ["ring"]
    assert windows.application.ringer.playing == set()
    assert not windows.application.dialogs
    windows.click(windows.panel.ui.answerButton)
    assert session.commands == ["ring", "accept"]


def test_a_caller_who_gives_up_is_a_missed_call(windows: Windows) -> None:
    session = windows.middleware.calls_in()
    windows.settle()
    session.fails(487, "Request Terminated", "remote", "Call cancelled")
    windows.settle()
    assert not windows.application.dialogs
    assert windows.application.ringer.playing == set()
    assert windows.recent() == [("sip:carol@example.com", "missed")]


def test_a_call_answered_elsewhere_is_not_missed(windows: Windows) -> None:
    session = windows.middleware.calls_in()
    windows.settle()
    session.fails(487, "Request Terminated", "remote", "Call completed elsewhere")
    windows.settle()
    assert windows.recent() == [("sip:carol@example.com", "answered")]


def test_a_call_without_sound_is_refused(windows: Windows) -> None:
    session = FakeSession(windows.middleware.known[0], "incoming", "incoming")
    from support.fake_middleware import announce

    announce("SIPSessionNewIncoming", session, streams=[])
    windows.settle()
    assert session.commands == ["reject 488"]
    assert not windows.application.window.panels


def test_answering_a_second_call_holds_the_first(windows: Windows) -> None:
    windows.talk()
    first = windows.session
    second = windows.middleware.calls_in()
    windows.settle()
    assert windows.application.ringer.playing == {"waiting"}
    windows.application.calls.calls[-1].answer()
    second.starts()
    windows.settle()
    assert first.commands[-1] == "hold"
    first.holds("local", True)
    windows.settle()
    windows.application.calls.activate(windows.application.calls.calls[0])
    assert second.commands[-1] == "hold"
    assert first.commands[-1] == "unhold"


def test_media_that_stops_is_told(windows: Windows) -> None:
    windows.talk()
    windows.session.ends("local", "RTP timeout")
    windows.settle()
    assert windows.panel.call.stage is CallStage.FAILED
    assert windows.panel.ui.noticeLabel.text() != ""


def test_shortcuts_work_on_the_active_call(windows: Windows) -> None:
    windows.talk()
    windows.ui.holdAction.trigger()
    assert windows.session.commands[-1] == "hold"
    windows.ui.recordAction.trigger()
    windows.settle()
    assert windows.panel.call.recording
    windows.ui.keypadAction.trigger()
    assert windows.panel.ui.keypad.isVisible()
    windows.ui.hangUpAction.trigger()
    assert windows.session.commands[-1] == "end"


def test_recent_calls_can_be_called_again_and_forgotten(windows: Windows) -> None:
    windows.talk("dave@example.com")
    windows.session.ends()
    windows.settle()
    windows.ui.recentList.setCurrentIndex(windows.application.window.recent.index(0))
    windows.qtbot.keyClick(windows.ui.recentList, Qt.Key.Key_Return)
    assert windows.panel.call.uri == "sip:dave@example.com"
    windows.qtbot.keyClick(windows.ui.recentList, Qt.Key.Key_Delete)
    assert windows.recent() == []


def test_what_was_called_completes_what_is_typed(windows: Windows) -> None:
    windows.talk("dave@example.com")
    windows.session.ends()
    windows.settle()
    completer = windows.ui.dialBox.completer()
    assert completer is not None
    completer.setCompletionPrefix("DAV")
    assert completer.currentCompletion() == "dave@example.com"


def test_first_run_invites_to_add_an_account(qapp: QApplication, qtbot: QtBot, tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    application = Application(qapp, FakeMiddleware(), tmp_path, FakeClock())
    application.show()
    application.start()
    ui = application.window.ui
    assert ui.bodyStack.currentWidget() is ui.welcomePage
    application.window.place_call("bob")
    assert "whole address" in ui.dialErrorLabel.text()
    assert application.window.place_call("sip:echo@127.0.0.1:5070") is not None
    application.close()
