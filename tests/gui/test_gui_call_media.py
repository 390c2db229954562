"""Chat, files and screens of a call: added from its panel, shown there, and each ended for itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QFileDialog, QWidget
from support.fake_middleware import FakeSession
from support.gui_person import Person

from blinkq.app.call_panel import CallPanel
from blinkq.app.file_transfer import FileTransfer, TransferStage

LEFT, COPY = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction


class Talk:
    """A call that stands."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.session: FakeSession = person.call("bob@example.com")

    @property
    def panel(self) -> CallPanel:
        return self.person.panel(self.session)

    @property
    def lines(self) -> list[str]:
        return [line.label.text() for line in self.panel.ui.mediaStrip.lines.values()]

    @property
    def files(self) -> list[FileTransfer]:
        return self.person.application.messages.files.transfers

    def drop(self, *paths: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        enter = QDragEnterEvent(self.panel.rect().center(), COPY, data, LEFT, Qt.KeyboardModifier.NoModifier)
        self.panel.dragEnterEvent(enter)
        assert enter.isAccepted()
        self.panel.dropEvent(QDropEvent(QPointF(self.panel.rect().center()), COPY, data, LEFT, Qt.KeyboardModifier.NoModifier))
        self.person.settle()

    def answer(self, code: int = 200) -> None:
        self.session.answers_proposal(code)
        self.person.settle()


@pytest.fixture
def talk(person: Person) -> Talk:
    return Talk(person)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    found = [tmp_path / name for name in ("one.txt", "two.txt", "three.txt")]
    for path in found:
        path.write_bytes(b"x" * 1000)
    return found


def test_each_medium_is_added_shown_and_ended_for_itself(talk: Talk) -> None:
    ui = talk.panel.ui
    talk.person.click(ui.chatButton)
    assert talk.session.commands[-1] == "add chat"
    assert talk.lines == ["Asking for a chat…"]
    talk.answer()
    assert talk.lines == ["Chat"]
    talk.person.click(ui.viewButton)
    assert talk.session.commands[-1] == "add desktop-sharing"
    assert talk.lines == ["Chat", "Asking for their screen…"]
    talk.answer()
    assert ui.chatButton.isChecked()
    assert ui.viewButton.isChecked()
    assert not ui.shareButton.isChecked()
    talk.person.click(ui.viewButton)
    assert talk.session.commands[-1] == "remove desktop-sharing"
    talk.session.removes(talk.session.streams[-1], "local")  # type: ignore[index]
    talk.person.settle()
    assert talk.lines == ["Chat"]
    line = next(iter(ui.mediaStrip.lines.values()))
    talk.person.click(line.end_button)
    assert talk.session.commands[-1] == "remove chat"


def test_our_screen_in_the_panel(talk: Talk) -> None:
    shared = talk.person.application.desktops.shared
    talk.person.click(talk.panel.ui.shareButton)
    talk.person.click(shared.dialogs[-1].share_button)
    assert talk.lines == ["Offering your screen…"]
    talk.answer()
    assert talk.lines == ["Your screen is seen"]
    shared.bars[-1].control_box.click()
    assert talk.lines == ["Your screen is seen and controlled"]
    talk.person.click(talk.panel.ui.shareButton)
    assert talk.session.commands[-1] == "remove desktop-sharing"
    assert talk.lines == []


def test_files_are_chosen_and_go_within_the_call(talk: Talk, paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path) for path in paths[:2]], ""))
    talk.person.click(talk.panel.ui.filesButton)
    assert talk.session.commands[-1] == "add file-transfer file-transfer"
    assert talk.lines == ["one.txt – Connecting…", "two.txt – Connecting…"]
    talk.answer()
    one, two = talk.person.middleware.media.files
    one.starts()
    one.moves(500)
    talk.person.settle()
    assert talk.lines[0] == "one.txt – 500 bytes of 1.0 kB"
    one.finishes()
    two.finishes()
    talk.person.settle()
    assert talk.session.commands[-1] == "remove file-transfer"
    assert talk.panel.ui.noticeLabel.text() == "two.txt: Sent, 1.0 kB"
    assert talk.lines == []


def test_files_are_dropped_on_the_panel(talk: Talk, paths: list[Path]) -> None:
    talk.drop(*paths)
    assert talk.session.commands[-1] == "add file-transfer file-transfer file-transfer"


def test_a_file_is_cancelled_and_the_call_goes_on(talk: Talk, paths: list[Path]) -> None:
    talk.drop(paths[0])
    talk.answer()
    line = next(iter(talk.panel.ui.mediaStrip.lines.values()))
    talk.person.click(line.end_button)
    assert talk.session.commands[-1] == "remove file-transfer"
    assert talk.files[0].stage is TransferStage.CANCELLED


