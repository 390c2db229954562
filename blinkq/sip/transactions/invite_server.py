"""INVITE server transaction: RFC 3261 §17.2.1, figure 7, with the Accepted state of RFC 6026 §8.5, figure 7.

Repeating a 2xx until its ACK comes is the user's work (RFC 3261 §13.3.1.4), not this machine's.
"""

from __future__ import annotations

from enum import Enum, auto

from blinkq.base.statemachine import StateTable
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.replies import reply
from blinkq.sip.transactions.transaction import Carrier, ServerTransaction, ServerUser

__all__ = ["TABLE", "InviteServerInput", "InviteServerState", "InviteServerTransaction"]

# RFC 3261 §17.2.1: 100 Trying is due when the user has not answered within 200 ms.
TRYING_DELAY = 0.2


class InviteServerState(Enum):
    """RFC 3261 figure 7, RFC 6026 figure 7."""

    PROCEEDING = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class InviteServerInput(Enum):
    """What can happen to the transaction."""

    INVITE = auto()
    ACK = auto()
    PROVISIONAL = auto()
    SUCCESS = auto()
    FAILURE = auto()
    TIMER_100 = auto()
    TIMER_G = auto()
    TIMER_H = auto()
    TIMER_I = auto()
    TIMER_L = auto()
    TRANSPORT_ERROR = auto()


_S, _I = InviteServerState, InviteServerInput

# RFC 6026 §8.8: a transport failure leaves the machine where it is; its timers end it.
TABLE = StateTable(
    {
        (_S.PROCEEDING, _I.INVITE): _S.PROCEEDING,
        (_S.PROCEEDING, _I.ACK): _S.PROCEEDING,
        (_S.PROCEEDING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.PROCEEDING, _I.SUCCESS): _S.ACCEPTED,
        (_S.PROCEEDING, _I.FAILURE): _S.COMPLETED,
        (_S.PROCEEDING, _I.TIMER_100): _S.PROCEEDING,
        (_S.PROCEEDING, _I.TRANSPORT_ERROR): _S.PROCEEDING,
        (_S.COMPLETED, _I.INVITE): _S.COMPLETED,
        (_S.COMPLETED, _I.ACK): _S.CONFIRMED,
        (_S.COMPLETED, _I.TIMER_G): _S.COMPLETED,
        (_S.COMPLETED, _I.TIMER_H): _S.TERMINATED,
        (_S.COMPLETED, _I.TRANSPORT_ERROR): _S.COMPLETED,
        (_S.CONFIRMED, _I.INVITE): _S.CONFIRMED,
        (_S.CONFIRMED, _I.ACK): _S.CONFIRMED,
        (_S.CONFIRMED, _I.TIMER_I): _S.TERMINATED,
        (_S.CONFIRMED, _I.TRANSPORT_ERROR): _S.CONFIRMED,
        (_S.ACCEPTED, _I.INVITE): _S.ACCEPTED,
        (_S.ACCEPTED, _I.ACK): _S.ACCEPTED,
        (_S.ACCEPTED, _I.SUCCESS): _S.ACCEPTED,
        (_S.ACCEPTED, _I.TIMER_L): _S.TERMINATED,
        (_S.ACCEPTED, _I.TRANSPORT_ERROR): _S.ACCEPTED,
    },
    initial=_S.PROCEEDING,
    final=frozenset({_S.TERMINATED}),
)


class InviteServerTransaction(ServerTransaction):
    """Answers one INVITE: 100 by itself, failures until they are acknowledged, 2xx once each time the user sends it."""

    def __init__(
        self, request: Request, hop: Hop | None, flow: Flow | None, carrier: Carrier, user: ServerUser
    ) -> None:
        super().__init__(request, hop, flow, carrier)
        self.user = user
        self.state = TABLE.initial
        self._interval = carrier.timing.t1

    @property
    def terminated(self) -> bool:
        return self.state is _S.TERMINATED

    @property
    def undecided(self) -> bool:
        """Whether a final response is still due."""
        return self.state is _S.PROCEEDING

    def start(self, now: float) -> None:
        """Begin to wait for the user's answer."""
        self._start("100", TRYING_DELAY, now, self._on_timer_100)

    def receive(self, request: Request, now: float) -> None:
        if request.method == "ACK":
            self._receive_ack(request, now)
            return
        self.state = TABLE.next(self.state, _I.INVITE)
        if self.state in (_S.PROCEEDING, _S.COMPLETED):
            self._repeat()

    def respond(self, response: Response, now: float) -> None:
        if response.code < 200:
            self.state = TABLE.next(self.state, _I.PROVISIONAL)
            self._stop("100")
            self._remember(response)
        elif response.code < 300:
            self._respond_success(response, now)
        else:
            self._respond_failure(response, now)

    def transport_failed(self, reason: str, now: float) -> None:
        if not self.terminated:
            self.state = TABLE.next(self.state, _I.TRANSPORT_ERROR)

    def _receive_ack(self, ack: Request, now: float) -> None:
        before, self.state = self.state, TABLE.next(self.state, _I.ACK)
        if self.state is _S.CONFIRMED and before is _S.COMPLETED:
            self._stop("G", "H")
            if self.reliable:
                self._on_timer_i(now)  # timer I is zero: the ACK cannot be repeated
            else:
                self._start("I", self._carrier.timing.t4, now, self._on_timer_i)
            self.user.on_ack(self, ack, now)
        elif self.state is _S.ACCEPTED:
            # RFC 6026 §8.5: an ACK that reuses the branch of the INVITE still belongs to the 2xx.
            self.user.on_ack(self, ack, now)

    def _respond_success(self, response: Response, now: float) -> None:
        before, self.state = self.state, TABLE.next(self.state, _I.SUCCESS)
        self._stop("100")
        self._remember(response)
        if before is _S.PROCEEDING:
            self._start("L", self._carrier.timing.patience, now, self._on_timer_l)

    def _respond_failure(self, response: Response, now: float) -> None:
        self.state = TABLE.next(self.state, _I.FAILURE)
        self._stop("100")
        self._remember(response)
        if not self.reliable:
            self._start("G", self._interval, now, self._on_timer_g)
        self._start("H", self._carrier.timing.patience, now, self._on_timer_h)

    def _on_timer_100(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_100)
        self._remember(reply(self.request, 100))

    def _on_timer_g(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_G)
        self._repeat()
        self._interval = min(self._interval * 2, self._carrier.timing.t2)
        self._start("G", self._interval, now, self._on_timer_g)

    def _on_timer_h(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_H)
        self._end()
        self.user.on_no_ack(self, now)

    def _on_timer_i(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_I)
        self._end()

    def _on_timer_l(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_L)
        self._end()
