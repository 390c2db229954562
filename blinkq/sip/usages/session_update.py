"""UPDATE (RFC 3311) in both directions: refreshing the session, and changing it without an INVITE, also before the call is answered."""

from __future__ import annotations

from blinkq.sip.dialog import Dialog
from blinkq.sip.dialog_events import SessionRefreshDue
from blinkq.sip.events import ReinviteReceived
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.session_body import SDP, session_of
from blinkq.sip.transactions.transaction import ServerTransaction
from blinkq.sip.usages.call import Call, Headers
from blinkq.sip.usages.invitation_states import InvitationState
from blinkq.sip.usages.session_timer import too_small

__all__ = ["SessionUpdate"]

_S = InvitationState


class SessionUpdate:
    """The UPDATEs of one call.

    early: the tags of the branches that answered the offer of our INVITE before the call itself: there an UPDATE may change it.
    """

    def __init__(self, call: Call) -> None:
        self.early: set[str] = set()
        self._call = call
        self._ours: Exchange | None = None
        self._theirs: tuple[ServerTransaction, Request] | None = None
        call.on_over.append(self._on_over)

    @property
    def pending(self) -> bool:
        """Whether an offer of the peer waits for its answer."""
        return self._theirs is not None

    # -- ours

    def refresh(self, now: float) -> None:
        """Tell the peer that we are still there: by UPDATE when it takes that, else whoever knows the session has to send a re-INVITE."""
        call = self._call
        if call.state is not _S.CONFIRMED or self._ours is not None:
            return
        if "UPDATE" not in call.peer_allows:
            call.emit(SessionRefreshDue(call.invitation))
            call.timer.retry(now)
            return
        dialog = self._dialog
        headers = [*call.dialog_headers(), *call.timer.request_headers()]
        self._ours = call.exchange(dialog, dialog.make_request("UPDATE", dialog.next_cseq(), headers=headers), self)
        self._ours.start(now)

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """The peer answered our refresh."""
        call = self._call
        if call.state is not _S.CONFIRMED:
            return
        if response.code == 422 and (changes := call.timer.enlarge(response)) is not None:
            exchange.repeat(changes, now)
            return
        self._ours = None
        call.report("local", "UPDATE", response.code, response.reason)
        if response.code < 300:
            self._dialog.refresh_target(response)
            call.timer.answered(response, now)
        elif response.code in (408, 481):
            call.give_up("remote", response.code, response.reason, now)
        elif response.code in (405, 501):
            call.peer_allows -= {"UPDATE"}
            self.refresh(now)
        else:
            call.timer.retry(now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """No answer."""
        call = self._call
        self._ours = None
        if call.state is not _S.CONFIRMED:
            return
        call.report("local", "UPDATE", code, reason)
        if code == 408:
            call.give_up("local", code, reason, now)
        else:
            call.timer.retry(now)

    # -- the peer's

    def receive(self, request: Request, dialog: Dialog, flow: Flow, changing: bool, now: float) -> None:
        """An UPDATE in order; `changing`: a re-INVITE of ours, or of the peer, is under way (§5.2)."""
        call = self._call
        transaction = call.context.transactions.serve(request, flow)
        small = too_small(request, call.context.config.min_se)
        sdp = session_of(request)
        if small is not None:
            self._respond(transaction, request, 422, small, now)
        elif sdp is None:
            dialog.refresh_target(request)
            timer = call.timer.answer(request, now) if call.state is _S.CONFIRMED else []
            self._respond(transaction, request, 200, [*call.dialog_headers(), *timer], now)
            call.report("remote", "UPDATE", 200, "OK")
        elif changing or call.state in (_S.CALLING, _S.ANSWERED) or (call.state is _S.PROCEEDING and dialog.remote.tag not in self.early):
            self._respond(transaction, request, 491, [], now)
        elif self._theirs is not None or call.state not in (_S.CONFIRMED, _S.PROCEEDING) or dialog is not call.dialog:
            retry = ("Retry-After", str(call.context.entropy.integer(0, 10)))
            self._respond(transaction, request, 500, [retry], now)
        else:
            self._theirs = transaction, request
            dialog.refresh_target(request)
            call.emit(ReinviteReceived(call.invitation, sdp, request))

    def accept(self, sdp: bytes | None, now: float) -> None:
        """Answer the pending offer with 200."""
        transaction, request = self._take()
        call = self._call
        timer = call.timer.answer(request, now) if call.state is _S.CONFIRMED else []
        self._respond(transaction, request, 200, [*call.dialog_headers(), *timer], now, sdp)
        call.report("remote", "UPDATE", 200, "OK")

    def reject(self, code: int, reason: str | None, headers: Headers, now: float) -> None:
        """Refuse it; the session stays as it was."""
        transaction, request = self._take()
        response = self._respond(transaction, request, code, headers, now, reason=reason)
        self._call.report("remote", "UPDATE", response.code, response.reason)

    # -- the parts

    @property
    def _dialog(self) -> Dialog:
        dialog = self._call.dialog
        assert dialog is not None  # the call is confirmed
        return dialog

    def _take(self) -> tuple[ServerTransaction, Request]:
        assert self._theirs is not None  # `pending` was asked
        taken, self._theirs = self._theirs, None
        return taken

    def _respond(
        self, transaction: ServerTransaction, request: Request, code: int, headers: Headers, now: float, sdp: bytes | None = None,
        reason: str | None = None,
    ) -> Response:  # fmt: skip
        response = reply(
            request, code, reason, headers=self._call.context.respond_headers(headers), body=sdp or b"", content_type=SDP if sdp else None
        )
        transaction.respond(response, now)
        return response

    def _on_over(self, now: float) -> None:
        if self._theirs is not None:
            transaction, request = self._take()
            self._respond(transaction, request, 487, [], now)