def test_one_of_several_that_are_asked_about_is_cancelled(talk: Talk, paths: list[Path]) -> None:
    talk.drop(*paths[:2])
    talk.files[0].cancel()
    talk.person.settle()
    assert talk.session.commands[-1] == "add file-transfer file-transfer"  # the other one is still wanted
    talk.answer()
    assert talk.session.commands[-1] == "remove file-transfer"
    assert talk.files[1].stage is TransferStage.CONNECTING


def test_what_is_asked_is_taken_back(talk: Talk) -> None:
    talk.person.click(talk.panel.ui.chatButton)
    talk.person.click(talk.panel.ui.chatButton)
    assert talk.session.commands[-1] == "cancel proposal"
    talk.answer(487)
    assert talk.lines == []


def test_what_comes_while_something_is_asked_waits(talk: Talk, paths: list[Path]) -> None:
    talk.person.click(talk.panel.ui.chatButton)
    talk.drop(paths[0])
    assert talk.session.commands[-1] == "add chat"
    talk.answer()
    talk.person.qtbot.waitUntil(lambda: talk.session.commands[-1] == "add file-transfer")


def test_a_removal_waits_too(talk: Talk) -> None:
    talk.person.click(talk.panel.ui.chatButton)
    talk.answer()
    talk.person.click(talk.panel.ui.viewButton)
    talk.person.click(talk.panel.ui.chatButton)
    assert talk.session.commands[-1] == "add desktop-sharing"
    talk.answer()
    talk.person.qtbot.waitUntil(lambda: talk.session.commands[-1] == "remove chat")


def test_where_the_call_takes_no_file_it_goes_beside_it(talk: Talk, paths: list[Path]) -> None:
    talk.drop(paths[0])
    talk.answer(488)
    talk.person.middleware.found()
    talk.person.settle()
    assert talk.person.middleware.sessions[-1].commands == ["connect sip:bob@example.com ['file-transfer']"]
    assert [transfer.stage for transfer in talk.files] == [TransferStage.CONNECTING]
    assert talk.lines == ["one.txt – Connecting…"]


def test_who_does_not_want_the_file_is_not_asked_again(talk: Talk, paths: list[Path]) -> None:
    talk.drop(paths[0])
    talk.answer(603)
    assert talk.files[0].stage is TransferStage.FAILED
    assert "does not want the file" in talk.files[0].reason
    assert talk.person.middleware.sessions[-1] is talk.session


def test_one_of_two_files_is_taken(talk: Talk, paths: list[Path]) -> None:
    talk.drop(*paths[:2])
    talk.session.answers_proposal(only=talk.person.middleware.media.files[:1])
    talk.person.settle()
    assert [transfer.stage for transfer in talk.files] == [TransferStage.CONNECTING, TransferStage.FAILED]


def test_what_cannot_be_read_is_told(talk: Talk, paths: list[Path]) -> None:
    talk.drop(paths[0].with_name("nothing"), paths[0])
    assert talk.session.commands[-1] == "add file-transfer"
    assert "nothing cannot be read" in talk.panel.ui.noticeLabel.text()


def test_the_call_ends_and_its_media_with_it(talk: Talk, paths: list[Path]) -> None:
    talk.person.click(talk.panel.ui.chatButton)
    talk.answer()
    talk.drop(paths[0])
    talk.session.ends()
    talk.person.settle()
    assert talk.lines == []
    assert not talk.panel.ui.mediaButtons.isVisible()
    assert talk.files[0].over


def test_tab_goes_from_the_dial_box_through_the_calls(talk: Talk) -> None:
    talk.person.click(talk.panel.ui.chatButton)
    talk.answer()
    second = talk.person.call("carol@example.com")
    window, ui = talk.person.application.window, talk.person.ui
    order: list[QWidget] = [ui.dialBox]
    while (following := order[-1].nextInFocusChain()) is not ui.dialBox:
        assert following is not None
        order.append(following)
    line = next(iter(talk.panel.ui.mediaStrip.lines.values()))
    wanted: list[QWidget] = [
        ui.dialBox, ui.callButton, ui.chatButton, talk.panel, talk.panel.ui.holdButton, line.show_button, line.end_button,
        talk.person.panel(second).ui.muteButton, talk.person.panel(second).ui.viewButton, ui.bodyTabs,
    ]  # fmt: skip
    places = [order.index(widget) for widget in wanted]
    assert places == sorted(places)
    assert window.isAncestorOf(order[-1])
