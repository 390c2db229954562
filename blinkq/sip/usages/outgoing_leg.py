"""The first INVITE of a call we make (RFC 3261 §13.2): early dialogs, forks, ACK, CANCEL and what crosses it."""

from __future__ import annotations

from blinkq.sip.dialog import Dialog, DialogID
from blinkq.sip.events import InvitationAnswered, InvitationProgressed, Originator
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow
from blinkq.sip.message import Response
from blinkq.sip.session_body import session_of
from blinkq.sip.timers import Timer
from blinkq.sip.usages.call import Call, Headers
from blinkq.sip.usages.invitation_states import InvitationInput, InvitationState
from blinkq.sip.usages.reliable_progress import ProgressAcknowledger
from blinkq.sip.usages.session_update import SessionUpdate

__all__ = ["OutgoingLeg"]

_S, _I = InvitationState, InvitationInput

_USER_REQUEST = "user request"


class OutgoingLeg:
    """The calling side until the call is confirmed, and the janitor of late answers afterwards.

    offered: whether the INVITE carried our offer; without it the answer goes into the ACK (`acknowledge`).
    """

    def __init__(self, call: Call, offered: bool, update: SessionUpdate) -> None:
        self._call = call
        self._offered = offered
        self._update = update
        self._progress = ProgressAcknowledger(call)
        self._exchange: Exchange | None = None
        self._no_answer: Timer | None = None
        # What to report when a given-up INVITE is finally over.
        self._outcome: tuple[Originator, int, str, str] = ("local", 487, "Request Terminated", _USER_REQUEST)
        call.on_over.append(self._on_over)

    @property
    def request_sent(self) -> Exchange:
        """The exchange of the INVITE."""
        assert self._exchange is not None  # `start` is called right after construction
        return self._exchange

    def start(self, exchange: Exchange, timeout: float | None, now: float) -> None:
        """Send the INVITE; give up after `timeout` seconds without a final answer."""
        self._exchange = exchange
        self._call.move(_I.INVITE_SENT)
        exchange.start(now)
        if timeout is not None:
            self._no_answer = self._call.context.timers.schedule(now + timeout, self._on_no_answer)

    def cancel(self, now: float, headers: Headers) -> None:
        """Give the call up before it was answered."""
        self._call.move(_I.CANCEL)
        self._call.be_patient(now, self._on_patience_over)
        self.request_sent.cancel(now, headers)

    def acknowledge(self, sdp: bytes | None) -> None:
        """Send the ACK with our answer to the offer of the 2xx."""
        dialog = self._call.dialog
        assert dialog is not None  # state ANSWERED
        self._call.acknowledge(dialog, self.request_sent, sdp)

    def peer_hung_up(self, dialog: Dialog, cause: str, now: float) -> None:
        """A BYE overtook the answer to our INVITE, or crosses our CANCEL."""
        call = self._call
        call.leave(dialog)
        if call.state is not _S.CANCELLING and call.dialogs:
            return  # one branch of a forked call less
        if call.state is _S.CANCELLING:
            originator, code, reason, cause = self._outcome
        else:
            originator, code, reason = "remote", 487, "Request Terminated"
            self.request_sent.cancel(now)
        call.report("local", "INVITE", code, reason)
        call.finish(originator, code, reason, cause, now)

    # -- ExchangeUser

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """1xx."""
        call = self._call
        self._note_peer(response, flow)
        if call.state not in (_S.CALLING, _S.PROCEEDING):
            return
        call.move(_I.PROGRESS)
        if response.code == 100 or not self._progress.admits(response):
            return
        if response.to.tag is not None:
            dialog = self._dialog_of(response, flow)
            if self._progress.acknowledge(response, dialog, now) and self._offered and session_of(response) is not None:
                self._update.early.add(response.to.tag)  # RFC 6337 §3.1.1: this is the answer, and the 2xx will have none
        call.emit(
            InvitationProgressed(call.invitation, response.code, response.reason, session_of(response), response)
        )

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """2xx (each of them), or the refusal."""
        call = self._call
        self._note_peer(response, flow)
        if response.code < 300:
            self._on_success(exchange, response, flow, now)
            return
        if call.state is _S.CANCELLING:
            originator, code, reason, cause = self._outcome
            call.report("local", "INVITE", response.code, response.reason)
            call.finish(originator, code, reason, cause, now, response)
        elif call.state in (_S.CALLING, _S.PROCEEDING):
            if response.code == 422 and (changes := call.timer.enlarge(response)) is not None:
                exchange.repeat(changes, now)
                return
            call.report("local", "INVITE", response.code, response.reason)
            cause = response.reason_text or _USER_REQUEST
            call.finish("remote", response.code, response.reason, cause, now, response)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """No final answer will come."""
        call = self._call
        if call.state is _S.CANCELLING:
            originator, code, reason, cause = self._outcome
            call.report("local", "INVITE", code, reason)
        elif call.state in (_S.CALLING, _S.PROCEEDING):
            # nothing to report: the transaction had no answer
            originator, cause = "local", "timeout" if code == 408 else "transport failure"
        else:
            return
        call.finish(originator, code, reason, cause, now)

    # -- answers

    def _note_peer(self, response: Response, flow: Flow) -> None:
        invitation = self._call.invitation
        invitation.flow = flow
        if response.code > 100:  # a 100 is the proxy's
            self._call.peer_allows = response.allow or self._call.peer_allows
            invitation.remote_user_agent = response.user_agent or invitation.remote_user_agent

    def _on_success(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        call = self._call
        if call.acknowledge_again(response):
            return  # our ACK was lost
        if call.state in (_S.CALLING, _S.PROCEEDING):
            self._accept(exchange, response, flow, now)
            return
        if call.state is _S.ANSWERED and call.dialog is not None and call.dialog.remote.tag == response.to.tag:
            return  # repeated while our answer is being made
        # Another branch of a fork, or an answer that crossed our CANCEL: take it and hang up (§13.2.2.4, §15).
        dialog = Dialog.uac(exchange.request, response, exchange.hop, flow)
        call.acknowledge(dialog, exchange, None)
        call.bye(dialog, now)
        if call.state is _S.CANCELLING:
            originator, code, reason, cause = self._outcome
            call.report("local", "INVITE", response.code, response.reason)
            call.finish(originator, code, reason, cause, now, response)

    def _accept(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        call = self._call
        self._on_over(now)
        dialog = self._dialog_of(response, flow)
        dialog.confirm(response)
        call.settle(dialog)
        call.timer.answered(response, now)
        sdp = None if response.to.tag in self._update.early else session_of(response)
        if self._offered or sdp is None:
            call.acknowledge(dialog, exchange, None)
            call.move(_I.ANSWER)
        else:
            call.move(_I.OFFER)
        call.report("local", "INVITE", response.code, response.reason)
        call.emit(InvitationAnswered(call.invitation, response.code, response.reason, sdp, response))

    def _dialog_of(self, response: Response, flow: Flow) -> Dialog:
        """The dialog that a response belongs to, new or known."""
        call, exchange = self._call, self.request_sent
        key = DialogID(exchange.request.call_id, exchange.request.from_.tag or "", response.to.tag or "")
        dialog = call.dialogs.get(key)
        if dialog is None:
            dialog = Dialog.uac(exchange.request, response, exchange.hop, flow)
            call.enter(dialog)
        else:
            dialog.refresh_target(response)
        if call.dialog is None:
            call.dialog = dialog
        return dialog

    # -- patience

    def _on_no_answer(self, now: float) -> None:
        if self._call.state in (_S.CALLING, _S.PROCEEDING):
            self._outcome = ("local", 408, "Request Timeout", "timeout")
            self.cancel(now, ())

    def _on_patience_over(self, now: float) -> None:
        originator, code, reason, cause = self._outcome
        self._call.report("local", "INVITE", 408, "Request Timeout")
        self._call.finish(originator, code, reason, cause, now)

    def _on_over(self, now: float) -> None:
        if self._no_answer is not None:
            self._no_answer.cancel()
