"""Conversations in their window: begun here and there, messages with what became of them, typing, endings and new beginnings."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QMimeData, Qt, QUrl
from PyQt6.QtGui import QTextCursor
from PyQt6.QtWidgets import QLabel, QTabBar
from support.conversation import Conversation
from support.fake_middleware import FakeStream

from blinkq.app.chat import MAX_ENTRIES
from blinkq.app.chat_entries import MAX_TEXT, Mark
from blinkq.app.chat_list import MAX_ASKING
from blinkq.app.chat_view import shown_address
from blinkq.app.incoming_dialog import IncomingDialog
from blinkq.app.peer_request_dialog import PATIENCE, PeerRequestDialog


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    addresses: list[str] = []
    monkeypatch.setattr("PyQt6.QtGui.QDesktopServices.openUrl", lambda url: addresses.append(url.toString()))
    return addresses


# beginning --------------------------------------------------------------------------------------------------------------------------


def test_what_is_typed_while_connecting_waits(talk: Conversation) -> None:
    talk.begin("bob")
    assert talk.person.ui.dialBox.text() == ""
    assert talk.chat.title == "bob@example.com"
    assert talk.page.ui.stateLabel.text().startswith("Looking up")
    talk.write("hello")
    assert talk.marks() == [Mark.WAITING]
    assert "waiting" in talk.text
    talk.person.middleware.found()
    talk.person.settle()
    assert talk.session.commands == ["connect sip:bob@example.com ['chat']"]
    assert not talk.stream.written
    talk.session.rings()
    talk.person.settle()
    assert talk.page.ui.stateLabel.text().startswith("Waiting for an answer")
    talk.session.starts()
    talk.person.settle()
    assert list(talk.stream.written.values()) == ["hello"]
    assert talk.marks() == [Mark.SENDING]
    talk.stream.delivers("m1")
    talk.person.settle()
    assert talk.marks() == [Mark.DELIVERED]
    assert "hello   ✓ delivered" in talk.text


def test_an_address_that_is_none(talk: Conversation) -> None:
    talk.begin("bob@exa mple.com")
    assert talk.person.ui.dialErrorLabel.isVisible()
    assert not talk.person.application.messages.chats.chats


def test_the_same_party_has_one_tab(open_talk: Conversation) -> None:
    open_talk.begin("BOB@example.com")
    open_talk.person.application.window.messages.chat("carol")
    assert [chat.peer for chat in open_talk.person.application.messages.chats.chats] == ["bob@example.com", "carol@example.com"]
    assert open_talk.page.chat.peer == "carol@example.com"


def test_somebody_begins_a_chat(talk: Conversation) -> None:
    person = talk.person
    session = person.middleware.calls_in(streams=[person.middleware.media.offered_chat()])
    person.settle()
    dialog = person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    assert dialog.windowTitle() == "Chat? – BlinkQ"
    assert dialog.ui.titleLabel.text() == "Carol Jones"
    assert dialog.ui.questionLabel.text() == "(carol@example.com) wants to chat with you."
    assert dialog.ui.rejectButton.hasFocus()
    assert session.commands == ["ring"]
    assert not person.application.window.panels
    person.click(dialog.ui.acceptButton)
    assert session.commands == ["ring", "accept"]
    session.starts()
    person.settle()
    assert talk.page.isVisible()
    assert talk.chat.open
    talk.write("hi")
    assert list(talk.stream.written.values()) == ["hi"]


def test_an_unwanted_chat_is_refused(talk: Conversation) -> None:
    person = talk.person
    session = person.middleware.calls_in(streams=[person.middleware.media.offered_chat()])
    person.settle()
    person.qtbot.keyClick(person.dialog, Qt.Key.Key_Escape)
    assert session.commands == ["ring", "reject 603"]
    session.fails(603, "Decline", "local")
    person.settle()
    assert not person.application.dialogs
    assert not person.application.messages.chats.chats


def test_nobody_answers_a_chat(talk: Conversation) -> None:
    person = talk.person
    session = person.middleware.calls_in(streams=[person.middleware.media.offered_chat()])
    person.settle()
    dialog = person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    for _ in range(PATIENCE):
        dialog.tick()
    assert session.commands[-1] == "reject 603"


def test_a_chat_that_is_taken_back(talk: Conversation) -> None:
    person = talk.person
    session = person.middleware.calls_in(streams=[person.middleware.media.offered_chat()])
    person.settle()
    session.fails(487, "Request Terminated")
    person.settle()
    assert not person.application.dialogs


def test_a_flood_of_chats_asks_only_so_often(talk: Conversation) -> None:
    person = talk.person
    sessions = [person.middleware.calls_in(f"x{n}", streams=[person.middleware.media.offered_chat()]) for n in range(MAX_ASKING + 2)]
    person.settle()
    assert len(person.application.dialogs) == MAX_ASKING
    assert [session.commands for session in sessions[MAX_ASKING:]] == [["reject 486"], ["reject 486"]]


# messages ---------------------------------------------------------------------------------------------------------------------------


def test_enter_sends_and_shift_enter_begins_a_line(open_talk: Conversation) -> None:
    edit = open_talk.page.ui.messageEdit
    low = edit.height()
    open_talk.person.qtbot.keyClicks(edit, "one")
    open_talk.person.qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    open_talk.person.settle()
    assert edit.height() > low
    open_talk.write("two")
    assert list(open_talk.stream.written.values()) == ["one\ntwo"]
    assert edit.toPlainText() == ""
    assert edit.height() == low
    open_talk.write("   ")
    assert len(open_talk.stream.written) == 1


def test_a_message_that_is_not_delivered_goes_again(open_talk: Conversation) -> None:
    open_talk.write("hello")
    open_talk.stream.refuses("m1", 408, "No answer")
    open_talk.person.settle()
    assert open_talk.marks() == [Mark.FAILED]
    assert "Not delivered: 408 No answer" in open_talk.text
    open_talk.follow("retry")
    assert open_talk.marks() == [Mark.SENDING]
    assert "Not delivered" not in open_talk.text
    open_talk.stream.delivers("m2")
    open_talk.person.settle()
    assert open_talk.marks() == [Mark.DELIVERED]


def test_a_stream_that_takes_nothing_any_more(open_talk: Conversation) -> None:
    open_talk.stream.broken = True
    open_talk.write("hello")
    assert open_talk.marks() == [Mark.FAILED]


def test_what_a_peer_writes_is_text_and_nothing_else(open_talk: Conversation) -> None:
    hostile = "<b>bold</b> <img src='http://evil.example/x.png'> \u202egnp.exe\x07\r\nsecond line \ufffc\ufdd0"
    open_talk.stream.says(hostile)
    open_talk.person.settle()
    assert "<b>bold</b> <img src='http://evil.example/x.png'> gnp.exe\nsecond line " in open_talk.text
    view = open_talk.page.ui.view
    document = view.document()
    assert document is not None
    assert not document.resource(2, QUrl("http://evil.example/x.png"))
    assert not view.openLinks()


def test_rich_text_is_shown_as_its_words(open_talk: Conversation) -> None:
    open_talk.stream.says("<html><head><title>t</title><style>p{}</style></head><body><p>Hello <i>you</i><script>alert(1)</script></p>"
                          "<p>Bye &amp; thanks</p></body></html>", "text/html")  # fmt: skip
    open_talk.stream.says(b"\x89PNG" * 1000, "image/png")
    open_talk.person.settle()
    assert "Hello you\nBye & thanks" in open_talk.text
    assert "alert" not in open_talk.text
    assert "[A message of a kind that cannot be shown here: image/png" in open_talk.text


def test_endless_texts_and_endless_chats_are_cut(open_talk: Conversation) -> None:
    open_talk.stream.says("x" * (MAX_TEXT * 3))
    open_talk.person.settle()
    assert len(open_talk.chat.entries[-1].text) == MAX_TEXT + 1
    for number in range(MAX_ENTRIES):
        open_talk.chat.note(str(number))
    assert len(open_talk.chat.entries) <= MAX_ENTRIES
    assert open_talk.text.endswith(str(MAX_ENTRIES - 1))


def test_a_link_shows_where_it_goes_and_asks(
    open_talk: Conversation, monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    open_talk.stream.says("look at https://www.аpple.com/x?a=1&b=2. or javascript:alert(1) or (http://a.example/y)")
    open_talk.person.settle()
    view = open_talk.page.ui.view
    anchors = set()
    cursor = QTextCursor(view.document())
    while not cursor.atEnd():
        cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
        anchors.add(cursor.charFormat().anchorHref())
    assert anchors == {"", "https://www.аpple.com/x?a=1&b=2", "http://a.example/y"}
    assert shown_address(QUrl("https://www.аpple.com/")) == "https://www.xn--pple-43d.com/"
    asked: list[str] = []
    monkeypatch.setattr("blinkq.app.chat_page.ask", lambda _parent, _title, question, _button: asked.append(question) or False)
    view.anchorClicked.emit(QUrl("https://www.аpple.com/"))
    assert asked == ["Open this address?\n\nhttps://www.xn--pple-43d.com/"]
    assert opened == []
    monkeypatch.setattr("blinkq.app.chat_page.ask", lambda *_arguments: True)
    view.anchorClicked.emit(QUrl("http://a.example/y"))
    view.anchorClicked.emit(QUrl("file:///etc/passwd"))
    assert opened == ["http://a.example/y"]


def test_unread_messages_are_counted_until_they_are_seen(
    open_talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_talk.person.application.messages.chat_window
    monkeypatch.setattr(type(window), "isActiveWindow", lambda _self: False)
    told: list[tuple[str, str]] = []
    open_talk.person.application.messages.tell = lambda title, text: told.append((title, text))
    open_talk.stream.says("one")
    open_talk.stream.says("two")
    open_talk.person.settle()
    assert window.tabs.tabText(0) == "(2) bob@example.com"
    assert window.windowTitle() == "(2) bob@example.com – BlinkQ"
    assert open_talk.person.ui.chatsAction.text() == "&Chats (2 unread)"
    assert told == [("bob@example.com", "one"), ("bob@example.com", "two")]
    monkeypatch.setattr(type(window), "isActiveWindow", lambda _self: True)
    window.refresh()
    assert window.tabs.tabText(0) == "bob@example.com"
    assert open_talk.person.ui.chatsAction.text() == "&Chats"


# typing -----------------------------------------------------------------------------------------------------------------------------


def test_typing_is_told_repeated_and_ended(open_talk: Conversation) -> None:
    edit, composing = open_talk.page.ui.messageEdit, open_talk.stream.composing
    open_talk.person.qtbot.keyClicks(edit, "hel")
    assert composing == [("active", 60)]
    own = open_talk.chat.own_composing
    own.refresh_timer.timeout.emit()
    assert composing[1:] == [("active", 60)]
    own.idle_timer.timeout.emit()
    assert composing[2:] == [("idle", None)]
    assert not own.refresh_timer.isActive()
    open_talk.write("lo")
    assert composing[3:] == [("active", 60)]  # the message itself says that we stopped
    assert not own.idle_timer.isActive()
    open_talk.person.qtbot.keyClicks(edit, "x")
    edit.clear()
    assert composing[4:] == [("active", 60), ("idle", None)]


def test_typing_of_the_other_side_is_shown_for_as_long_as_it_holds(open_talk: Conversation) -> None:
    label: QLabel = open_talk.page.ui.composingLabel
    open_talk.stream.composes("active", 90)
    open_talk.person.settle()
    assert label.text() == "bob@example.com is typing…"
    timer = open_talk.chat.peer_composing.timer
    assert timer.isActive()
    assert timer.interval() == 90_000
    timer.timeout.emit()
    assert not label.text().strip()
    open_talk.stream.composes("active", 10**9)
    open_talk.person.settle()
    assert timer.interval() == 300_000
    open_talk.stream.says("done")
    open_talk.person.settle()
    assert not label.text().strip()


# endings ----------------------------------------------------------------------------------------------------------------------------


def test_the_other_side_ends_and_a_message_begins_again(open_talk: Conversation) -> None:
    open_talk.session.ends()
    open_talk.person.settle()
    assert "bob@example.com has ended the chat." in open_talk.text
    assert open_talk.page.ui.endedFrame.isVisible()
    open_talk.write("wait")
    assert open_talk.marks() == [Mark.WAITING]
    assert not open_talk.page.ui.endedFrame.isVisible()
    assert len(open_talk.person.middleware.sessions) == 2
    open_talk.connect()
    assert list(open_talk.stream.written.values()) == ["wait"]


def test_reconnecting(open_talk: Conversation) -> None:
    open_talk.person.click(open_talk.page.ui.endButton)
    assert open_talk.session.commands[-1] == "end"
    open_talk.session.ends("local")
    open_talk.person.settle()
    open_talk.person.click(open_talk.page.ui.reconnectButton)
    open_talk.connect()
    assert open_talk.chat.open
    assert len(open_talk.person.application.messages.chats.chats) == 1


def test_a_chat_that_cannot_begin_says_why(talk: Conversation) -> None:
    talk.begin()
    talk.write("hello")
    talk.person.middleware.found()
    talk.person.settle()
    talk.session.fails(480, "Temporarily Unavailable")
    talk.person.settle()
    assert "480" in talk.text
    assert talk.marks() == [Mark.FAILED]
    assert "Not delivered: there was no connection" in talk.text
    talk.begin("carol")
    talk.person.middleware.not_found("DNS lookup failed")
    talk.person.settle()
    assert talk.page.ui.endedFrame.isVisible()
    assert len(talk.chat.entries) == 1


def test_a_tab_is_closed(open_talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    open_talk.write("hello")
    session, window = open_talk.session, open_talk.person.application.messages.chat_window
    monkeypatch.setattr("blinkq.app.chat_window.ask", lambda *_arguments: False)
    bar = window.tabs.tabBar()
    assert bar is not None
    close = bar.tabButton(0, QTabBar.ButtonPosition.RightSide)
    open_talk.person.click(close)
    assert window.tabs.count() == 1
    monkeypatch.setattr("blinkq.app.chat_window.ask", lambda *_arguments: True)
    open_talk.person.click(close)
    assert session.commands[-1] == "end"
    assert window.tabs.count() == 0
    assert not window.isVisible()


def test_calling_whom_one_chats_with(open_talk: Conversation) -> None:
    open_talk.person.click(open_talk.page.ui.callButton)
    (panel,) = open_talk.person.application.window.panels.values()
    assert panel.call.peer == "bob@example.com"


# in a call --------------------------------------------------------------------------------------------------------------------------


def test_a_chat_is_added_to_a_call_and_removed(talk: Conversation) -> None:
    session = talk.person.call("bob@example.com")
    panel = talk.person.panel(session)
    talk.person.click(panel.ui.chatButton)
    assert session.commands[-1] == "add chat"
    talk.write("early")
    assert talk.marks() == [Mark.WAITING]
    session.answers_proposal()
    talk.person.settle()
    assert panel.ui.chatButton.isChecked()
    assert talk.page.ui.stateLabel.text().startswith("Part of the call")
    assert list(talk.stream.written.values()) == ["early"]
    talk.person.click(panel.ui.chatButton)
    assert session.commands[-1] == "remove chat"
    session.removes(talk.stream, "local")  # type: ignore[arg-type]
    talk.person.settle()
    assert not panel.ui.chatButton.isChecked()
    assert talk.page.ui.endedFrame.isVisible()
    assert "end" not in session.commands


def test_a_chat_that_the_other_side_does_not_want_in_the_call(talk: Conversation) -> None:
    session = talk.person.call("bob@example.com")
    talk.person.click(talk.person.panel(session).ui.chatButton)
    session.answers_proposal(488)
    talk.person.settle()
    assert not talk.person.panel(session).ui.chatButton.isChecked()
    assert "The other side did not take it into the call." in talk.text


def test_a_chat_proposed_in_a_call_opens_its_tab(talk: Conversation) -> None:
    session = talk.person.call("bob@example.com")
    chat = talk.person.middleware.media.offered_chat()
    session.proposes_streams(chat)
    talk.person.settle()
    dialog = talk.person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    talk.person.click(dialog.ui.acceptButton)
    session.runs_proposal()
    talk.person.settle()
    assert talk.chat.open
    chat.says("hello")
    talk.person.settle()
    assert "hello" in talk.text
    session.removes(chat)  # type: ignore[arg-type]
    talk.person.settle()
    assert "bob@example.com has ended the chat." in talk.text
    assert talk.person.panel(session).call.stage == "talking"


def test_text_that_is_dropped_is_written(open_talk: Conversation) -> None:
    data = QMimeData()
    data.setText("dropped")
    assert not open_talk.page.take(data)
    open_talk.page.ui.messageEdit.insertFromMimeData(data)
    assert open_talk.page.ui.messageEdit.toPlainText() == "dropped"


def test_a_call_that_comes_with_a_chat(talk: Conversation) -> None:
    person = talk.person
    chat = person.middleware.media.offered_chat()
    session = person.middleware.calls_in(streams=[FakeStream(), chat])
    person.settle()
    dialog = person.dialog
    assert isinstance(dialog, IncomingDialog)
    assert dialog.choices is not None
    assert [box.accessibleName() for box in dialog.choices.boxes] == ["Sound", "Chat"]
    person.click(dialog.ui.answerButton)
    session.starts()
    person.settle()
    assert talk.chat.open
    assert person.panel(session).ui.chatButton.isChecked()
    session.ends()
    person.settle()
    assert talk.page.ui.endedFrame.isVisible()


def test_a_message_for_a_window_that_was_closed(open_talk: Conversation) -> None:
    window = open_talk.person.application.messages.chat_window
    window.close()
    open_talk.stream.says("are you there?")
    open_talk.person.settle()
    assert window.isVisible()
    assert "are you there?" in open_talk.text


def test_a_new_session_of_the_same_party_takes_the_place_of_the_old_one(open_talk: Conversation) -> None:
    person, old, first = open_talk.person, open_talk.session, open_talk.stream
    person.middleware.calls_in("bob", streams=[person.middleware.media.offered_chat()])
    person.settle()
    dialog = person.dialog
    assert isinstance(dialog, PeerRequestDialog)
    person.click(dialog.ui.acceptButton)
    open_talk.session.starts()
    old.ends("local")
    person.settle()
    assert old.commands[-1] == "end"
    assert open_talk.chat.open
    assert len(person.application.messages.chats.chats) == 1
    first.says("from the grave")
    open_talk.stream.says("hello again")
    person.settle()
    assert "from the grave" not in open_talk.text
    assert "hello again" in open_talk.text
