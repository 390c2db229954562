"""A screen of ours while somebody else sees it: who, whether they may work on it, and the end.

What this is not: a widget (``share_bar`` and ``screen_border`` show it), or what begins and answers sessions (``desktops``).
"""

from __future__ import annotations

from typing import cast

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QGuiApplication

from blinkq.app.address import display_address
from blinkq.app.chat_entries import clean_line
from blinkq.app.desktop_media import DesktopStreamLike, ScreenHandlerLike
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.wording import explanation_text
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.screens import Place, ScreenFeed, Shareable, Window

__all__ = ["SHARE_NOTIFICATIONS", "ScreenShare"]

_CLIPBOARD, _PLACE = "ScreenServerHandlerGotClipboard", "ScreenServerHandlerPlaceDidChange"
_REFUSED = "ScreenServerHandlerControlDidFail"
SHARE_NOTIFICATIONS = (_CLIPBOARD, _PLACE, _REFUSED)


class ScreenShare(QObject):
    """One viewer of one of our screens, or windows. ``changed`` after anything shown has; ``finished`` once at the end; ``told`` with a
    sentence.

    ``what`` is shown; ``place``: where that is; ``reason``: why it failed, a sentence, "" when it ended as it should.
    """

    changed = pyqtSignal()
    finished = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(
        self, bridge: NotificationBridge, link: MediaSession, stream: DesktopStreamLike, name: str, what: Shareable,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.link = link
        self.who = clean_line(name)
        self.what = what
        self.place = Place(0, 0, 0, 0) if isinstance(what, ScreenFeed) else Place(what.left, what.top, what.width, what.height)
        self.reason = ""
        self._over = False
        self._bridge = bridge
        self._handler = cast(ScreenHandlerLike, stream.handler)
        self._echo: str | None = None
        bridge.listen(_CLIPBOARD, self._NH_ScreenServerHandlerGotClipboard, self._handler)
        bridge.listen(_REFUSED, self._NH_ScreenServerHandlerControlDidFail, self._handler)
        bridge.listen(_PLACE, self._NH_ScreenServerHandlerPlaceDidChange, self._handler)
        link.changed.connect(self.changed)
        link.finished.connect(self._link_finished)
        clipboard = QGuiApplication.clipboard()
        self._listening = clipboard is not None
        if clipboard is not None:
            clipboard.dataChanged.connect(self._tell_clipboard)

    @property
    def title(self) -> str:
        """The other party's name, or its address when it has none."""
        return self.who or display_address(self.link.uri)

    @property
    def window(self) -> str:
        """The title of the window that is shown, "" where a whole screen is."""
        match self.what:
            case Window():
                return clean_line(self.what.title or self.what.application) or "?"
            case ScreenFeed():
                return self.what.title
        return ""

    @property
    def operable(self) -> bool:
        """Whether control can be given at all."""
        return not isinstance(self.what, ScreenFeed)

    @property
    def seen(self) -> bool:
        """Whether the screen is seen now."""
        return self.link.stage is MediaStage.RUNNING and not self._over

    @property
    def control(self) -> bool:
        """Whether the viewer may use mouse and keyboard; takes effect at once."""
        return self._handler.control

    @control.setter
    def control(self, allowed: bool) -> None:
        if allowed != self._handler.control:
            self._handler.control = allowed
            self._echo = None
            self.changed.emit()

    def stop(self) -> None:
        """Show nothing any more, from now on: what the session still has to do does not matter to that."""
        self._handler.stop()
        self.link.end()
        self._finish()

    def forget(self) -> None:
        """Stop listening. Idempotent."""
        self._let_go()
        self.link.forget()

    def _link_finished(self) -> None:
        if self.link.trouble.endswith("."):  # what our own screen says of itself is a sentence
            self.reason = self.link.trouble
        elif self.link.explanation is not None:
            self.reason = explanation_text(self.link.explanation)
        self._finish()

    def _finish(self) -> None:
        if not self._over:
            self._over = True
            self._let_go()
            self.changed.emit()
            self.finished.emit()

    def _let_go(self) -> None:
        self._bridge.forget(_CLIPBOARD, self._NH_ScreenServerHandlerGotClipboard, self._handler)
        self._bridge.forget(_PLACE, self._NH_ScreenServerHandlerPlaceDidChange, self._handler)
        self._bridge.forget(_REFUSED, self._NH_ScreenServerHandlerControlDidFail, self._handler)
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self._listening:
            self._listening = False
            clipboard.dataChanged.disconnect(self._tell_clipboard)

    def _NH_ScreenServerHandlerGotClipboard(self, notification: Notification) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.seen and self.control:
            self._echo = notification.data.text
            clipboard.setText(notification.data.text)

    def _NH_ScreenServerHandlerControlDidFail(self, notification: Notification) -> None:
        self.changed.emit()  # the handler has taken it back
        self.told.emit(self.tr("%1 can only look. %2").replace("%1", self.title).replace("%2", notification.data.reason))

    def _NH_ScreenServerHandlerPlaceDidChange(self, notification: Notification) -> None:
        data = notification.data
        self.place = Place(data.left, data.top, data.width, data.height, data.shown)
        self.changed.emit()

    def _tell_clipboard(self) -> None:
        """What is copied is told to whoever works here, to nobody who only looks."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is None or not self.seen or not self.control:
            return
        text = clipboard.text()
        if text and text != self._echo:
            self._echo = text
            self._handler.cut_text(text)
