"""Transfers of calls: those that we ask for, with how they go, and those that others ask us for."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.middleware import SessionLike
from blinkq.app.peer_request import Decision, PeerRequest
from blinkq.app.wording import happened
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.explain import explain_call

__all__ = ["Transfers"]

log = get_logger("app.transfers")

_DECLINE = 603


@dataclass(slots=True)
class _Transfer:
    """One under way: to whom, who asked for it, the call of ours with the target, and whether the new call has begun."""

    target: str
    ours: bool
    other: Call | None = None
    started: bool = False


class Transfers(QObject):
    """Asks for transfers and listens for them. ``asked`` with each that a person should decide."""

    asked = pyqtSignal(PeerRequest)

    def __init__(self, bridge: NotificationBridge, calls: CallList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls = calls
        self._running: dict[int, _Transfer] = {}
        self._requests: dict[int, PeerRequest] = {}
        for name in _NOTIFICATIONS:
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    # what we ask for -------------------------------------------------------------------------------------------------------------

    def transfer(self, call: Call, uri: str, title: str = "") -> bool:
        """Connect the other party of ``call`` with ``uri`` without asking there; False when that is not possible at the moment."""
        return self._ask(call, uri, title or display_address(uri), None)

    def connect(self, call: Call, other: Call) -> bool:
        """Connect the other parties of two of our calls with each other, and leave; False when that is not possible at the moment."""
        return self._ask(call, other.uri, other.title, other)

    def _ask(self, call: Call, uri: str, title: str, other: Call | None) -> bool:
        if call.stage is not CallStage.TALKING or call.transferring:
            return False
        try:
            call.session.transfer(uri, other.session if other is not None else None)
        except (BlinkQError, RuntimeError, ValueError) as error:
            log.info("transfer of %s to %s: %s", call.peer, uri, error)
            call.tell(self.tr("The call cannot be transferred at the moment. Try again in a second."), "error")
            return False
        self._running[id(call.session)] = _Transfer(title, True, other)
        call.transferring = True
        if other is not None:
            other.consults_for = None
        call.tell(self.tr("Transferring to %1…").replace("%1", title))
        return True

    # what others ask for ---------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionTransferNewIncoming(self, notification: Notification) -> None:
        session: SessionLike = notification.sender
        call = self._call_of(session)
        if call is None:
            return
        target = display_address(str(notification.data.transfer_destination))
        text = self.tr("asks you to call %1 instead. The present call ends when %1 answers.").replace("%1", target)
        decision = Decision(session.accept_transfer, lambda: session.reject_transfer(_DECLINE))
        request = PeerRequest(call, self.tr("Transfer the call?"), text, "transfer", decision, self)
        self._running[id(session)] = _Transfer(target, False)
        self._requests[id(session)] = request
        request.closed.connect(lambda: self._closed(session, request))
        self.asked.emit(request)

    def _closed(self, session: SessionLike, request: PeerRequest) -> None:
        if self._requests.get(id(session)) is request:
            del self._requests[id(session)]
        request.deleteLater()

    # how they go -----------------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionTransferDidStart(self, notification: Notification) -> None:
        call, transfer = self._followed(notification)
        if call is not None and transfer is not None:
            transfer.started = call.transferring = True
            call.tell(self.tr("Transferring to %1: calling…").replace("%1", transfer.target))

    def _NH_SIPSessionTransferGotProgress(self, notification: Notification) -> None:
        call, transfer = self._followed(notification)
        if call is not None and transfer is not None and 180 <= notification.data.code < 200:
            call.tell(self.tr("Transferring to %1: it rings there…").replace("%1", transfer.target))

    def _NH_SIPSessionTransferDidEnd(self, notification: Notification) -> None:
        call, transfer = self._followed(notification)
        self._over(notification)
        if call is not None and transfer is not None:
            call.tell(self.tr("Transferred to %1.").replace("%1", transfer.target), "good")
            if transfer.other is not None:
                transfer.other.hang_up()  # where the other side did not understand that the new call takes the place of this one

    def _NH_SIPSessionTransferDidFail(self, notification: Notification) -> None:
        call, transfer = self._followed(notification)
        self._over(notification)
        if call is None or transfer is None:
            return
        call.transferring = False
        code, reason = notification.data.code, str(notification.data.reason or "")
        if not code:
            call.tell(self.tr("Nobody told how the transfer to %1 went.").replace("%1", transfer.target), "error")
        elif not transfer.started and not transfer.ours:
            call.tell(self.tr("You did not let yourself be transferred to %1.").replace("%1", transfer.target))
        elif not transfer.started:
            text = self.tr("%1 does not let itself be transferred (%2). This call goes on.")
            call.tell(text.replace("%1", call.title).replace("%2", f"{code} {reason}".strip()), "error")
        else:
            why = happened(explain_call(code, reason, "", transfer.target))
            call.tell(self.tr("The transfer failed: %1 This call goes on.").replace("%1", why), "error")

    def _followed(self, notification: Notification) -> tuple[Call | None, _Transfer | None]:
        return self._call_of(notification.sender), self._running.get(id(notification.sender))

    def _over(self, notification: Notification) -> None:
        self._running.pop(id(notification.sender), None)
        request = self._requests.get(id(notification.sender))
        if request is not None:
            request.close()

    def _call_of(self, session: SessionLike) -> Call | None:
        return next((call for call in self._calls.live if call.session is session), None)


_NOTIFICATIONS = (
    "SIPSessionTransferNewIncoming", "SIPSessionTransferDidStart", "SIPSessionTransferGotProgress", "SIPSessionTransferDidEnd",
    "SIPSessionTransferDidFail",
)  # fmt: skip
