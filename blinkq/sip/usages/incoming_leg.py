"""The first INVITE of a call somebody makes to us (RFC 3261 §13.3): ringing, the answer and its ACK, the refusal, CANCEL."""

from __future__ import annotations

from blinkq.sip.events import InvitationConfirmed
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.session_body import SDP, session_of
from blinkq.sip.status import reason_phrase
from blinkq.sip.timers import Timer
from blinkq.sip.transactions.invite_server import InviteServerTransaction
from blinkq.sip.transactions.transaction import ServerTransaction
from blinkq.sip.usages.accepted_answer import AcceptedAnswer
from blinkq.sip.usages.call import Call, Headers
from blinkq.sip.usages.invitation_states import InvitationInput, InvitationState
from blinkq.sip.usages.reliable_progress import ReliableProgress

__all__ = ["IncomingLeg"]

_S, _I = InvitationState, InvitationInput

# RFC 3261 §13.3.1.1: a provisional response every minute keeps proxies from giving up.
PROVISIONAL_INTERVAL = 60.0
# Seconds that a call may ring when the caller sets no shorter limit (Expires). A caller that vanished never cancels: without a limit its
# call would ring, and count among the calls that there may be, for ever. Proxies give up after three minutes (timer C).
MAX_RINGING = 300.0


