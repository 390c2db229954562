"""Troubles of the middleware that concern no single call, as sentences in the main window."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Notices"]

_NOTIFICATIONS = (
    "CFGManagerLoadFailed", "CFGManagerSaveFailed", "AudioDeviceDidFail", "MediaProcessDidDie", "MediaProcessDidRevive",
    "MediaProcessDidFail", "SIPApplicationFailedToStartTLS", "SIPApplicationGotFatalError", "SIPEngineDidFail",
)  # fmt: skip


class Notices(QObject):
    """Listens for troubles and gives ``show`` a sentence that says what happened and what to do (or nothing: it is over)."""

    def __init__(self, bridge: NotificationBridge, show: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._show = show
        for name in _NOTIFICATIONS:
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    def _NH_CFGManagerLoadFailed(self, notification: Notification) -> None:
        data = notification.data
        kept_as = getattr(data, "kept_as", None)
        if kept_as:
            text = self.tr("The settings file is damaged (%1). It is kept as %2; what can be read of it is in force.")
            self._show(text.replace("%1", str(data.error)).replace("%2", str(kept_as)))
        elif data.attribute is None:
            self._show(self.tr("Settings: %1.").replace("%1", str(data.error)))
        else:
            text = self.tr("The setting %1 is not usable (%2); its default is in force.")
            self._show(text.replace("%1", str(data.attribute)).replace("%2", str(data.error)))

    def _NH_CFGManagerSaveFailed(self, notification: Notification) -> None:
        text = self.tr("The settings could not be saved (%1). They are in force until BlinkQ ends. Check the free space of the disk.")
        self._show(text.replace("%1", str(notification.data.exception)))

    def _NH_AudioDeviceDidFail(self, notification: Notification) -> None:
        text = self.tr("Sound: %1 Choose another device in the Devices menu.")
        self._show(text.replace("%1", f"{notification.data.error}.".replace("..", ".")))

    def _NH_MediaProcessDidDie(self, _notification: Notification) -> None:
        self._show(self.tr("The sound was interrupted; it is being restarted."))

    def _NH_MediaProcessDidRevive(self, notification: Notification) -> None:
        self._show(" ".join(str(failure) for failure in notification.data.failures))

    def _NH_MediaProcessDidFail(self, _notification: Notification) -> None:
        self._show(self.tr("There is no sound any more: its process keeps failing. Quit and start BlinkQ again."))

    def _NH_SIPApplicationFailedToStartTLS(self, notification: Notification) -> None:
        text = self.tr("Encrypted connections (TLS) are not available: %1")
        self._show(text.replace("%1", str(notification.data.error)))

    def _NH_SIPEngineDidFail(self, notification: Notification) -> None:
        self._show(self.tr("BlinkQ cannot make calls: %1").replace("%1", str(notification.data.error)))

    def _NH_SIPApplicationGotFatalError(self, notification: Notification) -> None:
        text = self.tr("The telephone part of BlinkQ has failed (%1). Quit and start BlinkQ again.")
        self._show(text.replace("%1", str(notification.data.value)))
