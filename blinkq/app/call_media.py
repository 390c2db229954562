"""What a call has beside its sound: chat, files, screens; how each stands, and how each is begun and ended.

What this is not: a widget (``media_strip`` shows it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.call import Call
from blinkq.app.chat_list import ChatList
from blinkq.app.desktop_viewer import DesktopViewer, ViewStage
from blinkq.app.desktop_window import DesktopWindow
from blinkq.app.desktops import Desktops
from blinkq.app.file_transfer import FileTransfer, TransferStage
from blinkq.app.file_transfer_list import FileTransferList, SendError
from blinkq.app.file_wording import status_text
from blinkq.app.media_session import MediaStage
from blinkq.app.share_bar import ShareBar
from blinkq.app.wording import clock_text

__all__ = ["CallMedia", "CallMedium"]


@dataclass(frozen=True, slots=True)
class CallMedium:
    """One of them: ``kind`` "chat", "file", "share" (our screen is seen) or "view" (we look at theirs); ``key`` the same while it lasts.

    ``running``: it has begun, else somebody is still asked; ``fraction``: how much of a file is there, 0 to 1, None for the others.
    """

    key: int
    kind: str
    text: str
    running: bool
    show: Callable[[], object]
    end: Callable[[], object]
    end_text: str
    fraction: float | None = None


class CallMedia(QObject):
    """The media of all calls. ``changed`` when any has; ``files_wanted`` asks for the window of the transfers."""

    changed = pyqtSignal()
    files_wanted = pyqtSignal()

    def __init__(self, chats: ChatList, files: FileTransferList, desktops: Desktops, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chats = chats
        self._files = files
        self._desktops = desktops
        for part in (chats, files, desktops, desktops.shared):
            part.changed.connect(self.changed)
        files.added.connect(self._file_added)

    def of(self, call: Call) -> list[CallMedium]:
        """What a call has now."""
        return [*self._chat(call), *self._screens(call), *(self._file(file) for file in self._files.live if file.call is call)]

    def end(self, call: Call, kind: str) -> None:
        """End what a call has of a kind."""
        for medium in self.of(call):
            if medium.kind == kind:
                medium.end()

    def add_chat(self, call: Call) -> None:
        """Propose a chat."""
        self._chats.add_to_call(call)

    def share(self, call: Call) -> None:
        """Ask which screen, then show it."""
        self._desktops.share_in_call(call)

    def view(self, call: Call) -> None:
        """Ask for the other party's screen."""
        self._desktops.view_in_call(call)

    def send(self, call: Call, paths: list[Path]) -> None:
        """Send files to the other party."""
        try:
            self._files.send_in_call(paths, call)
        except SendError as error:
            call.tell(str(error), "error")

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _chat(self, call: Call) -> list[CallMedium]:
        chat = self._chats.chat_of(call)
        if chat is None:
            return []
        text = self.tr("Chat") if chat.open else self.tr("Asking for a chat…")
        return [CallMedium(id(chat), "chat", text, chat.open, lambda: self._chats.opened.emit(chat), chat.end, self.tr("Remove the chat"))]

    def _screens(self, call: Call) -> list[CallMedium]:
        found = [self._share(bar) for bar in self._desktops.shared.bars if bar.share.link.session is call.session]
        windows = [window for window in self._desktops.windows if window.viewer.link.session is call.session]
        return found + [self._view(window) for window in windows if not window.viewer.over]

    def _share(self, bar: ShareBar) -> CallMedium:
        share = bar.share
        if not share.seen:
            text = self.tr("Offering your screen…")
        elif share.control:
            text = self.tr("Your screen is seen and controlled")
        else:
            text = self.tr("Your screen is seen")
        return CallMedium(id(share), "share", text, share.seen, bar.come_to_front, share.stop, self.tr("Stop sharing"))

    def _view(self, window: DesktopWindow) -> CallMedium:
        viewer: DesktopViewer = window.viewer
        running = viewer.link.stage is MediaStage.RUNNING
        text = self.tr("You see their screen") if viewer.stage is ViewStage.SHOWN else self.tr("Asking for their screen…")
        return CallMedium(id(viewer), "view", text, running, window.come_to_front, window.close, self.tr("Look no more"))

    def _file(self, file: FileTransfer) -> CallMedium:
        left = file.seconds_left if file.stage is TransferStage.RUNNING else None
        how = status_text(file) if left is None else self.tr("%1 left").replace("%1", clock_text(left))
        text = f"{file.name} – {how}"
        begun, end_text = file.transferred > 0, self.tr("Cancel")
        return CallMedium(id(file), "file", text, begun, self.files_wanted.emit, file.cancel, end_text, file.fraction)

    def _file_added(self, file: FileTransfer) -> None:
        if file.call is not None:
            file.finished.connect(lambda: self._file_over(file))

    def _file_over(self, file: FileTransfer) -> None:
        if file.call is not None and not file.call.over:
            level = "error" if file.reason else "muted"
            file.call.tell(f"{file.name}: {status_text(file)}", level)
