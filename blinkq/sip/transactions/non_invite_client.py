"""Non-INVITE client transaction: RFC 3261 §17.1.2, figure 6."""

from __future__ import annotations

from enum import Enum, auto

from blinkq.base.statemachine import StateTable
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.transactions.transaction import Carrier, ClientTransaction, ClientUser

__all__ = ["TABLE", "NonInviteClientInput", "NonInviteClientState", "NonInviteClientTransaction"]


class NonInviteClientState(Enum):
    """RFC 3261 figure 6."""

    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class NonInviteClientInput(Enum):
    """What can happen to the transaction."""

    PROVISIONAL = auto()
    FINAL = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_K = auto()
    TRANSPORT_ERROR = auto()


_S, _I = NonInviteClientState, NonInviteClientInput

TABLE = StateTable(
    {
        (_S.TRYING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.TRYING, _I.FINAL): _S.COMPLETED,
        (_S.TRYING, _I.TIMER_E): _S.TRYING,
        (_S.TRYING, _I.TIMER_F): _S.TERMINATED,
        (_S.TRYING, _I.TRANSPORT_ERROR): _S.TERMINATED,
        (_S.PROCEEDING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.PROCEEDING, _I.FINAL): _S.COMPLETED,
        (_S.PROCEEDING, _I.TIMER_E): _S.PROCEEDING,
        (_S.PROCEEDING, _I.TIMER_F): _S.TERMINATED,
        (_S.PROCEEDING, _I.TRANSPORT_ERROR): _S.TERMINATED,
        (_S.COMPLETED, _I.PROVISIONAL): _S.COMPLETED,
        (_S.COMPLETED, _I.FINAL): _S.COMPLETED,
        (_S.COMPLETED, _I.TIMER_K): _S.TERMINATED,
        (_S.COMPLETED, _I.TRANSPORT_ERROR): _S.COMPLETED,
    },
    initial=_S.TRYING,
    final=frozenset({_S.TERMINATED}),
)


class NonInviteClientTransaction(ClientTransaction):
    """Sends a request until its final response has come; repeated responses are swallowed."""

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
            self._start("E", self._interval, now, self._on_timer_e)
        self._start("F", self._carrier.timing.patience, now, self._on_timer_f)

    def receive(self, response: Response, flow: Flow, now: float) -> None:
        before = self.state
        if response.code < 200:
            self.state = TABLE.next(self.state, _I.PROVISIONAL)
        else:
            self.state = TABLE.next(self.state, _I.FINAL)
        if before is _S.COMPLETED:
            return
        if self.state is _S.COMPLETED:
            self._stop("E", "F")
            if self.reliable:
                self._on_timer_k(now)  # timer K is zero: nothing can be repeated
            else:
                self._start("K", self._carrier.timing.t4, now, self._on_timer_k)
        self.user.on_response(self, response, flow, now)

    def transport_failed(self, reason: str, now: float) -> None:
        if self.state is _S.TERMINATED:
            return
        self.state = TABLE.next(self.state, _I.TRANSPORT_ERROR)
        if self.state is _S.TERMINATED:
            self._end()
            self.user.on_no_response(self, 503, reason, now)

    def _on_timer_e(self, now: float) -> None:
        trying = self.state is _S.TRYING
        self.state = TABLE.next(self.state, _I.TIMER_E)
        self._transmit(self._data)
        # §17.1.2.2: doubling up to T2 while nothing was heard, then every T2.
        self._interval = min(self._interval * 2, self._carrier.timing.t2) if trying else self._carrier.timing.t2
        self._start("E", self._interval, now, self._on_timer_e)

    def _on_timer_f(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_F)
        self._end()
        self.user.on_no_response(self, 408, "Request Timeout", now)

    def _on_timer_k(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_K)
        self._end()
