"""One call as the windows show it: a session, its sound, and what became of them.

Driven by notifications only; commands go straight to the session and never wait. What this is not: a widget.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from enum import StrEnum

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.middleware import AccountLike, AudioStreamLike, Levels, Middleware, SessionLike, StreamLike
from blinkq.base.clock import Clock
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import Handler, NotificationBridge
from blinkq.sipsimple.explain import Explanation, explain_call, explain_lookup

__all__ = ["CALL_NOTIFICATIONS", "Call", "CallStage"]

log = get_logger("app.call")

_USER_REQUEST = ("user request", "user_request")
_BUSY_HERE = 486
_DECLINE = 603
_CANCELLED = 487


class CallStage(StrEnum):
    """Where a call is in its life."""

    LOOKING_UP = "looking up"
    CALLING = "calling"
    RINGING = "ringing"
    INCOMING = "incoming"
    ANSWERING = "answering"
    TALKING = "talking"
    ENDING = "ending"
    ENDED = "ended"
    FAILED = "failed"


class Call(QObject):
    """A call. ``changed`` after anything shown has changed; ``talking`` once when it is answered; ``finished`` once when it is over."""

    changed = pyqtSignal()
    talking = pyqtSignal()
    finished = pyqtSignal()

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, clock: Clock, session: SessionLike, uri: str, name: str,
        account: AccountLike | None, incoming: bool, parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.session = session
        self.uri = uri
        self.name = name
        self.account = account
        self.incoming = incoming
        self.stage = CallStage.INCOMING if incoming else CallStage.LOOKING_UP
        self.held_here = False
        self.held_there = False
        #: put on hold because another call was talked to, not because the user said so
        self.set_aside = False
        #: whether it is part of the local conference (see ``conference``)
        self.joined = False
        #: whether a person is to be asked about it while it comes in
        self.asks = incoming
        self.recording: str | None = None
        #: path of the recording that was made last, while the notice speaks of it
        self.recorded: str | None = None
        self.notice = ""
        #: "muted", "good" or "error"
        self.notice_level = "muted"
        #: whether a transfer of it is under way
        self.transferring = False
        #: the call whose other party shall be connected with this one's, if this one agrees
        self.consults_for: Call | None = None
        self.explanation: Explanation | None = None
        self.outcome = ""
        self.started = clock.wallclock()
        self._middleware = middleware
        self._bridge = bridge
        self._clock = clock
        self._answered_at: float | None = None
        self._duration = 0.0
        self._cancelled = False
        self._hold_wanted = False
        self._listening: list[tuple[str, Handler, object]] = []
        for notification in _SESSION_NOTIFICATIONS:
            self._listen(notification, session)

    # what is shown ---------------------------------------------------------------------------------------------------------------

    @property
    def peer(self) -> str:
        """The peer's address without scheme and parameters."""
        return display_address(self.uri)

    @property
    def title(self) -> str:
        """The peer's name, or its address when it has none."""
        return self.name or self.peer

    @property
    def over(self) -> bool:
        return self.stage in (CallStage.ENDED, CallStage.FAILED)

    @property
    def held(self) -> bool:
        return self.held_here or self.held_there

    @property
    def hold_wanted(self) -> bool:
        """Whether the call is on hold here or, if the last command has not taken effect yet, about to be."""
        return self._hold_wanted

    @property
    def duration(self) -> float:
        """Seconds of talk so far."""
        if self._answered_at is None or self.over:
            return self._duration
        return self._clock.monotonic() - self._answered_at

    @property
    def stream(self) -> AudioStreamLike | None:
        """The call's audio stream, once there is one."""
        streams = self.session.streams or self.session.proposed_streams or ()
        return next((stream for stream in streams if stream.type == "audio"), None)

    @property
    def codec(self) -> str:
        """The codec and what it carries, such as "opus, 48 kHz"; empty before the call is answered."""
        stream = self.stream
        if stream is None or not stream.codec or self.stage is not CallStage.TALKING:
            return ""
        rate = f", {stream.sample_rate // 1000} kHz" if stream.sample_rate else ""
        return f"{stream.codec}{rate}"

    @property
    def way(self) -> tuple[str, str] | None:
        """The kinds of our and the peer's address ("host", "srflx" ...) between which ICE sends the sound; None without ICE."""
        stream = self.stream
        if stream is None or not stream.ice_active:
            return None
        return stream.local_rtp_candidate_type or "", stream.remote_rtp_candidate_type or ""

    @property
    def encrypted(self) -> bool:
        """Whether the sound is encrypted (SRTP)."""
        stream = self.stream
        return stream is not None and self._answered_at is not None and bool(stream.srtp_active)

    @property
    def levels(self) -> Levels:
        """The signal levels of the moment."""
        carries = self.stage is CallStage.TALKING and not self.held_here
        return self._middleware.levels(self.session) if carries else Levels()

    # commands --------------------------------------------------------------------------------------------------------------------

    def dial(self) -> None:
        """Begin an outgoing call: look the servers up, then call."""
        try:
            lookup = self._middleware.lookup(self.uri, self.account)
        except (BlinkQError, ValueError) as error:
            self._cannot(str(error))
            return
        self._listen("DNSLookupDidSucceed", lookup)
        self._listen("DNSLookupDidFail", lookup)

    def ring(self) -> None:
        """Tell the caller that it rings here."""
        self.session.send_ring_indication()

    def answer(self, *, on_hold: bool = False, beside: Sequence[StreamLike] | None = None) -> None:
        """Take an incoming call, and put it on hold at once; ``beside``: what is taken beside the sound, None: a chat if there is one."""
        if self.stage is CallStage.INCOMING:
            self._hold_wanted = on_hold
            if on_hold:
                self._attempt(self.session.hold)
            offered: list[StreamLike] = list(self.session.proposed_streams or ())
            chats = [stream for stream in offered if stream.type == "chat"]
            sound = [stream for stream in offered if stream.type == "audio"]
            self._attempt(lambda: self.session.accept([*sound, *(chats if beside is None else beside)]))
            self._enter(CallStage.ANSWERING)

    def answer_without_sound(self, streams: Sequence[StreamLike]) -> None:
        """Take only these of what comes in: there is no call then, and others follow them."""
        if self.stage is CallStage.INCOMING:
            self._attempt(lambda: self.session.accept(streams))
            self.notice = self.tr("Taken without the sound")
            self._finish(CallStage.ENDED, "answered")

    def await_sound(self) -> None:
        """The session stands without sound, which has just been accepted."""
        if self.stage is CallStage.INCOMING:
            self._enter(CallStage.ANSWERING)

    def busy(self) -> None:
        """Refuse with 486: other devices of this account may still ring."""
        self._refuse(_BUSY_HERE)

    def reject(self) -> None:
        """Refuse with 603: ringing stops everywhere."""
        self._refuse(_DECLINE)

    def hang_up(self) -> None:
        """End the call, whatever state it is in."""
        if self.over or self.stage is CallStage.ENDING:
            return
        if self.stage is CallStage.INCOMING:
            self.reject()
            return
        self._cancelled = True
        if self.stage is CallStage.LOOKING_UP and self.session.state is None:
            self._finish(CallStage.ENDED, "cancelled")
            return
        self._enter(CallStage.ENDING)
        self._attempt(self.session.end)

    def set_hold(self, hold: bool) -> None:
        """Put the call on hold, or take it back."""
        if self.stage is CallStage.TALKING and hold != self._hold_wanted:
            self._hold_wanted, self.set_aside = hold, False
            self._attempt(self.session.hold if hold else self.session.unhold)
            self.changed.emit()

    def toggle_recording(self) -> None:
        """Start or stop recording to a WAV file."""
        stream = self.stream
        if stream is None or self.stage is not CallStage.TALKING:
            return
        self._attempt(stream.stop_recording if self.recording else stream.start_recording)

    def send_digit(self, digit: str) -> bool:
        """Send a DTMF digit (0-9 * # A-D); False when the call is not in a state for it."""
        stream = self.stream
        return stream is not None and self.stage is CallStage.TALKING and self._attempt(lambda: stream.send_dtmf(digit))

    def tell(self, notice: str, level: str = "muted") -> None:
        """Show a sentence about the call; ``level`` "muted", "good" or "error"."""
        self.notice, self.notice_level = notice, level
        self.changed.emit()

    def forget(self) -> None:
        """Stop listening to notifications. Idempotent."""
        for name, handler, sender in self._listening:
            self._bridge.forget(name, handler, sender)
        self._listening.clear()

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _listen(self, name: str, sender: object) -> None:
        handler: Handler = getattr(self, f"_NH_{name}")
        self._bridge.listen(name, handler, sender)
        self._listening.append((name, handler, sender))

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        if self.stage is CallStage.LOOKING_UP:
            self._enter(CallStage.CALLING)
            try:
                self._middleware.connect(self.session, self.uri, self.name, notification.data.result)
            except (BlinkQError, ValueError) as error:
                self._cannot(str(error))

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        if self.stage is CallStage.LOOKING_UP:
            self.explanation = explain_lookup(str(notification.data.error), self.peer)
            self._finish(CallStage.FAILED, "failed")

    def _NH_SIPSessionNewOutgoing(self, _notification: Notification) -> None:
        if self.stage is CallStage.LOOKING_UP:
            self._enter(CallStage.CALLING)

    def _NH_SIPSessionGotRingIndication(self, _notification: Notification) -> None:
        if self.stage is CallStage.CALLING:
            self._enter(CallStage.RINGING)

    def _NH_SIPSessionDidStart(self, _notification: Notification) -> None:
        self._begin()

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        """Sound may come to a session that had none, and go while the rest of the session stays."""
        added, removed = (any(stream.type == "audio" for stream in streams)
                          for streams in (notification.data.added_streams, notification.data.removed_streams))  # fmt: skip
        if added and self.stage is CallStage.ANSWERING:
            self._begin()
        elif removed and self.stage is CallStage.TALKING and not any(stream.type == "audio" for stream in self.session.streams or ()):
            self.notice = self.tr("The sound was removed; the rest goes on.")
            self._finish(CallStage.ENDED, "answered")

    def _NH_SIPSessionHadProposalFailure(self, notification: Notification) -> None:
        if self.stage is CallStage.ANSWERING and notification.data.originator == "remote":
            self._cannot(str(notification.data.failure_reason))

    def _begin(self) -> None:
        self._answered_at = self._clock.monotonic()
        stream = self.stream
        if stream is not None:
            for name in _STREAM_NOTIFICATIONS:
                self._listen(name, stream)
        if self.stage is not CallStage.ENDING:
            self._enter(CallStage.TALKING)
            self.talking.emit()

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        cause = str(data.failure_reason or "")
        if self.incoming and self.outcome != "rejected" and (data.code == _CANCELLED or "elsewhere" in cause.lower()):
            elsewhere = "elsewhere" in cause.lower()
            self.notice = self.tr("Answered on another device") if elsewhere else self.tr("Missed call")
            self._finish(CallStage.ENDED, "answered" if elsewhere else "missed")
        elif self.outcome == "rejected" or self._cancelled:
            self._finish(CallStage.ENDED, self.outcome or "cancelled")
        else:
            account = self.account.id if self.account is not None else ""
            self.explanation = explain_call(data.code, data.reason, cause, self.peer, account, data.originator)
            self._finish(CallStage.FAILED, "failed")

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        data = notification.data
        reason = str(data.end_reason or "")
        if data.originator == "local" and not self._cancelled and reason.lower() not in _USER_REQUEST:
            self.explanation = explain_call(0, None, reason, self.peer)
            self._finish(CallStage.FAILED, "answered")
        else:
            self._finish(CallStage.ENDED, "answered")

    def _NH_SIPSessionDidChangeHoldState(self, notification: Notification) -> None:
        if notification.data.originator == "local":
            self.held_here = self._hold_wanted = bool(notification.data.on_hold)
        else:
            self.held_there = bool(notification.data.on_hold)
        self.changed.emit()

    def _NH_AudioStreamDidStartRecordingAudio(self, notification: Notification) -> None:
        self.recording = str(notification.data.filename)
        self.tell("")

    def _NH_AudioStreamDidStopRecordingAudio(self, notification: Notification) -> None:
        self.recording, self.recorded = None, str(notification.data.filename)
        reason = getattr(notification.data, "reason", None)
        if reason:
            text = self.tr("The recording stopped: %1 What was recorded is kept.")
            self.tell(text.replace("%1", f"{reason}.".replace("..", ".")), "error")
        else:
            self.tell(self.tr("Recorded to %1").replace("%1", os.path.basename(notification.data.filename)))

    def _NH_AudioStreamDidChangeRTPParameters(self, _notification: Notification) -> None:
        self.changed.emit()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _refuse(self, code: int) -> None:
        if self.stage is CallStage.INCOMING:
            self.outcome = "rejected"
            self._enter(CallStage.ENDING)
            self._attempt(lambda: self.session.reject(code))

    def _attempt(self, command: Callable[[], None]) -> bool:
        """Run a command of the session; the state may have moved on in the engine, which is no fault of the user's."""
        try:
            command()
        except (BlinkQError, RuntimeError, OSError) as error:
            log.info("call with %s: %s", self.peer, error)
            if isinstance(error, OSError):
                self.tell(str(error), "error")
            return False
        return True

    def _cannot(self, reason: str) -> None:
        log.warning("call to %s: %s", self.peer, reason)
        self.explanation = explain_call(0, None, reason, self.peer)
        self._finish(CallStage.FAILED, "failed")

    def _enter(self, stage: CallStage) -> None:
        if not self.over and stage is not self.stage:
            self.stage = stage
            self.changed.emit()

    def _finish(self, stage: CallStage, outcome: str) -> None:
        if self.over:
            return
        self._duration = self.duration
        self.stage = stage
        self.outcome = outcome
        self.recording = None
        self.forget()
        self.changed.emit()
        self.finished.emit()


_SESSION_NOTIFICATIONS = (
    "SIPSessionNewOutgoing", "SIPSessionGotRingIndication", "SIPSessionDidStart", "SIPSessionDidFail", "SIPSessionDidEnd",
    "SIPSessionDidChangeHoldState", "SIPSessionDidRenegotiateStreams", "SIPSessionHadProposalFailure",
)  # fmt: skip
_STREAM_NOTIFICATIONS = (
    "AudioStreamDidStartRecordingAudio", "AudioStreamDidStopRecordingAudio", "AudioStreamDidChangeRTPParameters",
)  # fmt: skip
#: everything that a call may have to hear; to be carried from the beginning, since a session can be over before its Call is made
CALL_NOTIFICATIONS = ("DNSLookupDidSucceed", "DNSLookupDidFail", *_SESSION_NOTIFICATIONS, *_STREAM_NOTIFICATIONS)
