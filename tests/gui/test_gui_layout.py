"""Nothing jumps, is cut off or takes room in vain: heights of the call panel, the keypad in a small window, where the focus goes."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot
from support.fake_middleware import FakeMiddleware, FakeStream

from blinkq.app.call_panel import CallPanel
from blinkq.app.main import Application

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
