"""The windows over the fake middleware as a person operates them."""

from __future__ import annotations

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot
from support.fake_middleware import FakeMiddleware, FakeSession

from blinkq.app.call_panel import CallPanel
from blinkq.app.main import Application

__all__ = ["Person"]


class Person:
    """Clicks and types, and lets the network answer."""

    def __init__(self, application: Application, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication) -> None:
        self.application, self.middleware, self.qtbot, self.qapp = application, middleware, qtbot, qapp
        self.ui = application.window.ui

    def settle(self) -> None:
        """Let everything that is on its way arrive."""
        for _ in range(3):
            self.qapp.processEvents()

    def click(self, button: Any) -> None:
        """Click a button that can be clicked."""
        assert button.isVisible(), button.objectName()
        assert button.isEnabled(), button.objectName()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        self.answer_holds()

    def call(self, address: str) -> FakeSession:
        """Call somebody who answers."""
        self.application.window.place_call(address)
        self.middleware.found()
        self.settle()
        session = self.middleware.sessions[-1]
        session.starts()
        self.answer_holds()
        return session

    def called_by(self, user: str, name: str | None = None) -> FakeSession:
        """Somebody calls."""
        session = self.middleware.calls_in(user, name)
        self.settle()
        return session

    def answer_holds(self) -> None:
        """The other sides agree to every hold and resume that was asked for."""
        self.settle()
        for session in self.middleware.sessions:
            last = [command for command in session.commands if command in ("hold", "unhold")][-1:]
            if session.state == "connected" and last and session.held != (last == ["hold"]):
                session.held = last == ["hold"]
                session.holds("local", session.held)
        self.settle()

    def panel(self, session: FakeSession) -> CallPanel:
        """The panel of a call."""
        return next(panel for panel in self.application.window.panels.values() if panel.call.session is session)

    @property
    def dialog(self) -> QDialog:
        """The dialog that asks something."""
        return self.application.dialogs[-1]
