"""Our screens that others see: the question which one, the bar and the border of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QSize, pyqtBoundSignal, pyqtSignal

from blinkq.app.chat_entries import clean_line
from blinkq.app.desktop_media import DesktopMedia, DesktopStreamLike
from blinkq.app.media_session import MediaSession
from blinkq.app.screen_capture import ScreenCapture, capturable_windows, through_portal
from blinkq.app.screen_share import SHARE_NOTIFICATIONS, ScreenShare
from blinkq.app.share_bar import ShareBar
from blinkq.app.share_dialog import ShareDialog, Taker
from blinkq.app.widgets import fit_height
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.screens import ScreenError, Shareable

if TYPE_CHECKING:
    from PyQt6.QtMultimedia import QCapturableWindow

__all__ = ["ScreensShared"]


class ScreensShared(QObject):
    """Holds the shares. ``changed`` when there are more or fewer; ``told`` with a sentence about something that failed."""

    changed = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(self, media: DesktopMedia, bridge: NotificationBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bars: list[ShareBar] = []
        self.dialogs: list[ShareDialog] = []
        #: whether the desktop itself asks which screen may be seen
        self.portal = through_portal()
        self._captures: dict[int, ScreenCapture] = {}  # by the identity of what they fill, until it is shown
        self._media = media
        self._bridge = bridge
        bridge.carry(*SHARE_NOTIFICATIONS)

    @property
    def shares(self) -> list[ScreenShare]:
        """Those that go on."""
        return [bar.share for bar in self.bars]

    def choose(
        self, title: str, accept: Callable[[Shareable, bool], None], reject: Callable[[], None], gone: pyqtBoundSignal | None = None
    ) -> None:
        """Ask which screen ``title`` shall see, and what for; nothing is shown where no screen can be. The question goes with ``gone``."""
        try:
            monitors, windows = ([], []) if self.portal else (self._media.monitors(), self._media.windows())
        except ScreenError as error:
            reject()
            self.told.emit(str(error))
            return
        dialog = ShareDialog(title, monitors, windows, self._takers())
        self.dialogs.append(dialog)
        dialog.accepted.connect(lambda: self._accept(dialog, accept))
        dialog.rejected.connect(reject)
        dialog.finished.connect(lambda _result: self.dialogs.remove(dialog))
        if gone is not None:
            gone.connect(dialog.reject)
        fit_height(dialog)
        dialog.resize(dialog.size().expandedTo(QSize(400, 0)))
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def show(self, link: MediaSession, stream: DesktopStreamLike, name: str, what: Shareable) -> ScreenShare:
        """Follow a session in which a screen of ours is seen."""
        capture = self._captures.pop(id(what), None)
        share = ScreenShare(self._bridge, link, stream, name, what, link)
        bar = ShareBar(share, len(self.bars))
        self.bars.append(bar)
        share.finished.connect(lambda: self._finished(bar))
        share.told.connect(self.told)
        if capture is not None:
            share.finished.connect(capture.stop)
            share.finished.connect(capture.deleteLater)
        bar.stop_wanted.connect(self.stop)
        share.changed.connect(self.changed)
        bar.show()
        self.changed.emit()
        return share

    def stop(self) -> None:
        """Nobody sees anything any more."""
        for share in self.shares:
            share.stop()

    def close(self) -> None:
        """Give everything back. Idempotent."""
        for dialog in list(self.dialogs):
            dialog.close()
        for bar in self.bars:
            bar.share.forget()
            bar.retire()
        self.bars.clear()

    def _takers(self) -> list[Taker]:
        if self.portal:
            return [Taker(self.tr("Screen"), ScreenCapture, asked=True)]
        return [Taker(self._window(window), partial(ScreenCapture, window)) for window in capturable_windows()]

    def _window(self, window: QCapturableWindow) -> str:
        return self.tr("Window: %1").replace("%1", clean_line(window.description(), 60))

    def _accept(self, dialog: ShareDialog, accept: Callable[[Shareable, bool], None]) -> None:
        what, capture = dialog.what, dialog.capture
        if capture is not None:
            capture.setParent(self)
            self._captures[id(what)] = capture
        accept(what, dialog.control)
        unused = self._captures.pop(id(what), None)
        if unused is not None:  # there is nobody any more to see it
            unused.stop()
            unused.deleteLater()

    def _finished(self, bar: ShareBar) -> None:
        if bar in self.bars:
            self.bars.remove(bar)
            bar.retire()
            if bar.share.reason:
                text = self.tr("Your screen is not shown to %1 any more. %2").replace("%1", bar.share.title)
                self.told.emit(text.replace("%2", bar.share.reason))
            link = bar.share.link
            if link.over:
                link.deleteLater()
            else:  # the other side is still to be told
                link.finished.connect(link.deleteLater)
            self.changed.emit()
