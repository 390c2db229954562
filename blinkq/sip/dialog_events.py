"""What the agent reports of a standing call beside its INVITEs: transfers (RFC 3515), messages, and the session timer.

Frozen dataclasses as those of `events`, which lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from blinkq.sip.message import Request
    from blinkq.sip.usages.incoming_referral import IncomingReferral
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sip.usages.referral import Referral


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The peer asks us to call somebody else: answer at once with the referral's `accept` or `reject`."""

    invitation: Invitation
    referral: IncomingReferral
    request: Request


@dataclass(frozen=True, slots=True)
class ReferReported:
    """The peer has taken (or will never take) our last word on its REFER; nothing about the referral follows."""

    invitation: Invitation
    referral: IncomingReferral


@dataclass(frozen=True, slots=True)
class ReferAccepted:
    """The peer will try what our REFER asks for."""

    invitation: Invitation
    referral: Referral
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReferProgressed:
    """The peer tells what the call that we asked for has come to."""

    invitation: Invitation
    referral: Referral
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReferEnded:
    """The end of one REFER of ours; nothing about it follows.

    `code` is the final answer to the call that we asked for, or to the REFER when that was refused (408, 503: it got no answer);
    200 with `known` False when the peer took it and does not report (RFC 4488); 0 when the outcome will never be known.
    """

    invitation: Invitation
    referral: Referral
    code: int
    reason: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class DialogRequestReceived:
    """A MESSAGE or INFO in the call, already answered with 200."""

    invitation: Invitation
    request: Request


@dataclass(frozen=True, slots=True)
class SessionRefreshDue:
    """The session timer wants a re-INVITE with the present description (RFC 4028 §7.4): the peer does not take UPDATE."""

    invitation: Invitation


DialogEvent: TypeAlias = (
    ReferReceived | ReferReported | ReferAccepted | ReferProgressed | ReferEnded | DialogRequestReceived | SessionRefreshDue
)
