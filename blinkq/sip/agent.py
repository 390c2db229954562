"""The SIP agent: the façade core. Bytes and commands in, transmissions and events out.

It parses, finds the transaction or dialog a message belongs to, refuses what is wrong with the code RFC 3261 §8.2 wants, and
hands the rest to the usages. What it refuses or answers by itself outside dialogs it answers without keeping state (§8.2.7), so
that a flood of requests costs no memory.

Requests over 1300 bytes still go over UDP when the hop says so: switching to a stream (§18.1.1) needs a connection the peer may
not accept, and path MTUs below 1500 are the rare case; whoever chooses the hop may choose TCP.
"""

from __future__ import annotations

import hashlib

from blinkq.base.clock import Entropy
from blinkq.base.logging import get_logger
from blinkq.sip.context import ALLOW, SUPPORTED, AgentConfig, Context, capabilities
from blinkq.sip.dialog import DialogID
from blinkq.sip.errors import SIPParseError
from blinkq.sip.event_package import EventPackage
from blinkq.sip.events import Event
from blinkq.sip.grammar import quote
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.parser import parse_message
from blinkq.sip.replies import mark_source, reply
from blinkq.sip.session_body import SDP, is_unsupported
from blinkq.sip.source_limiter import SourceLimiter
from blinkq.sip.transactions.invite_server import InviteServerTransaction
from blinkq.sip.usages.incoming_request import IncomingRequest
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sip.usages.invitation import Invitation, InviteParameters
from blinkq.sip.usages.publication import Publication, PublishParameters
from blinkq.sip.usages.registration import RegisterParameters, Registration, RegistrationState
from blinkq.sip.usages.replacement import replacement_of
from blinkq.sip.usages.request import ClientRequest, RequestParameters, request_of
from blinkq.sip.usages.session_timer import too_small
from blinkq.sip.usages.subscription import SubscribeParameters, Subscription

__all__ = [
    "Agent",
    "AgentConfig",
    "InviteParameters",
    "PublishParameters",
    "RegisterParameters",
    "RequestParameters",
    "SubscribeParameters",
]

log = get_logger("sip")

# Transactions at once, beyond which requests within calls are dropped: each lives for 32 s after its end on UDP, so this is some
# 300 requests a second, of peers that we are talking to. Outside calls no state is kept, or the number of calls limits it.
MAX_TRANSACTIONS = 10_000

_KEEP_ALIVE = b"\r\n\0 \t"