class IncomingLeg:
    """The called side until the call is confirmed."""

    def __init__(self, call: Call, request: Request, local_tag: str, flow: Flow, now: float) -> None:
        self._call = call
        self._request = request
        self._tag = local_tag
        self._transaction: InviteServerTransaction = call.context.transactions.serve_invite(request, flow, self, now)
        self._answer: AcceptedAnswer | None = None
        self._ringing: Timer | None = None
        self._unanswered: Timer | None = None
        self._final: tuple[int, str] = (0, "")
        self._hanging_up: tuple[tuple[str, str], ...] = ()
        # RFC 3262 §3: who requires it gets every provisional response for certain.
        self._reliable = ReliableProgress(call, self._transaction, self._on_missing_prack) if "100rel" in request.require else None
        call.on_over.append(self._on_over)

    def start(self, now: float) -> None:
        """Say 100 Trying."""
        self._call.move(_I.INVITE_RECEIVED)
        self._transaction.respond(self._reply(100), now)
        limit = min(self._request.expires or MAX_RINGING, MAX_RINGING)
        self._unanswered = self._call.context.timers.schedule(now + limit, self._on_unanswered)

    def ring(self, code: int, sdp: bytes | None, now: float, headers: Headers = ()) -> None:
        """Send a provisional response, repeated every minute."""
        self._call.move(_I.RING)
        if self._reliable is not None and sdp is None and session_of(self._request) is None:
            return  # it would have to carry our offer, which is made when the user answers (RFC 3262 §5)
        response = self._reply(code, headers=[*self._dialog_headers(), *headers], sdp=sdp)
        self._respond_progress(response, now)
        self._repeat_ringing(response, now)

    def accept(self, sdp: bytes | None, headers: Headers, now: float) -> None:
        """Send 200 with our answer, or with our offer when the INVITE had none."""
        self._call.move(_I.ACCEPT)
        self._stop_ringing()
        self._final = (200, reason_phrase(200))
        timer = self._call.timer.answer(self._request, now)
        response = self._reply(200, headers=[*self._dialog_headers(), *timer, *headers], sdp=sdp)
        self._answer = AcceptedAnswer(self._call.context, self._transaction, response, self._on_missing_ack)
        self._answer.start(now)

    def reject(self, code: int, reason: str | None, headers: Headers, now: float) -> None:
        """Send a refusal; the call is over when it is acknowledged."""
        self._call.move(_I.REJECT)
        self._refuse(code, reason, headers, now)
        self._call.be_patient(now, self._on_no_ack_in_time)

    def end_accepted(self, now: float, headers: Headers) -> None:
        """Hang up while our 2xx is not acknowledged: the BYE has to wait for the ACK (RFC 3261 §15)."""
        self._call.move(_I.END)
        self._hanging_up = tuple(headers)
        self._call.be_patient(now, self._on_hang_up_unseen)

    def receive_ack(self, ack: Request, now: float) -> None:
        """An ACK within the dialog."""
        if self._answer is not None and ack.cseq.number == self._answer.cseq:
            self._confirm(session_of(ack), now)

    def receive_prack(self, prack: Request, now: float) -> bool:
        """Whether a PRACK is for a provisional response that waits for it."""
        return self._reliable is not None and self._reliable.receive_prack(prack, now)

    def imply_ack(self, now: float) -> None:
        """The peer sends a request that it can only send knowing our 2xx; its ACK is lost or late."""
        self._confirm(None, now)

    def peer_hung_up(self, cause: str, now: float) -> None:
        """BYE before the call was confirmed."""
        call = self._call
        if call.state in (_S.RECEIVED, _S.RINGING):
            self._refuse(487, None, (), now)
            call.report("remote", "INVITE", 487, reason_phrase(487))
        elif call.state is _S.ACCEPTED:
            call.report("remote", "INVITE", *self._final, False)
        if call.state is _S.TERMINATED:
            self._forget_answer()
            call.lingering = False
            call.leave_all()
        elif call.state is _S.ENDING:
            call.finish("local", 487, reason_phrase(487), "user request", now)
        else:
            call.finish("remote", 487, reason_phrase(487), cause, now)

    # -- ServerUser

    def on_ack(self, transaction: ServerTransaction, ack: Request, now: float) -> None:
        """The ACK of a refusal, or one that reuses the INVITE's branch."""
        if self._answer is not None:
            self.receive_ack(ack, now)
        elif self._call.state is _S.REJECTING:
            self._call.report("remote", "INVITE", *self._final, True)
            self._call.finish("local", *self._final, "user request", now)

    def on_no_ack(self, transaction: ServerTransaction, now: float) -> None:
        """The refusal was never acknowledged; `_on_no_ack_in_time` has said so long ago."""

    def on_cancel(self, transaction: ServerTransaction, cancel: Request, now: float) -> None:
        """The caller gave up (§9.2)."""
        self._refuse(487, None, (), now)
        self._call.report("remote", "INVITE", 487, reason_phrase(487))
        self._call.finish("remote", 487, reason_phrase(487), cancel.reason_text or "user request", now)

    @property
    def tag(self) -> str:
        """The To tag of all responses to this INVITE, and to its CANCEL."""
        return self._tag

    # -- the parts

    def _confirm(self, sdp: bytes | None, now: float) -> None:
        call = self._call
        assert self._answer is not None  # a 2xx was sent
        self._answer.stop()
        self._answer = None
        if call.state is _S.ACCEPTED:
            call.move(_I.ACK)
            call.report("remote", "INVITE", *self._final, True)
            call.emit(InvitationConfirmed(call.invitation, sdp))
        else:
            self._hang_up(now)

    def _on_missing_ack(self, now: float) -> None:
        call = self._call
        self._answer = None
        if call.state is not _S.ACCEPTED:
            self._hang_up(now)
            return
        dialog = call.dialog
        assert dialog is not None  # made with the INVITE
        call.bye(dialog, now, [("Reason", 'SIP;cause=408;text="Missing ACK"')])
        call.report("remote", "INVITE", *self._final, False)
        call.finish("local", *self._final, "missing ACK", now)

    def _hang_up(self, now: float) -> None:
        call = self._call
        if call.state is _S.ENDING:
            call.report("remote", "INVITE", *self._final, True)
            call.hang_up(now, self._hanging_up)
            return
        dialog = call.dialog
        assert dialog is not None  # made with the INVITE
        call.bye(dialog, now, self._hanging_up)
        call.lingering = False
        call.leave_all()

    def _on_no_ack_in_time(self, now: float) -> None:
        self._call.report("remote", "INVITE", *self._final, False)
        self._call.finish("local", *self._final, "timeout", now)

    def _on_hang_up_unseen(self, now: float) -> None:
        # The 2xx goes on being repeated, and the BYE follows its ACK; only the waiting is over.
        self._call.report("remote", "INVITE", *self._final, False)
        self._call.lingering = True
        self._call.finish("local", 487, reason_phrase(487), "user request", now)

    def _refuse(self, code: int, reason: str | None, headers: Headers, now: float) -> None:
        self._stop_ringing()
        response = self._reply(code, reason, headers=[*headers])
        self._final = (response.code, response.reason)
        self._transaction.respond(response, now)

    def _reply(
        self,
        code: int,
        reason: str | None = None,
        headers: Headers = (),
        sdp: bytes | None = None,
    ) -> Response:
        return reply(
            self._request,
            code,
            reason,
            tag=self._tag,
            headers=self._call.context.respond_headers(headers),
            body=sdp or b"",
            content_type=SDP if sdp else None,
        )

    def _dialog_headers(self) -> list[tuple[str, str]]:
        routes = [("Record-Route", route) for route in self._request.headers.get_all("Record-Route")]
        return [*routes, *self._call.dialog_headers()]

    def _repeat_ringing(self, response: Response, now: float) -> None:
        self._stop_repeating()

        def repeat(later: float) -> None:
            self._respond_progress(response, later)
            self._repeat_ringing(response, later)

        self._ringing = self._call.context.timers.schedule(now + PROVISIONAL_INTERVAL, repeat)

    def _respond_progress(self, response: Response, now: float) -> None:
        if self._reliable is None:
            self._transaction.respond(response, now)
        else:
            self._reliable.send(response.copy(), now)

    def _on_missing_prack(self, now: float) -> None:
        """RFC 3262 §3: a caller that does not answer is not there."""
        self._refuse(504, None, (), now)
        self._call.report("remote", "INVITE", *self._final)
        self._call.finish("local", *self._final, "missing PRACK", now)

    def _stop_ringing(self) -> None:
        """The call is decided."""
        if self._reliable is not None:
            self._reliable.stop()
        self._stop_repeating()
        if self._unanswered is not None:
            self._unanswered.cancel()
            self._unanswered = None

    def _stop_repeating(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None

    def _on_unanswered(self, now: float) -> None:
        """§13.3.1: the INVITE has expired, or nobody has decided for too long."""
        code = 487 if self._request.expires else 480
        self._refuse(code, None, (), now)
        self._call.report("remote", "INVITE", *self._final)
        self._call.finish("local", *self._final, "timeout", now)

    def _on_over(self, now: float) -> None:
        self._stop_ringing()
        if not self._call.lingering:
            self._forget_answer()

    def _forget_answer(self) -> None:
        if self._answer is not None:
            self._answer.stop()
            self._answer = None
