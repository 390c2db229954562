"""A call: one INVITE, its dialog, its re-INVITEs and its BYE (RFC 3261 §13 to §15). The face that the middleware holds.

All commands take `now` and never wait; what comes of them is told by events (see `blinkq.sip.events`). Exactly one
`InvitationFailed` or `InvitationEnded` ends each invitation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from blinkq.sip.address import NameAddr
from blinkq.sip.context import Context, capabilities
from blinkq.sip.dialog import Dialog, DialogID, hop_of
from blinkq.sip.digest import Credentials
from blinkq.sip.events import InvitationReceived
from blinkq.sip.exchange import Exchange
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.replaces import Replacement
from blinkq.sip.replies import reply
from blinkq.sip.request_builder import build_request
from blinkq.sip.session_body import SDP, session_of
from blinkq.sip.uri import URI
from blinkq.sip.usages.call import Call
from blinkq.sip.usages.dialog_requests import DialogRequests
from blinkq.sip.usages.incoming_leg import IncomingLeg
from blinkq.sip.usages.invitation_states import InvitationInput, InvitationState
from blinkq.sip.usages.outgoing_leg import OutgoingLeg
from blinkq.sip.usages.referral import Referral
from blinkq.sip.usages.request import ClientRequest
from blinkq.sip.usages.session_change import SessionChange
from blinkq.sip.usages.session_timer import SessionTimer
from blinkq.sip.usages.session_update import SessionUpdate

__all__ = ["Invitation", "InvitationState", "InviteParameters"]

_S = InvitationState


@dataclass(frozen=True, slots=True)
class InviteParameters:
    """A call to make.

    from_: our address, without a tag; contact: where the peer's requests reach us; hop: where the INVITE goes; route_set:
    preloaded routes, nearest first; sdp: our offer, None to let the peer offer; timeout: seconds to wait for a final answer,
    None for ever.
    """

    request_uri: URI
    from_: NameAddr
    to: NameAddr
    contact: NameAddr
    hop: Hop
    route_set: tuple[NameAddr, ...] = ()
    credentials: Credentials | None = None
    sdp: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None


class Invitation:
    """One call.

    direction: 'outgoing' or 'incoming'; call_id; local, remote: the addresses, with tags as soon as they are known; request:
    the INVITE that began it; hop: the way to the peer; flow: the way its last message came, None before the first;
    remote_user_agent: what the peer calls itself; owner: free for the middleware.
    """

    def __init__(
        self,
        context: Context,
        direction: Literal["incoming", "outgoing"],
        request: Request,
        local: NameAddr,
        remote: NameAddr,
        contact: NameAddr,
        hop: Hop,
        credentials: Credentials | None = None,
    ) -> None:
        self.direction: Literal["incoming", "outgoing"] = direction
        self.request = request
        self.call_id = request.call_id
        self.hop = hop
        self.flow: Flow | None = None
        self.remote_user_agent: str | None = None
        self.owner: Any = None
        self._local = local
        self._remote = remote
        self._call = Call(context, self, self, direction, contact, credentials)
        self._change = SessionChange(self._call)
        self._others = DialogRequests(self._call)
        self._update = SessionUpdate(self._call)
        self._call.timer = SessionTimer(self._call, self._update.refresh)
        self._outgoing: OutgoingLeg | None = None
        self._incoming: IncomingLeg | None = None

    # -- what is known

    @property
    def state(self) -> InvitationState:
        """Where the call stands."""
        return self._call.state

    @property
    def local(self) -> NameAddr:
        """Our address, with our tag."""
        return self._local

    @property
    def remote(self) -> NameAddr:
        """The peer's address, with its tag once there is a dialog."""
        return self._remote if self._call.dialog is None else self._call.dialog.remote

    @property
    def remote_contact(self) -> URI | None:
        """Where the peer wants requests of this call; None before there is a dialog."""
        return None if self._call.dialog is None else self._call.dialog.remote_target

    @property
    def dialog_id(self) -> DialogID | None:
        """The identity of the dialog, None before there is one."""
        return None if self._call.dialog is None else self._call.dialog.id

    @property
    def contact(self) -> NameAddr:
        """Our Contact in this call."""
        return self._call.contact

    @property
    def credentials(self) -> Credentials | None:
        """Whose credentials in-dialog challenges are answered with; set them for incoming calls."""
        return self._call.credentials

    @credentials.setter
    def credentials(self, credentials: Credentials | None) -> None:
        self._call.credentials = credentials

    # -- beginning, by the agent

    @classmethod
    def outgoing(cls, context: Context, parameters: InviteParameters, now: float) -> Invitation:
        """Send the INVITE that `parameters` describe."""
        local = parameters.from_.with_parameter("tag", context.tag())
        numbers = _Numbers(context.entropy.integer(1, 1 << 15))
        # without an offer of ours a provisional response for certain would carry the peer's, to be answered before anybody has decided
        abilities = capabilities() if parameters.sdp is not None else capabilities(reliable=False)
        headers = [("Contact", str(parameters.contact)), *abilities, *parameters.headers]
        request = build_request(
            "INVITE",
            parameters.request_uri,
            route_set=parameters.route_set,
            from_=local,
            to=parameters.to,
            call_id=context.call_id(),
            cseq=numbers.first,
            headers=headers,
            body=parameters.sdp or b"",
            content_type=SDP if parameters.sdp else None,
        )
        made = cls(
            context,
            "outgoing",
            request,
            local,
            parameters.to,
            parameters.contact,
            parameters.hop,
            parameters.credentials,
        )
        for name, value in made._call.timer.first_headers():
            request.headers.set(name, value)
        made._outgoing = leg = OutgoingLeg(made._call, parameters.sdp is not None, made._update)
        exchange = Exchange(
            context, leg, request, parameters.hop, None, numbers.next, credentials=parameters.credentials
        )
        leg.start(exchange, parameters.timeout, now)
        return made

    @classmethod
    def incoming(
        cls, context: Context, request: Request, flow: Flow, now: float, replacement: Replacement | None = None
    ) -> Invitation:
        """Begin to answer an INVITE that is sound."""
        tag = context.tag()
        dialog = Dialog.uas(request, tag, flow)
        hop = hop_of(flow)
        contact = NameAddr(
            URI(
                user=request.uri.user,
                host=flow.local_address,
                port=flow.local_port,
                parameters={} if flow.transport == "udp" else {"transport": flow.transport},
            )
        )
        made = cls(context, "incoming", request, dialog.local, dialog.remote, contact, hop)
        made.flow = flow
        made.remote_user_agent = request.user_agent
        made._call.peer_allows = request.allow
        made._call.settle(dialog)
        made._incoming = leg = IncomingLeg(made._call, request, tag, flow, now)
        leg.start(now)
        context.emit(InvitationReceived(made, request, session_of(request), replacement))
        return made

    # -- answering a call

    def ring(
        self,
        code: int = 180,
        sdp: bytes | None = None,
        contact: NameAddr | None = None,
        headers: Iterable[tuple[str, str]] = (),
        *,
        now: float,
    ) -> None:
        """Send a provisional response (101-199), with `sdp` for early media. Raises IllegalStateError, ValueError."""
        self._call.require("ring", _S.RECEIVED, _S.RINGING)
        if not 100 < code < 200:
            raise ValueError(f"not a provisional code: {code}")
        self._call.contact = contact or self._call.contact
        self._called.ring(code, sdp, now, tuple(headers))

    def accept(
        self,
        sdp: bytes | None,
        contact: NameAddr | None = None,
        headers: Iterable[tuple[str, str]] = (),
        *,
        now: float,
    ) -> None:
        """Answer with 200: `sdp` is our answer, or our offer when the INVITE had none. Raises IllegalStateError."""
        self._call.require("accept", _S.RECEIVED, _S.RINGING)
        self._call.contact = contact or self._call.contact
        self._called.accept(sdp, headers, now)

    def reject(
        self, code: int = 603, reason: str | None = None, headers: Iterable[tuple[str, str]] = (), *, now: float
    ) -> None:
        """Refuse the call with 300-699. Raises IllegalStateError, ValueError."""
        self._call.require("reject", _S.RECEIVED, _S.RINGING)
        if not 300 <= code <= 699:
            raise ValueError(f"not a refusal: {code}")
        self._called.reject(code, reason, headers, now)

    # -- during a call

    def acknowledge(self, sdp: bytes | None, now: float) -> None:
        """Send the ACK, with our answer, after a 2xx that carried an offer. Raises IllegalStateError."""
        self._call.require("acknowledge", _S.ANSWERED, _S.CONFIRMED)
        if self._call.state is _S.ANSWERED:
            self._caller.acknowledge(sdp)
            self._call.move(InvitationInput.ACKNOWLEDGE)
        else:
            self._change.acknowledge(sdp)

    def reinvite(
        self,
        sdp: bytes | None,
        contact: NameAddr | None = None,
        headers: Iterable[tuple[str, str]] = (),
        *,
        now: float,
    ) -> None:
        """Offer a changed session, or (None) ask for an offer; a new `contact` moves where the peer reaches us.

        `ReinviteAnswered` follows. Raises IllegalStateError unless confirmed and no other change is pending.
        """
        self._call.require("reinvite", _S.CONFIRMED)
        self._change.propose(sdp, contact, now, tuple(headers))

    def cancel_reinvite(self, now: float) -> None:
        """Take our re-INVITE back; `ReinviteAnswered` with 487 follows, or with 2xx when that was quicker."""
        self._change.cancel(now)

    def ring_reinvite(self, code: int = 180, *, now: float) -> None:
        """Send a provisional response to the peer's re-INVITE. Raises IllegalStateError when none is pending."""
        self._call.require("ring_reinvite", _S.CONFIRMED)
        if not 101 <= code <= 199:
            raise ValueError(f"not a provisional response: {code}")
        self._change.ring(code, now)

    def accept_reinvite(self, sdp: bytes | None, now: float) -> None:
        """Answer the peer's re-INVITE or UPDATE with 200. Raises IllegalStateError when none is pending."""
        if self._update.pending:
            self._update.accept(sdp, now)
            return
        self._call.require("accept_reinvite", _S.CONFIRMED)
        self._change.accept(sdp, now)

    def reject_reinvite(
        self, code: int = 488, reason: str | None = None, headers: Iterable[tuple[str, str]] = (), *, now: float
    ) -> None:
        """Refuse the peer's re-INVITE or UPDATE; the session stays as it was. Raises IllegalStateError when none is pending."""
        if not 300 <= code <= 699:
            raise ValueError(f"not a refusal: {code}")
        if self._update.pending:
            self._update.reject(code, reason, headers, now)
            return
        self._call.require("reject_reinvite", _S.CONFIRMED)
        self._change.reject(code, reason, headers, now)

    def send_request(
        self,
        method: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
        *,
        now: float,
    ) -> ClientRequest:
        """Send another request in the dialog (INFO, OPTIONS ...); `RequestAnswered` or `RequestFailed` follows.

        A 481 tells that the peer has lost the call, which then ends. Raises IllegalStateError, ValueError.
        """
        self._call.require("send_request", _S.CONFIRMED)
        if method in ("INVITE", "ACK", "BYE", "CANCEL"):
            raise ValueError(f"{method} is not a request of its own")
        dialog = self._dialog
        request = dialog.make_request(
            method, dialog.next_cseq(), headers=headers, body=body, content_type=content_type
        )
        hop, flow = dialog.path()
        made = ClientRequest(self._call.context, on_answer=self._others.failed)
        made.start(request, hop, flow, dialog.next_cseq, self._call.credentials, True, now)
        return made

    def refer(self, refer_to: NameAddr, headers: Iterable[tuple[str, str]] = (), *, now: float) -> Referral:
        """Ask the peer to call somebody else (RFC 3515); put a Replaces into the URI to let that call replace one (RFC 5589 §7).

        `ReferEnded` tells what became of it. Raises IllegalStateError unless confirmed and no transfer is under way.
        """
        self._call.require("refer", _S.CONFIRMED)
        return self._others.refer(refer_to, headers, now)

    def end(self, now: float, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Whatever ends the call in its state: CANCEL, 603, or BYE. Idempotent. `headers` are added, as Reason."""
        call = self._call
        headers = tuple(headers)
        if call.state in (_S.CALLING, _S.PROCEEDING):
            self._caller.cancel(now, headers)
        elif call.state in (_S.RECEIVED, _S.RINGING):
            self._called.reject(603, None, headers, now)
        elif call.state is _S.ACCEPTED:
            self._called.end_accepted(now, headers)
        elif call.state in (_S.ANSWERED, _S.CONFIRMED):
            if call.state is _S.ANSWERED:
                self._caller.acknowledge(None)
            self._change.stop(now)
            call.move(InvitationInput.END)
            call.hang_up(now, headers)

    # -- DialogUser

    def on_request(self, request: Request, flow: Flow, now: float) -> None:
        """A request of the peer in one of our dialogs."""
        dialog = self._call.dialogs.get(DialogID.of_request(request))
        assert dialog is not None  # the agent found us by this very identifier
        if request.method == "ACK":
            self._receive_ack(request, now)
            return
        if not dialog.admits(request):
            context = self._call.context
            context.send_stateless(request, self._reply(request, 500, ()), flow)  # §12.2.2: out of order
            return
        # only now: an old request played again from elsewhere must not move the call
        self.flow = flow
        if flow.reliable:
            dialog.flow = flow  # the peer may have come back on a new connection
        if request.method == "BYE":
            self._receive_bye(request, dialog, flow, now)
        elif request.method == "INVITE":
            self._receive_invite(request, flow, now)
        elif request.method == "UPDATE":
            self._update.receive(request, dialog, flow, self._change.busy, now)
        elif request.method == "PRACK":
            known = self._incoming is not None and self._incoming.receive_prack(request, now)
            self._respond(request, flow, 200 if known else 481, now)
        else:
            self._others.receive(request, flow, now)

    # -- the parts

    @property
    def _called(self) -> IncomingLeg:
        assert self._incoming is not None  # only incoming calls reach the states in which it is wanted
        return self._incoming

    @property
    def _caller(self) -> OutgoingLeg:
        assert self._outgoing is not None  # only outgoing calls reach the states in which it is wanted
        return self._outgoing

    @property
    def _dialog(self) -> Dialog:
        dialog = self._call.dialog
        assert dialog is not None  # the call is confirmed
        return dialog

    def _receive_ack(self, ack: Request, now: float) -> None:
        if self._incoming is not None:
            self._incoming.receive_ack(ack, now)
        self._change.receive_ack(ack, now)

    def _receive_bye(self, request: Request, dialog: Dialog, flow: Flow, now: float) -> None:
        call = self._call
        self._respond(request, flow, 200, now)
        cause = request.reason_text or "user request"
        call.report("remote", "BYE", 200, "OK")
        if call.confirmed:
            call.finish("remote", 200, "OK", cause, now)
        elif self._incoming is not None:
            self._incoming.peer_hung_up(cause, now)
        else:
            self._caller.peer_hung_up(dialog, cause, now)

    def _receive_invite(self, request: Request, flow: Flow, now: float) -> None:
        call = self._call
        if call.state is _S.ACCEPTED and session_of(self.request) is not None:
            # The peer cannot send this without having seen our 2xx (RFC 5407 §3.1.5); the first offer was answered by it.
            self._called.imply_ack(now)
        if call.state is _S.CONFIRMED:
            self._change.receive(request, flow, now)
        elif call.state in (_S.CALLING, _S.PROCEEDING, _S.ANSWERED):
            self._respond_invite(request, flow, 491, now)  # our own INVITE is not finished
        elif call.state in (_S.RECEIVED, _S.RINGING, _S.ACCEPTED):
            retry = ("Retry-After", str(call.context.entropy.integer(0, 10)))
            self._respond_invite(request, flow, 500, now, [retry])  # §14.2: the first one is not finished
        else:
            self._respond_invite(request, flow, 481, now)

    def _respond(
        self, request: Request, flow: Flow, code: int, now: float, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        response = self._reply(request, code, headers)
        self._call.context.transactions.serve(request, flow).respond(response, now)

    def _respond_invite(
        self, request: Request, flow: Flow, code: int, now: float, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        transaction = self._call.context.transactions.serve_invite(request, flow, self._change, now)
        transaction.respond(self._reply(request, code, headers), now)

    def _reply(self, request: Request, code: int, headers: Iterable[tuple[str, str]]) -> Response:
        return reply(request, code, headers=self._call.context.respond_headers(headers))


class _Numbers:
    """CSeq numbers of an INVITE before there is a dialog to count them."""

    def __init__(self, first: int) -> None:
        self.first = self._last = first

    def next(self) -> int:
        self._last += 1
        return self._last
