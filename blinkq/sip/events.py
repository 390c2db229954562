"""What the SIP agent reports: frozen dataclasses, named in the past tense.

Every event carries the usage it happened to (an invitation, a registration or a request) as its first field, so that
whoever drains the agent can hand it on without a search. Session descriptions are raw bytes here: reading them is the
business of `sdp/` and of the middleware. Tracing of messages is not an event; the engine traces around the core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from blinkq.sip.dialog_events import DialogEvent

if TYPE_CHECKING:
    from blinkq.sip.address import NameAddr
    from blinkq.sip.event_package import SubscriptionStatus
    from blinkq.sip.message import Request, Response
    from blinkq.sip.replaces import Replacement
    from blinkq.sip.usages.incoming_request import IncomingRequest
    from blinkq.sip.usages.incoming_subscription import IncomingSubscription
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sip.usages.publication import Publication
    from blinkq.sip.usages.registration import Registration
    from blinkq.sip.usages.request import ClientRequest
    from blinkq.sip.usages.subscription import Subscription

Originator: TypeAlias = Literal["local", "remote"]


@dataclass(frozen=True, slots=True)
class InvitationReceived:
    """A peer wants a call. 100 Trying is already sent; answer with `ring`, `accept`, `reject` or `end`.

    `sdp` is the offer, or None when the peer leaves the offer to us (RFC 3261 §13.2.1); `replacement` tells about the call that it shall
    take the place of (RFC 3891), None when it is a call like others.
    """

    invitation: Invitation
    request: Request
    sdp: bytes | None
    replacement: Replacement | None = None


@dataclass(frozen=True, slots=True)
class InvitationProgressed:
    """A provisional response above 100 to our INVITE. `sdp` is early media's answer or offer, if there was one."""

    invitation: Invitation
    code: int
    reason: str
    sdp: bytes | None
    response: Response


@dataclass(frozen=True, slots=True)
class InvitationAnswered:
    """Our INVITE got its 2xx.

    The ACK is already queued, unless we sent no offer: then `sdp` is the peer's offer and `acknowledge` is due.
    """

    invitation: Invitation
    code: int
    reason: str
    sdp: bytes | None
    response: Response


@dataclass(frozen=True, slots=True)
class InvitationConfirmed:
    """The ACK for our 2xx has come. `sdp` is the peer's answer when the offer was ours."""

    invitation: Invitation
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class InvitationFailed:
    """The invitation is over before it was confirmed; nothing follows.

    Outgoing: a final answer other than 2xx, 408 when nobody answered (`cause` 'timeout'), 503 when the transport failed
    (`reason` tells how), 487 when we cancelled ('user request').
    Incoming: 487 when the caller cancelled, our own code once the caller acknowledged the rejection (or 'timeout' when it
    did not), 200 with `cause` 'missing ACK' when we accepted and no ACK ever came.
    """

    invitation: Invitation
    originator: Originator
    code: int
    reason: str
    cause: str
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class InvitationEnded:
    """The call is over after it was confirmed; nothing follows.

    `cause` is 'user request', the text of the peer's Reason header, or what went wrong ('missing ACK', 'timeout' ...).
    """

    invitation: Invitation
    originator: Originator
    code: int
    reason: str
    cause: str


@dataclass(frozen=True, slots=True)
class InvitationTransaction:
    """One INVITE, BYE or CANCEL transaction of a call has its final answer.

    `originator` is who sent the request. `ack_received` matters for INVITEs of the peer: True, False, or None when it is
    not (yet) known.
    """

    invitation: Invitation
    originator: Originator
    method: str
    code: int
    reason: str
    ack_received: bool | None = None


@dataclass(frozen=True, slots=True)
class ReinviteReceived:
    """The peer wants to change the session, by re-INVITE or UPDATE: answer with `accept_reinvite` or `reject_reinvite`.

    An UPDATE cannot wait for a user (RFC 3311 §5.2).

    `sdp` is the new offer, or None when the peer asks us for one.
    """

    invitation: Invitation
    sdp: bytes | None
    request: Request


