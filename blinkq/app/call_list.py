"""All calls in progress: makes them, keeps one of them active, joins them, and writes each into the history when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import dial_uri
from blinkq.app.call import CALL_NOTIFICATIONS, Call, CallStage
from blinkq.app.conference import Conference
from blinkq.app.history import CallRecord, History
from blinkq.app.middleware import AccountLike, Middleware, SessionLike, StreamLike
from blinkq.base.clock import Clock
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["CallList", "Line"]

#: what can be talked to or put on hold as one
Line = Call | Conference

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
        #: the name that the user gave to whoever has an address, "" for somebody unknown
        self.name_of: Callable[[str], str] = lambda _uri: ""
        #: who takes sessions in which nobody wants to talk; False for those that nobody takes
        self.answers_without_sound: Callable[[SessionLike], bool] = lambda _session: False
        self.conference = Conference(middleware, self)
        self.conference.changed.connect(self.changed)
        self._middleware = middleware
        self._bridge = bridge
        self._clock = clock
        bridge.carry(*CALL_NOTIFICATIONS)
        for name in _NOTIFICATIONS:
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    @property
    def incoming(self) -> list[Call]:
        """Calls that ring here, to be answered by a person."""
        return [call for call in self.calls if call.stage is CallStage.INCOMING and call.asks]

    @property
    def live(self) -> list[Call]:
        """Calls that are not over (those that are over may still be shown)."""
        return [call for call in self.calls if not call.over]

    @property
    def lines(self) -> list[Line]:
        """What can be talked to: answered calls, with the conference in place of the calls that take part in it."""
        alone: list[Line] = [call for call in self.calls if call.stage is CallStage.TALKING and not call.joined]
        return [*alone, self.conference] if self.conference.live else alone

    @property
    def active_line(self) -> Line | None:
        """The one that is talked to: the latest that is not on hold."""
        return next((line for line in reversed(self.lines) if not line.hold_wanted), None)

    @property
    def active(self) -> Call | None:
        """The call that keys and menu commands mean: the one talking and not on hold, else the latest that is not over."""
        talking = [call for call in self.calls if call.stage is CallStage.TALKING and not self.line_of(call).hold_wanted]
        live = [call for call in self.live if call.stage is not CallStage.INCOMING]
        return talking[-1] if talking else live[-1] if live else None

    def line_of(self, call: Call) -> Line:
        """The conference when the call takes part in it, else the call."""
        return self.conference if call.joined else call

    def place(self, text: str, account: AccountLike | None, name: str = "") -> Call:
        """Call what was typed. Raises AddressError when it is no address."""
        uri = dial_uri(text, account.id.rpartition("@")[2] if account is not None else None)
        session, name = self._middleware.new_session(account), name or self.name_of(uri)
        call = Call(self._middleware, self._bridge, self._clock, session, uri, name, account, False, self)
        self._hold_others(call)
        self._add(call)
        call.dial()
        return call

    def activate(self, call: Call) -> None:
        """Talk to ``call``, or to the conference that it is part of: take it from hold and put the others on hold."""
        line = self.line_of(call)
        self._hold_others(line)
        line.set_hold(False)

    def hold(self, call: Call) -> None:
        """Put ``call``, or the conference that it is part of, on hold because the user says so: nothing takes its place by itself."""
        for line in self.lines:
            line.set_aside = False
        self.line_of(call).set_hold(True)

    def swap(self) -> None:
        """Talk to the next one that is on hold, and put the one talked to on hold."""
        target = self._next_line()
        if target is not None:
            self._hold_others(target)
            target.set_hold(False)

    @property
    def can_swap(self) -> bool:
        return self._next_line() is not None

    def join(self, call: Call) -> None:
        """Join ``call`` with whom we talk to, or with the conference that there is, and let all hear each other."""
        partner = self.active_line
        if partner is None or partner is call:
            others = [line for line in self.lines if line is not call]
            partner = self.conference if self.conference.live else others[-1] if others else None
        if partner is not None:
            self._join([partner, call] if isinstance(partner, Call) else [call])

    def join_all(self) -> None:
        """Make one conference of all answered calls."""
        self._join([line for line in self.lines if isinstance(line, Call)])

    @property
    def can_join(self) -> bool:
        return len(self.lines) > 1

    def split_all(self, keep: Call | None = None) -> None:
        """End the conference, not its calls: talk to ``keep`` (None: the latest), put the others on hold."""
        calls = self.conference.calls
        if calls:
            keep = keep if keep in calls else calls[-1]
            assert keep is not None
            self.conference.split(keep)
            self.activate(keep)

    def consult(self, call: Call, text: str, account: AccountLike | None, name: str = "") -> Call:
        """Call somebody to ask whether ``call`` may be transferred there. Raises AddressError."""
        other = self.place(text, account, name)
        other.consults_for = call
        other.tell(self.tr("Asking before %1 is transferred here.").replace("%1", call.title))
        return other

    def answer_and_end(self, call: Call, beside: Sequence[StreamLike] | None = None) -> None:
        """Answer ``call`` (``beside``: see there) and end the call, or the whole conference, that is talked to now."""
        line = self.active_line
        for other in [line] if isinstance(line, Call) else list(line.calls) if line is not None else []:
            other.hang_up()
        call.answer(beside=beside)

    def adopt_sound(self, session: SessionLike) -> Call:
        """A session of another kind gets sound, since a person has agreed: it is a call from now on."""
        call = self._adopt(session, incoming=True, announced=False)
        call.await_sound()
        return call

    def dismiss(self, call: Call) -> None:
        """Take a call that is over out of the list."""
        if call.over and call in self.calls:
            self.calls.remove(call)
            self.removed.emit(call)
            self.changed.emit()
            call.deleteLater()

    def close(self) -> None:
        """Stop listening. Idempotent."""
        for name in _NOTIFICATIONS:
            self._bridge.forget(name, getattr(self, f"_NH_{name}"))
        for call in self.calls:
            call.forget()

    def _NH_SIPSessionNewIncoming(self, notification: Notification) -> None:
        session: SessionLike = notification.sender
        if not any(stream.type == "audio" for stream in notification.data.streams):
            if not self.answers_without_sound(session):
                session.reject(_NOT_ACCEPTABLE_HERE)
            return
        replaced = next((call for call in self.live if session.replaced_session is call.session), None)
        call = self._adopt(session, incoming=True, announced=replaced is None)
        if session.state != "incoming":  # the caller may have given up while the notification travelled
            return
        if replaced is not None:
            self._replace(replaced, call)
        else:
            call.ring()

    def _NH_SIPSessionNewOutgoing(self, notification: Notification) -> None:
        """A call that a transfer has made, which was accepted here."""
        session: SessionLike = notification.sender
        if any(call.session.transfer_handler.new_session is session for call in self.live):
            self._adopt(session, incoming=False, announced=True)

    def _adopt(self, session: SessionLike, *, incoming: bool, announced: bool) -> Call:
        identity = session.remote_identity
        uri = str(identity.uri) if identity is not None else ""
        name = self.name_of(uri) or (identity.display_name if identity is not None else "") or ""
        call = Call(self._middleware, self._bridge, self._clock, session, uri, name, session.account, incoming, self)
        if not incoming:
            call.stage = CallStage.CALLING
        self._add(call, announced=announced)
        return call

    def _replace(self, old: Call, new: Call) -> None:
        """Take a call in the place of another one at once, as that one was (RFC 3891 §3): whoever transfers us has told its secret."""
        new.tell(self.tr("Transferred here by %1.").replace("%1", old.title))
        line = self.line_of(old)
        new.answer(on_hold=line.hold_wanted)
        new.set_aside = line.set_aside

    def _add(self, call: Call, *, announced: bool = True) -> None:
        self.calls.append(call)
        call.asks = announced
        call.changed.connect(lambda: self._call_changed(call))
        call.talking.connect(lambda: self._talking(call))
        call.finished.connect(lambda: self._finished(call))
        self.added.emit(call)
        self.changed.emit()

    def _call_changed(self, call: Call) -> None:
        if call.stage is CallStage.ANSWERING and not call.hold_wanted:
            self._hold_others(call)  # at once: whoever is talked to now must not hear what is said to the caller
        self.changed.emit()

    def _talking(self, call: Call) -> None:
        if not call.hold_wanted:
            self._hold_others(self.line_of(call))

    def _hold_others(self, line: Line) -> None:
        for other in self.lines:
            if other is not line and not other.hold_wanted:
                other.set_hold(True)
                other.set_aside = True

    def _next_line(self) -> Line | None:
        lines, active = self.lines, self.active_line
        start = lines.index(active) + 1 if active is not None else 0
        return next((line for line in lines[start:] + lines[:start] if line is not active and line.hold_wanted), None)

    def _join(self, calls: list[Call]) -> None:
        for call in sorted(calls, key=self.calls.index):
            self.conference.join(call)
        self.conference.set_hold(False)
        self._hold_others(self.conference)

    def _return(self) -> None:
        """Talk again to the one that was put on hold for the call that is over now, unless there are several or the user held it."""
        busy = [call for call in self.live if call.stage not in (CallStage.INCOMING, CallStage.TALKING)]
        waiting = [line for line in self.lines if line.set_aside and not (isinstance(line, Call) and line.transferring)]
        if not busy and self.active_line is None and len(waiting) == 1:
            waiting[0].set_hold(False)

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
        for other in self.calls:
            if other.consults_for is call:
                other.consults_for = None
                other.tell("")
        self._return()


_NOTIFICATIONS = ("SIPSessionNewIncoming", "SIPSessionNewOutgoing")
