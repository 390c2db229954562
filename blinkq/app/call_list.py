"""All calls in progress: makes them, keeps one of them active, and writes each into the history when it is over."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import dial_uri
from blinkq.app.call import CALL_NOTIFICATIONS, Call, CallStage
from blinkq.app.history import CallRecord, History
from blinkq.app.middleware import AccountLike, Middleware, SessionLike
from blinkq.base.clock import Clock
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["CallList"]

_NOT_ACCEPTABLE_HERE = 488


class CallList(QObject):
    """The calls in progress. ``changed`` when any of them, or their number, has changed."""

    added = pyqtSignal(Call)
    removed = pyqtSignal(Call)
    changed = pyqtSignal()
    recorded = pyqtSignal()

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, history: History, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.calls: list[Call] = []
        self.history = history
        self._middleware = middleware
        self._bridge = bridge
        self._clock = clock
        bridge.carry(*CALL_NOTIFICATIONS)
        bridge.listen("SIPSessionNewIncoming", self._NH_SIPSessionNewIncoming)

    @property
    def incoming(self) -> list[Call]:
        """Calls that ring here."""
        return [call for call in self.calls if call.stage is CallStage.INCOMING]

    @property
    def live(self) -> list[Call]:
        """Calls that are not over (those that are over may still be shown)."""
        return [call for call in self.calls if not call.over]

    @property
    def active(self) -> Call | None:
        """The call that keys and menu commands mean: the one talking and not on hold, else the latest that is not over."""
        talking = [call for call in self.calls if call.stage is CallStage.TALKING and not call.held_here]
        live = [call for call in self.live if call.stage is not CallStage.INCOMING]
        return talking[-1] if talking else live[-1] if live else None

    def place(self, text: str, account: AccountLike | None, name: str = "") -> Call:
        """Call what was typed. Raises AddressError when it is no address."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        call = Call(self._middleware, self._bridge, self._clock, self._middleware.new_session(account), uri, name, account, False, self)
        self._hold_others(call)
        self._add(call)
        call.dial()
        return call

    def activate(self, call: Call) -> None:
        """Talk to ``call``: take it from hold and put the others on hold."""
        self._hold_others(call)
        call.set_hold(False)

    def dismiss(self, call: Call) -> None:
        """Take a call that is over out of the list."""
        if call.over and call in self.calls:
            self.calls.remove(call)
            self.removed.emit(call)
            self.changed.emit()
            call.deleteLater()

    def close(self) -> None:
        """Stop listening. Idempotent."""
        self._bridge.forget("SIPSessionNewIncoming", self._NH_SIPSessionNewIncoming)
        for call in self.calls:
            call.forget()

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        session: SessionLike = notification.sender
        if not any(stream.type == "audio" for stream in notification.data.streams):
            session.reject(_NOT_ACCEPTABLE_HERE)
            return
        identity = session.remote_identity
        uri = str(identity.uri) if identity is not None else ""
        name = (identity.display_name or "") if identity is not None else ""
        call = Call(self._middleware, self._bridge, self._clock, session, uri, name, session.account, True, self)
        self._add(call)
        if session.state == "incoming":  # the caller may have given up while the notification travelled
            call.ring()

    def _add(self, call: Call) -> None:
        self.calls.append(call)
        call.changed.connect(self.changed)
        call.talking.connect(lambda: self._hold_others(call))
        call.finished.connect(lambda: self._finished(call))
        self.added.emit(call)
        self.changed.emit()

    def _hold_others(self, call: Call) -> None:
        for other in self.calls:
            if other is not call:
                other.set_hold(True)

    def _finished(self, call: Call) -> None:
        explanation = call.explanation
        self.history.add(
            CallRecord(
                started=call.started, account=call.account.id if call.account is not None else "",
                direction="incoming" if call.incoming else "outgoing", uri=call.uri, name=call.name, duration=call.duration,
                outcome=call.outcome, code=explanation.code if explanation else 0, reason=explanation.reason if explanation else "",
            )
        )  # fmt: skip
        self.recorded.emit()
