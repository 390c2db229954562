"""What peers propose to add to a standing call: each proposal becomes a question, until it is answered, taken back or too old."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QCoreApplication, QObject, pyqtSignal

from blinkq.app.call import Call
from blinkq.app.call_list import CallList
from blinkq.app.middleware import SessionLike, StreamLike
from blinkq.app.peer_request import Decision, PeerRequest
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Proposals", "media_text"]

log = get_logger("app.proposals")

_NOT_ACCEPTABLE_HERE = 488
#: media that calls have no place for: accepted, they would be lost without a word. What applications add is theirs to show.
_WITHOUT_WINDOW = frozenset({"desktop-sharing", "file-transfer", "screen-sharing", "video"})


class Proposals(QObject):
    """Listens for proposals. ``asked`` with each that a person should decide."""

    asked = pyqtSignal(PeerRequest)

    def __init__(self, bridge: NotificationBridge, calls: CallList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls = calls
        self._open: dict[int, PeerRequest] = {}
        for name in _NOTIFICATIONS:
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    def _NH_SIPSessionGotProposal(self, notification: Notification) -> None:
        session: SessionLike = notification.sender
        call = self._call_of(session)
        if notification.data.originator != "remote" or call is None or session.state != "received_proposal":
            return
        proposed = notification.data.proposed_streams
        if [stream.type for stream in proposed] == ["desktop-sharing"]:
            return  # what it is about takes more words: ``desktops`` asks
        streams = [stream for stream in proposed if stream.type not in _WITHOUT_WINDOW]
        if not streams:
            self._refuse(call, session, media_text(proposed))
            return
        decision = Decision(lambda: session.accept_proposal(streams), lambda: session.reject_proposal(_NOT_ACCEPTABLE_HERE))
        text = self.tr("wants to add to the call with you: %1").replace("%1", media_text(streams))
        request = PeerRequest(call, self.tr("Add to the call?"), text, "add", decision, self)
        self._open[id(session)] = request
        request.closed.connect(lambda: self._closed(session, request))
        self.asked.emit(request)

    def _refuse(self, call: Call, session: SessionLike, media: str) -> None:
        try:
            session.reject_proposal(_NOT_ACCEPTABLE_HERE)
        except (BlinkQError, RuntimeError) as error:  # the peer has just taken it back
            log.info("proposal of %s: %s", call.peer, error)
            return
        call.tell(self.tr("%1 wanted to add to the call: %2. BlinkQ has no window for it.").replace("%1", call.title).replace("%2", media))

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
        request = self._open.get(id(notification.sender))
        if request is not None:
            request.close()
        call = self._call_of(notification.sender)
        if call is not None and notice:
            call.tell(notice)

    def _closed(self, session: SessionLike, request: PeerRequest) -> None:
        if self._open.get(id(session)) is request:
            del self._open[id(session)]
        request.deleteLater()

    def _call_of(self, session: SessionLike) -> Call | None:
        return next((call for call in self._calls.live if call.session is session), None)


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
