"""A change of a standing call's media that may have to wait: only one is under way at a time, ours or the other side's."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer

from blinkq.app.middleware import SessionLike
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger

__all__ = ["CallChange"]

log = get_logger("app.call_change")

#: how long until it is tried again (ms): the end of what the other side changes is not always told
_AGAIN = 200
#: states of a session in which nothing can be changed any more
_GONE = ("terminating", "terminated")


class CallChange(QObject):
    """Makes ``change`` at once or as soon as the session can be changed, unless the session ends before. ``made`` once it was."""

    def __init__(self, session: SessionLike, change: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.made = False
        self._session = session
        self._change = change
        self._timer = QTimer(self)
        self._timer.setInterval(_AGAIN)
        self._timer.timeout.connect(self._try)
        self._try()

    def _try(self) -> None:
        try:
            self._change()
        except (BlinkQError, RuntimeError) as error:
            if self._session.state not in _GONE:
                log.debug("the call cannot be changed yet: %s", error)
                self._timer.start()
                return
        else:
            self.made = True
        self._timer.stop()
        self.deleteLater()
