"""BlinkQ with its windows and its real middleware in a process of its own, with nobody at the screen: Alice, who writes, sends a file and
calls, or Bob, who agrees to everything in his dialogs and writes back what he reads.

``python chat_windows.py alice|guest|bob FOLDER PORT [FILE]``: PORT is Bob's, on this computer, or that of an echo service, whose guest
does a part of what Alice does. Says "ready" and the steps that worked.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

from PyQt6.QtCore import QMimeData, Qt, QTimer, QUrl
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

import blinkq.sipsimple.notifications  # noqa: F401 - declares what the configuration posts
from blinkq.app.call import Call, CallStage
from blinkq.app.call_panel import CallPanel
from blinkq.app.chat import Chat
from blinkq.app.chat_entries import ChatEntry, EntryKind, Mark
from blinkq.app.file_transfer import FileTransfer, TransferStage
from blinkq.app.incoming_dialog import IncomingDialog
from blinkq.app.main import Application
from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware
from blinkq.sipsimple.account import Account, AccountManager
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.datatypes import IPAddress, Port
from blinkq.sipsimple.configuration.datatypes import Path as SettingPath
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

#: seconds for one step; the computers of tests are busy ones
LIMIT = 90.0


def prepare(folder: Path, port: int | None) -> None:
    """Settings: this computer alone, no sound device; with a port, an account that anybody here may call."""
    (folder / "config").mkdir(parents=True)
    (folder / "files").mkdir()
    manager = ConfigurationManager()
    manager.start(FileBackend(folder / "config" / "config"))
    settings = SIPSimpleSettings()
    settings.sip.local_ip = IPAddress("127.0.0.1")
    settings.audio.input_device = settings.audio.output_device = settings.audio.alert_device = None
    settings.file_transfer.directory = SettingPath(str(folder / "files"))
    if port is not None:
        settings.sip.udp_port = settings.sip.tcp_port = Port(port)
        settings.sip.accept_direct_calls = True
        account = Account("bob@127.0.0.1")
        account.registration.enabled = False
        account.enabled = True
        account.save()
        settings.default_account = account.id
    settings.save()
    manager.stop()


def wait(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT
    while not done():
        assert time.monotonic() < end, f"{what}: not within {LIMIT} s"
        QTest.qWait(20)
    print(what, flush=True)


class Bob:
    """Agrees and answers."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._chats: list[Chat] = []
        self._timer = QTimer(application)
        self._timer.timeout.connect(self._agree)
        self._timer.start(50)
        application.messages.chats.added.connect(self._added)
        application.messages.files.added.connect(self._file_added)
        application.calls.added.connect(self._call_added)

    def _added(self, chat: Chat) -> None:
        self._chats.append(chat)
        chat.arrived.connect(lambda entry: chat.write(f"Bob has read: {entry.text}") if entry.text else None)
        chat.entry_changed.connect(lambda entry: self._seen(chat, entry))

    def _seen(self, chat: Chat, entry: ChatEntry) -> None:
        if entry.kind is EntryKind.PEER and entry.picture is not None and entry.picture.image is not None:
            size = entry.picture.image.size()
            chat.write(f"Bob sees {size.width()} x {size.height()}")

    def _call_added(self, call: Call) -> None:
        call.talking.connect(lambda: print("Bob talks", flush=True))
        call.finished.connect(lambda: self._call_over(call))

    def _call_over(self, call: Call) -> None:
        """Tell who goes on writing: what they removed goes here later than there."""
        print("Bob's call is over:", call.notice, flush=True)
        if "rest goes on" in call.notice:
            self._chats[-1].write("Bob no longer talks")

    def _file_added(self, transfer: FileTransfer) -> None:
        if "too long" in transfer.name:
            transfer.changed.connect(lambda: transfer.cancel() if transfer.transferred else None)

    def _agree(self) -> None:
        for dialog in list(self._application.dialogs):
            if isinstance(dialog, PeerRequestDialog):
                unwanted = "unwanted" in dialog.ui.questionLabel.text()
                (dialog.ui.rejectButton if unwanted else dialog.ui.acceptButton).click()
            elif isinstance(dialog, IncomingDialog):
                dialog.ui.answerButton.click()


