"""What was written is there again: after a restart, more of it on a click, found, switched off, cleared without a trace, unreadable."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from support.conversation import Conversation
from support.fake_clock import FakeClock
from support.fake_middleware import FakeAccount, FakeMiddleware
from support.gui_person import Person

import blinkq.app.message_history
from blinkq.app.chat_entries import EntryKind
from blinkq.app.main import Application
from blinkq.app.message_history import MessageHistory, MessageRecord
from blinkq.app.message_store import FIRST_RECORDS

SECRET = "the key is under the blue flowerpot"


def record(text: str, moment: float = 1.0, peer: str = "bob@example.com", data: bytes | None = None) -> MessageRecord:
    return MessageRecord(peer, moment, False, "Bob", "text" if data is None else "picture", text, data=data)


def traces(folder: Path, words: bytes) -> list[str]:
    """The files that have them."""
    return [path.name for path in folder.rglob("*") if path.is_file() and words in path.read_bytes()]


def written(talk: Conversation) -> None:
    """Wait until all that is to be kept or read was."""
    done: list[object] = []
    talk.person.application.messages.store._worker.run(lambda: None, done.append)
    talk.person.qtbot.waitUntil(lambda: bool(done), timeout=60_000)
    talk.person.settle()


def again(talk: Conversation) -> None:
    """Close the tab and open the chat once more."""
    chats = talk.person.application.messages.chats
    chats.close_chat(talk.chat)
    talk.begin()
    written(talk)


# the file ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "messages.sqlite"


def test_messages_are_kept_in_their_order(file: Path) -> None:
    history = MessageHistory(file)
    history.add(record("second", 2.0))
    history.add(record("first", 1.0))
    history.add(record("to somebody else", 3.0, "carol@example.com"))
    history.add(record("picture", 4.0, data=b"\x89PNG\x00"))
    history.close()
    history = MessageHistory(file)
    found = history.latest("bob@example.com", 10)
    assert [one.text for one in found] == ["first", "second", "picture"]
    assert found[2].data == b"\x89PNG\x00"
    assert [one.text for one in history.latest("bob@example.com", 1, (found[2].moment, found[2].id))] == ["second"]
    history.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_files_beside_are_private_too(file: Path) -> None:
    history = MessageHistory(file)
    history.add(record("x"))
    for path in file.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    history.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_was_added_survives_a_killed_process(file: Path) -> None:
    lines = [
        "import os, pathlib, signal", "from blinkq.app.message_history import MessageHistory, MessageRecord",
        f"history = MessageHistory(pathlib.Path({str(file)!r}))",
        "[history.add(MessageRecord('bob@example.com', float(n), False, 'Bob', 'text', str(n))) for n in range(300)]",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ]  # fmt: skip
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    history = MessageHistory(file)
    assert [one.text for one in history.latest("bob@example.com", 1000)] == [str(number) for number in range(300)]
    history.close()


@pytest.mark.parametrize("peer", ["bob@example.com", None])
def test_what_is_cleared_leaves_no_trace(file: Path, peer: str | None) -> None:
    history = MessageHistory(file)
    for number in range(200):
        history.add(record(f"{SECRET} {number}", float(number), data=SECRET.encode() * 300))
    history.add(record("carol's words", peer="carol@example.com"))
    assert traces(file.parent, SECRET.encode())
    assert history.clear(peer)
    assert not traces(file.parent, SECRET.encode())
    assert len(history.latest("carol@example.com", 5)) == (0 if peer is None else 1)
    assert history.latest("bob@example.com", 5) == []
    history.close()
    assert not traces(file.parent, SECRET.encode())


def test_old_messages_and_old_pictures_go(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blinkq.app.message_history, "MAX_MESSAGES", 5)
    monkeypatch.setattr(blinkq.app.message_history, "MAX_PICTURES", 2)
    history = MessageHistory(file)
    for number in range(8):
        history.add(record(str(number), float(number), data=b"x"))
    assert [(one.text, one.data) for one in history.latest("bob@example.com", 10)] == [
        ("3", None), ("4", None), ("5", None), ("6", b"x"), ("7", b"x"),
    ]  # fmt: skip
    history.close()


@pytest.mark.expect_warnings
def test_an_unreadable_file_is_kept_aside(file: Path) -> None:
    file.parent.mkdir()
    for content in (b"this is no database at all " * 100, b"nor is this " * 500):
        file.write_bytes(content)
        history = MessageHistory(file)
        assert history.kept_aside is not None
        assert history.kept_aside.read_bytes() == content
        history.add(record("new"))
        assert len(history.latest("bob@example.com", 5)) == 1
        history.close()
    assert sorted(path.name for path in file.parent.glob("*.unreadable*")) == ["messages.unreadable", "messages.unreadable-2"]


@pytest.mark.expect_warnings
def test_a_table_of_another_shape_is_kept_aside_and_a_damaged_page_raises_nothing(file: Path) -> None:
    file.parent.mkdir()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE messages (something INTEGER)")
    database.close()
    history = MessageHistory(file)
    history.add(record("kept for now"))
    history.close()
    file.unlink(missing_ok=True)
    history = MessageHistory(file)
    for number in range(500):
        history.add(record("x" * 100, float(number)))
    history.close()
    content = bytearray(file.read_bytes())
    content[8192:-4096] = b"\xff" * (len(content) - 12288)
    file.write_bytes(content)
    history = MessageHistory(file)
    history.latest("bob@example.com", 1000)
    history.add(record("more"))
    history.clear()
    history.close()


@pytest.mark.expect_warnings
def test_a_folder_that_cannot_be_written_costs_the_history_only(tmp_path: Path) -> None:
    place = tmp_path / "messages.sqlite"
    place.mkdir()
    history = MessageHistory(place)
    history.add(record("for now"))
    assert len(history.latest("bob@example.com", 5)) == 1
    history.close()


# the windows ------------------------------------------------------------------------------------------------------------------------


def test_a_chat_begins_with_what_was_written_before(open_talk: Conversation, clock: FakeClock) -> None:
    open_talk.write("hello Bob")
    open_talk.write("lost")
    open_talk.stream.delivers("m1")
    open_talk.stream.says("hello Alice")
    data = QMimeData()
    picture = QImage(60, 40, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    data.setImageData(picture)
    open_talk.page.take(data)
    open_talk.person.qtbot.waitUntil(lambda: len(open_talk.stream.written) == 3, timeout=60_000)
    open_talk.stream.delivers("m3")
    open_talk.person.settle()
    clock.advance(86_400 * 2)
    again(open_talk)
    assert [(entry.kind, entry.sender, entry.text) for entry in open_talk.chat.entries] == [
        (EntryKind.OWN, "You", "hello Bob"), (EntryKind.PEER, "bob@example.com", "hello Alice"), (EntryKind.OWN, "You", ""),
    ]  # fmt: skip
    open_talk.person.qtbot.waitUntil(lambda: "60 × 40" in open_talk.text, timeout=60_000)
    assert "delivered" not in open_talk.text
    assert not open_talk.chat.unread
    open_talk.connect()
    open_talk.stream.says("welcome back")
    open_talk.person.settle()
    days = [line for line in open_talk.text.splitlines() if line.endswith(("2023", "2024", "2025", "2026"))]
    assert len(days) == 2, open_talk.text


def test_it_is_there_after_a_restart(
    qapp: QApplication, middleware: FakeMiddleware, clock: FakeClock, tmp_path: Path, qtbot: QtBot
) -> None:
    for number in range(2):
        application = Application(qapp, middleware, tmp_path, clock)
        application.show()
        application.start()
        qapp.processEvents()
        talk = Conversation(Person(application, middleware, qtbot, qapp))
        talk.begin()
        talk.connect()
        written(talk)
        assert talk.text.count("remember me") == number
        talk.stream.says("remember me")
        talk.person.settle()
        application.close()


def test_more_of_it_comes_on_a_click(open_talk: Conversation) -> None:
    for number in range(FIRST_RECORDS + 20):
        open_talk.stream.says(f"message {number}.")
    open_talk.person.settle()
    again(open_talk)
    assert len(open_talk.chat.entries) == FIRST_RECORDS + 1
    assert open_talk.text.startswith("Show earlier messages")
    assert "message 19." not in open_talk.text
    view = open_talk.page.ui.view
    bar = view.verticalScrollBar()
    assert bar is not None
    bar.setValue(0)
    below = bar.maximum()
    view.command_wanted.emit("more", open_talk.chat.entries[0])
    written(open_talk)
    assert bar.maximum() - bar.value() == below  # what was read stays in sight
    assert [entry.text for entry in open_talk.chat.entries] == [f"message {number}." for number in range(FIRST_RECORDS + 20)]
    assert "Show earlier" not in open_talk.text


def test_what_a_long_chat_lets_go_comes_back_on_a_click(
    open_talk: Conversation, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_talk.stream.says("the first")
    open_talk.person.settle()
    again(open_talk)
    open_talk.connect()
    monkeypatch.setattr("blinkq.app.chat.MAX_ENTRIES", 30)
    for number in range(31):
        clock.advance(1)
        open_talk.stream.says(f"message {number}.")
        open_talk.person.settle()
    assert "the first" not in open_talk.text
    monkeypatch.setattr("blinkq.app.chat.MAX_ENTRIES", 100)
    open_talk.page.ui.view.command_wanted.emit("more", open_talk.chat.entries[0])
    written(open_talk)
    texts = [entry.text for entry in open_talk.chat.entries]
    assert texts == ["the first", *(f"message {number}." for number in range(31))]


def test_words_are_found(open_talk: Conversation) -> None:
    for number in range(FIRST_RECORDS + 5):
        open_talk.stream.says(f"message {number}.")
    open_talk.person.settle()
    again(open_talk)
    page, qtbot = open_talk.page, open_talk.person.qtbot
    page.begin_find()
    written(open_talk)
    bar = page.ui.findBar
    assert bar.isVisible()
    qtbot.keyClicks(bar.edit, "MESSAGE 3.")
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert page.ui.view.textCursor().selectedText() == "message 3."
    bar.edit.clear()
    qtbot.keyClicks(bar.edit, "message 5")
    places = []
    for _ in range(7):
        qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
        places.append(page.ui.view.textCursor().selectionStart())
    assert places[:6] == sorted(places[:6], reverse=True)
    assert places[6] == places[0]
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert not bar.label.text()
    bar.edit.setText("nowhere")
    qtbot.keyClick(bar.edit, Qt.Key.Key_Return)
    assert bar.label.text() == "Not found"
    qtbot.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert not page.ui.view.textCursor().hasSelection()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], list[str]]:
    def give(answer: bool) -> list[str]:
        asked: list[str] = []
        for module in ("chat_page", "message_commands", "chat_window"):
            monkeypatch.setattr(f"blinkq.app.{module}.ask", lambda _parent, _title, question, _button: asked.append(question) or answer)
        return asked

    return give


def test_a_chat_is_cleared(open_talk: Conversation, answers: Callable[[bool], list[str]], tmp_path: Path) -> None:
    open_talk.stream.says(SECRET)
    open_talk.person.settle()
    written(open_talk)
    assert traces(tmp_path, SECRET.encode())
    asked = answers(False)
    clear = open_talk.page.menu.actions()[1]
    clear.trigger()
    assert SECRET in open_talk.text
    assert asked == ["Delete everything that was written with bob@example.com, here and in the history? It cannot be brought back."]
    answers(True)
    open_talk.write("on its way")
    clear.trigger()
    written(open_talk)
    assert SECRET not in open_talk.text
    assert "on its way" in open_talk.text
    assert not traces(tmp_path, SECRET.encode())


def test_everything_is_cleared_from_the_menu(open_talk: Conversation, answers: Callable[[bool], list[str]], tmp_path: Path) -> None:
    open_talk.stream.says(SECRET)
    open_talk.person.settle()
    answers(True)
    open_talk.person.ui.clearMessagesAction.trigger()
    written(open_talk)
    assert not open_talk.chat.entries
    assert not traces(tmp_path, SECRET.encode())


def test_no_history_is_kept_when_none_is_wanted(open_talk: Conversation, answers: Callable[[bool], list[str]], tmp_path: Path) -> None:
    person = open_talk.person
    open_talk.stream.says("kept before")
    person.settle()
    assert person.ui.keepMessagesAction.isChecked()
    asked = answers(True)
    person.ui.keepMessagesAction.trigger()
    assert len(asked) == 1
    open_talk.stream.says(SECRET)
    person.settle()
    written(open_talk)
    assert not traces(tmp_path, SECRET.encode())
    assert not traces(tmp_path, b"kept before")
    again(open_talk)
    assert not open_talk.chat.entries
    assert "messages" in (tmp_path / "windows.ini").read_text() or not person.application.messages.store.enabled
    open_talk.connect()
    open_talk.stream.says("x")
    person.settle()
    open_talk.page.window().close()
    open_talk.page.window().show()
    asked = answers(False)
    person.application.messages.chat_window._close_current()
    assert asked == ["End the chat with bob@example.com? What was written is not kept."]


@pytest.mark.expect_warnings
def test_an_unreadable_history_is_told(
    qapp: QApplication, alice: FakeAccount, clock: FakeClock, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "messages.sqlite").write_bytes(b"no database " * 100)
    application = Application(qapp, FakeMiddleware(alice), tmp_path, clock)
    application.show()
    application.start()
    qapp.processEvents()
    application.window.messages.chat("bob")
    notice = application.window.ui.noticeLabel
    qtbot.waitUntil(lambda: "The history of messages was unreadable." in notice.text(), timeout=60_000)
    assert str(tmp_path / "messages.unreadable") in notice.text()
    application.close()
