"""What surrounds the calls: tray, devices, accounts in the selector, notices, colours, the end."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMenu, QMessageBox
from support.fake_clock import FakeClock
from support.fake_middleware import FakeAccount, FakeMiddleware, announce

from blinkq.app.account_list import RegistrationState
from blinkq.app.colours import DARK, LIGHT, Colours
from blinkq.app.history import CallRecord, History
from blinkq.app.main import Application
from blinkq.app.middleware import DeviceKind
from blinkq.app.theme import Appearance
from blinkq.app.wording import clock_text
from blinkq.base.errors import BlinkQError
from blinkq.base.resources import resource


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def trigger(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


# tray ----------------------------------------------------------------------------------------------------------------------------


def test_the_tray_menu_answers_rejects_and_hangs_up(application: Application, middleware: FakeMiddleware, qapp: QApplication) -> None:
    tray = application.tray
    assert texts(tray.menu) == ["Show BlinkQ", "Mute microphone", "Quit"]
    first = middleware.calls_in()
    second = middleware.calls_in("dave", None)
    qapp.processEvents()
    assert texts(tray.menu) == [
        "Show BlinkQ", "Answer Carol Jones", "Reject Carol Jones", "Answer dave@example.com", "Reject dave@example.com", "Mute microphone",
        "Quit",
    ]  # fmt: skip
    trigger(tray.menu, "Reject dave@example.com")
    assert second.commands[-1] == "reject 603"
    trigger(tray.menu, "Answer Carol Jones")
    first.starts()
    qapp.processEvents()
    assert "Hang up Carol Jones" in texts(tray.menu)
    trigger(tray.menu, "Hang up Carol Jones")
    assert first.commands[-1] == "end"


def test_the_tray_icon_blinks_while_it_rings(
    application: Application, middleware: FakeMiddleware, alice: FakeAccount, qapp: QApplication
) -> None:
    tray = application.tray
    assert tray.icon_name == "tray-offline"
    alice.registers()
    qapp.processEvents()
    assert tray.icon_name == "tray-idle"
    session = middleware.calls_in()
    qapp.processEvents()
    assert tray.icon_name == "tray-ringing"
    tray._blink.timeout.emit()
    assert tray.icon_name == "tray-idle"
    tray._blink.timeout.emit()
    assert tray.icon_name == "tray-ringing"
    session.fails(487, "Request Terminated")
    qapp.processEvents()
    assert tray.icon_name == "tray-idle"
    assert not tray._blink.isActive()


def test_muting_from_the_tray(application: Application, middleware: FakeMiddleware) -> None:
    trigger(application.tray.menu, "Mute microphone")
    assert middleware.is_muted
    assert application.window.ui.muteAction.isChecked()


def test_names_of_callers_are_no_mnemonics(application: Application, middleware: FakeMiddleware, qapp: QApplication) -> None:
    middleware.calls_in("x", "Smith & Sons")
    qapp.processEvents()
    assert "Answer Smith && Sons" in texts(application.tray.menu)


# devices -------------------------------------------------------------------------------------------------------------------------


def checked(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.isChecked()]


def test_the_device_menu_follows_the_devices(application: Application, middleware: FakeMiddleware) -> None:
    menu = application.window.ui.inputMenu
    assert texts(menu) == ["System default", "Built-in Audio", "USB Headset", "None"]
    assert checked(menu) == ["System default"]
    trigger(menu, "USB Headset")
    assert middleware.chosen[DeviceKind.INPUT] == "USB Headset"
    middleware.plug("Built-in Audio")
    assert texts(menu) == ["System default", "Built-in Audio", "USB Headset (not connected)", "None"]
    assert checked(menu) == ["USB Headset (not connected)"]
    trigger(menu, "None")
    assert middleware.chosen[DeviceKind.INPUT] is None


def test_silent_stops_the_ringing_only(application: Application, middleware: FakeMiddleware, qapp: QApplication) -> None:
    application.window.ui.silentAction.trigger()
    assert middleware.is_silent
    middleware.calls_in()
    qapp.processEvents()
    assert application.ringer.playing == set()
    assert application.dialogs


# accounts ------------------------------------------------------------------------------------------------------------------------


def test_the_selector_shows_the_registration(application: Application, alice: FakeAccount, qapp: QApplication) -> None:
    ui = application.window.ui
    assert ui.accountSelector.currentText() == "Alice Miller – alice@example.com"
    assert ui.registrationLabel.text() == "Registering…"
    alice.registers()
    qapp.processEvents()
    assert ui.registrationLabel.text() == "Registered, can be called"
    alice.failed(401, "Unauthorized")
    qapp.processEvents()
    assert "did not accept the password" in ui.registrationLabel.text()
    announce("SIPAccountWillRegister", alice)
    qapp.processEvents()
    assert application.accounts.rows[0].state is RegistrationState.FAILED  # the reason stays readable during the next attempt
    index = application.accounts.index(0)
    assert "Alice Miller" in application.accounts.data(index, Qt.ItemDataRole.AccessibleTextRole)


def test_choosing_an_account_makes_it_the_default(application: Application, middleware: FakeMiddleware, qapp: QApplication) -> None:
    other = FakeAccount("work@pbx.example.net")
    middleware.known.append(other)
    announce("SIPAccountManagerDidAddAccount", middleware, account=other)
    qapp.processEvents()
    ui = application.window.ui
    assert ui.accountSelector.count() == 2
    ui.accountSelector.setCurrentIndex(1)
    ui.accountSelector.activated.emit(1)
    assert middleware.default is other
    assert application.window.account is other


def test_the_first_account_ends_the_welcome(qapp: QApplication, tmp_path: Path) -> None:
    from blinkq.app.middleware import AccountDraft

    middleware = FakeMiddleware()
    application = Application(qapp, middleware, tmp_path, FakeClock())
    application.start()
    ui = application.window.ui
    assert ui.bodyStack.currentWidget() is ui.welcomePage
    middleware.save_account(AccountDraft("bob@example.com"))
    qapp.processEvents()
    assert ui.bodyStack.currentWidget() is ui.emptyPage
    assert ui.accountSelector.currentText() == "bob@example.com"
    application.close()


# troubles ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("CFGManagerSaveFailed", {"object": None, "operation": "save", "modified": {}, "exception": "disk full"}, "disk full"),
        ("CFGManagerLoadFailed", {"attribute": None, "container": None, "error": "bad", "kept_as": "/x/config.bad"}, "/x/config.bad"),
        ("CFGManagerLoadFailed", {"attribute": "sip.tcp_port", "container": None, "error": "bad"}, "sip.tcp_port"),
        ("AudioDeviceDidFail", {"mixer": None, "error": "The device USB is gone."}, "The device USB is gone. Choose"),
        ("MediaProcessDidDie", {"error": "killed"}, "interrupted"),
        ("MediaProcessDidFail", {"error": "killed"}, "no sound"),
        ("SIPApplicationFailedToStartTLS", {"error": "no certificate"}, "TLS"),
        ("SIPEngineDidFail", {"error": "port in use"}, "port in use"),
        ("SIPApplicationGotFatalError", {"type": None, "value": "boom", "traceback": None}, "boom"),
    ],
)
def test_troubles_are_told_in_the_window(
    application: Application, qapp: QApplication, name: str, data: dict[str, object], part: str
) -> None:
    announce(name, "somebody", **data)
    qapp.processEvents()
    ui = application.window.ui
    assert part in ui.noticeLabel.text()
    assert ui.noticeFrame.isVisible()
    ui.noticeCloseButton.click()
    assert not ui.noticeFrame.isVisible()


@pytest.mark.expect_warnings
def test_an_exception_that_nobody_caught_is_told_and_calls_go_on(application: Application) -> None:
    try:
        raise ZeroDivisionError("oops")
    except ZeroDivisionError:
        application.unexpected(*sys.exc_info())  # type: ignore[arg-type]  # there is an exception
    assert "oops" in application.window.ui.noticeLabel.text()


@pytest.mark.expect_warnings
def test_settings_that_cannot_be_used_are_told(qapp: QApplication, tmp_path: Path) -> None:
    middleware = FakeMiddleware()

    def fail() -> None:
        raise BlinkQError("The settings are used by another program.")

    middleware.start = fail  # type: ignore[method-assign]  # a middleware that cannot start
    application = Application(qapp, middleware, tmp_path, FakeClock())
    assert not application.start()
    assert "another program" in application.window.ui.noticeLabel.text()
    assert not application.window.hide_on_close
    application.close()


# history -------------------------------------------------------------------------------------------------------------------------


def record(started: float, **changes: object) -> CallRecord:
    plain = CallRecord(started, account="a@b", direction="outgoing", uri="sip:b@c", name="", duration=1.0, outcome="answered")
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # fields of the record


def test_history_keeps_calls_between_starts(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    history.add(record(1.0))
    newest = history.add(record(2.0, name="'; DROP TABLE calls; --"))
    history.close()
    history = History(tmp_path / "history.sqlite")
    assert [known.started for known in history.recent()] == [2.0, 1.0]
    assert history.recent()[0] == newest
    history.remove(newest)
    assert len(history.recent()) == 1
    history.clear()
    assert history.recent() == []
    history.close()
    assert (tmp_path / "history.sqlite").stat().st_mode & 0o077 == 0


@pytest.mark.expect_warnings
def test_an_unreadable_history_is_kept_aside(tmp_path: Path, qapp: QApplication) -> None:
    (tmp_path / "history.sqlite").write_bytes(b"this is no database, whatever its name says" * 10)
    application = Application(qapp, FakeMiddleware(), tmp_path, FakeClock())
    assert "kept as" in application.window.ui.noticeLabel.text()
    assert (tmp_path / "history.unreadable").exists()
    application.close()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (65, "1:05"), (3723, "1:02:03")])
def test_durations(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


# colours -------------------------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_text_can_be_read(scheme: Colours) -> None:
    pairs = [(text, ground) for text in (scheme.text, scheme.muted, scheme.accent, scheme.good, scheme.warning, scheme.danger)
             for ground in (scheme.window, scheme.base, scheme.card)]  # fmt: skip
    pairs += [(scheme.on_accent, ground) for ground in (scheme.accent_ground, scheme.good_ground, scheme.danger_ground)]
    for text, ground in pairs:
        lighter, darker = sorted((luminance(text), luminance(ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{text} on {ground}"


def test_the_colours_can_be_chosen_and_are_remembered(application: Application, qapp: QApplication, tmp_path: Path) -> None:
    ui = application.window.ui
    ui.darkThemeAction.trigger()
    assert qapp.palette().window().color() == QColor(DARK.window)
    ui.lightThemeAction.trigger()
    assert qapp.palette().window().color() == QColor(LIGHT.window)
    ui.darkThemeAction.trigger()
    application.window._settings.sync()
    again = Application(qapp, FakeMiddleware(), tmp_path, FakeClock())
    assert again.theme.appearance is Appearance.DARK
    again.theme.appearance = Appearance.LIGHT
    again.close()


def test_the_colours_follow_the_system(application: Application, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    hints = qapp.styleHints()
    assert hints is not None
    monkeypatch.setattr(type(hints), "colorScheme", lambda _hints: Qt.ColorScheme.Dark)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert qapp.palette().window().color() == QColor(DARK.window)
    monkeypatch.undo()
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert qapp.palette().window().color() == QColor(LIGHT.window)


def test_every_icon_that_is_named_exists() -> None:
    import re

    sources = Path(sys.modules["blinkq.app.main"].__file__ or "").parent.glob("*.py")
    names = set(re.findall(r'(?:set_icon\([^,]+, |pixmap\(|tray_icon\()"([a-z-]+)"', "\n".join(path.read_text() for path in sources)))
    assert len(names) > 10
    assert not [name for name in names if not resource("icons", f"{name}.svg").is_file()]


# questions -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "removed"), [(Qt.Key.Key_Escape, False), (Qt.Key.Key_Return, False), (Qt.Key.Key_R, True)])
def test_removing_an_account_asks_first(
    application: Application, middleware: FakeMiddleware, qapp: QApplication, key: Qt.Key, removed: bool
) -> None:
    def answer() -> None:
        box = qapp.activeModalWidget()
        assert isinstance(box, QMessageBox)
        if key is Qt.Key.Key_R:
            next(button for button in box.buttons() if button.text() == "Remove").click()
        else:
            QTest.keyClick(box, key)

    QTimer.singleShot(0, answer)
    application.window.ui.removeAccountAction.trigger()
    qapp.processEvents()
    assert (middleware.known == []) is removed


def test_quitting_during_a_call_asks_first(application: Application, middleware: FakeMiddleware, qapp: QApplication) -> None:
    quits: list[bool] = []
    application.window.quit_wanted.connect(lambda: quits.append(True))
    application.window.place_call("bob")

    def cancel() -> None:
        box = qapp.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "bob@example.com" in box.text()
        QTest.keyClick(box, Qt.Key.Key_Escape)

    QTimer.singleShot(0, cancel)
    application.window.ui.quitAction.trigger()
    assert quits == []
    application.calls.calls[0].hang_up()
    application.window.ui.quitAction.trigger()
    assert quits == [True]
