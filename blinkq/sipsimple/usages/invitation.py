"""Invitation: one call as the core knows it: INVITE, its answers, re-INVITEs and the end. No streams, no routes tried in turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError, IllegalStateError
from blinkq.sip.dialog import DialogID
from blinkq.sip.events import (
    InvitationAnswered,
    InvitationConfirmed,
    InvitationEnded,
    InvitationFailed,
    InvitationProgressed,
    InvitationReceived,
    ReinviteAnswered,
    ReinviteCancelled,
    ReinviteConfirmed,
    ReinviteReceived,
)
from blinkq.sip.message import Message, Request, Response
from blinkq.sip.status import reason_phrase
from blinkq.sip.usages.invitation import Invitation as Usage
from blinkq.sip.usages.invitation import InviteParameters
from blinkq.sipsimple.headers import (
    BaseIdentityHeader,
    ContactHeader,
    FromHeader,
    FrozenContactHeader,
    FrozenFromHeader,
    FrozenToHeader,
    ToHeader,
)
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.events import InvitationEvents
from blinkq.sipsimple.sip_uri import BaseSIPURI, FrozenSIPURI, SIPCoreError
from blinkq.sipsimple.usages.engine_object import EndpointAddress, EngineObject, check, digest_credentials, header_lines
from blinkq.sipsimple.usages.invitation_sdp import SDPPayloads
from blinkq.sipsimple.usages.invitation_transfer import InvitationTransfer
from blinkq.sipsimple.usages.message_data import addresses, request_data, response_data
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader
from blinkq.sipsimple.values.sdp import BaseSDPSession

__all__ = ["Invitation"]

Lines = tuple[tuple[str, str], ...]


class Invitation(EngineObject):
    """One call.

    ``state``: None, outgoing, incoming, early, connecting, connected, disconnecting, disconnected. ``sub_state`` while connected: normal,
    sent_proposal, received_proposal, received_proposal_request (the other side asks for an offer). ``transfer_state``: None, INCOMING,
    SENT, ACCEPTED, ACTIVE, TERMINATED. ``sdp`` has the descriptions. Incoming ones are made by an Engine that runs without
    SIPApplication; with it, calls are the sessions' business.

    Posts SIPInvitationChangedState, SIPInvitationGotSDPUpdate, SIPInvitationGotMessage, SIPInvitationTransferNewIncoming,
    SIPInvitationTransferNewOutgoing, SIPInvitationTransferDidStart, SIPInvitationTransferChangedState, SIPInvitationTransferGotNotify,
    SIPInvitationTransferDidEnd and SIPInvitationTransferDidFail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.state: str | None = None
        self.sub_state: str | None = None
        self.direction: str | None = None
        self.transport: str | None = None
        self.credentials: Credentials | None = None
        self.request_uri: FrozenSIPURI | None = None
        self.from_header: FrozenFromHeader | None = None
        self.to_header: FrozenToHeader | None = None
        self.route_header: BaseIdentityHeader | None = None
        self.local_contact_header: FrozenContactHeader | None = None
        self.remote_contact_header: FrozenContactHeader | None = None
        self.remote_user_agent: str | None = None
        self.call_id: str | None = None
        self.sdp = SDPPayloads()
        self._usage: Usage | None = None
        self._transfer = InvitationTransfer(self)
        self._ending = False
        self._agreed = False  # on the offer of the first INVITE

    @classmethod
    def received(cls, event: InvitationReceived) -> None:
        """Take a call of a peer. Engine thread only."""
        made, usage = cls(), event.invitation
        try:
            made.from_header = FrozenFromHeader.from_name_addr(event.request.from_)
            made.to_header = FrozenToHeader.from_name_addr(event.request.to)
            made.request_uri = FrozenSIPURI.from_uri(event.request.uri)
        except ValueError:  # of another scheme
            Runtime.current().sip.call(usage.reject, 416)
            return
        made.direction, made.call_id, made._usage = "incoming", event.request.call_id, usage
        made._note_peer(event.request)
        if usage.flow is not None:
            made.transport = usage.flow.transport
            made.peer_address = EndpointAddress(usage.flow.remote_address, usage.flow.remote_port)
        if event.sdp is not None and (error := made.sdp.take(event.sdp)) is not None:
            Runtime.current().sip.call(usage.reject, 400, error)
            return
        InvitationEvents().claim(usage, made)
        made._move("incoming", "remote", event.request)

    @property
    def local_identity(self) -> FrozenFromHeader | FrozenToHeader | None:
        """Our address in this call."""
        return self.from_header if self.direction == "outgoing" else self.to_header

    @property
    def remote_identity(self) -> FrozenFromHeader | FrozenToHeader | None:
        """The other side's address in this call."""
        return self.to_header if self.direction == "outgoing" else self.from_header

    @property
    def dialog_id(self) -> DialogID | None:
        """(call_id, local_tag, remote_tag), None before there is a dialog."""
        return None if self._usage is None else self._usage.dialog_id

    @property
    def transfer_state(self) -> str | None:
        """Where a transfer stands."""
        return self._transfer.state

    # -- commands

    def send_invite(
        self, request_uri: BaseSIPURI, from_header: FromHeader | FrozenFromHeader, to_header: ToHeader | FrozenToHeader,
        route_header: BaseIdentityHeader, contact_header: ContactHeader | FrozenContactHeader, sdp: BaseSDPSession,
        credentials: Credentials | None = None, extra_headers: Iterable[BaseHeader] = (), timeout: float | None = None,
    ) -> None:  # fmt: skip
        """Call somebody. ``timeout``: seconds to wait for the answer. Raises IllegalStateError unless nothing was done yet."""
        check(
            request_uri=(request_uri, BaseSIPURI), from_header=(from_header, (FromHeader, FrozenFromHeader)),
            to_header=(to_header, (ToHeader, FrozenToHeader)), route_header=(route_header, BaseIdentityHeader),
            contact_header=(contact_header, (ContactHeader, FrozenContactHeader)), sdp=(sdp, BaseSDPSession),
            credentials=(credentials, (Credentials, type(None))),
        )  # fmt: skip
        lines = header_lines(extra_headers)
        with self._guard:
            if self.state is not None or self.direction is not None:
                raise IllegalStateError(f"Invitation.send_invite in state {self.state or self.direction}")
            self._command(self._invite, lines, timeout)
            self.direction, self.credentials, self.route_header = "outgoing", credentials, route_header
            self.request_uri, self.from_header = FrozenSIPURI.new(request_uri), FrozenFromHeader.new(from_header)
            self.to_header, self.local_contact_header = FrozenToHeader.new(to_header), FrozenContactHeader.new(contact_header)
            self.sdp.propose(sdp)

    def send_response(
        self, code: int, reason: str | None = None, contact_header: ContactHeader | FrozenContactHeader | None = None,
        sdp: BaseSDPSession | None = None, extra_headers: Iterable[BaseHeader] = (),
    ) -> None:  # fmt: skip
        """Answer the call, or the other side's proposal: 101-199, 2xx with ``sdp``, 300-699 without (SIPCoreError).

        Raises IllegalStateError where there is nothing to answer.
        """
        check(
            code=(code, int), reason=(reason, (str, type(None))), sdp=(sdp, (BaseSDPSession, type(None))),
            contact_header=(contact_header, (ContactHeader, FrozenContactHeader, type(None))),
        )  # fmt: skip
        if not 101 <= code <= 699:
            raise ValueError(f"{code} is no answer: those are 101 to 699")
        if (200 <= code < 300 and sdp is None) or (code >= 300 and sdp is not None):
            raise SIPCoreError("a 2xx needs a description, and a refusal has none")
        lines = header_lines(extra_headers)
        proposed = self.sub_state in ("received_proposal", "received_proposal_request")
        self._require("send_response", (self.direction == "incoming" and self.state in ("incoming", "early")) or proposed)
        self._command(self._answer_proposal if proposed else self._respond, code, reason, contact_header, sdp, lines)

    def send_reinvite(
        self, contact_header: ContactHeader | FrozenContactHeader | None = None, sdp: BaseSDPSession | None = None,
        extra_headers: Iterable[BaseHeader] = (),
    ) -> None:  # fmt: skip
        """Propose another description (None: the present one again). Raises IllegalStateError unless connected and nothing is proposed."""
        check(
            sdp=(sdp, (BaseSDPSession, type(None))), contact_header=(contact_header, (ContactHeader, FrozenContactHeader, type(None)))
        )
        self._require("send_reinvite", self.sub_state == "normal")
        self._command(self._reinvite, contact_header, sdp, header_lines(extra_headers))

    def cancel_reinvite(self) -> None:
        """Take our proposal back. Raises IllegalStateError when there is none."""
        self._require("cancel_reinvite", self.sub_state == "sent_proposal")
        self._command(self._cancel_reinvite)

    def end(self, extra_headers: Iterable[BaseHeader] = (), timeout: float | None = None) -> None:
        """Hang up, or take the call back. Does nothing at the end; raises IllegalStateError where it is to be answered, or is ending."""
        lines = header_lines(extra_headers)
        with self._guard:
            if self.state == "disconnected":
                return
            outgoing = self.direction == "outgoing" and self.state in (None, "outgoing", "early")
            self._require("end", not self._ending and (outgoing or self.state in ("connecting", "connected")))
            self._command(self._end, lines)
            self._ending = True

    def send_message(self, content_type: str, content: str | bytes, extra_headers: Iterable[BaseHeader] = ()) -> None:
        """Send a MESSAGE in the call. Raises IllegalStateError unless it is connected."""
        check(content_type=(content_type, str), content=(content, (str, bytes)))
        self._require("send_message", self.state == "connected")
        body = content.encode() if isinstance(content, str) else content
        self._command(self._request, "MESSAGE", header_lines(extra_headers), body, content_type)

    def transfer(
        self, target_uri: BaseSIPURI, replaced_dialog_id: DialogID | None = None, extra_headers: Iterable[BaseHeader] = ()
    ) -> None:
        """Ask the other side to call somebody else. Raises IllegalStateError unless connected, or while another transfer goes on."""
        check(target_uri=(target_uri, BaseSIPURI), replaced_dialog_id=(replaced_dialog_id, (DialogID, type(None))))
        self._require("transfer", self.state == "connected" and self._transfer.idle)
        self._command(self._transfer.start, FrozenSIPURI.new(target_uri), replaced_dialog_id, header_lines(extra_headers))

    def notify_transfer_progress(self, code: int, reason: str | None = None) -> None:
        """Tell the other side how the transfer goes that it asked for; from 200 on it is over. Raises IllegalStateError, ValueError."""
        check(code=(code, int), reason=(reason, (str, type(None))))
        if not 100 <= code <= 699:
            raise ValueError(f"{code} is no status code: those are 100 to 699")
        self._require("notify_transfer_progress", self._transfer.state in ("INCOMING", "ACTIVE"))
        self._command(self._transfer.tell, code, reason)

    # -- on the engine thread: commands

    async def _invite(self, lines: Lines, timeout: float | None) -> None:
        assert self.route_header is not None  # send_invite
        assert self.from_header is not None
        assert self.to_header is not None
        assert self.request_uri is not None
        assert self.local_contact_header is not None
        hop = await self._hop(self.route_header, self.from_header.uri.host)
        self.transport = hop.transport
        self._usage = Runtime.current().sip.call(
            "invite",
            InviteParameters(
                self.request_uri.to_uri(), self.from_header.to_name_addr().without_parameter("tag"), self.to_header.to_name_addr(),
                self.local_contact_header.to_name_addr(), hop, credentials=digest_credentials(self.credentials),
                sdp=str(self.sdp.proposed_local).encode(), headers=lines, timeout=timeout,
            ),
        )  # fmt: skip
        self.call_id = self._usage.request.call_id
        self._move("outgoing", "local", self._usage.request)
        InvitationEvents().claim(self._usage, self)

    async def _respond(self, code: int, reason: str | None, contact: Any, sdp: BaseSDPSession | None, lines: Lines) -> None:
        usage = self._usage
        assert usage is not None  # it is incoming
        if self.state not in ("incoming", "early"):
            return  # cancelled meanwhile
        address = None if contact is None else contact.to_name_addr()
        body = None if sdp is None else str(sdp).encode()
        offered = self.sdp.proposed_remote is not None
        if sdp is not None:
            self.sdp.propose(sdp)
        data: dict[str, Any] = {"code": code, "reason": reason or reason_phrase(code)}
        if code < 200:
            self._call(usage.ring, code, body, address, lines)
            self._move("early", "local", **data)
        elif code < 300:
            self._call(usage.accept, body, address, lines)
            self._move("connecting", "local", **data)
            if offered:
                self._agree("remote")
        else:
            self._move("disconnecting", "local", **data)
            self._call(usage.reject, code, reason, lines)

    async def _answer_proposal(self, code: int, reason: str | None, contact: Any, sdp: BaseSDPSession | None, lines: Lines) -> None:
        usage, asked = self._usage, self.sub_state == "received_proposal_request"
        if usage is None or self.sub_state not in ("received_proposal", "received_proposal_request"):
            return  # taken back meanwhile
        if code < 200:
            self._call(usage.ring_reinvite, code)
        elif sdp is not None:
            self.sdp.propose(sdp)
            self._call(usage.accept_reinvite, str(sdp).encode())
            if not asked:
                self._agree("remote")
                self._move_sub("normal", "local", code=code, reason=reason or reason_phrase(code))
        else:
            self.sdp.discard()
            self._call(usage.reject_reinvite, code, reason, lines)
            self._move_sub("normal", "local", code=code, reason=reason or reason_phrase(code))

    async def _reinvite(self, contact: Any, sdp: BaseSDPSession | None, lines: Lines) -> None:
        proposal = sdp or self.sdp.active_local
        if self.sub_state == "normal" and self._usage is not None and proposal is not None:
            self.sdp.propose(proposal)
            if contact is not None:
                self.local_contact_header = FrozenContactHeader.new(contact)
            self._call(self._usage.reinvite, str(proposal).encode(), None if contact is None else contact.to_name_addr(), lines)
            self._move_sub("sent_proposal", "local")

    async def _cancel_reinvite(self) -> None:
        if self._usage is not None and self.sub_state == "sent_proposal":
            self._call(self._usage.cancel_reinvite)

    async def _end(self, lines: Lines) -> None:
        if self.state not in ("disconnecting", "disconnected") and self._usage is not None:
            self._move("disconnecting", "local")
            self._call(self._usage.end, headers=lines)

    async def _request(self, method: str, lines: Lines, body: bytes, content_type: str) -> None:
        if self._usage is not None and self.state == "connected":
            self._call(self._usage.send_request, method, lines, body, content_type)

    def _call(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the usage; None when the other side was faster and it is over."""
        try:
            return Runtime.current().sip.call(method, *args, **kwargs)
        except BlinkQError:
            return None

    # -- on the engine thread: events

    def handle_event(self, event: object) -> None:
        """Take an event of the usage."""
        match event:
            case InvitationProgressed():
                self._note_peer(event.response)
                self._move("early", "remote", event.response)
                self._take_answer(event.sdp, early=True)
            case InvitationAnswered():
                self._note_peer(event.response)
                if self.state != "disconnecting":
                    self._move("connecting", "remote", event.response)
                    if self._take_answer(event.sdp):
                        self._connected("local")
            case InvitationConfirmed():
                if self.state == "connecting" and (event.sdp is None or self._take_answer(event.sdp)):
                    self._connected("remote")
            case InvitationFailed() | InvitationEnded():
                self._over(event)
            case _ if self.state != "disconnected":
                self._handle_change(event)

    def _handle_change(self, event: object) -> None:
        match event:
            case ReinviteReceived():
                self._proposed(event)
            case ReinviteAnswered():
                self._proposal_answered(event)
            case ReinviteConfirmed():
                if self.sub_state == "received_proposal_request" and self.sdp.take(event.sdp) is None:
                    self._agree("local")
                    self._move_sub("normal", "remote")
            case ReinviteCancelled():
                self.sdp.discard()
                self._move_sub("normal", "remote")
            case _:
                self._transfer.handle(event)

    def _take_answer(self, data: bytes | None, *, early: bool = False) -> bool:
        """The answer to our first offer; it may come in a provisional response already. False when the call ends of it."""
        if self._agreed or (early and data is None):
            return True
        error = self.sdp.take(data)
        self._agreed = True
        if self._agree("local", error):
            return True
        if self._usage is not None:
            self._move("disconnecting", "local")
            self._call(self._usage.end)
        return False

    def _agree(self, offered: str, error: str | None = None) -> bool:
        error = error or self.sdp.agree(offered)
        if error is None:
            local, remote = self.sdp.active_local, self.sdp.active_remote
            post("SIPInvitationGotSDPUpdate", self, succeeded=True, local_sdp=local, remote_sdp=remote)
        else:
            post("SIPInvitationGotSDPUpdate", self, succeeded=False, error=error)
        return error is None

    def _connected(self, originator: str) -> None:
        self.sub_state = "normal"
        self._move("connected", originator, sub_state="normal")

    def _proposed(self, event: ReinviteReceived) -> None:
        self._note_peer(event.request)
        if event.sdp is not None and (error := self.sdp.take(event.sdp)) is not None:
            assert self._usage is not None  # it told of it
            self._call(self._usage.reject_reinvite, 488, error)
            return
        self._move_sub("received_proposal" if event.sdp is not None else "received_proposal_request", "remote", event.request)

    def _proposal_answered(self, event: ReinviteAnswered) -> None:
        if event.code < 300:
            self._agree("local", self.sdp.take(event.sdp))
        else:
            self.sdp.discard()
        self._move_sub("normal", "remote", event.response, **({} if event.response else {"code": event.code, "reason": event.reason}))

    def _over(self, event: InvitationFailed | InvitationEnded) -> None:
        self._transfer.close()
        if event.originator == "local" and self.state not in ("disconnecting", "disconnected"):
            self._move("disconnecting", "local")
        self.sub_state = None
        self.sdp.discard()
        self._move("disconnected", event.originator, code=event.code, reason=event.reason, disconnect_reason=event.cause)

    def _no_way(self, error: str) -> None:
        self._move("disconnected", "local", code=503, reason=error, disconnect_reason=error)

    def _note_peer(self, message: Message) -> None:
        self.remote_user_agent = message.user_agent or self.remote_user_agent
        contacts = [contact for contact in message.contacts if contact.uri.scheme in ("sip", "sips")]
        if contacts:
            self.remote_contact_header = FrozenContactHeader.from_name_addr(contacts[0])

    def _require(self, method: str, legal: bool) -> None:
        if not legal:
            sub_state = f"/{self.sub_state}" if self.sub_state else ""
            raise IllegalStateError(f"Invitation.{method} in state {self.state}{sub_state}")

    def _move(self, state: str, originator: str, message: Message | None = None, **data: Any) -> None:
        previous, self.state = self.state, state
        if previous == "disconnected":
            self.state = previous
            return
        post("SIPInvitationChangedState", self, prev_state=previous, state=state, originator=originator, **_content(message), **data)

    def _move_sub(self, sub_state: str, originator: str, message: Message | None = None, **data: Any) -> None:
        if self.state == "connected":
            previous, self.sub_state = self.sub_state, sub_state
            self._move("connected", originator, message, prev_sub_state=previous, sub_state=sub_state, **data)

    def got_message(self, request: Request) -> None:
        """A MESSAGE in the call."""
        post("SIPInvitationGotMessage", self, **request_data(request), **addresses(request))


def _content(message: Message | None) -> dict[str, Any]:
    """What the message says that led to a state: nothing, a request or a response."""
    if isinstance(message, Request):
        return request_data(message)
    if isinstance(message, Response):
        return response_data(message)
    return {"headers": {}, "body": None}
