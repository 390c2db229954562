"""A chat whose other side is a room: who is there and who says what, nicknames, and messages for one participant alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QInputDialog
from support.conversation import Conversation
from support.fake_middleware import announce

from blinkq.app.chat_entries import Mark
from blinkq.app.room import MAX_PARTICIPANTS
from blinkq.payloads.conference import Conference, DisplayText, User, Users
from blinkq.payloads.element import ElementList


def tell(talk: Conversation, *people: tuple[str, str | None]) -> None:
    """The room says who is there: addresses and names."""
    users = [User(f"sip:{address}", display_text=DisplayText(name) if name is not None else None) for address, name in people]
    info = Conference("sip:room@example.com", users=Users(users=ElementList(users)))
    announce("SIPSessionGotConferenceInfo", talk.session, conference_info=info)
    talk.person.settle()


def names(talk: Conversation) -> list[str]:
    people = talk.page.ui.peopleList
    return [item.text() for number in range(people.count()) if (item := people.item(number)) is not None]


def choose(talk: Conversation, name: str) -> None:
    """Double click on a participant."""
    people = talk.page.ui.peopleList
    (item,) = people.findItems(name, Qt.MatchFlag.MatchExactly)
    people.itemActivated.emit(item)
    talk.person.settle()


@pytest.fixture
def room(talk: Conversation) -> Conversation:
    """A room with Bob, Carol and us."""
    talk.begin("room@example.com")
    talk.person.middleware.found()
    talk.person.settle()
    talk.session.remote_focus = True
    talk.stream.nickname_allowed = talk.stream.private_messages_allowed = True
    talk.session.starts()
    talk.person.settle()
    tell(talk, ("carol@example.com", "Carol"), ("bob@example.com", None), ("alice@example.com", "Alice"))
    return talk


def test_who_is_there_is_shown(room: Conversation) -> None:
    assert room.page.ui.peopleList.isVisible()
    assert names(room) == ["Alice (you)", "bob@example.com", "Carol"]
    assert room.page.ui.stateLabel.text() == "Connected · 3 participants · room@example.com"
    tell(room, ("carol@example.com", "Carol\u202e\nJ."))
    assert names(room) == ["Carol J."]
    assert "one participant" in room.page.ui.stateLabel.text()
    tell(room, *((f"x{number}@example.com", None) for number in range(MAX_PARTICIPANTS + 10)))
    assert len(names(room)) == MAX_PARTICIPANTS
    assert f"{MAX_PARTICIPANTS + 10} participants" in room.page.ui.stateLabel.text()
    room.session.ends()
    room.person.settle()
    assert not room.page.ui.peopleList.isVisible()


def test_no_list_beside_an_ordinary_chat(open_talk: Conversation) -> None:
    assert not open_talk.page.ui.peopleList.isVisible()
    assert not open_talk.page.room_pane.nickname_action.isVisible()
    open_talk.stream.says("hello", sender='"Somebody else" <sip:mallory@example.com>')
    open_talk.person.settle()
    assert open_talk.chat.entries[-1].sender == "bob@example.com"


def test_each_message_says_who_wrote_it(room: Conversation) -> None:
    room.stream.says("one", sender="<sip:carol@example.com>")
    room.stream.says("two", sender="<sip:bob@example.com>")
    room.stream.says("three", sender='"Bobby" <sip:bob@example.com>')
    room.stream.says("four", sender='"Carol" <sip:mallory@example.org>')
    room.stream.says("five", sender='"you" <sip:mallory@example.org>')
    room.person.settle()
    assert [entry.sender for entry in room.chat.entries] == [
        "Carol", "bob@example.com", "Bobby", "Carol (mallory@example.org)", "you (mallory@example.org)",
    ]  # fmt: skip
    lines = room.text.splitlines()
    assert [line.rpartition("  ")[0] for line in lines[1::2]] == [entry.sender for entry in room.chat.entries]


def test_who_is_typing(room: Conversation) -> None:
    room.stream.composes("active", sender="<sip:carol@example.com>")
    room.person.settle()
    assert room.page.ui.composingLabel.text() == "Carol is typing…"
    room.stream.composes("active", sender="<sip:bob@example.com>")
    room.person.settle()
    assert room.page.ui.composingLabel.text() == "bob@example.com is typing…"


def test_a_message_for_one_alone(room: Conversation) -> None:
    choose(room, "Carol")
    assert room.page.ui.privateLabel.text() == "Only Carol reads this message."
    room.write("a secret")
    assert room.stream.recipients == {"m1": ['"Carol" <sip:carol@example.com>']}
    room.stream.says("understood", sender="<sip:carol@example.com>", private=True)
    room.person.settle()
    assert "You, to Carol alone" in room.text
    assert "Carol (to you alone)" in room.text
    room.person.click(room.page.ui.privateEndButton)
    assert not room.page.ui.privateFrame.isVisible()
    room.write("for all")
    assert list(room.stream.recipients) == ["m1"]
    assert list(room.stream.written.values()) == ["a secret", "for all"]


def test_what_is_for_one_alone_never_goes_to_all_by_itself(room: Conversation, tmp_path: Path) -> None:
    choose(room, "Carol")
    data = QMimeData()
    picture = QImage(10, 10, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    data.setImageData(picture)
    room.page.take(data)
    room.person.qtbot.waitUntil(lambda: bool(room.stream.written), timeout=60_000)
    assert list(room.stream.recipients) == ["m1"]
    (tmp_path / "x.txt").write_text("x")
    room.page.send_files([tmp_path / "x.txt"])
    assert not room.person.middleware.media.files
    assert "Files go to the whole room." in room.text
    room.session.ends()
    room.person.settle()
    assert room.page.ui.privateFrame.isVisible()
    room.write("still a secret")
    assert room.chat.entries[-1].mark is Mark.WAITING
    room.connect()
    assert list(room.stream.written.values()) == ["still a secret"]
    assert room.stream.recipients == {"m1": ['"Carol" <sip:carol@example.com>']}
    room.person.qtbot.keyClick(room.page.ui.messageEdit, Qt.Key.Key_Escape)
    room.person.settle()
    assert not room.page.ui.privateFrame.isVisible()


def test_nobody_alone_where_the_room_does_not_pass_that_on(room: Conversation) -> None:
    people = {one.address: one for one in room.chat.room.participants} if room.chat.room is not None else {}
    pane = room.page.room_pane
    assert pane.menu_for(people["bob@example.com"]) is not None
    assert pane.menu_for(people["alice@example.com"]) is None  # ourselves
    room.stream.private_messages_allowed = False
    assert pane.menu_for(people["bob@example.com"]) is None
    choose(room, "Carol")
    assert pane.recipient is None


def test_a_private_message_in_the_history(room: Conversation) -> None:
    choose(room, "Carol")
    room.write("a secret")
    room.stream.delivers("m1")
    room.stream.says("understood", sender="<sip:carol@example.com>", private=True)
    room.person.settle()
    room.person.application.messages.chats.close_chat(room.chat)
    room.begin("room@example.com")
    room.person.qtbot.waitUntil(lambda: len(room.chat.entries) == 2, timeout=60_000)
    room.person.settle()
    assert "You, to Carol alone" in room.text
    assert "Carol (to you alone)" in room.text


def test_a_nickname(room: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    action = room.page.room_pane.nickname_action
    assert action.isVisible()
    asked: list[str] = []

    def answer(_parent: object, _title: str, _question: str, _mode: object, text: str) -> tuple[str, bool]:
        asked.append(text)
        return "Al\n", True

    monkeypatch.setattr(QInputDialog, "getText", answer)
    action.trigger()
    assert room.stream.nicknames == ["Al"]
    announce("ChatStreamDidSetNickname", room.stream, message_id="n1", response=None, nickname="Al")
    room.person.settle()
    assert "You are called “Al” here." in room.text
    action.trigger()
    assert asked == ["", "Al"]
    for code, reason in ((425, "Nickname usage failed"), (403, "Forbidden")):
        refusal = {"nickname": "Bob", "code": code, "reason": reason, "message_id": "n2", "message": None}
        announce("ChatStreamDidNotSetNickname", room.stream, **refusal)
    room.person.settle()
    assert "The room does not give the nickname “Bob”: somebody else may have it." in room.text
    assert "The room does not give the nickname “Bob”: 403 Forbidden." in room.text
    room.stream.broken = True
    action.trigger()
    assert "The nickname could not be asked for: nicknames are not possible here." in room.text
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments: ("", False))
    action.trigger()
    assert len(room.stream.nicknames) == 2