class Alice:
    """Goes through the steps."""

    def __init__(self, application: Application, port: int, file: Path, folder: Path) -> None:
        self._application = application
        self._window = application.window
        self._address = f"sip:bob@127.0.0.1:{port}"
        self._file = file
        self._folder = folder

    def visit(self) -> None:
        """Write to the echo service, and send it a file."""
        self._begin("hello")
        self._send_file()

    def run(self) -> None:
        """Everything, with Bob."""
        self._begin("Bob has read: hello")
        data = QMimeData()
        picture = QImage(300, 200, QImage.Format.Format_RGB32)
        picture.fill(0x2A7AD1)
        data.setImageData(picture)
        self._page.take(data)
        wait(lambda: self._read("Bob sees 300 x 200"), "a picture is seen")
        self._send_file()
        page = self._page
        for name, size, reason in (("unwanted.txt", 10, "does not want the file"), ("too long.bin", 60_000_000, "stopped it")):
            other = self._folder / name
            with other.open("wb") as content:
                content.truncate(size)
            page.send_files([other])
            failing = self._application.messages.files.transfers[-1]
            wait(lambda failing=failing: failing.over, f"{name} is over")  # type: ignore[misc]
            assert failing.stage is TransferStage.FAILED
            assert reason in failing.reason, failing.reason
        self._shoot("failed")
        QTest.mouseClick(page.ui.endButton, Qt.MouseButton.LeftButton)
        wait(page.ui.reconnectButton.isVisible, "the chat has ended")
        self._write("again")
        wait(lambda: self._delivered("again"), "writing connects again")
        self._application.messages.chats.close_chat(page.chat)
        call = self._window.place_call(self._address)
        assert call is not None
        wait(lambda: call.stage is CallStage.TALKING, "a call is answered")
        panel = self._window.panels[id(call)]
        QTest.mouseClick(panel.ui.chatButton, Qt.MouseButton.LeftButton)
        wait(panel.ui.chatButton.isChecked, "a chat is proposed")
        chat = self._page.chat
        wait(lambda: any(entry.earlier and entry.text == "again" for entry in chat.entries), "what was written before is there")
        self._write("in the call")
        wait(lambda: self._delivered("in the call"), "a message in the call is delivered")
        wait(lambda: self._read("Bob has read: in the call"), "and answered")
        self._shoot("call")
        self._files_in(call, panel)
        QTest.mouseClick(panel.ui.chatButton, Qt.MouseButton.LeftButton)
        wait(lambda: not panel.ui.chatButton.isChecked(), "the chat is removed")
        assert call.stage is CallStage.TALKING
        QTest.mouseClick(panel.ui.hangUpButton, Qt.MouseButton.LeftButton)
        wait(lambda: call.over, "the call is over")

    def _files_in(self, call: Call, panel: CallPanel) -> None:
        """Two files as a part of the call, one that is not wanted, and one that is too large for it."""
        files = self._application.messages.files
        paths = [self._folder / name for name in ("first.bin", "second.bin", "unwanted in the call.txt", "too long beside the call.bin")]
        for path, size in zip(paths, (2_000_000, 1_000_000, 10, 101_000_000), strict=True):
            with path.open("wb") as content:
                content.truncate(size)
        begun: list[FileTransfer] = []
        files.added.connect(begun.append)
        for dropped, how in ((paths[:2], "two files in the call"), (paths[2:3], "an unwanted one"), (paths[3:], "one beside the call")):
            panel.files_dropped.emit(call, dropped)
            wait(lambda: all(transfer.over for transfer in begun), how)
        first, second, unwanted, beside = begun
        assert first.stage is second.stage is TransferStage.DONE, (first.reason, second.reason)
        assert "does not want the file" in unwanted.reason, unwanted.reason
        assert "stopped it" in beside.reason, beside.reason
        wait(lambda: list(panel.ui.mediaStrip.lines) == [id(self._page.chat)], "the files are removed from the call")
        assert call.stage is CallStage.TALKING

    def _begin(self, answer: str) -> None:
        ui = self._window.ui
        QTest.keyClicks(ui.dialBox, self._address)
        QTest.mouseClick(ui.chatButton, Qt.MouseButton.LeftButton)
        self._write("hello")
        wait(lambda: self._delivered("hello"), "a message is delivered")
        wait(lambda: self._read(answer), "an answer is read")
        self._shoot("chat")

    def _send_file(self) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._file))])
        self._page.take(data)
        (transfer,) = self._application.messages.files.transfers
        wait(lambda: transfer.over, "the transfer is over")
        assert transfer.stage is TransferStage.DONE, transfer.reason
        self._application.messages.files_window.come_to_front()
        self._shoot("file")

    @property
    def _page(self):  # type: ignore[no-untyped-def]
        page = self._application.messages.chat_window.page
        assert page is not None
        return page

    def _write(self, text: str) -> None:
        QTest.keyClicks(self._page.ui.messageEdit, text)
        QTest.keyClick(self._page.ui.messageEdit, Qt.Key.Key_Return)

    def _delivered(self, text: str) -> bool:
        return any(entry.text == text and entry.mark is Mark.DELIVERED for entry in self._page.chat.entries)

    def _read(self, text: str) -> bool:
        return any(entry.text == text and entry.kind is EntryKind.PEER for entry in self._page.chat.entries)

    def _shoot(self, name: str) -> None:
        for window, title in ((self._application.messages.chat_window, "chat"), (self._application.messages.files_window, "files")):
            window.grab().save(str(self._folder / f"{name}-{title}.png"))


def main() -> int:
    who, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    prepare(folder, port if who == "bob" else None)
    qt = QApplication(sys.argv[:1])
    qt.setQuitOnLastWindowClosed(False)
    application = Application(qt, SIPSimpleMiddleware(folder / "config"), folder / "config")
    started: list[object] = []
    ended: list[object] = []
    failed: list[str] = []
    application.bridge.listen("SIPApplicationDidStart", started.append)
    application.bridge.listen("SIPApplicationDidEnd", ended.append)
    application.bridge.on_handler_error = lambda notification, error: failed.append(f"{notification.name}: {error!r}")
    application.show()
    application.start()
    wait(lambda: bool(started), "ready")
    if who == "bob":
        AccountManager()
        stop: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _frame: stop.append(number))
        bob = Bob(application)
        while not stop:
            QTest.qWait(50)
        del bob
    else:
        alice = Alice(application, port, Path(sys.argv[4]), folder)
        try:
            alice.run() if who == "alice" else alice.visit()
        except AssertionError:
            for chat in application.messages.chats.chats:
                told = [(entry.kind, entry.text, entry.mark, entry.reason) for entry in chat.entries]
                print(chat.stage, *told, sep="\n", file=sys.stderr)
            raise
    application.quit()
    application.middleware.stop()
    wait(lambda: bool(ended), "ended")
    application.close()
    assert not failed, failed
    return 0


if __name__ == "__main__":
    sys.exit(main())
