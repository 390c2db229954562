"""ConferenceFocus: a conference of which we are the focus (RFC 4579): calls mixed here, and participants who know of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError, IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.engine.loop import in_engine
from blinkq.sipsimple.account import AnyAccount
from blinkq.sipsimple.audio_conference import AudioConference
from blinkq.sipsimple.conference.foci import Foci
from blinkq.sipsimple.conference.roster import Participant, users_of
from blinkq.sipsimple.conference.subscribers import Subscribers
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.headers import ToHeader
from blinkq.sipsimple.lookup import DNSLookup, DNSLookupError
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.session.destination import target_of
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI
from blinkq.sipsimple.streams import AudioStream

__all__ = ["ConferenceFocus"]

log = get_logger("sipsimple.conference")

Progress = Callable[[int, str | None], None]


class ConferenceFocus(NotificationHandler):
    """A conference of ours. Methods may be called from any thread, while the application runs (IllegalStateError otherwise).

    :param account: whose sessions take part
    :param display_text: the conference's name for people

    ``audio`` is the AudioConference that mixes it. Sessions that take part are told that we are a focus; those of them that subscribe
    learn who comes and goes. What a participant asks for comes as ConferenceFocusGotRequest and is refused unless accepted.

    Posts ConferenceFocusDidAddSession, ConferenceFocusDidRemoveSession, ConferenceFocusDidNotInvite, ConferenceFocusGotRequest and, at
    the end, ConferenceFocusDidEnd.
    """

    def __init__(self, account: AnyAccount, display_text: str | None = None) -> None:
        self.account = account
        self.display_text = display_text
        self.audio = AudioConference()
        #: who is told of changes; for the engine thread
        self.subscribers = Subscribers(str(self.uri), display_text)
        self._streams: dict[Session, AudioStream] = {}
        self._invited: dict[Session, Progress] = {}
        self._ended = False
        self._begin()

    @property
    def uri(self) -> SIPURI:
        """The conference's address: that of the account."""
        return self.account.uri

    @property
    def sessions(self) -> list[Session]:
        """Those who take part, in the order in which they came."""
        return list(self._streams)

    @property
    def ended(self) -> bool:
        """Whether ``end`` was called."""
        return self._ended

    def add(self, session: Session) -> None:
        """Let a session take part; nothing happens when it does.

        Raises IllegalStateError unless the session is connected and the conference goes on, ValueError when it has no audio or belongs to
        another account.
        """
        if self._ended or not session.machine.started:
            raise IllegalStateError(f"add is not allowed {'after the end' if self._ended else f'in state {session.state}'}")
        if session.account is not self.account:
            raise ValueError("add: the session belongs to another account")
        stream = _audio_of(session)
        if stream is None:
            raise ValueError("add: the session has no audio")
        self._add(session, stream)

    def remove(self, session: Session) -> None:
        """Let a session go on without the others; nothing happens when it does not take part."""
        self._remove(session)

    def invite(self, uri: BaseSIPURI | str, on_progress: Progress | None = None) -> Session:
        """Call somebody and let the call take part as soon as it stands.

        :param uri: whom to call; SIPCoreError when it is no address
        :param on_progress: told each SIP code of the call with its phrase, on the engine thread

        The session is returned before it is connected. Posts ConferenceFocusDidNotInvite when it does not come to that.
        """
        if self._ended:
            raise IllegalStateError("invite is not allowed after the end")
        target = SIPURI.parse(uri) if isinstance(uri, str) else SIPURI.new(uri)
        session = Session(self.account)
        self._invite(session, target, on_progress or _ignore)
        return session

    def dismiss(self, uri: BaseSIPURI) -> tuple[int, str]:
        """End the calls of the participant with this address; (404, "Not Found") when there is none, else (200, "OK")."""
        wanted = (uri.user, uri.host.lower())
        found = [session for session in self.sessions if any((known.user, known.host.lower()) == wanted for known in _addresses(session))]
        for session in found:
            session.end()
        return (200, "OK") if found else (404, "Not Found")

    def hold(self) -> None:
        """Leave the others to themselves; they go on hearing each other. Idempotent."""
        self.audio.hold()
        self._tell()

    def unhold(self) -> None:
        """Undo ``hold``. Idempotent."""
        self.audio.unhold()
        self._tell()

    def end(self, end_sessions: bool = True) -> None:
        """End the conference, and with ``end_sessions`` the calls of all who take part or are being called. Idempotent."""
        if not self._ended:
            self._ended = True
            self._end(end_sessions)

    # on the engine thread --------------------------------------------------------------------------------------------------------------

    @in_engine
    def _begin(self) -> None:
        Foci().add(self)
        NotificationCenter().add_observer(self, name="SIPApplicationWillEnd")
        self._tell()

    @in_engine
    def _add(self, session: Session, stream: AudioStream) -> None:
        if self._ended or session in self._streams or not session.machine.started:
            return
        NotificationCenter().add_observer(self, sender=session)
        self._streams[session] = stream
        self.audio.add(stream)
        session.become_focus()
        post("ConferenceFocusDidAddSession", self, session=session)
        self._tell()

    @in_engine
    def _remove(self, session: Session) -> None:
        stream = self._streams.pop(session, None)
        if stream is None:
            return
        NotificationCenter().discard_observer(self, sender=session)
        self.audio.remove(stream)
        self.subscribers.dismiss(session)
        post("ConferenceFocusDidRemoveSession", self, session=session)
        self._tell()

    @in_engine
    def _end(self, end_sessions: bool) -> None:
        for session in self._invited:
            NotificationCenter().discard_observer(self, sender=session)
        taking_part = [*self.sessions, *self._invited]
        self._invited.clear()
        self.subscribers.close()
        for session in self.sessions:
            self._remove(session)
        if end_sessions:
            for session in taking_part:
                session.end()
        Foci().remove(self)
        NotificationCenter().discard_observer(self, name="SIPApplicationWillEnd")
        post("ConferenceFocusDidEnd", self)

    @in_engine
    def _tell(self) -> None:
        if not self._ended:
            self.subscribers.update(users_of([self._ourselves(), *map(_participant, self._streams)]))

    def _ourselves(self) -> Participant:
        status = "on-hold" if self.audio.on_hold else "connected"
        direction = "inactive" if self.audio.on_hold else "sendrecv"
        return Participant(str(self.uri), str(self.uri), self.account.announced_name, status, "focus-owner", media=(("audio", direction),))

    # calls that we make ----------------------------------------------------------------------------------------------------------------

    @in_engine
    def _invite(self, session: Session, target: SIPURI, on_progress: Progress) -> None:
        self._invited[session] = on_progress
        NotificationCenter().add_observer(self, sender=session)
        Runtime.spawn(self._call(session, target))

    async def _call(self, session: Session, target: SIPURI) -> None:
        transports = list(SIPSimpleSettings().sip.transport_list)
        try:
            routes = await DNSLookup().lookup_sip_proxy(target_of(self.account, target), transports, tls_name=self.account.sip.tls_name)
            if session in self._invited:
                session.connect(ToHeader(target), routes, [AudioStream(self.account)], is_focus=True)
        except DNSLookupError as error:
            self._not_invited(session, target, 404, str(error))
        except BlinkQError as error:  # the session was ended meanwhile, or the application is stopping
            self._not_invited(session, target, 487, str(error))

    def _not_invited(self, session: Session, target: BaseSIPURI, code: int, reason: str) -> None:
        on_progress = self._invited.pop(session, None)
        NotificationCenter().discard_observer(self, sender=session)
        self.subscribers.dismiss(session)
        if on_progress is not None:
            post("ConferenceFocusDidNotInvite", self, session=session, uri=SIPURI.new(target), code=code, reason=reason)
            on_progress(code, None)

    def _NH_SIPSessionGotProvisionalResponse(self, notification: Notification) -> None:
        self._progressed(notification.sender, notification.data.code, notification.data.reason)

    @in_engine
    def _progressed(self, session: Session, code: int, reason: str) -> None:
        self._invited.get(session, _ignore)(code, reason)

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        self._started(notification.sender)

    @in_engine
    def _started(self, session: Session) -> None:
        on_progress = self._invited.pop(session, None)
        stream = _audio_of(session)
        if on_progress is not None:
            NotificationCenter().discard_observer(self, sender=session)
            if stream is not None:
                self._add(session, stream)
            on_progress(200, "OK")

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        self._failed(notification.sender, data.code if data.code >= 300 else 500, data.reason or data.failure_reason)

    @in_engine
    def _failed(self, session: Session, code: int, reason: str) -> None:
        if session.remote_identity is not None:
            self._not_invited(session, session.remote_identity.uri, code, reason)

    def _NH_SIPApplicationWillEnd(self, notification: Notification) -> None:
        self.end()

    # sessions that take part -----------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        self._remove(notification.sender)

    def _NH_SIPSessionDidChangeHoldState(self, notification: Notification) -> None:
        self._tell()

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        self._follow_audio(notification.sender)

    @in_engine
    def _follow_audio(self, session: Session) -> None:
        old, new = self._streams.get(session), _audio_of(session)
        if old is None or old is new:
            self._tell()
        elif new is None:
            self._remove(session)  # without audio there is nothing of it to mix
        else:
            self.audio.remove(old)
            self._streams[session] = new
            self.audio.add(new)
            self._tell()

    def __repr__(self) -> str:
        return f"<ConferenceFocus {self.uri} of {len(self._streams)}>"


def _ignore(_code: int, _reason: str | None) -> None:
    """Nobody wants to know."""


def _audio_of(session: Session) -> AudioStream | None:
    return next((stream for stream in session.streams if isinstance(stream, AudioStream)), None)


def _addresses(session: Session) -> list[Any]:
    known = (session.remote_identity.uri if session.remote_identity is not None else None, session.remote_contact)
    return [uri for uri in known if uri is not None]


def _participant(session: Session) -> Participant:
    assert session.remote_identity is not None
    uri = SIPURI.new(session.remote_identity.uri)
    uri.parameters, uri.headers, uri.port = {}, {}, None
    held = any(stream.on_hold_by_remote for stream in session.streams), any(stream.on_hold_by_local for stream in session.streams)
    direction = {(False, False): "sendrecv", (True, False): "sendonly", (False, True): "recvonly"}.get(held, "inactive")
    return Participant(
        str(uri), str(session.remote_contact or uri), session.remote_identity.display_name, "on-hold" if session.on_hold else "connected",
        "dialed-in" if session.direction == "incoming" else "dialed-out", session.start_time,
        tuple((stream.type, direction) for stream in session.streams),
    )  # fmt: skip
