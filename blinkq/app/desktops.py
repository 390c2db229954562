"""All shared desktops: begins and answers the sessions, in which one side looks and the other shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from blinkq.app.address import dial_uri, display_address
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.chat_entries import clean_line
from blinkq.app.chat_list import MAX_ASKING, Asker
from blinkq.app.desktop_media import DesktopMedia, DesktopStreamLike, is_view
from blinkq.app.desktop_viewer import DESKTOP_NOTIFICATIONS, DesktopViewer
from blinkq.app.desktop_window import DesktopWindow
from blinkq.app.media_session import MEDIA_NOTIFICATIONS, MediaSession, MediaStage
from blinkq.app.middleware import AccountLike, Middleware, SessionLike
from blinkq.app.peer_request import Decision, PeerRequest
from blinkq.app.screens_shared import ScreensShared
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.screens import Monitor

__all__ = ["DesktopError", "Desktops"]

log = get_logger("app.desktops")

_BUSY_HERE = 486
_NOT_ACCEPTABLE_HERE = 488
_TYPE = "desktop-sharing"
_PROPOSAL, _REJECTED = "SIPSessionGotProposal", "SIPSessionGotRejectProposal"


class DesktopError(Exception):
    """A desktop cannot be shared now; the message is a sentence for people."""


class Desktops(QObject):
    """Holds the windows of the desktops that we look at, and the screens of ours that others see (``shared``). ``asked`` with a question
    for a person; ``changed`` when there are more or fewer windows."""

    asked = pyqtSignal(PeerRequest)
    changed = pyqtSignal()

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, calls: CallList, settings: QSettings,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.windows: list[DesktopWindow] = []
        #: the name that the user gave to whoever has an address, "" for somebody unknown
        self.name_of: Callable[[str], str] = lambda _uri: ""
        self._middleware = middleware
        self._media: DesktopMedia = middleware.desktop
        self._bridge = bridge
        self._clock = clock
        self._settings = settings
        self._asking = 0
        self.shared = ScreensShared(self._media, bridge, self)
        others = calls.answers_without_sound
        calls.answers_without_sound = lambda session: self._take(session) or others(session)
        self._calls = calls
        bridge.listen(_PROPOSAL, self._NH_SIPSessionGotProposal)
        bridge.listen(_REJECTED, self._NH_SIPSessionGotRejectProposal)
        self._proposed: dict[int, PeerRequest] = {}
        bridge.carry(*MEDIA_NOTIFICATIONS, *DESKTOP_NOTIFICATIONS)

    # commands --------------------------------------------------------------------------------------------------------------------

    def view(self, text: str, account: AccountLike | None, name: str = "") -> DesktopViewer:
        """Ask somebody to show a screen. Raises AddressError, DesktopError."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        session, stream = self._begin(account, self._media.new_view)
        link = self._link(session, stream, uri, MediaStage.LOOKING_UP)
        viewer = self._show(link, stream, name or self.name_of(uri))
        link.dial(account, name)
        return viewer

    def view_in_call(self, call: Call) -> DesktopViewer | None:
        """Ask the other party of a call to show a screen; None when the call does not run."""
        if call.stage is not CallStage.TALKING:
            return None
        stream = self._media.new_view(call.session.account)
        link = self._link(call.session, stream, call.uri, MediaStage.CALLING)
        viewer = self._show(link, stream, call.name)
        link.propose()
        return viewer

    def share(self, text: str, account: AccountLike | None, name: str = "") -> None:
        """Ask which screen, then show it to somebody. Raises AddressError."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        name = name or self.name_of(uri)

        def accept(monitor: Monitor, control: bool) -> None:
            try:
                session, stream = self._begin(account, lambda own: self._media.new_share(own, monitor.number, control))
            except DesktopError as error:
                self.shared.told.emit(str(error))
                return
            link = self._link(session, stream, uri, MediaStage.LOOKING_UP)
            self.shared.show(link, stream, name, monitor)
            link.dial(account, name)

        self.shared.choose(name or display_address(uri), accept, lambda: None)

    def share_in_call(self, call: Call) -> None:
        """Ask which screen, then show it to the other party of a call."""

        def accept(monitor: Monitor, control: bool) -> None:
            if call.stage is CallStage.TALKING:
                stream = self._media.new_share(call.session.account, monitor.number, control)
                link = self._link(call.session, stream, call.uri, MediaStage.CALLING)
                self.shared.show(link, stream, call.name, monitor)
                link.propose()

        self.shared.choose(call.title, accept, lambda: None)

    def close(self) -> None:
        """Give everything back. Idempotent."""
        self._bridge.forget(_PROPOSAL, self._NH_SIPSessionGotProposal)
        self._bridge.forget(_REJECTED, self._NH_SIPSessionGotRejectProposal)
        self.shared.close()
        for window in list(self.windows):
            window.viewer.forget()
            window.hide()
            window.deleteLater()
        self.windows.clear()

    # what others begin -----------------------------------------------------------------------------------------------------------

    def _take(self, session: SessionLike) -> bool:
        """Somebody begins a session about a desktop alone: ask a person."""
        found = next((stream for stream in session.proposed_streams or () if stream.type == _TYPE), None)
        if found is None:
            return False
        stream = cast(DesktopStreamLike, found)
        if session.state != "incoming":  # it may have been given up while the notification travelled
            return True
        if self._asking >= MAX_ASKING:
            session.reject(_BUSY_HERE)
            return True
        identity = session.remote_identity
        uri = str(identity.uri) if identity is not None else ""
        name = self.name_of(uri) or clean_line((identity.display_name if identity is not None else "") or "")
        link = self._link(session, stream, uri, MediaStage.INCOMING)
        self._asking += 1

        shown = display_address(uri)

        def look() -> None:
            self._show(link, stream, name)
            link.accept()

        def show(monitor: Monitor, control: bool) -> None:
            if link.stage is MediaStage.INCOMING:
                self._media.share_on(stream, monitor.number, control)
                self.shared.show(link, stream, name, monitor)
                link.accept()

        def choose() -> None:
            self._choose_for(link, name or shown, show, link.reject)

        def closed() -> None:
            self._asking -= 1
            request.deleteLater()

        session.send_ring_indication()
        who = f"({shown}) " if name and name != shown else ""
        request = PeerRequest(
            Asker(link, name or shown), *self._question(stream, who), Decision(look if is_view(stream) else choose, link.reject), self,
            during_call=False,
        )  # fmt: skip
        request.closed.connect(closed)
        self.asked.emit(request)
        return True

    def _NH_SIPSessionGotProposal(self, notification: Notification) -> None:
        """The other party of a call wants to add a desktop: ask a person."""
        session, proposed = notification.sender, notification.data.proposed_streams
        call = next((call for call in self._calls.live if call.session is session), None)
        wanted = call is not None and notification.data.originator == "remote" and session.state == "received_proposal"
        if call is None or not wanted or [stream.type for stream in proposed] != [_TYPE]:
            return
        stream: DesktopStreamLike = proposed[0]
        link = self._link(session, stream, call.uri, MediaStage.CALLING)

        def look() -> None:
            self._show(link, stream, call.name)
            session.accept_proposal([stream])

        def show(monitor: Monitor, control: bool) -> None:
            if session.state == "received_proposal":
                self._media.share_on(stream, monitor.number, control)
                self.shared.show(link, stream, call.name, monitor)
                session.accept_proposal([stream])

        def reject() -> None:
            if session.state == "received_proposal":
                session.reject_proposal(_NOT_ACCEPTABLE_HERE)

        def choose() -> None:
            self._choose_for(link, call.title, show, reject)

        request = PeerRequest(call, *self._question(stream), Decision(look if is_view(stream) else choose, reject), self)
        self._proposed[id(session)] = request
        request.closed.connect(lambda: self._answered(session, request))
        self.asked.emit(request)

    def _NH_SIPSessionGotRejectProposal(self, notification: Notification) -> None:
        request = self._proposed.get(id(notification.sender))
        if request is not None and notification.data.originator == "remote":
            request.close()  # taken back

    def _answered(self, session: SessionLike, request: PeerRequest) -> None:
        if self._proposed.get(id(session)) is request:
            del self._proposed[id(session)]
        request.deleteLater()

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

    def _question(self, stream: DesktopStreamLike, who: str = "") -> tuple[str, str, str]:
        """Heading, text and picture."""
        if is_view(stream):
            return self.tr("Look at a screen?"), who + self.tr("wants to show you a screen."), "screen"
        return self.tr("Show your screen?"), who + self.tr("wants to see your screen."), "screen-share"

    def _choose_for(self, link: MediaSession, title: str, show: Callable[[Monitor, bool], None], reject: Callable[[], None]) -> None:
        """Ask which screen, unless the other party gives up meanwhile."""
        before = len(self.shared.dialogs)
        self.shared.choose(title, show, reject)
        for dialog in self.shared.dialogs[before:]:
            link.finished.connect(dialog.reject)

    def _link(self, session: SessionLike, stream: DesktopStreamLike, uri: str, stage: MediaStage) -> MediaSession:
        in_call = stage in (MediaStage.CALLING, MediaStage.RUNNING)
        return MediaSession(self._middleware, self._bridge, session, stream, uri, stage, self, part_of_call=in_call)

    def _show(self, link: MediaSession, stream: DesktopStreamLike, name: str) -> DesktopViewer:
        viewer = DesktopViewer(self._bridge, self._clock, link, stream, name, link)
        window = DesktopWindow(viewer, self._settings)
        window.closed.connect(lambda: self._closed(window))
        self.windows.append(window)
        window.come_to_front()
        self.changed.emit()
        return viewer

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
