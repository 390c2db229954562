"""Sessions without sound that others begin: a chat, files, a desktop, or several of these. A person is asked about each."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.call_list import CallList
from blinkq.app.chat_entries import clean_line
from blinkq.app.chat_list import MAX_ASKING, Asker
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.middleware import Middleware, SessionLike, StreamLike
from blinkq.app.offered_media import Accepted, OfferedMedia, Question
from blinkq.app.peer_request import Decision, PeerRequest
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Visitors"]

log = get_logger("app.visitors")

_BUSY_HERE = 486


class Visitors(QObject):
    """Takes sessions that are no calls. ``asked`` with each that a person should decide."""

    asked = pyqtSignal(PeerRequest)

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, calls: CallList, media: OfferedMedia, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._bridge = bridge
        self._calls = calls
        self._media = media
        self._asking = 0
        calls.answers_without_sound = self.take

    def take(self, session: SessionLike) -> bool:
        """Ask about a session; False when nobody has a use for what it offers."""
        streams: list[StreamLike] = list(session.proposed_streams or ())
        usable = [stream for stream in streams if self._media.usable(stream)]
        if not usable and all(stream.type != "file-transfer" for stream in streams):
            return False
        if session.state != "incoming":  # it may have been given up while the notification travelled
            return True
        if not usable or self._asking >= MAX_ASKING:
            session.reject(_BUSY_HERE)
            return True
        self._asking += 1
        session.send_ring_indication()
        self._ask(session, usable)
        return True

    def _ask(self, session: SessionLike, streams: list[StreamLike]) -> None:
        identity = session.remote_identity
        uri = str(identity.uri) if identity is not None else ""
        name = self._calls.name_of(uri) or clean_line((identity.display_name if identity is not None else "") or "")
        links = {id(stream): MediaSession(self._middleware, self._bridge, session, stream, uri, MediaStage.INCOMING, self)
                 for stream in streams}  # fmt: skip
        first = links[id(streams[0])]
        title = name or display_address(uri)

        def agree() -> None:
            chosen = [stream for number, stream in enumerate(streams) if number in request.chosen]
            self._media.choose_screen(chosen, title, first.finished, accept)

        def accept(accepted: Accepted) -> None:
            if first.stage is not MediaStage.INCOMING:  # given up meanwhile
                return
            if not accepted.streams:
                refuse()
                return
            for stream in accepted.streams:
                link = links.pop(id(stream))
                link.taken()
                self._media.follow(accepted, stream, link, name, session.account)
            forget()
            try:
                session.accept(accepted.streams)
            except BlinkQError as error:  # given up at this very moment: its notification is on the way
                log.info("session of %s: %s", title, error)

        def refuse() -> None:
            first.reject()
            forget()

        def forget() -> None:
            """What nobody follows goes with the session."""
            for link in links.values():
                link.finished.connect(link.deleteLater)

        question = self._question(streams)
        shown = display_address(uri)
        text = question.text if not name or name == shown else f"({shown}) {question.text}"
        request = PeerRequest(
            Asker(first, title), question.heading, text, question.picture, Decision(agree, refuse), self, during_call=False,
            choices=[self._media.choice(stream) for stream in streams] if len(streams) > 1 else (),
        )  # fmt: skip
        request.closed.connect(lambda: self._closed(request))
        self.asked.emit(request)

    def _question(self, streams: list[StreamLike]) -> Question:
        if len(streams) == 1:
            return self._media.question(streams[0])
        if all(stream.type == "file-transfer" for stream in streams):
            return Question(self.tr("Take files?"), self.tr("wants to send you files:"), "file")
        return Question(self.tr("Accept?"), self.tr("wants to begin with you:"), streams[0].type if streams[0].type == "chat" else "add")

    def _closed(self, request: PeerRequest) -> None:
        self._asking -= 1
        request.deleteLater()
