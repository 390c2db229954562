"""Files sent and taken: dropped, chosen, asked about; how far they are, what became of them, and opening them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PyQt6.QtWidgets import QApplication, QWidget
from support.fake_clock import FakeClock
from support.fake_messages import FakeFile
from support.fake_middleware import FakeSession, announce
from support.gui_person import Person

from blinkq.app.chat_page import ChatPage
from blinkq.app.file_transfer import TransferStage
from blinkq.app.file_transfers_window import FileTransferRow
from blinkq.app.opening import is_risky
from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.app.people import ContactEntry


class Files:
    """The transfers as a person sees them."""

    def __init__(self, person: Person, folder: Path) -> None:
        self.person, self.folder = person, folder
        self.window = person.application.messages.files_window
        self.media = person.middleware.media
        self.path = folder / "report.pdf"
        self.path.write_bytes(b"x" * 1000)

    @property
    def file(self) -> FakeFile:
        return self.media.files[-1]

    @property
    def session(self) -> FakeSession:
        return self.person.middleware.sessions[-1]

    @property
    def row(self) -> FileTransferRow:
        """The latest."""
        return list(self.window.rows.values())[-1]

    def send(self) -> None:
        """Choose a file for somebody who takes it."""
        self.person.application.messages.files.send(self.path, "sip:bob@example.com", self.person.middleware.known[0])
        self.window.come_to_front()
        self.person.middleware.found()
        self.person.settle()

    def offered(self, name: str | None, size: int | None = 1000) -> PeerRequestDialog:
        self.person.middleware.calls_in(streams=[self.media.offered_file(name, size)])
        self.person.settle()
        dialog = self.person.dialog
        assert isinstance(dialog, PeerRequestDialog)
        return dialog

    def status(self) -> str:
        self.person.settle()
        return self.row.ui.statusLabel.text()

    def page(self) -> ChatPage:
        """A chat with Bob."""
        self.person.application.window.messages.chat("bob@example.com")
        self.person.middleware.found()
        self.person.settle()
        self.session.starts()
        self.person.settle()
        page = self.person.application.messages.chat_window.page
        assert page is not None
        return page


@pytest.fixture
def files(person: Person, tmp_path: Path) -> Files:
    return Files(person, tmp_path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    addresses: list[str] = []
    monkeypatch.setattr("PyQt6.QtGui.QDesktopServices.openUrl", lambda url: addresses.append(url.toLocalFile()))
    return addresses


# sending ----------------------------------------------------------------------------------------------------------------------------


def test_a_file_is_chosen_and_sent(files: Files, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PyQt6.QtWidgets.QFileDialog.getOpenFileNames", lambda *_arguments: ([str(files.path)], ""))
    files.person.ui.dialBox.setText("bob")
    files.person.ui.sendFileAction.trigger()
    files.person.settle()
    assert files.window.isVisible()
    assert files.row.ui.nameLabel.text() == "report.pdf"
    assert files.row.ui.whoLabel.text() == "to bob@example.com"
    assert files.status() == "Connecting…"
    files.person.middleware.found()
    files.person.settle()
    assert files.session.commands == ["connect sip:bob@example.com ['file-transfer']"]
    files.file.hashes(500)
    assert files.status() == "Preparing, 50 %"
    files.session.rings()
    files.file.announce("FileTransferHandlerDidInitialize", files.file.handler)
    assert files.status() == "Waiting for bob@example.com to accept…"
    files.file.starts()
    files.file.moves(100)
    files.person.settle()
    clock.advance(2)
    files.file.moves(300)
    assert files.status() == "300 bytes of 1.0 kB · 100 bytes each second · 0:07 left"
    assert files.row.ui.progressBar.value() == 300
    files.file.finishes()
    assert files.status() == "Sent, 1.0 kB"
    assert files.session.commands[-1] == "end"
    assert not files.row.ui.progressBar.isVisible()
    files.session.ends("local")
    files.person.click(files.window.clear_button)
    assert not files.window.rows
    assert files.path.exists()
    assert files.window.empty_label.isVisible()


def test_a_file_dropped_into_a_chat_stands_in_it(files: Files) -> None:
    page = files.page()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(files.path)), QUrl("https://example.com/not-a-file")])
    assert page.take(data)
    files.person.settle()
    assert len(files.media.files) == 1
    assert "report.pdf\nConnecting…   Cancel" in page.ui.view.toPlainText()
    files.person.middleware.found()
    files.person.settle()
    files.session.fails(603, "Decline")
    files.person.settle()
    assert "Try again" in page.ui.view.toPlainText()
    number = len(page.chat.entries) - 1
    page.ui.view.anchorClicked.emit(QUrl(f"blinkq-chat:retry/{number}"))
    files.person.settle()
    assert len(files.media.files) == 2
    assert page.chat.entries[-1].transfer is files.person.application.messages.files.transfers[-1]


def test_what_cannot_be_sent_is_told(files: Files) -> None:
    page = files.page()
    page.send_files([files.folder, files.folder / "missing.txt"])
    text = page.ui.view.toPlainText()
    assert "is a folder: pack it into one file first." in text
    assert "missing.txt cannot be read: No such file or directory." in text
    assert not files.window.rows


def test_sending_is_cancelled_and_tried_again(files: Files) -> None:
    files.send()
    files.file.starts()
    files.file.moves(400)
    files.person.settle()
    files.person.click(files.row.ui.cancelButton)
    assert files.status() == "Cancelled"
    assert files.session.commands[-1] == "end"
    files.file.fails("Interrupted transfer")
    files.session.ends("local")
    assert files.status() == "Cancelled"
    first = files.file.transfer_id
    files.person.click(files.row.ui.retryButton)
    assert len(files.window.rows) == 1
    assert files.file.transfer_id == first
    assert files.row.transfer.stage is TransferStage.CONNECTING


def test_a_broken_transfer_says_so_in_words(files: Files) -> None:
    files.send()
    files.file.starts()
    files.person.settle()
    files.file.fails("Interrupted transfer")
    announce("MediaStreamDidFail", files.file, reason="the MSRP connection broke: closed")
    files.session.ends("local", "file-transfer media stream failed: the MSRP connection broke: closed")
    assert files.status() == (
        "Failed: The connection with bob@example.com broke. Try again later. (the MSRP connection broke: closed)"
    )
    files.path.unlink()
    files.person.click(files.row.ui.retryButton)
    assert files.row.ui.statusLabel.text() == "report.pdf cannot be read: No such file or directory."


def test_the_words_of_the_other_side_are_not_taken_for_ours(files: Files) -> None:
    files.send()
    files.file.starts()
    files.person.settle()
    files.file.fails("the other side does not take it: 413 No space left on device")
    assert files.status() == "Failed: the other side could not take all of it (413 No space left on device)."


def test_the_other_side_does_not_want_it(files: Files) -> None:
    files.send()
    files.file.fails("Interrupted transfer")
    files.session.fails(603, "Decline")
    assert files.status() == "Failed: bob@example.com does not want the file. (603 Decline)"
    assert files.row.ui.retryButton.isVisible()


# taking -----------------------------------------------------------------------------------------------------------------------------


def test_a_file_is_offered_taken_and_opened_by_a_person_only(files: Files, opened: list[str]) -> None:
    dialog = files.offered("../../.bashrc\x00\u202e.pdf", 123_456_789)
    assert dialog.ui.titleLabel.text() == "Carol Jones"
    assert dialog.ui.questionLabel.text() == (
        "(carol@example.com) wants to send you a file:\nbashrc.pdf (123.5 MB)\n"
        "It will be kept in /home/alice/Downloads and not be opened by itself."
    )
    assert dialog.ui.rejectButton.hasFocus()
    files.person.click(dialog.ui.acceptButton)
    assert files.session.commands == ["ring", "accept"]
    assert files.window.isVisible()
    files.session.starts()
    files.file.starts()
    files.file.moves(60_000_000)
    assert files.status().startswith("60.0 MB of 123.5 MB")
    files.file.finishes(str(files.path))
    assert files.status() == "Received, 123.5 MB"
    assert files.row.ui.nameLabel.text() == "report.pdf"
    assert opened == []
    files.person.click(files.row.ui.openButton)
    files.person.click(files.row.ui.folderButton)
    assert opened == [str(files.path), str(files.folder)]
    assert "end" not in files.session.commands  # the sender ends, once it knows
    files.session.ends()
    assert files.status() == "Received, 123.5 MB"


def test_a_program_is_opened_after_a_warning_only(files: Files, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    program = files.folder / "game.exe"
    program.write_bytes(b"MZ")
    files.person.click(files.offered("game.exe").ui.acceptButton)
    files.file.finishes(str(program))
    files.person.settle()
    asked: list[str] = []
    monkeypatch.setattr("blinkq.app.opening.ask", lambda _parent, _title, question, _button: asked.append(question) or False)
    files.person.click(files.row.ui.openButton)
    assert len(asked) == 1
    assert opened == []
    assert is_risky(Path("x.DESKTOP"))
    assert not is_risky(Path("x.pdf"))


def test_an_unwanted_file_is_refused(files: Files) -> None:
    files.person.click(files.offered("a.txt").ui.rejectButton)
    assert files.session.commands == ["ring", "reject 603"]
    files.session.fails(603, "Decline", "local")
    files.person.settle()
    assert not files.window.rows


def test_a_file_that_is_taken_back_or_comes_half(files: Files) -> None:
    files.offered(None, None)
    files.session.fails(487, "Request Terminated")
    files.person.settle()
    assert not files.person.application.dialogs
    files.person.click(files.offered("a.txt").ui.acceptButton)
    files.file.starts()
    files.person.settle()
    files.session.ends()
    assert files.status() == "Failed: Carol Jones stopped it."
    assert not files.row.ui.retryButton.isVisible()
    assert not files.row.ui.openButton.isVisible()


def test_a_lying_file_is_told(files: Files) -> None:
    files.person.click(files.offered("a.txt").ui.acceptButton)
    files.file.starts()
    files.file.fails("File hash mismatch")
    assert files.status() == "Failed: what arrived is not the file that was announced. It was not kept."
    assert files.session.commands[-1] == "end"


def test_somebody_who_wants_a_file_of_ours_gets_none(files: Files) -> None:
    files.person.middleware.calls_in(streams=[files.media.offered_file("secret.txt", None, "sendonly")])
    files.person.settle()
    assert not files.person.application.dialogs
    assert files.session.commands == ["reject 486"]


def test_quitting_while_a_file_is_on_its_way_asks(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.send()
    asked: list[str] = []
    monkeypatch.setattr("blinkq.app.main_window.ask", lambda _parent, _title, question, _button: asked.append(question) or False)
    files.person.ui.quitAction.trigger()
    assert asked == ["report.pdf is still on its way. Quit and stop it?"]
    assert files.person.application.window.isVisible()


def drop(target: QWidget, place: QPointF, paths: list[Path]) -> bool:
    """Let files go over a widget; whether it takes them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    nothing = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(place.toPoint(), *nothing)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    for event in (QDragMoveEvent(place.toPoint(), *nothing), QDropEvent(place, *nothing)):
        QApplication.sendEvent(target, event)
        if not event.isAccepted():
            return False
    return True


