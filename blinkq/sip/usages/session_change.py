"""Re-INVITEs in both directions (RFC 3261 §14): one at a time, glare, late offers, CANCEL."""

from __future__ import annotations

from collections.abc import Iterable

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog import Dialog
from blinkq.sip.events import ReinviteAnswered, ReinviteCancelled, ReinviteConfirmed, ReinviteProgressed, ReinviteReceived
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.session_body import SDP, session_of
from blinkq.sip.status import reason_phrase
from blinkq.sip.transactions.invite_server import InviteServerTransaction
from blinkq.sip.transactions.transaction import ServerTransaction
from blinkq.sip.usages.accepted_answer import AcceptedAnswer
from blinkq.sip.usages.call import Call, Headers
from blinkq.sip.usages.invitation_states import InvitationState
from blinkq.sip.usages.session_timer import too_small

__all__ = ["SessionChange"]


class SessionChange:
    """The re-INVITEs of one confirmed call."""

    def __init__(self, call: Call) -> None:
        self._call = call
        # Ours: the exchange until its final answer; then, after a late offer, until `acknowledge`.
        self._ours: Exchange | None = None
        self._offered = False
        self._owed: tuple[Exchange, Dialog] | None = None
        # The peer's: the transaction until our answer, then our 2xx until its ACK.
        self._theirs: InviteServerTransaction | None = None
        self._answer: AcceptedAnswer | None = None
        call.on_over.append(self.stop)

    # -- ours

    def propose(
        self, sdp: bytes | None, contact: NameAddr | None, now: float, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Send a re-INVITE; None as `sdp` asks the peer for an offer."""
        call, dialog = self._call, self._dialog
        if self.busy:
            raise IllegalStateError("Invitation.reinvite while a re-INVITE is pending")
        if contact is not None:
            call.contact = contact
        request = dialog.make_request(
            "INVITE",
            dialog.next_cseq(),
            headers=[*call.dialog_headers(), *call.timer.request_headers(), *headers],
            body=sdp or b"",
            content_type=SDP if sdp else None,
        )
        self._offered = sdp is not None
        self._ours = call.exchange(dialog, request, self)
        self._ours.start(now)

    def cancel(self, now: float) -> None:
        """Take our re-INVITE back; too late (or nothing to take back) is no error."""
        if self._ours is not None:
            self._ours.cancel(now)

    def acknowledge(self, sdp: bytes | None) -> None:
        """Answer the offer of the peer's 2xx in our ACK."""
        if self._owed is None:
            raise IllegalStateError("Invitation.acknowledge without an offer to answer")
        exchange, dialog = self._owed
        self._owed = None
        self._call.acknowledge(dialog, exchange, sdp)

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The session goes on as it is; 100 only tells that somebody is at work."""
        if exchange is self._ours and response.code > 100:
            self._call.emit(ReinviteProgressed(self._call.invitation, response.code, response.reason))

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The peer answered."""
        call = self._call
        if response.code < 300 and (call.acknowledge_again(response) or exchange is not self._ours):
            return  # a repeated 2xx
        if response.code == 422 and (changes := call.timer.enlarge(response)) is not None:
            exchange.repeat(changes, now)
            return
        self._ours = None
        if call.state is not InvitationState.CONFIRMED:
            if response.code < 300:
                call.acknowledge(self._dialog, exchange, None)  # our BYE is on its way
            return
        call.report("local", "INVITE", response.code, response.reason)
        sdp = session_of(response) if response.code < 300 else None
        if response.code < 300:
            self._dialog.refresh_target(response)
            call.timer.answered(response, now)
            if self._offered or sdp is None:
                call.acknowledge(self._dialog, exchange, None)
            else:
                self._owed = (exchange, self._dialog)
        call.emit(ReinviteAnswered(call.invitation, response.code, response.reason, sdp, response))
        if response.code in (408, 481):
            call.give_up("remote", response.code, response.reason, now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """The peer did not answer."""
        call = self._call
        self._ours = None
        if call.state is not InvitationState.CONFIRMED:
            return
        call.report("local", "INVITE", code, reason)
        call.emit(ReinviteAnswered(call.invitation, code, reason, None, None))
        if code == 408:
            call.give_up("local", code, reason, now)

    # -- the peer's

    def receive(self, request: Request, flow: Flow, now: float) -> None:
        """A re-INVITE of the peer, in sequence."""
        call = self._call
        transaction = call.context.transactions.serve_invite(request, flow, self, now)
        small = too_small(request, call.context.config.min_se)
        if small is not None:
            self._refuse(transaction, 422, None, small, now)
            return
        if self._ours is not None or self._owed is not None:
            self._refuse(transaction, 491, None, (), now)  # §14.2: glare
            return
        if self._theirs is not None or self._answer is not None:
            retry = ("Retry-After", str(call.context.entropy.integer(0, 10)))
            self._refuse(transaction, 500, None, [retry], now)  # §14.2: the one before is not finished
            return
        self._theirs = transaction
        self._dialog.refresh_target(request)
        call.emit(ReinviteReceived(call.invitation, session_of(request), request))

    def ring(self, code: int, now: float) -> None:
        """Tell the peer that our user is being asked."""
        if self._theirs is None:
            raise IllegalStateError("Invitation.ring_reinvite without a pending re-INVITE")
        response = reply(self._theirs.request, code, None, headers=self._call.context.respond_headers(self._call.dialog_headers()))
        self._theirs.respond(response, now)

    def accept(self, sdp: bytes | None, now: float) -> None:
        """Answer the pending re-INVITE with 200."""
        call, transaction = self._call, self._take("accept_reinvite")
        headers = [*call.dialog_headers(), *call.timer.answer(transaction.request, now)]
        response = self._reply(transaction.request, 200, None, headers, sdp)
        self._answer = AcceptedAnswer(call.context, transaction, response, self._on_missing_ack)
        self._answer.start(now)
        call.report("remote", "INVITE", 200, reason_phrase(200))  # the change is in force now; should its ACK be missing the call ends

    def reject(self, code: int, reason: str | None, headers: Headers, now: float) -> None:
        """Refuse the pending re-INVITE; the session stays as it was."""
        transaction = self._take("reject_reinvite")
        response = self._refuse(transaction, code, reason, headers, now)
        self._call.report("remote", "INVITE", response.code, response.reason)

    def receive_ack(self, ack: Request, now: float) -> None:
        """An ACK within the dialog; ours when it belongs to our 2xx."""
        call, answer = self._call, self._answer
        if answer is None or ack.cseq.number != answer.cseq:
            return
        answer.stop()
        self._answer = None
        call.emit(ReinviteConfirmed(call.invitation, session_of(ack)))

    def on_ack(self, transaction: ServerTransaction, ack: Request, now: float) -> None:
        """An ACK with the branch of the re-INVITE: of a refusal, or of a 2xx by a careless peer."""
        self.receive_ack(ack, now)

    def on_no_ack(self, transaction: ServerTransaction, now: float) -> None:
        """A refusal that was not acknowledged changes nothing."""

    def on_cancel(self, transaction: ServerTransaction, cancel: Request, now: float) -> None:
        """The peer takes its re-INVITE back."""
        self._refuse(self._take("reject_reinvite"), 487, None, (), now)
        self._call.report("remote", "INVITE", 487, reason_phrase(487))
        self._call.emit(ReinviteCancelled(self._call.invitation))

    @property
    def tag(self) -> str:
        """Our tag in the dialog."""
        return self._dialog.local.tag or ""

    @property
    def busy(self) -> bool:
        """Whether a re-INVITE of either side is under way."""
        return any(x is not None for x in (self._ours, self._owed, self._theirs, self._answer))

    def stop(self, now: float) -> None:
        """The call is being ended: whatever is pending is dropped, a re-INVITE of the peer is refused with 487 (§15.1.2)."""
        if self._theirs is not None:
            transaction, self._theirs = self._theirs, None
            self._refuse(transaction, 487, None, (), now)
        if self._answer is not None:
            self._answer.stop()
            self._answer = None
        if self._owed is not None:
            exchange, dialog = self._owed
            self._owed = None
            self._call.acknowledge(dialog, exchange, None)
        if self._ours is not None:
            self._ours.cancel(now)

    # -- the parts

    @property
    def _dialog(self) -> Dialog:
        dialog = self._call.dialog
        assert dialog is not None  # the call is confirmed
        return dialog

    def _take(self, method: str) -> InviteServerTransaction:
        if self._theirs is None:
            raise IllegalStateError(f"Invitation.{method} without a pending re-INVITE")
        transaction, self._theirs = self._theirs, None
        return transaction

    def _refuse(
        self, transaction: InviteServerTransaction, code: int, reason: str | None, headers: Headers, now: float
    ) -> Response:
        response = self._reply(transaction.request, code, reason, headers, None)
        transaction.respond(response, now)
        return response

    def _reply(
        self, request: Request, code: int, reason: str | None, headers: Headers, sdp: bytes | None
    ) -> Response:
        return reply(
            request,
            code,
            reason,
            headers=self._call.context.respond_headers(headers),
            body=sdp or b"",
            content_type=SDP if sdp else None,
        )

    def _on_missing_ack(self, now: float) -> None:
        """§14.2: the session ends when our 2xx is never acknowledged."""
        self._answer = None
        call = self._call
        call.bye(self._dialog, now, [("Reason", 'SIP;cause=408;text="Missing ACK"')])
        call.finish("local", 200, reason_phrase(200), "missing ACK", now)
