"""What peers propose to add to a standing call: each proposal becomes a question, until it is answered, taken back or too old."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QCoreApplication, QObject, pyqtSignal

from blinkq.app.call import Call
from blinkq.app.call_list import CallList
from blinkq.app.middleware import SessionLike, StreamLike
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Proposal", "Proposals", "media_text"]

log = get_logger("app.proposals")

_NOT_ACCEPTABLE_HERE = 488


class Proposal(QObject):
    """One proposal. ``closed`` once, when there is nothing to decide any more."""

    closed = pyqtSignal()

    def __init__(self, call: Call, session: SessionLike, streams: Sequence[StreamLike], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.call = call
        self.streams = list(streams)
        self.open = True
        self._session = session

    @property
    def media(self) -> str:
        """What is proposed, in words."""
        return media_text(self.streams)

    def accept(self) -> None:
        """Take everything that is proposed. Nothing happens when it is too late."""
        self._decide(lambda: self._session.accept_proposal(self.streams))

    def reject(self) -> None:
        """Refuse it; the call goes on as it is. Nothing happens when it is too late."""
        self._decide(lambda: self._session.reject_proposal(_NOT_ACCEPTABLE_HERE))

    def close(self) -> None:
        """There is nothing to decide any more. Idempotent."""
        if self.open:
            self.open = False
            self.closed.emit()

    def _decide(self, command: Callable[[], None]) -> None:
        if not self.open:
            return
        try:
            command()
        except (BlinkQError, RuntimeError) as error:  # the peer has just taken it back: its notification is on the way
            log.info("proposal of %s: %s", self.call.peer, error)
        self.close()


class Proposals(QObject):
    """Listens for proposals. ``asked`` with each that a person should decide."""

    asked = pyqtSignal(Proposal)

    def __init__(self, bridge: NotificationBridge, calls: CallList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls = calls
        self._open: dict[int, Proposal] = {}
        for name in _NOTIFICATIONS:
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    def _NH_SIPSessionGotProposal(self, notification: Notification) -> None:
        session: SessionLike = notification.sender
        call = self._call_of(session)
        if notification.data.originator != "remote" or call is None or session.state != "received_proposal":
            return
        proposal = Proposal(call, session, notification.data.proposed_streams, self)
        self._open[id(session)] = proposal
        proposal.closed.connect(lambda: self._closed(session, proposal))
        call.finished.connect(proposal.close)
        self.asked.emit(proposal)

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
        proposal = self._open.get(id(notification.sender))
        if proposal is not None:
            proposal.close()
        call = self._call_of(notification.sender)
        if call is not None and notice:
            call.tell(notice)

    def _closed(self, session: SessionLike, proposal: Proposal) -> None:
        if self._open.get(id(session)) is proposal:
            del self._open[id(session)]
        proposal.deleteLater()

    def _call_of(self, session: SessionLike) -> Call | None:
        return next((call for call in self._calls.live if call.session is session), None)


_NOTIFICATIONS = ("SIPSessionGotProposal", "SIPSessionGotAcceptProposal", "SIPSessionGotRejectProposal", "SIPSessionHadProposalFailure")


def media_text(streams: Sequence[StreamLike]) -> str:
    """The media of some streams in words: "video and chat"."""
    def tr(text: str) -> str:
        return QCoreApplication.translate("Proposals", text)

    known = {
        "audio": tr("more sound"), "video": tr("video"), "chat": tr("chat"), "text": tr("text"), "file-transfer": tr("a file"),
        "screen-sharing": tr("a screen"),
    }  # fmt: skip
    names = list(dict.fromkeys(known.get(stream.type, stream.type) for stream in streams))
    if len(names) < 2:
        return "".join(names)
    return tr("%1 and %2").replace("%1", ", ".join(names[:-1])).replace("%2", names[-1])