def test_files_are_dropped_on_the_page_of_a_chat(files: Files) -> None:
    page = files.page()
    assert drop(page, QPointF(50, 100), [files.path])
    assert page.chat.entries[-1].transfer is not None
    assert not page.ui.view.acceptDrops()  # or the text would take the path as words
    assert not page.ui.messageEdit.acceptDrops()


def test_a_program_that_gives_nothing_is_told(files: Files) -> None:
    page = files.page()
    assert drop(page, QPointF(50, 100), [])
    assert "The other program gave nothing." in page.ui.view.toPlainText()


def test_the_page_says_that_it_takes_what_is_held_over_it(files: Files) -> None:
    page = files.page()
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(
        QPointF(50, 100).toPoint(), Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    assert enter.dropAction() == Qt.DropAction.CopyAction  # or the other program would remove what it has given
    assert page.drop_label.isVisible()
    assert page.drop_label.text() == "Drop to send to bob@example.com"
    QApplication.sendEvent(page, QDragLeaveEvent())
    assert not page.drop_label.isVisible()


def test_files_are_dropped_on_a_contact(files: Files) -> None:
    person = files.person
    person.middleware.people.entries.append(ContactEntry("Bob", ("bob@example.com",), id="b"))
    person.application.contacts.reload()
    person.ui.bodyTabs.setCurrentIndex(1)
    person.settle()
    tree = person.ui.contactTree
    viewport, model = tree.viewport(), tree.model()
    assert viewport is not None
    assert model is not None
    row = model.index(0, 0, model.index(0, 0))
    assert drop(viewport, QPointF(tree.visualRect(row).center()), [files.path])
    assert files.window.isVisible()
    assert files.row.ui.whoLabel.text() == "to Bob (bob@example.com)"
    assert not drop(viewport, QPointF(5, tree.height() - 5), [files.path])
    assert not drop(viewport, QPointF(tree.visualRect(row).center()), [])


def test_many_files_go_a_few_at_a_time(files: Files, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(5)]
    for path in paths:
        path.write_text("x")
    files.person.application.window.messages.send_files(paths, "bob@example.com")
    files.person.settle()
    transfers = files.person.application.messages.files.transfers
    waiting = [TransferStage.QUEUED] * 2
    assert [transfer.stage for transfer in transfers] == [TransferStage.CONNECTING] * 3 + waiting
    assert len(files.person.middleware.lookups) == 3
    assert files.status() == "Waiting for the files before it"
    transfers[4].cancel()
    transfers[0].cancel()
    assert transfers[3].stage is TransferStage.CONNECTING
    assert transfers[4].stage is TransferStage.CANCELLED
    assert len(files.person.middleware.lookups) == 4
