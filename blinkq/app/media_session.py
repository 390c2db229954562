"""A session without sound as chats and file transfers need it: found, called or answered, running, over, and why.

It may also stand for one stream that was added to a call: then only that stream is its affair. What this is not: a conversation or a file.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.call_change import CallChange
from blinkq.app.middleware import AccountLike, Middleware, SessionLike, StreamLike
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import Handler, NotificationBridge
from blinkq.sipsimple.explain import Explanation, explain_lookup
from blinkq.sipsimple.explain_media import explain_media

__all__ = ["MEDIA_NOTIFICATIONS", "MediaSession", "MediaStage"]

log = get_logger("app.media_session")

_DECLINE = 603
_CANCELLED = 487
_GLARE = 491
#: codes that say what a person thinks of it
_ANSWERS = (486, _DECLINE)
_USER_REQUEST = ("", "user request", "user_request")
#: states of a session in which something is proposed
_PROPOSED = ("accepting", "sending_proposal", "cancelling_proposal", "received_proposal", "accepting_proposal")


class MediaStage(StrEnum):
    """Where it is in its life."""

    LOOKING_UP = "looking up"
    CALLING = "calling"
    RINGING = "ringing"
    INCOMING = "incoming"
    ANSWERING = "answering"
    RUNNING = "running"
    OVER = "over"


class MediaSession(QObject):
    """One session, or one stream of a call. ``changed`` after its stage has; ``running`` once when it runs; ``finished`` once at its end.

    ``explanation`` tells why it failed, None when it ended as it should; ``ended_by_peer`` whether the other side ended it.
    """

    changed = pyqtSignal()
    running = pyqtSignal()
    finished = pyqtSignal()

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, session: SessionLike, stream: StreamLike, uri: str, stage: MediaStage,
        parent: QObject | None = None, *, part_of_call: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.session = session
        self.stream = stream
        self.uri = uri
        self.stage = stage
        self.part_of_call = part_of_call
        self.explanation: Explanation | None = None
        self.ended_by_peer = False
        self._middleware = middleware
        self._bridge = bridge
        self._name = ""
        self._stopped = False
        #: what the stream itself said when it failed
        self.trouble = ""
        self._proposal: CallChange | None = None
        self._listening: list[tuple[str, Handler, object]] = []
        for name in _SESSION_NOTIFICATIONS:
            self._listen(name, session)
        for name in _STREAM_NOTIFICATIONS:
            self._listen(name, stream)

    # what is shown ---------------------------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        return self.stage is MediaStage.OVER

    @property
    def account(self) -> AccountLike:
        return self.session.account

    # commands --------------------------------------------------------------------------------------------------------------------

    def dial(self, account: AccountLike | None, name: str) -> None:
        """Look the servers up, then call."""
        self._name = name
        try:
            lookup = self._middleware.lookup(self.uri, account)
        except (BlinkQError, ValueError) as error:
            self._failed(str(error))
            return
        self._listen("DNSLookupDidSucceed", lookup)
        self._listen("DNSLookupDidFail", lookup)

    def propose(self, *others: MediaSession) -> None:
        """Add the stream to the call that the session is, together with those of ``others``; while the call is being changed otherwise it
        waits."""
        links = (self, *others)
        change = CallChange(
            self.session, lambda: self.session.add_streams([link.stream for link in links if not link.over]), self.parent()
        )
        for link in links:
            link._proposal = change

    def accept(self) -> None:
        """Take what comes in."""
        if self.stage is MediaStage.INCOMING:
            self._enter(MediaStage.ANSWERING)
            self._attempt(lambda: self.session.accept([self.stream]))

    def taken(self) -> None:
        """It was taken together with other streams of its session."""
        if self.stage is MediaStage.INCOMING:
            self._enter(MediaStage.ANSWERING)

    def reject(self) -> None:
        """Refuse what comes in."""
        if self.stage is MediaStage.INCOMING:
            self._stopped = True
            self._attempt(lambda: self.session.reject(_DECLINE))

    def end(self) -> None:
        """End it, whatever its stage; the rest of the session goes on."""
        if self.over or self._stopped:
            return
        if self.stage is MediaStage.INCOMING:
            self.reject()
            return
        self._stopped = True
        self._stop()

    def forget(self) -> None:
        """Stop listening. Idempotent."""
        for name, handler, sender in self._listening:
            self._bridge.forget(name, handler, sender)
        self._listening.clear()

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _listen(self, name: str, sender: object) -> None:
        handler: Handler = getattr(self, f"_NH_{name}")
        self._bridge.listen(name, handler, sender)
        self._listening.append((name, handler, sender))

    def _NH_DNSLookupDidSucceed(self, notification: Notification) -> None:
        if self.stage is MediaStage.LOOKING_UP:
            self._enter(MediaStage.CALLING)
            try:
                self._middleware.media.connect(self.session, self.uri, self._name, notification.data.result, [self.stream])
            except (BlinkQError, ValueError) as error:
                self._failed(str(error))

    def _NH_DNSLookupDidFail(self, notification: Notification) -> None:
        if self.stage is MediaStage.LOOKING_UP:
            self.explanation = explain_lookup(str(notification.data.error), display_address(self.uri))
            self._finish()

    def _NH_SIPSessionGotRingIndication(self, _notification: Notification) -> None:
        if self.stage is MediaStage.CALLING:
            self._enter(MediaStage.RINGING)

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        if any(stream is self.stream for stream in notification.data.streams):
            self._run()
        else:
            self._not_taken(_DECLINE, "Decline", ours=self.session.direction == "outgoing")

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        if not self._stopped and not (self.stage is MediaStage.INCOMING and data.code == _CANCELLED):
            account, peer = self.account.id, display_address(self.uri)
            cause = str(data.failure_reason or "")
            self.explanation = explain_media(self.stream.type, data.code, data.reason, cause, peer, account, data.originator)
        self.ended_by_peer = data.originator == "remote"
        self._finish()

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        data = notification.data
        reason = str(data.end_reason or "")
        self.ended_by_peer = data.originator == "remote"
        if data.originator == "local" and not self._stopped and not self.part_of_call and reason.lower() not in _USER_REQUEST:
            self.explanation = explain_media(self.stream.type, 0, None, self.trouble or reason, display_address(self.uri))
        self._finish()

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        if any(stream is self.stream for stream in notification.data.added_streams):
            self._run()
        elif any(stream is self.stream for stream in notification.data.removed_streams):
            self.ended_by_peer = notification.data.originator == "remote"
            if self.trouble:
                self.explanation = explain_media(self.stream.type, 0, None, self.trouble, display_address(self.uri))
            self._finish()

    def _NH_SIPSessionGotAcceptProposal(self, notification: Notification) -> None:
        data = notification.data
        proposed = any(stream is self.stream for stream in data.proposed_streams or ())
        if proposed and not any(stream is self.stream for stream in data.accepted_streams):
            self._not_taken(_DECLINE, "Decline", ours=data.originator == "local")

    def _NH_SIPSessionGotRejectProposal(self, notification: Notification) -> None:
        data = notification.data
        if any(stream is self.stream for stream in data.proposed_streams or ()):
            self._not_taken(data.code, str(data.reason), ours=data.originator == "local")

    def _NH_SIPSessionHadProposalFailure(self, notification: Notification) -> None:
        if any(stream is self.stream for stream in notification.data.proposed_streams or ()):
            self._failed(str(notification.data.failure_reason))

    def _NH_MediaStreamDidFail(self, notification: Notification) -> None:
        self.trouble = str(notification.data.reason)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _attempt(self, command: Callable[[], object]) -> bool:
        """Run a command of the session; its state may have moved on in the engine, which is no fault of the user's."""
        try:
            command()
        except (BlinkQError, RuntimeError, OSError) as error:
            log.info("session with %s: %s", self.uri, error)
            return False
        return True

    def _stop(self) -> None:
        """End the session, or only this part of it."""
        streams = list(self.session.streams or ())
        mine = any(stream is self.stream for stream in streams)
        # while it is being answered nobody can leave it: that waits until it runs
        others = len(streams) > 1 if mine else self.part_of_call or len(self.session.proposed_streams or ()) > 1
        if others:
            self._leave()
        elif (self.stage is MediaStage.LOOKING_UP and self.session.state is None) or not self._attempt(self.session.end):
            self._finish()

    def _leave(self) -> None:
        """Take the stream out of a call, or back what was proposed; what is under way is waited for."""
        session = self.session
        if self.stage is MediaStage.RUNNING or any(stream is self.stream for stream in session.streams or ()):
            CallChange(session, lambda: session.remove_stream(self.stream), self.parent())
        elif self._proposal is not None and not self._proposal.made:
            self._finish()  # nobody has heard of it
        elif session.state == "sending_proposal" and all(stream is self.stream for stream in session.proposed_streams or ()):
            self._attempt(session.cancel_proposal)  # where it comes too late, it goes as soon as it is there
        elif session.state not in _PROPOSED:
            self._finish()

    def _not_taken(self, code: int, reason: str, *, ours: bool = True) -> None:
        """The session goes on without the stream."""
        peer = display_address(self.uri)
        if not ours or self._stopped:
            self.explanation = None
        elif code in _ANSWERS:
            self.explanation = explain_media(self.stream.type, code, reason, reason, peer)
        elif code == _GLARE:
            both, again = self.tr("Both sides changed the call at the same moment."), self.tr("Try again.")
            self.explanation = Explanation(both, again, code, reason, peer)
        else:
            self.explanation = Explanation(self.tr("The other side did not take it into the call."), "", code, reason, peer)
        self._finish()

    def _failed(self, reason: str) -> None:
        self.explanation = explain_media(self.stream.type, 0, None, reason, display_address(self.uri))
        self._finish()

    def _run(self) -> None:
        if self._stopped and not self.over:  # it was to go while the other side was still asked
            if self.stage is not MediaStage.RUNNING:
                self.stage = MediaStage.RUNNING
                self._stop()
            return
        if self.stage not in (MediaStage.RUNNING, MediaStage.OVER):
            self._enter(MediaStage.RUNNING)
            self.running.emit()

    def _enter(self, stage: MediaStage) -> None:
        if not self.over and stage is not self.stage:
            self.stage = stage
            self.changed.emit()

    def _finish(self) -> None:
        if self.over:
            return
        self.stage = MediaStage.OVER
        self.forget()
        self.changed.emit()
        self.finished.emit()


_SESSION_NOTIFICATIONS = (
    "SIPSessionGotRingIndication", "SIPSessionDidStart", "SIPSessionDidFail", "SIPSessionDidEnd", "SIPSessionDidRenegotiateStreams",
    "SIPSessionGotAcceptProposal", "SIPSessionGotRejectProposal", "SIPSessionHadProposalFailure",
)  # fmt: skip
_STREAM_NOTIFICATIONS = ("MediaStreamDidFail",)
#: to be carried from the beginning: a session can be over before anybody listens to it
MEDIA_NOTIFICATIONS = ("DNSLookupDidSucceed", "DNSLookupDidFail", *_SESSION_NOTIFICATIONS, *_STREAM_NOTIFICATIONS)