@dataclass(frozen=True, slots=True)
class ReinviteProgressed:
    """A provisional response above 100 to our re-INVITE: the peer asks its user."""

    invitation: Invitation
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReinviteAnswered:
    """Our re-INVITE got its final answer: 2xx (with `sdp`), or a refusal that leaves the session as it was.

    `response` is None when the code is our own (408 timeout, 503 transport). After a 2xx to a re-INVITE without an offer
    `sdp` is the peer's offer and `acknowledge` is due.
    """

    invitation: Invitation
    code: int
    reason: str
    sdp: bytes | None
    response: Response | None


@dataclass(frozen=True, slots=True)
class ReinviteConfirmed:
    """The ACK for our 2xx to a re-INVITE has come. `sdp` is the peer's answer when the offer was ours."""

    invitation: Invitation
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class ReinviteCancelled:
    """The peer took its re-INVITE back before we answered; 487 is sent, the session is as it was."""

    invitation: Invitation


@dataclass(frozen=True, slots=True)
class RegistrationSucceeded:
    """The registrar accepted. `contacts` are all bindings it reported, `contact` is ours, `expires` in seconds."""

    registration: Registration
    code: int
    reason: str
    contacts: tuple[NameAddr, ...]
    contact: NameAddr
    expires: int
    response: Response


@dataclass(frozen=True, slots=True)
class RegistrationFailed:
    """A REGISTER was refused, or never answered (`local` True, `response` None).

    The registration does not try again by itself: `refresh` it, or make a new one towards another hop.
    """

    registration: Registration
    code: int
    reason: str
    response: Response | None
    retry_after: int | None
    min_expires: int | None
    local: bool


@dataclass(frozen=True, slots=True)
class RegistrationEnded:
    """The binding is removed, or given up; nothing follows. `code` is None when nothing had to be sent."""

    registration: Registration
    code: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RegistrationRefreshing:
    """A refresh is sent before the binding expires, or (not `automatic`) would be due."""

    registration: Registration


@dataclass(frozen=True, slots=True)
class RequestProgressed:
    """A provisional answer to a request whose maker wants to hear of them."""

    request: ClientRequest
    code: int
    reason: str
    response: Response


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """A request got its final response (of any class)."""

    request: ClientRequest
    code: int
    reason: str
    response: Response


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request got no answer: 408 after the transaction timed out, 503 when the transport failed."""

    request: ClientRequest
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A peer sent a request outside dialogs that somebody asked for (`Agent.incoming_requests`): answer it with `answer`."""

    request: IncomingRequest


@dataclass(frozen=True, slots=True)
class SubscriptionAccepted:
    """A SUBSCRIBE (or REFER) of ours was accepted: the first, or when `refreshed` a later one. `expires` in seconds.

    It may come after the first `SubscriptionNotified`.
    """

    subscription: Subscription
    code: int
    reason: str
    expires: int
    response: Response
    refreshed: bool


@dataclass(frozen=True, slots=True)
class SubscriptionNotified:
    """The notifier sent the state of what we subscribed to. When `status` is 'terminated', `SubscriptionEnded` follows."""

    subscription: Subscription
    status: SubscriptionStatus
    content_type: str | None
    body: bytes
    request: Request


@dataclass(frozen=True, slots=True)
class SubscriptionFailed:
    """The subscription is over because something went wrong; nothing follows.

    A SUBSCRIBE was refused, or (`response` None) not answered: 408 or 503; or no NOTIFY came, or no refresh went through in time: 408.
    """

    subscription: Subscription
    code: int
    reason: str
    response: Response | None
    retry_after: int | None
    min_expires: int | None


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """The subscription is over in good order; nothing follows.

    'local': we ended it. 'remote': the notifier did; `reason` is its word for it (RFC 6665 §4.1.3: deactivated, probation, rejected,
    timeout, giveup, noresource, invariant) or '', `retry_after` the seconds to wait before another attempt, None when it does not say.
    """

    subscription: Subscription
    originator: Originator
    reason: str
    retry_after: int | None


