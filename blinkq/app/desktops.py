"""All shared desktops: begins the sessions, in which one side looks and the other shows, and holds the windows of all."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from blinkq.app.address import dial_uri, display_address
from blinkq.app.call import Call, CallStage
from blinkq.app.desktop_media import DesktopMedia, DesktopStreamLike
from blinkq.app.desktop_viewer import DESKTOP_NOTIFICATIONS, DesktopViewer
from blinkq.app.desktop_window import DesktopWindow
from blinkq.app.media_session import MEDIA_NOTIFICATIONS, MediaSession, MediaStage
from blinkq.app.middleware import AccountLike, Middleware, SessionLike
from blinkq.app.screens_shared import ScreensShared
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.screens import Shareable

__all__ = ["DesktopError", "Desktops"]

log = get_logger("app.desktops")


class DesktopError(Exception):
    """A desktop cannot be shared now; the message is a sentence for people."""


class Desktops(QObject):
    """Holds the windows of the desktops that we look at, and the screens of ours that others see (``shared``).
    ``changed`` when there are more or fewer windows, or something in them has."""

    changed = pyqtSignal()

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, settings: QSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.windows: list[DesktopWindow] = []
        #: the name that the user gave to whoever has an address, "" for somebody unknown
        self.name_of: Callable[[str], str] = lambda _uri: ""
        self._middleware = middleware
        self._media: DesktopMedia = middleware.desktop
        self._bridge = bridge
        self._clock = clock
        self._settings = settings
        self.shared = ScreensShared(self._media, bridge, self)
        bridge.carry(*MEDIA_NOTIFICATIONS, *DESKTOP_NOTIFICATIONS)

    # commands --------------------------------------------------------------------------------------------------------------------

    def view(self, text: str, account: AccountLike | None, name: str = "") -> DesktopViewer:
        """Ask somebody to show a screen. Raises AddressError, DesktopError."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        session, stream = self._begin(account, self._media.new_view)
        link = self._link(session, stream, uri, MediaStage.LOOKING_UP)
        viewer = self._show(link, stream, name or self.name_of(uri), lambda: self.view(uri, account, name))
        link.dial(account, name)
        return viewer

    def view_in_call(self, call: Call) -> DesktopViewer | None:
        """Ask the other party of a call to show a screen; None when the call does not run."""
        if call.stage is not CallStage.TALKING:
            return None
        stream = self._media.new_view(call.session.account)
        link = self._link(call.session, stream, call.uri, MediaStage.CALLING)
        viewer = self._show(link, stream, call.name, lambda: self.view_in_call(call) or self.view(call.uri, call.account, call.name))
        link.propose()
        return viewer

    def share(self, text: str, account: AccountLike | None, name: str = "") -> None:
        """Ask which screen, then show it to somebody. Raises AddressError."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        name = name or self.name_of(uri)

        def accept(what: Shareable, control: bool) -> None:
            try:
                session, stream = self._begin(account, lambda own: self._media.new_share(own, what, control))
            except DesktopError as error:
                self.shared.told.emit(str(error))
                return
            link = self._link(session, stream, uri, MediaStage.LOOKING_UP)
            self.shared.show(link, stream, name, what)
            link.dial(account, name)

        self.shared.choose(name or display_address(uri), accept, lambda: None)

    def share_in_call(self, call: Call) -> None:
        """Ask which screen, then show it to the other party of a call."""

        def accept(what: Shareable, control: bool) -> None:
            if call.stage is CallStage.TALKING:
                stream = self._media.new_share(call.session.account, what, control)
                link = self._link(call.session, stream, call.uri, MediaStage.CALLING)
                self.shared.show(link, stream, call.name, what)
                link.propose()

        self.shared.choose(call.title, accept, lambda: None)

    def close(self) -> None:
        """Give everything back. Idempotent."""
        self.shared.close()
        for window in list(self.windows):
            window.viewer.forget()
            window.hide()
            window.deleteLater()
        self.windows.clear()

    # what others begin -----------------------------------------------------------------------------------------------------------

    def look(self, link: MediaSession, stream: DesktopStreamLike, name: str) -> DesktopViewer:
        """Open a window for a screen that somebody shows, since a person has agreed to look."""
        return self._show(link, stream, name)

    def show(self, link: MediaSession, stream: DesktopStreamLike, name: str, what: Shareable, control: bool) -> None:
        """Show a screen of ours to somebody who has asked for it, since a person has agreed."""
        self._media.share_on(stream, what, control)
        self.shared.show(link, stream, name, what)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _begin(
        self, account: AccountLike | None, make: Callable[[AccountLike], DesktopStreamLike]
    ) -> tuple[SessionLike, DesktopStreamLike]:
        try:
            session = self._middleware.new_session(account)
            return session, make(session.account)
        except (BlinkQError, ValueError) as error:
            log.warning("no desktop is possible: %s", error)
            raise DesktopError(self.tr("BlinkQ cannot share screens at the moment. Wait until it has started, then try again.")) from None

    def _link(self, session: SessionLike, stream: DesktopStreamLike, uri: str, stage: MediaStage) -> MediaSession:
        in_call = stage in (MediaStage.CALLING, MediaStage.RUNNING)
        return MediaSession(self._middleware, self._bridge, session, stream, uri, stage, self, part_of_call=in_call)

    def _show(
        self, link: MediaSession, stream: DesktopStreamLike, name: str, again: Callable[[], object] | None = None
    ) -> DesktopViewer:
        viewer = DesktopViewer(self._bridge, self._clock, link, stream, name, link)
        window = DesktopWindow(viewer, self._settings)
        window.closed.connect(lambda: self._closed(window))
        viewer.changed.connect(self.changed)
        window.repeatable = again is not None
        if again is not None:
            window.again_wanted.connect(lambda: self._repeat(window, again))
        self.windows.append(window)
        window.come_to_front()
        self.changed.emit()
        return viewer

    def _repeat(self, window: DesktopWindow, again: Callable[[], object]) -> None:
        window.close()
        try:
            again()
        except DesktopError as error:
            self.shared.told.emit(str(error))

    def _closed(self, window: DesktopWindow) -> None:
        if window in self.windows:
            self.windows.remove(window)
            window.deleteLater()
            viewer = window.viewer
            if viewer.over:
                viewer.link.deleteLater()  # and with it the viewer and its picture
            else:
                viewer.finished.connect(viewer.link.deleteLater)
            self.changed.emit()
