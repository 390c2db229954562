"""A peer that proposes more streams: the windows show one sound, so it gets an answer at once and the call goes on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.fake_middleware import FakeMiddleware, FakeSession, FakeStream, announce

from blinkq.app.call import CallStage
from blinkq.app.main import Application


@dataclass(eq=False)
class _Stream(FakeStream):
    type: str = "text"


def _propose(session: FakeSession, originator: str) -> None:
    streams = [_Stream()]
    announce("SIPSessionGotProposal", session, originator=originator, streams=streams, proposed_streams=streams)


def test_a_proposal_is_refused(
    application: Application, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []
    monkeypatch.setattr(FakeSession, "reject_proposal", lambda self, code: refused.append(code), raising=False)
    ui = application.window.ui
    qtbot.keyClicks(ui.dialBox, "bob@example.com")
    qtbot.mouseClick(ui.callButton, Qt.MouseButton.LeftButton)
    qapp.processEvents()
    middleware.found()
    qapp.processEvents()
    session = middleware.sessions[-1]
    session.starts()
    qapp.processEvents()
    _propose(session, "local")
    qapp.processEvents()
    assert refused == []
    _propose(session, "remote")
    qapp.processEvents()
    assert refused == [488]
    (panel,) = application.window.panels.values()
    assert panel.call.stage is CallStage.TALKING
