"""Another party's desktop while it is looked at: connecting, waiting for the picture, shown, over and why; what is pressed goes there.

What this is not: a widget (``desktop_view`` paints it), or what begins and answers sessions (``desktops``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

from PyQt6.QtCore import QObject, QRect, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.chat_entries import clean_line
from blinkq.app.desktop_media import DesktopStreamLike, ViewHandlerLike
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.wording import explanation_text
from blinkq.base.clock import Clock
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.rfb.framebuffer import Framebuffer
from blinkq.rfb.messages import ClipboardReceived, Connected, CursorChanged, Failed, PasswordWanted, Resized, Transmit, Updated
from blinkq.rfb.viewer import ViewerCore

__all__ = ["DESKTOP_NOTIFICATIONS", "DesktopViewer", "ViewStage"]

#: how good JPEG shall be while something moves (0 to 9); what stands still is sent again without loss
_QUALITY = 8
_DATA = "DesktopSharingStreamGotData"
DESKTOP_NOTIFICATIONS = (_DATA,)


class ViewStage(StrEnum):
    """Where it is in its life."""

    CONNECTING = "connecting"
    WAITING = "waiting"
    SHOWN = "shown"
    OVER = "over"


class DesktopViewer(QObject):
    """One desktop. ``changed`` after stage or name have; ``resized`` when ``screen`` is another; ``damaged`` with what was drawn anew;
    ``cursor_changed`` with a CursorChanged; ``clipboard_received`` with a text; ``password_wanted``; ``finished`` once at the end.

    ``reason``: why it is over, a sentence. ``controlling``: whether keys, pointer and clipboard go there.
    """

    changed = pyqtSignal()
    resized = pyqtSignal()
    damaged = pyqtSignal(QRect)
    cursor_changed = pyqtSignal(object)
    clipboard_received = pyqtSignal(str)
    password_wanted = pyqtSignal()
    finished = pyqtSignal()

    def __init__(
        self, bridge: NotificationBridge, clock: Clock, link: MediaSession, stream: DesktopStreamLike, name: str,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.link = link
        self.who = clean_line(name)
        self.stage = ViewStage.CONNECTING
        self.reason = ""
        self.failed = False
        self._bridge = bridge
        self._clock = clock
        self._handler = cast(ViewHandlerLike, stream.handler)
        self._handler.flow_control = True  # a desktop that sends more than can be shown has to wait
        self._core = ViewerCore(quality=_QUALITY)
        self._core.view_only = True
        self._trouble = ""
        self._controlling = False
        bridge.listen(_DATA, self._NH_DesktopSharingStreamGotData, self._handler)
        link.changed.connect(self._link_changed)
        link.finished.connect(self._link_finished)
        self._link_changed()

    # what is shown ---------------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The other party's name, or its address when it has none."""
        return self.who or display_address(self.link.uri)

    @property
    def over(self) -> bool:
        return self.stage is ViewStage.OVER

    @property
    def screen(self) -> Framebuffer | None:
        """The picture; None before the first one."""
        return self._core.screen

    @property
    def desktop_name(self) -> str:
        """What the other side calls its desktop."""
        return clean_line(self._core.name)

    @property
    def controlling(self) -> bool:
        return self._controlling

    @controlling.setter
    def controlling(self, controlling: bool) -> None:
        if controlling != self._controlling:
            self._controlling = controlling
            self._core.view_only = not controlling
            self.changed.emit()

    # commands --------------------------------------------------------------------------------------------------------------------

    def key(self, keysym: int, pressed: bool) -> None:
        """Press or release a key over there, when controlling."""
        if self._controlling:
            self._core.key(keysym, pressed, self._now)
            self._drain()

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move the pointer over there, when controlling; buttons: see PointerReceived."""
        if self._controlling:
            self._core.pointer(x, y, buttons, self._now)
            self._drain()

    def cut_text(self, text: str) -> None:
        """Our clipboard has this text; told when controlling."""
        if self._controlling:
            self._core.cut_text(text, self._now)
            self._drain()

    def pause(self, paused: bool) -> None:
        """Nobody can see the picture: do without new ones for a while."""
        self._core.pause(paused, self._now)
        self._drain()

    def password(self, password: str) -> None:
        """Answer ``password_wanted``."""
        if not self.over:
            self._core.password(password, self._now)
            self._drain()

    def end(self) -> None:
        """Look no more."""
        self.link.end()

    def forget(self) -> None:
        """Stop listening. Idempotent."""
        self._bridge.forget(_DATA, self._NH_DesktopSharingStreamGotData, self._handler)
        self.link.forget()

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _NH_DesktopSharingStreamGotData(self, notification: Notification) -> None:
        data = notification.data.data
        self._handler.data_used(len(data))
        if not self.over:
            self._core.receive_data(data, self._now)
            self._drain()

    def _link_changed(self) -> None:
        if self.link.stage is MediaStage.RUNNING and self.stage is ViewStage.CONNECTING:
            self.stage = ViewStage.WAITING
        self.changed.emit()

    def _link_finished(self) -> None:
        if self.over:
            return
        link = self.link
        self.failed = bool(self._trouble) or link.explanation is not None
        if self._trouble:
            self.reason = self._trouble
        elif link.explanation is not None:
            self.reason = explanation_text(link.explanation)
        elif link.ended_by_peer:
            self.reason = self.tr("%1 has ended it.").replace("%1", self.title)
        else:
            self.reason = self.tr("You have ended it.")
        self.stage = ViewStage.OVER
        self._controlling = False
        self.forget()
        self.changed.emit()
        self.finished.emit()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return self._clock.monotonic()

    def _drain(self) -> None:
        for output in self._core.drain():
            self._handle(output)

    def _handle(self, output: Any) -> None:
        if isinstance(output, Transmit):
            self._handler.send(output.data)
        elif isinstance(output, Connected | Resized):
            self.resized.emit()
        elif isinstance(output, Updated):
            for area in output.areas:
                self.damaged.emit(QRect(area.x, area.y, area.width, area.height))
            if self.stage in (ViewStage.CONNECTING, ViewStage.WAITING):
                self.stage = ViewStage.SHOWN
                self.changed.emit()
        elif isinstance(output, CursorChanged):
            self.cursor_changed.emit(output)
        elif isinstance(output, ClipboardReceived):
            if self._controlling:
                self.clipboard_received.emit(output.text)
        elif isinstance(output, PasswordWanted):
            self.password_wanted.emit()
        elif isinstance(output, Failed):
            self._trouble = self.tr("The desktop cannot be shown: %1.").replace("%1", clean_line(output.reason).rstrip("."))
            self.link.end()
