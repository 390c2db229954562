"""Session: a call, as applications see it. Its methods may be called from any thread; the work is done by ``Call`` on the engine thread."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import blinkq.sipsimple.notifications  # noqa: F401 - declares what is posted here
from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import in_engine
from blinkq.sipsimple.headers import BaseIdentityHeader, FromHeader, FrozenFromHeader, FrozenToHeader
from blinkq.sipsimple.route import Route
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.arguments import check_refusal, list_of_routes, list_of_streams
from blinkq.sipsimple.session.conference_handler import ConferenceHandler
from blinkq.sipsimple.session.events import InvitationEvents
from blinkq.sipsimple.session.incoming import IncomingCall
from blinkq.sipsimple.session.outgoing import OutgoingCall
from blinkq.sipsimple.session.own_proposals import AddedStreams
from blinkq.sipsimple.session.peer_proposals import OfferedStreams
from blinkq.sipsimple.session.states import SessionInput, SessionMachine, SessionState
from blinkq.sipsimple.session.transfer_handler import TransferHandler, TransferInfo
from blinkq.sipsimple.session.transferring import Transferring, header_pairs
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sipsimple.account import AnyAccount

__all__ = ["Session"]

PROPOSED = "received_proposal"

# What an INVITE says by itself: nobody else may (extra_headers of connect).
OWN_HEADERS = frozenset({"to", "from", "via", "contact", "route", "record-route", "call-id", "cseq", "content-length", "content-type"})


class Session(Transferring):
    """A SIP session: one call with its streams.

    :param account: the account it belongs to

    Methods raise IllegalStateError (a RuntimeError) in states that do not allow them, in the caller's thread. Exactly one of
    SIPSessionDidFail (it never started) and SIPSessionDidEnd is posted at the end. Applications may hang attributes of their own on it.

    ``direction`` None, "incoming" or "outgoing"; ``transport`` "udp", "tcp" or "tls"; ``start_time`` and ``stop_time`` datetimes or None;
    ``streams`` the active streams, still there after the end; ``proposed_streams`` those being proposed, or None; ``local_address`` our IP
    address as the peer is told it; ``route`` the Route in use of an outgoing session; ``transfer_handler`` how a transfer stands;
    ``transfer_info`` on whose behalf an outgoing session is made, or None; ``replaced_session`` the session that an incoming one takes the
    place of when it is accepted (RFC 3891), or None; ``conference`` the ConferenceHandler: what can be asked of a focus;
    ``remote_focus`` whether the peer is the focus of a conference (RFC 4579), ``local_focus`` whether we are and tell it so.
    """

    def __init__(self, account: AnyAccount) -> None:
        self.account = account
        self.machine = SessionMachine()
        self.direction: str | None = None
        self.transport: str | None = None
        self.route: Route | None = None
        self.start_time: datetime.datetime | None = None
        self.stop_time: datetime.datetime | None = None
        self.remote_user_agent: str | None = None
        self.local_identity: FrozenFromHeader | FrozenToHeader | None = None
        self.remote_identity: FrozenFromHeader | FrozenToHeader | None = None
        self.streams: list[Any] = []
        self.proposed_streams: list[Any] | None = None
        self.local_address = ""
        self.hold_wanted = False
        self.transfer_handler = TransferHandler()
        self.transfer_info: TransferInfo | None = None
        self.replaced_session: Session | None = None
        self.local_focus = False
        self.remote_focus = False
        self.conference = ConferenceHandler(self)
        self._call: OutgoingCall | IncomingCall | None = None

    # what is known ---------------------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> SessionState | None:
        """None, or a SessionState, which is equal to its text: "outgoing" (also to "connecting"), "incoming", "accepting", "connected",
        "sending_proposal", "cancelling_proposal", "received_proposal", "accepting_proposal", "rejecting_proposal",
        "received_proposal_request", "terminating" or "terminated"."""
        state = self.machine.state
        return None if state is SessionState.NULL else state

    @property
    def on_hold(self) -> bool:
        """Whether either party has put a stream on hold."""
        return any(stream.on_hold for stream in self.streams or self.proposed_streams or ())

    @property
    def end_time(self) -> datetime.datetime | None:
        """The same as ``stop_time``."""
        return self.stop_time

    @property
    def call_id(self) -> str | None:
        """The Call-ID of the dialog, once there is one."""
        invitation = self._call.invitation if self._call is not None else None
        return invitation.call_id if invitation is not None else None

    @property
    def peer_address(self) -> str | None:
        """The IP address that the peer's (or its server's) messages come from, once there were some."""
        invitation = self._call.invitation if self._call is not None else None
        return invitation.flow.remote_address if invitation is not None and invitation.flow is not None else None

    @property
    def remote_contact(self) -> SIPURI | None:
        """Where the peer itself (not its server) is reached, as its Contact says, once there is a dialog."""
        invitation = self._call.invitation if self._call is not None else None
        contact = invitation.remote_contact if invitation is not None else None
        return SIPURI.from_uri(contact) if contact is not None and contact.scheme in ("sip", "sips") else None

    @property
    def renegotiating_locally(self) -> bool:
        """Whether an offer of ours in a standing call is unanswered; for streams."""
        return self._call is not None and self._call.renegotiation.proposing

    # outgoing --------------------------------------------------------------------------------------------------------------------------

    def connect(
        self, to_header: BaseIdentityHeader, routes: Route | Iterable[Route], streams: Any, *, transfer_info: TransferInfo | None = None,
        extra_headers: Iterable[Any] | None = None, is_focus: bool = False,
    ) -> None:  # fmt: skip
        """Call somebody.

        :param to_header: ToHeader of the peer
        :param routes: Routes, tried in order until one works
        :param streams: a list of streams to offer (or a single one)
        :param transfer_info: on whose behalf, for a call that somebody asked for by a transfer
        :param extra_headers: (name, value) pairs, or objects with a ``name`` and a ``body``; RuntimeError for those that a call has anyway

        :param is_focus: whether we call as the focus of a conference

        Posts SIPSessionNewOutgoing, then SIPSessionGotRingIndication and SIPSessionGotProvisionalResponse as they come, SIPSessionWillStart
        and SIPSessionDidStart, or SIPSessionDidFail. Allowed in state None. TypeError for what is no header, route or stream.
        """
        self._check_running("connect")
        headers = header_pairs(extra_headers or ())
        if own := [name for name, _ in headers if name.lower() in OWN_HEADERS]:
            raise RuntimeError(f"connect: {own[0]} is not an extra header")
        route_list, stream_list = list_of_routes("connect", routes), list_of_streams("connect", streams)
        local = FrozenFromHeader.new(FromHeader(self.account.uri, self.account.announced_name))
        remote = FrozenToHeader.new(to_header)
        self.machine.require(SessionInput.CONNECT, "connect")
        self.direction = "outgoing"
        self.proposed_streams = list(stream_list)
        self.transport = route_list[0].transport if route_list else None
        self.route = route_list[0] if route_list else None
        self.transfer_info = transfer_info
        self.local_focus = is_focus
        self.local_identity, self.remote_identity = local, remote
        self._start_outgoing(route_list, stream_list, headers)

    @in_engine
    def _start_outgoing(self, routes: Sequence[Route], streams: Sequence[Any], headers: Sequence[tuple[str, str]]) -> None:
        self._call = call = OutgoingCall(self, routes, streams, headers)
        call.start()
        if self.machine.state is SessionState.TERMINATING:  # another thread's end() came before there was anything to end
            call.end()

    # incoming --------------------------------------------------------------------------------------------------------------------------

    def receive(self, call: IncomingCall) -> None:
        """Become the session of an INVITE; for the session manager, which has filled in the attributes."""
        self.machine.require(SessionInput.RECEIVE, "receive")
        self.direction = "incoming"
        self._call = call

    def send_ring_indication(self) -> None:
        """Send 180 Ringing. Allowed in states "incoming" and "received_proposal"; nothing happens when the caller has just given up."""
        if self.state not in ("incoming", PROPOSED):
            raise IllegalStateError(f"send_ring_indication is not allowed in state {self.state}")
        self._ring()

    @in_engine
    def _ring(self) -> None:
        if isinstance(self._call, IncomingCall) and self.state == "incoming":
            self._call.ring()
        proposal = self._peer_proposal(SessionState.RECEIVED_PROPOSAL)
        if proposal is not None:
            proposal.ring()

    def accept(self, streams: Iterable[Any], is_focus: bool = False) -> None:
        """Answer the call.

        :param streams: those of ``proposed_streams`` that are wanted; the others are refused
        :param is_focus: whether we answer as the focus of a conference

        Posts SIPSessionWillStart and SIPSessionDidStart, or SIPSessionDidFail. Allowed in state "incoming".
        """
        wanted = list_of_streams("accept", streams)
        self.machine.require(SessionInput.ACCEPT, "accept")
        self.local_focus = is_focus
        self._accept(wanted)

    @in_engine
    def _accept(self, streams: list[Any]) -> None:
        if isinstance(self._call, IncomingCall) and self.machine.live:
            self._call.accept(streams)

    def reject(self, code: int = 603, reason: str | None = None) -> None:
        """Refuse the call with a SIP code from 300 to 699 (ValueError otherwise) and a phrase, None for the usual one.

        Posts SIPSessionDidFail. Allowed in state "incoming".
        """
        check_refusal("reject", code, "a call")
        if self.state != "incoming":
            raise IllegalStateError(f"reject is not allowed in state {self.state}")
        self.machine.require(SessionInput.END, "reject")
        self._reject(code, reason)

    @in_engine
    def _reject(self, code: int, reason: str | None) -> None:
        if isinstance(self._call, IncomingCall):
            self._call.reject(code, reason)

    # during a call -----------------------------------------------------------------------------------------------------------------------

    def add_stream(self, stream: Any) -> None:
        """Propose one more stream; as ``add_streams``."""
        self._add("add_stream", [stream])

    def add_streams(self, streams: Iterable[Any]) -> None:
        """Propose more streams to the peer; those that the session has already are left out, and nothing happens when none remains.

        :param streams: new streams (TypeError when one does not provide IMediaStream)

        Posts SIPSessionGotProposal, then SIPSessionGotAcceptProposal and SIPSessionDidRenegotiateStreams, SIPSessionGotRejectProposal or
        SIPSessionHadProposalFailure; between them SIPSessionGotRingIndication and SIPSessionGotProvisionalResponse as they come. Allowed in
        state "connected".
        """
        self._add("add_streams", streams)

    def _add(self, method: str, streams: Iterable[Any]) -> None:
        wanted = list_of_streams(method, streams)
        if self._propose(method, added := [stream for stream in wanted if stream not in self.streams]):
            self.proposed_streams = list(added)
            self._start_adding(added)

    @in_engine
    def _start_adding(self, streams: list[Any]) -> None:
        if self._call is not None and self.machine.state in (SessionState.SENDING_PROPOSAL, SessionState.CANCELLING_PROPOSAL):
            self._call.renegotiation.add(streams)

    def remove_stream(self, stream: Any) -> None:
        """Stop one stream; as ``remove_streams``."""
        self._remove("remove_stream", [stream])

    def remove_streams(self, streams: Iterable[Any]) -> None:
        """Stop streams and tell the peer; those that the session has not are left out, and nothing happens when none remains.

        They are gone even when the peer refuses. Posts SIPSessionDidRenegotiateStreams. Allowed in state "connected".
        """
        self._remove("remove_streams", streams)

    def _remove(self, method: str, streams: Iterable[Any]) -> None:
        wanted = list_of_streams(method, streams)
        if self._propose(method, removed := [stream for stream in self.streams if stream in wanted]):
            self._start_removing(removed)

    @in_engine
    def _start_removing(self, streams: list[Any]) -> None:
        if self._call is not None and self.machine.state is SessionState.SENDING_PROPOSAL:
            self._call.renegotiation.remove(streams)

    def _propose(self, method: str, streams: list[Any]) -> bool:
        if self.machine.state is SessionState.CONNECTED and not streams:
            return False
        self.machine.require(SessionInput.PROPOSE, method)
        return True

    def cancel_proposal(self) -> None:
        """Take back what ``add_stream`` or ``add_streams`` proposed.

        Posts SIPSessionGotRejectProposal with code 487. A peer that accepts at the same moment makes the session end: neither side could
        know what the other believes. Allowed in state "sending_proposal" while streams are being proposed.
        """
        if self.proposed_streams is None:
            raise IllegalStateError(f"cancel_proposal is not allowed in state {self.state} while no streams are proposed")
        self.machine.require(SessionInput.CANCEL_PROPOSAL, "cancel_proposal")
        self._cancel_proposal()

    @in_engine
    def _cancel_proposal(self) -> None:
        proposal = self._call.renegotiation.proposal if self._call is not None else None
        if isinstance(proposal, AddedStreams) and self.machine.state is SessionState.CANCELLING_PROPOSAL:
            proposal.cancel()

    def accept_proposal(self, streams: Iterable[Any]) -> None:
        """Take streams that the peer proposes.

        :param streams: those of ``proposed_streams`` that are wanted; the others are refused, and with none the proposal is rejected (488)

        Posts SIPSessionGotAcceptProposal and SIPSessionDidRenegotiateStreams, or SIPSessionHadProposalFailure. Allowed in state
        "received_proposal".
        """
        wanted = list_of_streams("accept_proposal", streams)
        accepted = [stream for stream in self.proposed_streams or () if stream in wanted]
        self.machine.require(SessionInput.ACCEPT_PROPOSAL if accepted else SessionInput.REJECT_PROPOSAL, "accept_proposal")
        if accepted:
            self._accept_proposal(accepted)
        else:
            self._reject_proposal(488, None)

    @in_engine
    def _accept_proposal(self, streams: list[Any]) -> None:
        proposal = self._peer_proposal(SessionState.ACCEPTING_PROPOSAL)
        if proposal is not None:
            proposal.accept(streams)

    def reject_proposal(self, code: int = 488, reason: str | None = None) -> None:
        """Refuse what the peer proposes with a SIP code from 300 to 699 (ValueError otherwise) and a phrase, None for the usual one.

        Posts SIPSessionGotRejectProposal. Allowed in state "received_proposal".
        """
        check_refusal("reject_proposal", code, "a proposal")
        self.machine.require(SessionInput.REJECT_PROPOSAL, "reject_proposal")
        self._reject_proposal(code, reason)

    @in_engine
    def _reject_proposal(self, code: int, reason: str | None) -> None:
        proposal = self._peer_proposal(SessionState.REJECTING_PROPOSAL)
        if proposal is not None:
            proposal.refuse(code, reason)

    def _peer_proposal(self, state: SessionState) -> OfferedStreams | None:
        """What the peer proposes, while the session is in ``state``; the peer may have taken it back since the caller looked."""
        proposal = self._call.renegotiation.proposal if self._call is not None else None
        return proposal if isinstance(proposal, OfferedStreams) and self.machine.state is state else None

    def hold(self) -> None:
        """Put the streams that can be held on hold, now or as soon as the call stands. Posts SIPSessionDidChangeHoldState.

        Allowed in any state; done twice it is done once.
        """
        self._set_hold(True)

    def unhold(self) -> None:
        """Undo ``hold``. Posts SIPSessionDidChangeHoldState. Allowed in any state."""
        self._set_hold(False)

    def _set_hold(self, hold: bool) -> None:
        if self.hold_wanted == hold:
            return
        self.hold_wanted = hold
        if self.machine.live:
            self._apply_hold()

    @in_engine
    def _apply_hold(self) -> None:
        if self._call is not None:
            self._call.hold_changed(self.hold_wanted)

    def end(self) -> None:
        """Hang up: BYE, CANCEL or 603, whatever the state needs; nothing happens when there is nothing to end.

        Posts SIPSessionWillEnd and SIPSessionDidEnd, or SIPSessionDidFail when the call had not started.
        """
        if self.machine.take(SessionInput.END):
            # never at once: called by a notification's handler, it would end the streams before SIPSessionWillEnd, which has to wait for
            # the present delivery, is heard; its observers expect the streams as they were
            Runtime.current().loop.call(self._end)

    def _end(self) -> None:
        if self._call is not None:
            self._call.end()

    # for streams and the session manager -----------------------------------------------------------------------------------------------

    def handle_event(self, event: object) -> None:
        """Take an event of the invitation. Engine thread only."""
        if self._call is not None:
            self._call.handle(event)

    @in_engine
    def become_focus(self) -> None:
        """Tell the peer that we are the focus of a conference from now on, as soon as possible; for conferences."""
        if not self.local_focus and self._call is not None and self.machine.started:
            self.local_focus = True
            self._call.renegotiation.propose()

    @in_engine
    def renegotiate(self) -> None:
        """Send the streams' present m= lines in a re-INVITE, as soon as possible; for streams that need it."""
        if self._call is not None and self.machine.started:
            self._call.renegotiation.propose()

    def claim_invitation(self, invitation: Invitation) -> None:
        """From now on the events of ``invitation`` are ours."""
        InvitationEvents().claim(invitation, self)

    @staticmethod
    def _check_running(method: str) -> None:
        if Runtime.engine is None:
            raise IllegalStateError(f"{method}: the application is not running")

    def __repr__(self) -> str:
        peer = self.remote_identity.uri if self.remote_identity is not None else None
        return f"<Session {self.direction} {peer} {self.state}>"