@dataclass(frozen=True, slots=True)
class SubscriptionReceived:
    """A peer subscribes to one of `Agent.incoming_events`, or refers us with a REFER: answer with `accept` or `reject`."""

    incoming_subscription: IncomingSubscription
    request: Request


@dataclass(frozen=True, slots=True)
class IncomingSubscriptionRefreshed:
    """The peer refreshed its subscription for `expires` seconds; it was answered, and the latest content is sent again."""

    incoming_subscription: IncomingSubscription
    expires: int
    request: Request


@dataclass(frozen=True, slots=True)
class NotifyAnswered:
    """A NOTIFY of ours got its final answer; `response` is None for 408 and 503 of our own."""

    incoming_subscription: IncomingSubscription
    code: int
    reason: str
    response: Response | None


@dataclass(frozen=True, slots=True)
class IncomingSubscriptionEnded:
    """A peer's subscription is over; nothing follows but `NotifyAnswered` for what was sent before.

    `reason` is 'rejected', 'unsubscribed', 'timeout' (it was not refreshed), 'failed' (a NOTIFY was refused or not answered), or
    what was given to `end`. `request` is the unsubscribing SUBSCRIBE.
    """

    incoming_subscription: IncomingSubscription
    originator: Originator
    reason: str
    request: Request | None


@dataclass(frozen=True, slots=True)
class PublicationSucceeded:
    """A PUBLISH was accepted: the state is published for `expires` seconds."""

    publication: Publication
    code: int
    reason: str
    expires: int
    response: Response


@dataclass(frozen=True, slots=True)
class PublicationFailed:
    """A PUBLISH was refused, or never answered (`response` None). The publication does not try again by itself.

    After 412 the server has forgotten what was published: `publish` the full state again (RFC 3903 §5).
    """

    publication: Publication
    code: int
    reason: str
    response: Response | None
    retry_after: int | None
    min_expires: int | None


@dataclass(frozen=True, slots=True)
class PublicationRefreshing:
    """A refresh is sent before the publication expires, or (not `automatic`) would be due."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class PublicationEnded:
    """What was published is removed, or given up; nothing follows. `code` is None when nothing had to be sent."""

    publication: Publication
    code: int | None
    reason: str


InvitationEvent: TypeAlias = (
    InvitationReceived
    | InvitationProgressed
    | InvitationAnswered
    | InvitationConfirmed
    | InvitationFailed
    | InvitationEnded
    | InvitationTransaction
    | ReinviteReceived
    | ReinviteProgressed
    | ReinviteAnswered
    | ReinviteConfirmed
    | ReinviteCancelled
    | DialogEvent
)
RegistrationEvent: TypeAlias = RegistrationSucceeded | RegistrationFailed | RegistrationEnded | RegistrationRefreshing
RequestEvent: TypeAlias = RequestProgressed | RequestAnswered | RequestFailed | RequestReceived
SubscriptionEvent: TypeAlias = SubscriptionAccepted | SubscriptionNotified | SubscriptionFailed | SubscriptionEnded
IncomingSubscriptionEvent: TypeAlias = (
    SubscriptionReceived | IncomingSubscriptionRefreshed | NotifyAnswered | IncomingSubscriptionEnded
)
PublicationEvent: TypeAlias = PublicationSucceeded | PublicationFailed | PublicationRefreshing | PublicationEnded
Event: TypeAlias = (
    InvitationEvent
    | RegistrationEvent
    | RequestEvent
    | SubscriptionEvent
    | IncomingSubscriptionEvent
    | PublicationEvent
)
