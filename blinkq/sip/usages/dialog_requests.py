"""The requests of a call that do not change its session: REFER and its reports in both directions, MESSAGE, INFO, OPTIONS."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.context import capabilities
from blinkq.sip.dialog import Dialog
from blinkq.sip.dialog_events import DialogRequestReceived, ReferReceived
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import EventPackage
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.replaces import Replaces, replaces_in
from blinkq.sip.replies import reply
from blinkq.sip.transactions.transaction import ServerTransaction
from blinkq.sip.usages.call import Call
from blinkq.sip.usages.incoming_referral import DURATION, IncomingReferral
from blinkq.sip.usages.invitation_states import InvitationState
from blinkq.sip.usages.referral import Referral

__all__ = ["DialogRequests"]

Headers = Iterable[tuple[str, str]]


class DialogRequests:
    """What else happens in the dialog of one call. One transfer at a time, whoever asks for it."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ours: Referral | None = None
        self._theirs: IncomingReferral | None = None
        self._first = True
        call.on_over.append(self._on_over)

    # -- ours

    def refer(self, refer_to: NameAddr, headers: Headers, now: float) -> Referral:
        """Ask the peer to call `refer_to`. Raises IllegalStateError while a transfer is under way."""
        if self._busy:
            raise IllegalStateError("Invitation.refer while a transfer is under way")
        self._ours = made = Referral(self._call, self.failed)
        made.start(self._dialog, refer_to, headers, now)
        return made

    def failed(self, response: Response, now: float) -> None:
        """A request of ours was refused; 481 tells that the peer has lost the call, or for a NOTIFY its subscription (RFC 5057 §5.1)."""
        call = self._call
        if response.code == 481 and response.cseq.method != "NOTIFY" and call.state is InvitationState.CONFIRMED:
            call.bye(self._dialog, now)
            call.finish("remote", response.code, response.reason, "dialog failure", now)

    # -- the peer's

    def receive(self, request: Request, flow: Flow, now: float) -> None:
        """A request in order, of a method that has no other place."""
        transaction = self._call.context.transactions.serve(request, flow)
        if request.method == "REFER":
            self._receive_refer(request, transaction, now)
        elif request.method == "NOTIFY":
            self._respond(request, transaction, 200 if self._take_report(request, now) else 481, now)
        elif request.method == "SUBSCRIBE":
            self._receive_subscribe(request, transaction, now)
        elif request.method == "INFO" and "Info-Package" in request.headers:
            self._respond(request, transaction, 469, now, [("Recv-Info", "")])  # RFC 6086 §4.2.2: we take part in none
        elif request.method in ("MESSAGE", "INFO"):
            self._respond(request, transaction, 200, now)
            self._call.emit(DialogRequestReceived(self._call.invitation, request))
        else:
            self._respond(request, transaction, 200, now, capabilities())

    def _receive_refer(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        call = self._call
        try:
            refer_to, replaces = _target_of(request)
        except SIPParseError:
            self._respond(request, transaction, 400, now)
            return
        if self._busy or call.state is not InvitationState.CONFIRMED:
            self._respond(request, transaction, 480, now)
            return
        referral = IncomingReferral(call, self._dialog, request, transaction, refer_to, replaces, self._first)
        self._theirs, self._first = referral, False
        call.emit(ReferReceived(call.invitation, referral, request))

    def _take_report(self, request: Request, now: float) -> bool:
        """Whether a NOTIFY is about our REFER."""
        number = _refer_number(request)
        if self._ours is None or number is None or number not in (0, self._ours.cseq):
            return False
        self._ours.receive(request, now)
        return True

    def _receive_subscribe(self, request: Request, transaction: ServerTransaction, now: float) -> None:
        """The peer renews or ends the subscription that its REFER made (RFC 3515 §2.4.4)."""
        number = _refer_number(request)
        if number is None:
            self._respond(request, transaction, 489, now)
        elif self._theirs is None or number not in (0, self._theirs.number) or self._theirs.finished:
            self._respond(request, transaction, 481, now)
        else:
            expires = str(min(request.expires if request.expires is not None else DURATION, DURATION))
            self._respond(request, transaction, 200, now, [("Expires", expires), *self._call.dialog_headers()])
            self._theirs.repeat(now)

    # -- the parts

    @property
    def _dialog(self) -> Dialog:
        dialog = self._call.dialog
        assert dialog is not None  # the call is confirmed
        return dialog

    @property
    def _busy(self) -> bool:
        return any(referral is not None and not referral.finished for referral in (self._ours, self._theirs))

    def _respond(self, request: Request, transaction: ServerTransaction, code: int, now: float, headers: Headers = ()) -> None:
        transaction.respond(reply(request, code, headers=self._call.context.respond_headers(headers)), now)

    def _on_over(self, now: float) -> None:
        if self._ours is not None:
            self._ours.stop(now)
        if self._theirs is not None:
            self._theirs.stop(now)


def _target_of(request: Request) -> tuple[NameAddr, Replaces | None]:
    """Whom a REFER wants us to call, and what the call shall replace. Raises SIPParseError."""
    values = request.headers.get_split("refer-to")
    if len(values) != 1:
        raise SIPParseError("a REFER has one Refer-To")  # RFC 3515 §2.4.2
    address = NameAddr.parse(values[0])
    uri = address.uri
    if uri.scheme not in ("sip", "sips"):
        raise SIPParseError("only SIP addresses can be called")
    if (uri.parameters.get("method") or "INVITE").upper() != "INVITE":
        raise SIPParseError("nothing but calls can be asked for")
    parameters = {name: value for name, value in uri.parameters.items() if name != "method"}
    return address.replace(uri=uri.replace(headers={}, parameters=parameters)), replaces_in(uri)


def _refer_number(request: Request) -> int | None:
    """The id of an Event: refer header, 0 without one; None when it is another event."""
    try:
        event = EventPackage.of(request)
    except SIPParseError:
        return None
    number = event.id or "0"
    if event.name.lower() != "refer" or not (number.isascii() and number.isdigit() and len(number) <= 10):
        return None
    return int(number)
