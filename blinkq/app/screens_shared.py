"""Our screens that others see: the question which one, the bar and the border of each."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QSize, pyqtBoundSignal, pyqtSignal

from blinkq.app.desktop_media import DesktopMedia, DesktopStreamLike
from blinkq.app.media_session import MediaSession
from blinkq.app.screen_share import SHARE_NOTIFICATIONS, ScreenShare
from blinkq.app.share_bar import ShareBar
from blinkq.app.share_dialog import ShareDialog
from blinkq.app.widgets import fit_height
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.screens import ScreenError, Shareable

__all__ = ["ScreensShared"]


class ScreensShared(QObject):
    """Holds the shares. ``changed`` when there are more or fewer; ``told`` with a sentence about something that failed."""

    changed = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(self, media: DesktopMedia, bridge: NotificationBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bars: list[ShareBar] = []
        self.dialogs: list[ShareDialog] = []
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
            monitors, windows = self._media.monitors(), self._media.windows()
        except ScreenError as error:
            reject()
            self.told.emit(str(error))
            return
        dialog = ShareDialog(title, monitors, windows)
        self.dialogs.append(dialog)
        dialog.accepted.connect(lambda: accept(dialog.what, dialog.control))
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
        share = ScreenShare(self._bridge, link, stream, name, what, link)
        bar = ShareBar(share, len(self.bars))
        self.bars.append(bar)
        share.finished.connect(lambda: self._finished(bar))
        share.told.connect(self.told)
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
