"""The Devices menu: microphone, loudspeaker and ringing device, live."""

from __future__ import annotations

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMenu

from blinkq.app.middleware import DeviceKind, Middleware
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["DeviceMenu"]

_SYSTEM_DEFAULT = "system_default"


class DeviceMenu(QObject):
    """Fills one submenu for each kind of device and keeps them true while devices come and go."""

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, menus: dict[DeviceKind, QMenu], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._menus = menus
        self._groups: dict[DeviceKind, QActionGroup] = {}
        middleware.watch_devices(self.refill)
        for name in ("SIPApplicationDidStart", "CFGSettingsObjectDidChange"):
            bridge.listen(name, self._changed)
        self.refill()

    def refill(self) -> None:
        """Fill the submenus again."""
        for kind, menu in self._menus.items():
            self._fill(kind, menu)

    def _changed(self, _notification: Notification) -> None:
        self.refill()

    def _fill(self, kind: DeviceKind, menu: QMenu) -> None:
        chosen = self._middleware.device(kind)
        entries: list[tuple[str | None, str]] = [(_SYSTEM_DEFAULT, self.tr("System default"))]
        names = self._middleware.devices(kind)
        entries += [(name, name.replace("&", "&&")) for name in names]
        if chosen not in (None, _SYSTEM_DEFAULT, *names):
            # a device that was pulled out stays chosen: it is used again when it returns
            entries.append((chosen, self.tr("%1 (not connected)").replace("%1", str(chosen).replace("&", "&&"))))
        entries.append((None, self.tr("None")))
        menu.clear()
        if kind in self._groups:
            self._groups[kind].deleteLater()
        self._groups[kind] = group = QActionGroup(self)
        for value, text in entries:
            action = QAction(text, menu)
            action.setCheckable(True)
            action.setChecked(value == chosen)
            action.triggered.connect(lambda _checked, kind=kind, value=value: self._middleware.set_device(kind, value))
            group.addAction(action)
            menu.addAction(action)
            if value == _SYSTEM_DEFAULT or value == entries[-2][0]:
                menu.addSeparator()
