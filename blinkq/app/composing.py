""" "Is typing", ours and the other side's, with the timers of RFC 3994."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

__all__ = ["IDLE_TIMEOUT", "REFRESH", "OwnComposing", "PeerComposing"]

#: seconds without a key after which we are idle (RFC 3994 §3.2)
IDLE_TIMEOUT = 15
#: seconds for which our "active" holds; it is repeated before they are over (RFC 3994 §3.3)
REFRESH = 60
_REPEAT = 50
#: however long the other side says that its "active" holds: we do not believe more seconds than these
_LONGEST = 300


class OwnComposing(QObject):
    """Tells the other side that we are typing.

    :param send: sends "active" with the seconds for which it holds, or "idle" with None
    """

    def __init__(self, send: Callable[[str, int | None], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._send = send
        self.active = False
        self.idle_timer, self.refresh_timer = QTimer(self), QTimer(self)
        self.idle_timer.setSingleShot(True)
        self.idle_timer.setInterval(IDLE_TIMEOUT * 1000)
        self.refresh_timer.setInterval(_REPEAT * 1000)
        self.idle_timer.timeout.connect(self.stopped)
        self.refresh_timer.timeout.connect(lambda: self._send("active", REFRESH))

    def typed(self) -> None:
        """A key was pressed."""
        self.idle_timer.start()
        if not self.active:
            self.active = True
            self.refresh_timer.start()
            self._send("active", REFRESH)

    def stopped(self) -> None:
        """Nothing was typed for a while, or all of it was removed."""
        if self.active:
            self.sent()
            self._send("idle", None)

    def sent(self) -> None:
        """The message went out, which says by itself that we are idle (RFC 3994 §3.2), or the chat has ended."""
        self.active = False
        self.idle_timer.stop()
        self.refresh_timer.stop()


class PeerComposing(QObject):
    """Whether the other side is typing. ``changed`` when that has."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.active = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self.stopped)

    def told(self, state: str, refresh: float) -> None:
        """An indication came: "active" for ``refresh`` seconds, or anything else."""
        if state != "active":
            self.stopped()
            return
        self.timer.start(int(min(max(refresh, 1.0), _LONGEST) * 1000))
        self._set(True)

    def stopped(self) -> None:
        """A message came, the time is over, or the chat has ended."""
        self.timer.stop()
        self._set(False)

    def _set(self, active: bool) -> None:
        if active != self.active:
            self.active = active
            self.changed.emit()
