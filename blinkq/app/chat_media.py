"""Pictures and files of one chat: dropped, pasted or chosen, sent, and saved."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QMimeData
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QFileDialog, QWidget

from blinkq.app.chat import Chat
from blinkq.app.chat_entries import ChatEntry
from blinkq.app.file_transfer_list import FileTransferList, SendError
from blinkq.app.picture import Picture, may_be_picture, pack, picture_of_file
from blinkq.app.room import Participant

__all__ = ["ChatMedia"]


class ChatMedia:
    """Sends what is not text. Small pictures go into the chat, everything else as files.

    :param window: for the dialogs
    """

    def __init__(self, chat: Chat, files: FileTransferList, window: QWidget) -> None:
        self._chat = chat
        self._files = files
        self._window = window
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._retired = False
        #: whom alone things are for, in a room
        self.recipient: Callable[[], Participant | None] = lambda: None

    def take(self, data: QMimeData) -> bool:
        """Send the files or the picture that was dropped or pasted; False when there are none."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.send(paths)
            return True
        picture = data.imageData() if data.hasImage() else None
        if isinstance(picture, QImage) and not picture.isNull():
            self._chat.pictures.run(lambda: pack(picture), partial(self._packed, picture, self.recipient()))
            return True
        return False

    def send(self, paths: list[Path]) -> None:
        """Send each as a picture if it is a small one, else as a file."""
        recipient = self.recipient()
        for path in paths:
            if may_be_picture(path):
                self._chat.pictures.run(partial(picture_of_file, path), partial(self._read, path, recipient))
            else:
                self.send_files([path])

    def send_files(self, paths: list[Path]) -> None:
        """Send each as a file."""
        if self.recipient() is not None:
            self._chat.note(self._window.tr("Files go to the whole room. Write to everybody first, then send them again."), "error")
            return
        for path in paths:
            try:
                transfer = self._files.send(path, self._chat.uri, self._chat.account, self._chat.name)
            except SendError as error:
                self._chat.note(str(error), "error")
            else:
                self._chat.show_transfer(transfer)

    def send_as_file(self, entry: ChatEntry) -> None:
        """A picture that the other side did not take into the chat."""
        if entry.picture is not None and entry.picture.data is not None:
            path = self._place(entry.picture.suffix)
            path.write_bytes(entry.picture.data)
            self.send_files([path])

    def choose_files(self) -> None:
        """Ask which files to send."""
        title = self._window.tr("Send files to %1").replace("%1", self._chat.title)
        names, _kind = QFileDialog.getOpenFileNames(self._window, title)
        self.send_files([Path(name) for name in names])

    def choose_pictures(self) -> None:
        """Ask which pictures to send."""
        title = self._window.tr("Send pictures to %1").replace("%1", self._chat.title)
        kinds = self._window.tr("Pictures") + " (*.png *.jpg *.jpeg *.gif *.webp)"
        names, _kind = QFileDialog.getOpenFileNames(self._window, title, "", kinds)
        self.send([Path(name) for name in names])

    def save(self, picture: Picture) -> None:
        """Ask where to keep a picture, and do."""
        if picture.data is None:
            return
        title = self._window.tr("Save the picture")
        name, _kind = QFileDialog.getSaveFileName(self._window, title, _name(picture.suffix), f"{picture.kind.upper()} (*{picture.suffix})")
        if name:
            path = Path(name)
            try:
                (path if path.suffix else path.with_suffix(picture.suffix)).write_bytes(picture.data)
            except OSError as error:
                reason = self._window.tr("The picture could not be saved: %1.")
                self._chat.note(reason.replace("%1", error.strerror or str(error)), "error")

    def retire(self) -> None:
        """The chat is going. Idempotent."""
        self._retired = True
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _read(self, path: Path, recipient: Participant | None, picture: Picture | None) -> None:
        if self._retired:
            return
        if picture is not None:
            self._chat.write_picture(picture, recipient)
        else:
            self.send_files([path])

    def _packed(self, picture: QImage, recipient: Participant | None, packed: Picture | None) -> None:
        if self._retired:
            return
        if packed is not None:
            self._chat.write_picture(packed, recipient)
            return
        path = self._place(".png")
        self._chat.pictures.run(lambda: picture.save(str(path), "PNG"), lambda _saved: self._read(path, recipient, None))

    def _place(self, suffix: str) -> Path:
        """A picture without a file needs a name and a place until it is sent."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="blinkq-")
        path = Path(self._folder.name) / _name(suffix)
        number = 1
        while path.exists():
            number += 1
            path = path.with_name(_name(suffix, f" {number}"))
        path.touch()
        return path


def _name(suffix: str, more: str = "") -> str:
    return f"Picture {datetime.now().astimezone():%Y-%m-%d %H.%M.%S}{more}{suffix}"
