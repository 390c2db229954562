"""The tray icon: shows what goes on, and its menu answers, rejects, hangs up and mutes."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QMenu, QSystemTrayIcon

from blinkq.app.account_list import AccountList, RegistrationState
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.icons import tray_icon
from blinkq.app.middleware import Middleware
from blinkq.app.wording import stage_text

__all__ = ["Tray"]

#: the icon of a ringing call changes this often (ms)
BLINK_INTERVAL = 500
#: how long a notification stays where the desktop lets us say so (ms)
NOTIFICATION_TIME = 8_000


class Tray(QObject):
    """The icon in the system tray, and the desktop's notifications."""

    show_wanted = pyqtSignal()
    quit_wanted = pyqtSignal()
    mute_wanted = pyqtSignal(bool)
    chats_wanted = pyqtSignal()

    def __init__(self, middleware: Middleware, calls: CallList, accounts: AccountList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._calls = calls
        self._accounts = accounts
        self._blink = QTimer(self)
        self._blink.setInterval(BLINK_INTERVAL)
        self._blink.timeout.connect(self._toggle)
        self._bright = True
        self._icons: dict[str, QIcon] = {}
        self.icon_name = ""
        self.icon = QSystemTrayIcon(self)
        self.menu = QMenu()
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(lambda: self._notified())
        calls.changed.connect(self.refresh)
        calls.added.connect(self._call_added)
        accounts.changed.connect(self.refresh)
        self._known_menu: object = None
        self._notified: Callable[[], object] = self.show_wanted.emit
        #: messages that nobody has looked at
        self.unread: Callable[[], int] = lambda: 0
        self.refresh()

    @property
    def available(self) -> bool:
        """Whether the desktop has a tray, so that closing the window may leave BlinkQ running."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Show the icon (it appears when a tray does)."""
        self.icon.show()

    def close(self) -> None:
        """Take the icon away. Idempotent."""
        self._blink.stop()
        self.icon.hide()
        self.menu.clear()

    def notify(self, title: str, text: str, clicked: Callable[[], object] | None = None) -> None:
        """A desktop notification; a click on it does ``clicked``, or shows BlinkQ."""
        if self.icon.isVisible():
            self._notified = clicked or self.show_wanted.emit
            self.icon.showMessage(title, text, self._picture("blinkq"), NOTIFICATION_TIME)

    def refresh(self) -> None:
        """Show calls, accounts and the microphone as they are now."""
        ringing = bool(self._calls.incoming)
        if ringing != self._blink.isActive():
            self._bright = True
            self._blink.start() if ringing else self._blink.stop()
        self._show_icon(ringing)
        self.icon.setToolTip(self._tool_tip())
        self._fill_menu()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _toggle(self) -> None:
        self._bright = not self._bright
        self._show_icon(True)

    def _show_icon(self, ringing: bool) -> None:
        talking = any(not call.over for call in self._calls.calls)
        registered = any(row.state is RegistrationState.REGISTERED for row in self._accounts.rows)
        if ringing:
            name = "tray-ringing" if self._bright else "tray-idle"
        elif talking:
            name = "tray-muted" if self._middleware.muted() else "tray-call"
        elif self.unread():
            name = "tray-message"
        else:
            name = "tray-idle" if registered or not self._accounts.rows else "tray-offline"
        if name != self.icon_name:
            self.icon_name = name
            self.icon.setIcon(self._picture(name))

    def _picture(self, name: str) -> QIcon:
        if name not in self._icons:
            self._icons[name] = tray_icon(name)
        return self._icons[name]

    def _tool_tip(self) -> str:
        lines = [f"{call.title} – {stage_text(call)}" for call in self._calls.live]
        if not lines:
            lines = [f"{row.account.id} – {row.status()}" for row in self._accounts.rows]
        unread = self.unread()
        if unread:
            lines.append(self.tr("one unread message") if unread == 1 else self.tr("%1 unread messages").replace("%1", str(unread)))
        return "\n".join(["BlinkQ", *lines])

    def _fill_menu(self) -> None:
        live = [(call, call.stage, call.title) for call in self._calls.live]
        unread = bool(self.unread())
        state = (live, self._middleware.muted(), unread)
        if state == self._known_menu:
            return  # an open menu must not be rebuilt under the pointer without need
        self._known_menu = state
        menu = self.menu
        menu.clear()
        self._add(self.tr("Show BlinkQ"), lambda: self.show_wanted.emit())
        if unread:
            self._add(self.tr("Show the chats"), lambda: self.chats_wanted.emit())
        for call in self._calls.live:
            menu.addSeparator()
            title = call.title.replace("&", "&&")
            if call.stage is CallStage.INCOMING:
                self._add(self.tr("Answer %1").replace("%1", title), call.answer)
                self._add(self.tr("Reject %1").replace("%1", title), call.reject)
            else:
                self._add(self.tr("Hang up %1").replace("%1", title), call.hang_up)
        menu.addSeparator()
        mute = menu.addAction(self.tr("Mute microphone"))
        if mute is not None:
            mute.setCheckable(True)
            mute.setChecked(self._middleware.muted())
            mute.triggered.connect(self.mute_wanted)
        menu.addSeparator()
        self._add(self.tr("Quit"), lambda: self.quit_wanted.emit())

    def _add(self, text: str, slot: Callable[[], None]) -> None:
        action = self.menu.addAction(text)
        if action is not None:
            action.triggered.connect(lambda _checked: slot())

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.show_wanted.emit()

    def _call_added(self, call: Call) -> None:
        if call.incoming and call.asks:
            account = self.tr("for %1").replace("%1", call.account.id) if call.account is not None else ""
            address = call.peer if call.name else ""
            self.notify(self.tr("Incoming call: %1").replace("%1", call.title), "\n".join(line for line in (address, account) if line))
