"""What every usage of one agent shares: configuration, chance, timers, transactions, dialogs and the way out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from blinkq.base.clock import Entropy
from blinkq.sip.dialog import DialogID
from blinkq.sip.events import Event
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.realms import TrustedRealms
from blinkq.sip.replies import response_path
from blinkq.sip.session_body import SDP
from blinkq.sip.timers import TimerQueue, Timing
from blinkq.sip.transactions.layer import TransactionLayer
from blinkq.sip.via import MAGIC_COOKIE, Via

if TYPE_CHECKING:
    from blinkq.sip.usages.incoming_subscription import IncomingSubscription
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sip.usages.subscription import Subscription

__all__ = ["ALLOW", "SUPPORTED", "AgentConfig", "Context", "DialogUser", "capabilities"]

# What we take.
ALLOW = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "MESSAGE", "SUBSCRIBE", "NOTIFY", "REFER", "INFO", "UPDATE", "PRACK")
# Option tags we understand when a peer requires them.
SUPPORTED = ("replaces", "norefersub", "timer", "100rel")
# Dialogs remembered after their end.
MAX_ENDED = 64


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """The agent's settings, fixed for its life.

    user_agent: what we call ourselves; t1, t2, t4: base timers in seconds (RFC 3261 table 4); end_patience: seconds after
    which a call that we end is reported as ended although the peer has not answered (the transactions go on quietly);
    max_invitations: calls at once, beyond which peers get 486; invite_rate, invite_burst: new INVITEs a second and at once
    that one source address may send before it gets 503, and likewise other requests that are handed up; max_subscriptions: of
    peers at once, beyond which they get 503; session_expires: seconds that a call lasts without being refreshed, where the peer
    knows session timers (RFC 4028); min_se: the least of that which we accept.
    """

    user_agent: str = "BlinkQ"
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    end_patience: float = 1.0
    session_expires: int = 1800
    min_se: int = 90
    max_invitations: int = 200
    invite_rate: float = 20.0
    invite_burst: int = 50
    max_subscriptions: int = 500

    @property
    def timing(self) -> Timing:
        return Timing(self.t1, self.t2, self.t4, max(32.0, 64 * self.t1))


class DialogUser(Protocol):
    """Who owns a dialog and gets its requests."""

    def on_request(self, request: Request, flow: Flow, now: float) -> None:
        """A request within the dialog that is no retransmission; ACK included, CANCEL not."""


@dataclass(slots=True)
class Context:
    """The shared parts of one agent; made by it, used by its usages."""

    config: AgentConfig
    entropy: Entropy
    timers: TimerQueue = field(default_factory=TimerQueue)
    realms: TrustedRealms = field(default_factory=TrustedRealms)
    dialogs: dict[DialogID, DialogUser] = field(default_factory=dict)
    invitations: set[Invitation] = field(default_factory=set)
    subscriptions: dict[tuple[str, str], Subscription] = field(default_factory=dict)
    incoming_subscriptions: set[IncomingSubscription] = field(default_factory=set)
    # the last dialogs that ended: who wants to replace one of them came too late (RFC 3891 §3)
    ended: deque[DialogID] = field(default_factory=lambda: deque(maxlen=MAX_ENDED))
    outputs: list[Transmit | Event] = field(default_factory=list)
    transactions: TransactionLayer = field(init=False)

    def __post_init__(self) -> None:
        self.transactions = TransactionLayer(self.config.timing, self.timers, self.transmit)

    def transmit(self, transmit: Transmit) -> None:
        """Queue bytes for the wire."""
        self.outputs.append(transmit)

    def emit(self, event: Event) -> None:
        """Queue an event."""
        self.outputs.append(event)

    def tag(self) -> str:
        """A fresh From or To tag (RFC 3261 §19.3: at least 32 random bits)."""
        return self.entropy.token(8)

    def call_id(self) -> str:
        """A fresh Call-ID; without a host name, which is nobody's business (§8.1.1.4)."""
        return self.entropy.token(16)

    def stamp(self, request: Request, hop: Hop) -> None:
        """Give `request` a top Via with a fresh branch, and our name."""
        parameters = {"branch": MAGIC_COOKIE + self.entropy.token(12), "rport": None}
        via = str(Via(hop.transport.upper(), hop.local_address, hop.local_port or None, parameters))
        if "Via" in request.headers:
            request.headers.set("Via", via)
        else:
            request.headers.prepend("Via", via)
        if "User-Agent" not in request.headers:
            request.headers.add("User-Agent", self.config.user_agent)

    def respond_headers(self, headers: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        """`headers` with our name added, for a response."""
        return [*headers, ("User-Agent", self.config.user_agent)]

    def send_stateless(self, request: Request, response: Response, flow: Flow) -> None:
        """Answer without a transaction: the same request will get the same answer again (RFC 3261 §8.2.7)."""
        self.transmit(Transmit(response.to_bytes(), *response_path(request, flow)))


def capabilities(content: bool = True, reliable: bool = True) -> list[tuple[str, str]]:
    """The headers that say what we can do (§11.2); `reliable` False: without provisional responses for certain (RFC 3262)."""
    supported = [tag for tag in SUPPORTED if reliable or tag != "100rel"]
    every = [("Allow", ", ".join(ALLOW)), ("Supported", ", ".join(supported)), ("Accept", SDP if content else "")]
    return [(name, value) for name, value in every if value]