class Agent:
    """All SIP of one endpoint. The Core face: `receive_datagram`, commands with `now`, `tick`, `deadline`, `drain`.

    What is handed up of requests outside dialogs; all else is refused: incoming_requests: methods (MESSAGE ...); incoming_events: packages
    that peers may subscribe to, 'refer' for REFER; unsolicited_events: packages that may be notified without a subscription. The three may
    be changed at any time.
    """

    def __init__(self, config: AgentConfig, entropy: Entropy) -> None:
        self.config = config
        self.incoming_requests: set[str] = set()
        self.incoming_events: set[str] = set()
        self.unsolicited_events: set[str] = set()
        self._context = Context(config, entropy)
        self._registrations: list[Registration] = []
        self._limiter = SourceLimiter(config.invite_rate, config.invite_burst)
        self._secret = entropy.octets(16)

    def receive_as(self, other: Agent) -> None:
        """Hand up the same requests as `other`, whose place we take."""
        self.incoming_requests = other.incoming_requests
        self.incoming_events = other.incoming_events
        self.unsolicited_events = other.unsolicited_events

    # -- the Core face

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        """One UDP datagram, or one message cut from a stream. Never raises because of what is in it."""
        if not data.strip(_KEEP_ALIVE):
            return  # RFC 5626 §4.4.1, and the lone NULs that some phones send
        try:
            message = parse_message(data, stream=flow.reliable)
        except SIPParseError as error:
            self._refuse_unreadable(error, flow)
            return
        if isinstance(message, Response):
            self._receive_response(message, flow, now)
        else:
            self._receive_request(message, flow, now)

    def flow_failed(self, flow_or_hop: Flow | Hop, error: str, now: float) -> None:
        """A connection was refused or closed, or a datagram was not deliverable.

        The client transactions on that way fail at once with a local 503 whose reason is `error`; a registration whose
        connection is gone reports it. Calls go on: their next request takes a new connection.
        """
        self._context.transactions.path_failed(flow_or_hop, error, now)
        for registration in list(self._registrations):
            registration.flow_failed(flow_or_hop, error, now)

    def tick(self, now: float) -> None:
        """Run the timers that are due."""
        self._context.timers.run(now)

    def deadline(self) -> float | None:
        """When `tick` must be called next."""
        return self._context.timers.deadline()

    def drain(self) -> list[Transmit | Event]:
        """The outputs since the last call, in order."""
        outputs, self._context.outputs = self._context.outputs, []
        return outputs

    # -- commands

    def invite(self, parameters: InviteParameters, now: float) -> Invitation:
        """Call somebody."""
        invitation = Invitation.outgoing(self._context, parameters, now)
        self._context.invitations.add(invitation)
        return invitation

    def register(self, parameters: RegisterParameters, now: float) -> Registration:
        """Register an address of record, and keep it registered."""
        registration = Registration(self._context, parameters)
        self._registrations = [r for r in self._registrations if r.state is not RegistrationState.ENDED]
        self._registrations.append(registration)
        registration.start(now)
        return registration

    def request(self, parameters: RequestParameters, now: float) -> ClientRequest:
        """Send a request outside dialogs. Raises ValueError for methods that have usages of their own."""
        return request_of(self._context, parameters, now)

    def subscribe(self, parameters: SubscribeParameters, now: float) -> Subscription:
        """Subscribe to the state of something, and stay subscribed. Raises SIPParseError for an event that is none."""
        subscription = Subscription(self._context, parameters)
        subscription.start(now)
        return subscription

    def publish(self, parameters: PublishParameters, now: float) -> Publication:
        """Publish a state, and keep it published."""
        publication = Publication(self._context, parameters)
        publication.start(now)
        return publication

    @property
    def invitations(self) -> frozenset[Invitation]:
        """The calls that are not over."""
        return frozenset(self._context.invitations)

    # -- responses

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        if len(response.vias) != 1:
            return  # §8.1.3.3: it is not for us
        self._context.transactions.receive_response(response, flow, now)

    # -- requests

    def _receive_request(self, request: Request, flow: Flow, now: float) -> None:
        mark_source(request, flow)
        transaction = self._context.transactions.find_server(request)
        if transaction is not None:
            transaction.receive(request, now)
        elif request.method == "CANCEL":
            self._receive_cancel(request, flow, now)
        elif request.to.tag is not None:
            self._receive_in_dialog(request, flow, now)
        elif request.method != "ACK":
            self._receive_out_of_dialog(request, flow, now)

    def _receive_cancel(self, cancel: Request, flow: Flow, now: float) -> None:
        """§9.2."""
        transactions = self._context.transactions
        cancelled = transactions.find_cancelled(cancel)
        if cancelled is None or not _same_hop(cancel, cancelled, flow):
            self._refuse(cancel, 481, flow)
            return
        headers = self._context.respond_headers()
        response = reply(cancel, 200, tag=cancelled.user.tag, headers=headers)
        transactions.serve(cancel, flow).respond(response, now)
        if cancelled.undecided:
            cancelled.user.on_cancel(cancelled, cancel, now)

    def _receive_in_dialog(self, request: Request, flow: Flow, now: float) -> None:
        dialog = DialogID.of_request(request)
        # a subscription gets its dialog from the first NOTIFY, so it is found without the tag of the peer (RFC 6665 §4.4.1)
        user = self._context.dialogs.get(dialog) or self._context.subscriptions.get((dialog.call_id, dialog.local_tag))
        if user is None:
            if request.method != "ACK":
                self._refuse(request, 481, flow)
        elif request.method not in ("ACK", "BYE") and len(self._context.transactions) >= MAX_TRANSACTIONS:
            log.debug("dropped %s from %s: too many transactions", request.method, flow.remote_address)
        elif request.method == "ACK" or self._inspect(request, flow):
            user.on_request(request, flow, now)

    def _receive_out_of_dialog(self, request: Request, flow: Flow, now: float) -> None:
        if not self._inspect(request, flow):
            return
        if request.method == "OPTIONS" and not self._wants(request):
            self._refuse(request, 200, flow, capabilities())
        elif request.method == "INVITE":
            self._receive_invite(request, flow, now)
        elif request.method in ("SUBSCRIBE", "REFER"):
            self._receive_subscribe(request, flow, now)
        elif self._wants(request):
            if self._begins(request, flow, now):
                IncomingRequest(self._context, request, flow, now)
        elif request.method == "MESSAGE":
            self._refuse(request, 405, flow, [("Allow", ", ".join(ALLOW))])
        else:
            self._refuse(request, 481, flow)  # BYE of a call that is not ours, NOTIFY that nobody asked for

    def _receive_invite(self, request: Request, flow: Flow, now: float) -> None:
        context = self._context
        small = too_small(request, self.config.min_se)
        if small is not None:
            self._refuse(request, 422, flow, small)
        elif not context.transactions.merges(request) and len(context.invitations) >= self.config.max_invitations:
            self._refuse(request, 486, flow)
        elif self._begins(request, flow, now):
            replacement = replacement_of(request, context)  # before this call is one of those that could be meant
            context.invitations.add(Invitation.incoming(context, request, flow, now, replacement))

    def _receive_subscribe(self, request: Request, flow: Flow, now: float) -> None:
        """RFC 6665 §4.2.1, RFC 3515 §2.4.2."""
        refers = request.method == "REFER"
        try:
            event = EventPackage("refer") if refers else EventPackage.of(request)
        except SIPParseError:
            event = EventPackage("none")
        if event.name not in self.incoming_events and refers:
            self._refuse(request, 403, flow)  # only who is in a call with us may ask for a transfer
        elif event.name not in self.incoming_events or (event.name == "refer" and not refers):
            self._refuse(request, 489, flow, self._allow_events())
        elif len(self._context.incoming_subscriptions) >= self.config.max_subscriptions:
            self._refuse(request, 503, flow, [("Retry-After", "60")])
        elif self._begins(request, flow, now):
            IncomingSubscription(self._context, request, event, flow, now)

    def _wants(self, request: Request) -> bool:
        if request.method != "NOTIFY":
            return request.method in self.incoming_requests
        try:
            return EventPackage.of(request).name in self.unsolicited_events
        except SIPParseError:
            return False

    def _begins(self, request: Request, flow: Flow, now: float) -> bool:
        """Whether `request` may begin something of which state is kept; answers it when not."""
        if self._context.transactions.merges(request):
            self._refuse(request, 482, flow)  # §8.2.2.2
        elif not self._limiter.admits(flow.remote_address, now) or len(self._context.transactions) >= MAX_TRANSACTIONS:
            self._refuse(request, 503, flow, [("Retry-After", "10")])
        else:
            return True
        return False

    def _allow_events(self) -> list[tuple[str, str]]:
        events = sorted(self.incoming_events - {"refer"})
        return [("Allow-Events", ", ".join(events))] if events else []

    def _inspect(self, request: Request, flow: Flow) -> bool:
        """Whether `request` is one we take (§8.2.1 to §8.2.3); answers it when it is not."""
        if request.method not in ALLOW and request.method not in self.incoming_requests:
            self._refuse(request, 405, flow, [("Allow", ", ".join(ALLOW))])
        elif request.uri.scheme not in ("sip", "sips"):
            self._refuse(request, 416, flow)
        elif unknown := sorted(request.require.difference(SUPPORTED)):
            self._refuse(request, 420, flow, [("Unsupported", ", ".join(unknown))])
        elif request.method == "INVITE" and is_unsupported(request):
            self._refuse(request, 415, flow, [("Accept", SDP), ("Accept-Encoding", "identity")])
        elif "Replaces" in request.headers and request.method != "INVITE":
            self._refuse(request, 400, flow)  # RFC 3891 §3
        else:
            return True
        return False

    # -- answers without state

    def _refuse_unreadable(self, error: SIPParseError, flow: Flow) -> None:
        """400 and its like, where the request can be answered at all (RFC 3261 §16.3 asks the same of proxies)."""
        request = error.request
        if request is None:
            log.debug("dropped a message from %s: %s", flow.remote_address, error.message)
            return
        mark_source(request, flow)
        # The reason tells the peer's author what was wrong; it is our own text, never the peer's.
        self._refuse(request, error.code, flow, [("Warning", f"399 blinkq {quote(error.message)}")])

    def _refuse(
        self, request: Request, code: int, flow: Flow, headers: list[tuple[str, str]] | None = None
    ) -> None:
        response = reply(
            request, code, tag=self._stateless_tag(request), headers=self._context.respond_headers(headers or ())
        )
        self._context.send_stateless(request, response, flow)

    def _stateless_tag(self, request: Request) -> str:
        """The same To tag for the same request (§8.2.7), made of unread headers as they may be unreadable."""
        text = "\n".join(request.headers.get(name) or "" for name in ("Via", "Call-ID", "From", "CSeq"))
        return hashlib.blake2s(text.encode("utf-8", "replace"), key=self._secret, digest_size=8).hexdigest()


def _same_hop(cancel: Request, cancelled: InviteServerTransaction, flow: Flow) -> bool:
    """Whether a CANCEL comes from who sent the INVITE: §22.1 has nothing else to prove it, as a CANCEL cannot be challenged."""
    invite, invite_flow = cancelled.request, cancelled.flow
    return (
        (cancel.call_id, cancel.from_.tag, cancel.cseq.number) == (invite.call_id, invite.from_.tag, invite.cseq.number)
        and invite_flow is not None
        and (flow.transport, flow.remote_address) == (invite_flow.transport, invite_flow.remote_address)
    )
