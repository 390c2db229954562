"""Call: the engine-thread half of a session. Subclasses begin it (``outgoing.py``, ``incoming.py``); here it lives and ends.

It owns the invitation, both session descriptions and the life of the streams, and posts the session's notifications: exactly one terminal
one. What this is not: the face for applications, which is ``session.py``.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.loop import in_engine
from blinkq.sdp.description import Connection, MediaDescription, Origin, SessionDescription
from blinkq.sip.dialog_events import DialogEvent, SessionRefreshDue
from blinkq.sip.events import (
    InvitationEnded,
    InvitationFailed,
    InvitationTransaction,
    ReinviteAnswered,
    ReinviteCancelled,
    ReinviteConfirmed,
    ReinviteProgressed,
    ReinviteReceived,
)
from blinkq.sip.message import Request, Response
from blinkq.sip.status import reason_phrase
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.contact import says_focus
from blinkq.sipsimple.session.explanations import reason_header
from blinkq.sipsimple.session.gathering import Gathering
from blinkq.sipsimple.session.proposal import MEDIA_STREAM_TIMEOUT
from blinkq.sipsimple.session.renegotiation import Renegotiation
from blinkq.sipsimple.session.states import SessionInput, SessionState
from blinkq.sipsimple.session.stream_calls import close_stream, failure_of, initialize_stream, start_stream, update_stream
from blinkq.sipsimple.session.transfers import Transfers

if TYPE_CHECKING:
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sipsimple.session.session import Session

__all__ = ["Call", "describe"]

log = get_logger("sipsimple.session")

END_TIMEOUT = 2.0  # seconds; the agent reports within one, this only keeps a fault there from leaving a session for ever

_REINVITE_EVENTS = ReinviteReceived | ReinviteProgressed | ReinviteAnswered | ReinviteConfirmed | ReinviteCancelled

_NOT_STARTED = "media stream failed to start"  # what the peer is told: our devices are not its business

_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970: o= lines count from 1900 (RFC 8866 §5.2)


class Call:
    """What calls of both directions have in common. Engine thread only."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.machine = session.machine
        self.engine = Runtime.current()
        self.invitation: Invitation | None = None
        self.local_sdp: SessionDescription | None = None
        self.remote_sdp: SessionDescription | None = None
        self.lines: list[Any] = []  # the stream of each m= line, None where there is none
        self.renegotiation = Renegotiation(self)
        self.transfers = Transfers(self)
        self.agreed = False  # the peer has answered our call, or acknowledged our answer
        self._streams_started = False
        self._hung_up = False  # the peer sent BYE
        self._unheard = False  # the peer has not acknowledged how we ended the call
        self._gathering: Gathering | None = None
        self._ending: Callable[[], None] | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._watched: list[Any] = []

    @property
    def early(self) -> bool:
        """Whether sound flows already although the call is not answered, so that the peer may change it by UPDATE (RFC 3311 §5.2)."""
        return self.machine.live and not self.agreed and self._streams_started

    # events of the invitation ----------------------------------------------------------------------------------------------------------

    def handle(self, event: object) -> None:
        """Take one event of the invitation."""
        if isinstance(event, InvitationTransaction):
            if (event.originator, event.method) == ("remote", "BYE"):
                self._peer_hangs_up()
            self._report(event)
            self.renegotiation.transaction_done(event)
        elif isinstance(event, InvitationFailed):
            self.on_failed(event)
        elif isinstance(event, InvitationEnded):
            self._on_ended(event)
        elif isinstance(event, _REINVITE_EVENTS):
            self._note_focus(event)
            self.renegotiation.handle(event)
        elif isinstance(event, SessionRefreshDue):
            self.renegotiation.propose()  # what we offer anyway: the peer sees that we are there (RFC 4028 §7.4)
        elif isinstance(event, DialogEvent):
            self.transfers.handle(event)
        else:
            self.on_event(event)

    def _note_focus(self, event: object) -> None:
        """A conference may begin or end at the other side while we talk (RFC 4579 §5.2)."""
        message: Request | Response | None = None
        if isinstance(event, ReinviteReceived):
            message = event.request
        elif isinstance(event, ReinviteAnswered) and event.code < 300:
            message = event.response
        if message is not None and self.machine.live:
            self.session.remote_focus = says_focus(message)
            self.session.conference.follow()

    def on_event(self, event: object) -> None:
        """What only one direction knows."""

    def on_failed(self, event: InvitationFailed) -> None:
        """The invitation is over before it was confirmed."""
        if self._ending is not None:
            answer = event.response
            if answer is not None and answer.code >= 300 and answer.code != 487:  # it was on its way when we gave up
                self._end_streams()
                self._did_fail("remote", answer.code, answer.reason, answer.reason_text or "user request")
            else:
                self._unheard = event.cause == "timeout"
                self._complete()
            return
        self.fail(event.originator, event.code, event.reason, event.cause)

    def _peer_hangs_up(self) -> None:
        """A BYE came; the end of the dialog is told next."""
        self._hung_up = True
        if self._ending is None and self.machine.started:
            self.renegotiation.dialog_ended()
            self._will_end("remote")
            self._end_streams()

    def _on_ended(self, event: InvitationEnded) -> None:
        if self._hung_up and self.session.start_time is not None:
            if self._ending is not None:  # our own BYE has crossed the peer's
                self._end_streams()
            self._did_end("remote", event.cause)
        elif self._ending is not None:
            self._complete()
        elif self.machine.started:
            self.renegotiation.dialog_ended()
            self._will_end(event.originator)
            self._end_streams()
            self._did_end(event.originator, event.cause)
        else:
            self.fail(event.originator, 0, None, event.cause)

    def _report(self, event: InvitationTransaction) -> None:
        data: dict[str, object] = {}
        if event.method == "INVITE" and event.originator == "remote":
            data["ack_received"] = "unknown" if event.ack_received is None else event.ack_received
        reason = event.reason
        if event.method == "INVITE" and event.code == 487 and self.session.start_time is None:
            reason = "Session Cancelled"
        elif event.method == "INVITE" and event.code >= 300 and event.originator == "remote":
            reason = reason_phrase(event.code)  # whatever phrase the application has chosen for the peer
        if event.method != "CANCEL":
            post(
                "SIPSessionDidProcessTransaction", self.session,
                originator=event.originator, method=event.method, code=event.code, reason=reason, **data,
            )  # fmt: skip

    # commands --------------------------------------------------------------------------------------------------------------------------

    def command(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a method of the agent (by name) or of the invitation through the pump."""
        return self.engine.sip.call(method, *args, **kwargs)

    def end(self) -> None:
        """The user hangs up; the session is in state terminating."""
        session, originator = self.session, "local"
        if session.start_time is not None:
            self._will_end(originator)
            self.deactivate_streams()
            self._close(lambda: self._did_end(originator, "user request"))
        else:
            self._close(lambda: self._did_fail(originator, 487, "Session Cancelled", "user request"))

    def break_off(self, reason: str, *, originator: str = "local", told: str | None = None) -> None:
        """Something failed: end the call, whatever state it is in, and say why (to the peer ``told``, if that is not all its business)."""
        if not self.machine.take(SessionInput.END):
            return
        headers = (reason_header(told or reason),)
        if self.session.start_time is not None:
            self._will_end("local")
            self.deactivate_streams()
            self._close(lambda: self._did_end("local", reason), headers)
        else:
            self._close(lambda: self._did_fail(originator, 0, None, reason), headers)

    def fail(
        self, originator: str, code: int, reason: str | None, failure_reason: str, redirect_identities: Sequence[object] | None = None
    ) -> None:
        """The session is over before it started, and nothing has to be sent."""
        self._end_streams()
        self._did_fail(originator, code, reason, failure_reason, redirect_identities)

    # hold ------------------------------------------------------------------------------------------------------------------------------

    def hold_changed(self, hold: bool) -> None:
        """hold() or unhold() was called."""
        if not self.machine.live:
            return
        for stream in self.hold_streams():
            if hold:
                stream.hold()
            else:
                stream.unhold()
        # streams that are being proposed follow when they run
        if self.machine.started:
            self.renegotiation.propose()

    def hold_streams(self) -> list[Any]:
        """The streams that can be held."""
        streams = self.session.streams or self.session.proposed_streams or []
        return [stream for stream in streams if stream.hold_supported]

    # streams ---------------------------------------------------------------------------------------------------------------------------

    def initialize_streams(self, streams: Sequence[Any], direction: str, on_done: Callable[[dict[Any, str]], None]) -> None:
        """Initialise ``streams``; those that fail are ended and dropped from ``lines`` before ``on_done`` is told."""

        def done(failed: dict[Any, str]) -> None:
            for stream in failed:
                self._drop(stream)
            on_done(failed)

        failures = ("MediaStreamDidNotInitialize", "MediaStreamDidFail")
        gathering = self._gathering = Gathering(streams, "MediaStreamDidInitialize", failures, MEDIA_STREAM_TIMEOUT, done)
        for stream in streams:
            gathering.ask(stream, partial(initialize_stream, stream, self.session, direction))

    def start_streams(self) -> None:
        """Start the stream of each m= line; those that the peer refused are ended first. Posts SIPSessionWillStart."""
        post("SIPSessionWillStart", self.session)
        local, remote = self.local_sdp, self.remote_sdp
        assert local is not None
        assert remote is not None
        for index, stream in enumerate(self.lines):
            if stream is not None and (remote.media[index].port == 0 or local.media[index].port == 0):
                self._drop(stream)
        streams = [stream for stream in self.lines if stream is not None]
        gathering = self._gathering = Gathering(
            streams, "MediaStreamDidStart", ("MediaStreamDidFail",), MEDIA_STREAM_TIMEOUT, self._streams_ready
        )
        for index, stream in enumerate(self.lines):
            if stream is not None:
                gathering.ask(stream, partial(start_stream, stream, local, remote, index))

    def start_if_ready(self) -> None:
        """Let the session begin once both sides have agreed and all streams run."""
        if self.agreed and self._streams_started and self.machine.live:
            self._did_start()

    def _streams_ready(self, failed: dict[Any, str]) -> None:
        if failed:
            stream, reason = next(iter(failed.items()))
            if reason == "timed-out":
                self.break_off("media stream timed-out while starting", told=_NOT_STARTED)
            else:
                self.break_off(f"{stream.type} media stream failed: {reason}", told=_NOT_STARTED)
            return
        self._streams_started = True
        self.start_if_ready()

    def _did_start(self) -> None:
        session = self.session
        session.streams = [stream for stream in self.lines if stream is not None]
        session.proposed_streams = None
        session.start_time = _now(self.engine.clock.wallclock())
        if not self.machine.take(SessionInput.START):
            return
        self._watch(session.streams)
        post("SIPSessionDidStart", session, streams=list(session.streams))
        session.conference.follow()
        if session.replaced_session is not None:
            session.replaced_session.end()
        if any(stream.on_hold_by_local or getattr(stream, "offer_due", False) for stream in session.streams):
            self.renegotiation.propose()

    def update_streams(self) -> None:
        """Tell the streams that a new negotiation is in force; end those that it removes."""
        local, remote = self.local_sdp, self.remote_sdp
        assert local is not None
        assert remote is not None
        removed, failed = [], {}
        for index, stream in enumerate(self.lines):
            if stream is None:
                continue
            if local.media[index].port == 0 or remote.media[index].port == 0:
                removed.append(stream)
                self._drop(stream)
            else:
                failure = failure_of(stream, partial(update_stream, stream, local, remote, index))
                if failure is not None:
                    failed[stream] = failure
        if removed:
            post(
                "SIPSessionDidRenegotiateStreams", self.session,
                originator="remote", action="remove", streams=removed, added_streams=[], removed_streams=removed,
            )  # fmt: skip
        for stream, failure in failed.items():
            self._stream_failed(stream, failure)

    def adopt(self, lines: Mapping[int, Any]) -> None:
        """Streams that a proposal added run from now on."""
        for index, stream in lines.items():
            self.lines[index] = stream
            wanted = self.session.hold_wanted
            if stream.hold_supported and stream.on_hold_by_local != wanted:  # hold() or unhold() was called meanwhile
                failure_of(stream, stream.hold if wanted else stream.unhold)
        self.session.streams = [stream for stream in self.lines if stream is not None]
        self._watch(list(lines.values()))

    def release(self, stream: Any) -> None:
        """The stream belongs to the session no more; it is to be ended when the peer knows."""
        self._forget(stream)
        failure_of(stream, stream.deactivate)

    def deactivate_streams(self) -> None:
        """Make the streams silent before the end is announced."""
        self._stop_watching()
        for stream in self.lines:
            if stream is not None:
                failure_of(stream, stream.deactivate)

    def describe(self, media: Sequence[MediaDescription]) -> SessionDescription:
        """Our description with these m= lines: the first one, or the one that follows the last."""
        self.local_sdp = describe(self.session.local_address, media, self.local_sdp, self.engine.clock.wallclock())
        return self.local_sdp

    def _drop(self, stream: Any) -> None:
        self._forget(stream)
        close_stream(stream)

    def _forget(self, stream: Any) -> None:
        if stream in self.lines:
            self.lines[self.lines.index(stream)] = None
        if stream in self.session.streams:
            self.session.streams.remove(stream)
        if stream in self._watched:
            self._watched.remove(stream)
            NotificationCenter().discard_observer(self, sender=stream)

    def _watch(self, streams: Sequence[Any]) -> None:
        for stream in streams:
            self._watched.append(stream)
            NotificationCenter().add_observer(self, sender=stream)

    def _stop_watching(self) -> None:
        for stream in self._watched:
            NotificationCenter().discard_observer(self, sender=stream)
        self._watched = []

    def handle_notification(self, notification: Notification) -> None:
        """A stream that runs says something."""
        if notification.name == "MediaStreamDidFail":
            self._stream_failed(notification.sender, str(notification.data.reason))

    @in_engine
    def _stream_failed(self, stream: Any, reason: str) -> None:
        if stream not in self.session.streams or not self.machine.started:
            return
        if len(self.session.streams) == 1:
            self.break_off(f"{stream.type} media stream failed: {reason}")
        elif self.machine.take(SessionInput.PROPOSE):
            self.renegotiation.remove([stream])
        else:
            self._drop(stream)
            post(
                "SIPSessionDidRenegotiateStreams", self.session,
                originator="local", action="remove", streams=[stream], added_streams=[], removed_streams=[stream],
            )  # fmt: skip
            self.renegotiation.propose()

    # the end ---------------------------------------------------------------------------------------------------------------------------

    def finish_later(self, conclude: Callable[[], None]) -> None:
        """The call is being ended: ``conclude`` posts the terminal notification when the invitation is over."""
        if self._gathering is not None:
            self._gathering.cancel()
        self.renegotiation.close()
        self._ending = conclude
        self._end_timer = self.engine.loop.loop.call_later(END_TIMEOUT, self._complete)

    def _close(self, conclude: Callable[[], None], headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.finish_later(conclude)
        if self.invitation is None:
            self._complete()
            return
        try:
            self.command(self.invitation.end, headers=headers)
        except IllegalStateError as error:  # it ended at this very moment; its event is on the way, or the timer ends the waiting
            log.debug("end: %s", error)

    def _complete(self) -> None:
        conclude, self._ending = self._ending, None
        if conclude is not None:
            self._end_streams()
            conclude()

    def _end_streams(self) -> None:
        self._stop_watching()
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        self.renegotiation.close()
        for stream in {*self.lines, *(self.session.proposed_streams or ())} - {None}:
            close_stream(stream)

    def _will_end(self, originator: str) -> None:
        self.machine.take(SessionInput.END)
        post("SIPSessionWillEnd", self.session, originator=originator)

    def _did_end(self, originator: str, end_reason: str) -> None:
        if self._finish():
            post("SIPSessionDidEnd", self.session, originator=originator, end_reason=end_reason)

    def _did_fail(
        self, originator: str, code: int, reason: str | None, failure_reason: str, redirect_identities: Sequence[object] | None = None
    ) -> None:
        if self._finish():
            post(
                "SIPSessionDidFail", self.session, originator=originator, code=code, reason=reason, failure_reason=failure_reason,
                redirect_identities=redirect_identities,
            )  # fmt: skip

    def _finish(self) -> bool:
        if self._end_timer is not None:
            self._end_timer.cancel()
        self._ending = None
        if self.machine.state is SessionState.NULL or not self.machine.take(SessionInput.FINISH):
            return False
        self.session.stop_time = _now(self.engine.clock.wallclock())
        self.session.proposed_streams = None
        self.session.conference.close()
        self.transfers.close()
        return True


def describe(
    address: str, media: Sequence[MediaDescription], previous: SessionDescription | None, wallclock: float
) -> SessionDescription:
    """A session description of ours; with ``previous`` the one that follows it (RFC 3264 §8)."""
    if previous is not None and previous.origin.address == address:
        return previous.next_version(media)
    number = int(wallclock) + _NTP_EPOCH
    origin = Origin(address, str(number), number)
    if previous is not None:  # our address has changed: the same session under the same name, with a higher version
        origin = Origin(address, previous.origin.session_id, previous.origin.version + 1)
    return SessionDescription(origin, tuple(media), str(SIPSimpleSettings().user_agent), Connection.of(address))


def _now(wallclock: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(wallclock, datetime.UTC).astimezone()
