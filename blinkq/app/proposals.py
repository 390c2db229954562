"""What peers propose to add to a call or chat: each proposal becomes a question, until it is answered, taken back or too old."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QCoreApplication, QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.call import Call
from blinkq.app.call_list import CallList
from blinkq.app.chat_entries import clean_line
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.middleware import Middleware, SessionLike, StreamLike
from blinkq.app.offered_media import Accepted, OfferedMedia, Question
from blinkq.app.peer_request import Decision, PeerRequest
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Proposals", "media_text"]

log = get_logger("app.proposals")

_NOT_ACCEPTABLE_HERE = 488
#: what a person has to say of a file: other codes let the sender try another way
_DECLINE = 603
#: media that calls have no place for: accepted, they would be lost without a word. What applications add is theirs to show.
_WITHOUT_WINDOW = frozenset({"screen-sharing", "video"})
#: media that are shown in windows of their own
_WITH_WINDOW = frozenset({"chat", "desktop-sharing", "file-transfer"})


class SessionParty(QObject):
    """The other party of a session that is no call, such as a chat. ``finished`` when the session is over."""

    finished = pyqtSignal()

    def __init__(self, bridge: NotificationBridge, session: SessionLike, name_of: Callable[[str], str], parent: QObject) -> None:
        super().__init__(parent)
        identity = session.remote_identity
        self.uri = str(identity.uri) if identity is not None else ""
        self.peer = display_address(self.uri)
        self.name = name_of(self.uri) or clean_line((identity.display_name if identity is not None else "") or "")
        self.title = self.name or self.peer
        self.account = session.account
        self._bridge = bridge
        self._session = session
        for name in _ENDS:
            bridge.listen(name, self._ended, session)

    def close(self) -> None:
        """Stop listening. Idempotent."""
        for name in _ENDS:
            self._bridge.forget(name, self._ended, self._session)
        self.deleteLater()

    def _ended(self, _notification: Notification) -> None:
        self.finished.emit()
        self.close()


class _Over(QObject):
    """``gone`` when there is nothing to decide any more: answered, taken back, or the call is over."""

    gone = pyqtSignal()


class Proposals(QObject):
    """Listens for proposals. ``asked`` with each that a person should decide."""

    asked = pyqtSignal(PeerRequest)

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, calls: CallList, media: OfferedMedia, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._bridge = bridge
        self._calls = calls
        self._media = media
        self._open: dict[int, tuple[PeerRequest, _Over]] = {}
        for name in _NOTIFICATIONS:
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    def _NH_SIPSessionGotProposal(self, notification: Notification) -> None:
        session: SessionLike = notification.sender
        call = self._call_of(session)
        if notification.data.originator != "remote" or session.state != "received_proposal":
            return
        proposed = notification.data.proposed_streams
        streams = [stream for stream in proposed if self._has_place(stream)]
        if not streams:
            self._refuse(call, session, media_text(proposed))
        else:
            self._ask(call or SessionParty(self._bridge, session, self._calls.name_of, self), session, streams)

    def _ask(self, party: Call | SessionParty, session: SessionLike, streams: list[StreamLike]) -> None:
        over = _Over(self)
        call = party if isinstance(party, Call) else None

        def agree() -> None:
            chosen = [stream for number, stream in enumerate(streams) if number in request.chosen]
            self._media.choose_screen(chosen, party.title, over.gone, accept)

        def accept(accepted: Accepted) -> None:
            if session.state != "received_proposal":  # taken back meanwhile
                return
            if not accepted.streams:
                refuse()
                return
            talk = call
            if talk is None and any(stream.type == "audio" for stream in accepted.streams):
                talk = self._calls.adopt_sound(session)
            for stream in accepted.streams:
                if stream.type in _WITH_WINDOW:
                    link = MediaSession(
                        self._middleware, self._bridge, session, stream, party.uri, MediaStage.CALLING, self, part_of_call=talk is not None
                    )
                    self._media.follow(accepted, stream, link, party.name, party.account, talk)
            self._attempt(party, lambda: session.accept_proposal(accepted.streams))

        def refuse() -> None:
            files = all(stream.type == "file-transfer" for stream in streams)
            self._attempt(party, lambda: session.reject_proposal(_DECLINE if files else _NOT_ACCEPTABLE_HERE))

        question = self._question(streams, talking=call is not None)
        request = PeerRequest(
            party, question.heading, question.text, question.picture, Decision(agree, refuse), self,
            choices=[self._media.choice(stream) for stream in streams] if len(streams) > 1 else (),
        )  # fmt: skip
        party.finished.connect(lambda: self._forget(session))
        self._open[id(session)] = request, over
        self.asked.emit(request)

    def _question(self, streams: list[StreamLike], *, talking: bool) -> Question:
        """A call has its own words: there is talk already."""
        alone = streams[0] if len(streams) == 1 else None
        if not talking and alone is not None and alone.type == "audio":
            return Question(self.tr("Talk?"), self.tr("wants to talk with you."), "call")
        if not talking and alone is not None and alone.type == "chat":
            return self._media.question(alone)
        if alone is not None and alone.type in ("desktop-sharing", "file-transfer"):
            return self._media.question(alone)
        if all(stream.type == "file-transfer" for stream in streams):
            return Question(self.tr("Take files?"), self.tr("wants to send you files:"), "file")
        if not talking:
            return Question(self.tr("Accept?"), self.tr("wants to begin with you:"), "add")
        text = self.tr("wants to add to the call with you: %1").replace("%1", media_text(streams))
        return Question(self.tr("Add to the call?"), text if alone is not None else self.tr("wants to add to the call with you:"), "add")

    def _has_place(self, stream: StreamLike) -> bool:
        return self._media.usable(stream) if stream.type in _WITH_WINDOW else stream.type not in _WITHOUT_WINDOW

    def _refuse(self, call: Call | None, session: SessionLike, media: str) -> None:
        done = self._attempt(call, lambda: session.reject_proposal(_NOT_ACCEPTABLE_HERE))
        if call is not None and done:
            text = self.tr("%1 wanted to add to the call: %2. BlinkQ has no window for it.")
            call.tell(text.replace("%1", call.title).replace("%2", media))

    @staticmethod
    def _attempt(party: Call | SessionParty | None, command: Callable[[], None]) -> bool:
        """Answer; the peer may have taken it back at this very moment."""
        try:
            command()
        except (BlinkQError, RuntimeError) as error:
            log.info("proposal of %s: %s", party.peer if party is not None else "somebody", error)
            return False
        return True

    def _NH_SIPSessionGotAcceptProposal(self, notification: Notification) -> None:
        if notification.data.originator == "remote":
            text = QCoreApplication.translate("Proposals", "Added to the call: %1.")
            self._over(notification, text.replace("%1", media_text(notification.data.accepted_streams)))

    def _NH_SIPSessionGotRejectProposal(self, notification: Notification) -> None:
        if notification.data.originator == "remote":
            self._over(notification, "")

    def _NH_SIPSessionHadProposalFailure(self, notification: Notification) -> None:
        if notification.data.originator == "remote":
            text = QCoreApplication.translate("Proposals", "Could not be added to the call: %1 (%2).")
            text = text.replace("%1", media_text(notification.data.proposed_streams))
            self._over(notification, text.replace("%2", str(notification.data.failure_reason).rstrip(".")))

    def _over(self, notification: Notification, notice: str) -> None:
        self._forget(notification.sender)
        call = self._call_of(notification.sender)
        if call is not None and notice:
            call.tell(notice)

    def _forget(self, session: SessionLike) -> None:
        """There is nothing to decide any more."""
        request, over = self._open.pop(id(session), (None, None))
        if request is not None and over is not None:
            request.close()
            over.gone.emit()
            if isinstance(request.call, SessionParty):
                request.call.close()
            request.deleteLater()
            over.deleteLater()

    def _call_of(self, session: SessionLike) -> Call | None:
        return next((call for call in self._calls.live if call.session is session), None)


_ENDS = ("SIPSessionDidEnd", "SIPSessionDidFail")
_NOTIFICATIONS = ("SIPSessionGotProposal", "SIPSessionGotAcceptProposal", "SIPSessionGotRejectProposal", "SIPSessionHadProposalFailure")


def media_text(streams: Sequence[StreamLike]) -> str:
    """The media of some streams in words: "video and chat"."""
    def tr(text: str) -> str:
        return QCoreApplication.translate("Proposals", text)

    known = {
        "audio": tr("more sound"), "video": tr("video"), "chat": tr("chat"), "text": tr("text"), "file-transfer": tr("a file"),
        "screen-sharing": tr("a screen"), "desktop-sharing": tr("a screen"),
    }  # fmt: skip
    names = list(dict.fromkeys(known.get(stream.type, stream.type) for stream in streams))
    if len(names) < 2:
        return "".join(names)
    return tr("%1 and %2").replace("%1", ", ".join(names[:-1])).replace("%2", names[-1])
