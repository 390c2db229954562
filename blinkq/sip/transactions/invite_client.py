"""INVITE client transaction: RFC 3261 §17.1.1, figure 5, with the Accepted state of RFC 6026 §8.4, figure 8.

It ends with the first final response; the call built on it lives in `usages/invitation.py`.
"""

from __future__ import annotations

from enum import Enum, auto

from blinkq.base.statemachine import StateTable
from blinkq.sip.derived_requests import acknowledgement
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.transactions.transaction import Carrier, ClientTransaction, ClientUser

__all__ = ["TABLE", "InviteClientInput", "InviteClientState", "InviteClientTransaction"]


class InviteClientState(Enum):
    """RFC 3261 figure 5, RFC 6026 figure 8."""

    CALLING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    ACCEPTED = auto()
    TERMINATED = auto()


class InviteClientInput(Enum):
    """What can happen to the transaction."""

    PROVISIONAL = auto()
    SUCCESS = auto()
    FAILURE = auto()
    TIMER_A = auto()
    TIMER_B = auto()
    TIMER_D = auto()
    TIMER_M = auto()
    TRANSPORT_ERROR = auto()
    ABANDON = auto()


_S, _I = InviteClientState, InviteClientInput

TABLE = StateTable(
    {
        (_S.CALLING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.CALLING, _I.SUCCESS): _S.ACCEPTED,
        (_S.CALLING, _I.FAILURE): _S.COMPLETED,
        (_S.CALLING, _I.TIMER_A): _S.CALLING,
        (_S.CALLING, _I.TIMER_B): _S.TERMINATED,
        (_S.CALLING, _I.TRANSPORT_ERROR): _S.TERMINATED,
        (_S.CALLING, _I.ABANDON): _S.TERMINATED,
        (_S.PROCEEDING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.PROCEEDING, _I.SUCCESS): _S.ACCEPTED,
        (_S.PROCEEDING, _I.FAILURE): _S.COMPLETED,
        # Not in the figure, where the server would open a connection to our Via: a phone behind a NAT cannot be reached so.
        (_S.PROCEEDING, _I.TRANSPORT_ERROR): _S.TERMINATED,
        # §9.1: the user gives up 64*T1 after its CANCEL.
        (_S.PROCEEDING, _I.ABANDON): _S.TERMINATED,
        (_S.COMPLETED, _I.PROVISIONAL): _S.COMPLETED,
        (_S.COMPLETED, _I.SUCCESS): _S.COMPLETED,
        (_S.COMPLETED, _I.FAILURE): _S.COMPLETED,
        (_S.COMPLETED, _I.TIMER_D): _S.TERMINATED,
        (_S.COMPLETED, _I.TRANSPORT_ERROR): _S.TERMINATED,
        (_S.ACCEPTED, _I.PROVISIONAL): _S.ACCEPTED,
        (_S.ACCEPTED, _I.SUCCESS): _S.ACCEPTED,
        (_S.ACCEPTED, _I.FAILURE): _S.ACCEPTED,
        (_S.ACCEPTED, _I.TIMER_M): _S.TERMINATED,
        (_S.ACCEPTED, _I.TRANSPORT_ERROR): _S.ACCEPTED,
    },
    initial=_S.CALLING,
    final=frozenset({_S.TERMINATED}),
)


class InviteClientTransaction(ClientTransaction):
    """Sends an INVITE until something answers, and acknowledges every failure; ACKs to 2xx are the user's."""

    def __init__(
        self, request: Request, hop: Hop | None, flow: Flow | None, carrier: Carrier, user: ClientUser
    ) -> None:
        super().__init__(request, hop, flow, carrier, user)
        self.state = TABLE.initial
        self._interval = carrier.timing.t1

    @property
    def terminated(self) -> bool:
        return self.state is _S.TERMINATED

    def start(self, now: float) -> None:
        self._transmit(self._data)
        if not self.reliable:
            self._start("A", self._interval, now, self._on_timer_a)
        self._start("B", self._carrier.timing.patience, now, self._on_timer_b)

    def receive(self, response: Response, flow: Flow, now: float) -> None:
        if response.code < 200:
            self._receive_provisional(response, flow, now)
        elif response.code < 300:
            self._receive_success(response, flow, now)
        else:
            self._receive_failure(response, flow, now)

    def transport_failed(self, reason: str, now: float) -> None:
        if self.state is _S.TERMINATED:
            return
        waiting = self.state in (_S.CALLING, _S.PROCEEDING)
        self.state = TABLE.next(self.state, _I.TRANSPORT_ERROR)
        if self.state is _S.TERMINATED:
            self._end()
        if waiting:
            self.user.on_no_response(self, 503, reason, now)

    def abandon(self) -> None:
        """The user gives up waiting for a final response (RFC 3261 §9.1); nothing is reported any more."""
        if TABLE.allows(self.state, _I.ABANDON):
            self.state = TABLE.next(self.state, _I.ABANDON)
            self._end()

    def _receive_provisional(self, response: Response, flow: Flow, now: float) -> None:
        waiting = self.state in (_S.CALLING, _S.PROCEEDING)
        self.state = TABLE.next(self.state, _I.PROVISIONAL)
        if waiting:
            self._stop("A", "B")
            self.user.on_response(self, response, flow, now)

    def _receive_success(self, response: Response, flow: Flow, now: float) -> None:
        before, self.state = self.state, TABLE.next(self.state, _I.SUCCESS)
        if self.state is not _S.ACCEPTED:
            return
        if before is not _S.ACCEPTED:
            self._stop("A", "B")
            # RFC 6026 §8.4: timer M keeps the transaction for 2xx of other branches and repeated ones.
            self._start("M", self._carrier.timing.patience, now, self._on_timer_m)
        self.user.on_response(self, response, flow, now)

    def _receive_failure(self, response: Response, flow: Flow, now: float) -> None:
        before, self.state = self.state, TABLE.next(self.state, _I.FAILURE)
        if self.state is not _S.COMPLETED:
            return
        self._transmit(acknowledgement(self.request, response).to_bytes())
        if before is _S.COMPLETED:
            return
        self._stop("A", "B")
        if self.reliable:
            self._on_timer_d(now)  # timer D is zero: nothing can be repeated
        else:
            self._start("D", self._carrier.timing.d, now, self._on_timer_d)
        self.user.on_response(self, response, flow, now)

    def _on_timer_a(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_A)
        self._transmit(self._data)
        self._interval *= 2
        self._start("A", self._interval, now, self._on_timer_a)

    def _on_timer_b(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_B)
        self._end()
        self.user.on_no_response(self, 408, "Request Timeout", now)

    def _on_timer_d(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_D)
        self._end()

    def _on_timer_m(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_M)
        self._end()
