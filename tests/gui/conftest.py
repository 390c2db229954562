"""The real windows over the fake middleware, offscreen unless told otherwise. A warning from Qt fails the test."""

from __future__ import annotations

import functools
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QtMsgType
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.conversation import Conversation
from support.fake_clock import FakeClock
from support.fake_middleware import FakeAccount, FakeMiddleware
from support.gui_person import Person

from blinkq.app.main import Application
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

# five seconds are not enough where other tests keep the processors busy
QtBot.waitUntil = functools.partialmethod(QtBot.waitUntil, timeout=60_000)  # type: ignore[assignment,method-assign]

#: what Qt says because the offscreen platform has neither window manager nor tray
_OFFSCREEN = ("propagateSizeHints", "systemTrayWindowChanged", "does not support raise()", "grabbing the keyboard", "setting window masks")


@pytest.fixture(autouse=True)
def _no_qt_warnings(qtlog: Any) -> Iterator[None]:
    yield
    bad = {QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg}
    records = [record for record in qtlog.records if record.type in bad and not any(text in record.message for text in _OFFSCREEN)]
    assert not records, "\n".join(record.message for record in records)


@pytest.fixture
def alice() -> FakeAccount:
    return FakeAccount("alice@example.com", "Alice Miller")


@pytest.fixture
def middleware(alice: FakeAccount) -> FakeMiddleware:
    return FakeMiddleware(alice)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def _fail(notification: Notification, error: Exception) -> None:
    raise AssertionError(f"a window failed on {notification.name}") from error


@pytest.fixture
def bridge(qapp: QApplication) -> Iterator[NotificationBridge]:
    bridge = NotificationBridge()
    bridge.on_handler_error = _fail
    yield bridge
    bridge.close()


@pytest.fixture
def application(qapp: QApplication, middleware: FakeMiddleware, clock: FakeClock, tmp_path: Path) -> Iterator[Application]:
    application = Application(qapp, middleware, tmp_path, clock)
    application.bridge.on_handler_error = _fail
    application.show()
    application.start()
    qapp.processEvents()
    yield application
    for dialog in list(application.dialogs):
        dialog.close()
    application.close()


@pytest.fixture
def person(application: Application, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication) -> Person:
    return Person(application, middleware, qtbot, qapp)


@pytest.fixture
def talk(person: Person) -> Conversation:
    return Conversation(person)


@pytest.fixture
def open_talk(talk: Conversation) -> Conversation:
    talk.begin()
    talk.connect()
    return talk
