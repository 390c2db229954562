"""What the SIP agent reports: frozen dataclasses, named in the past tense.

Every event carries the usage it happened to (an invitation, a registration or a request) as its first field, so that
whoever drains the agent can hand it on without a search. Session descriptions are raw bytes here: reading them is the
business of `sdp/` and of the middleware. Tracing of messages is not an event; the engine traces around the core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from blinkq.sip.address import NameAddr
    from blinkq.sip.message import Request, Response
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sip.usages.registration import Registration
    from blinkq.sip.usages.request import ClientRequest

Originator: TypeAlias = Literal["local", "remote"]


@dataclass(frozen=True, slots=True)
class InvitationReceived:
    """A peer wants a call. 100 Trying is already sent; answer with `ring`, `accept`, `reject` or `end`.

    `sdp` is the offer, or None when the peer leaves the offer to us (RFC 3261 §13.2.1).
    """

    invitation: Invitation
    request: Request
    sdp: bytes | None


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
    """The peer wants to change the session: answer with `accept_reinvite` or `reject_reinvite`.

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
    """A refresh was sent before the binding expires."""

    registration: Registration


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
)
RegistrationEvent: TypeAlias = RegistrationSucceeded | RegistrationFailed | RegistrationEnded | RegistrationRefreshing
RequestEvent: TypeAlias = RequestAnswered | RequestFailed
Event: TypeAlias = InvitationEvent | RegistrationEvent | RequestEvent
