"""Non-INVITE server transaction: RFC 3261 §17.2.2, figure 8."""

from __future__ import annotations

from enum import Enum, auto

from blinkq.base.statemachine import StateTable
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.transactions.transaction import Carrier, ServerTransaction

__all__ = ["TABLE", "NonInviteServerInput", "NonInviteServerState", "NonInviteServerTransaction"]


class NonInviteServerState(Enum):
    """RFC 3261 figure 8."""

    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class NonInviteServerInput(Enum):
    """What can happen to the transaction."""

    REQUEST = auto()
    PROVISIONAL = auto()
    FINAL = auto()
    TIMER_J = auto()
    TRANSPORT_ERROR = auto()


_S, _I = NonInviteServerState, NonInviteServerInput

TABLE = StateTable(
    {
        (_S.TRYING, _I.REQUEST): _S.TRYING,
        (_S.TRYING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.TRYING, _I.FINAL): _S.COMPLETED,
        (_S.TRYING, _I.TRANSPORT_ERROR): _S.TERMINATED,
        (_S.PROCEEDING, _I.REQUEST): _S.PROCEEDING,
        (_S.PROCEEDING, _I.PROVISIONAL): _S.PROCEEDING,
        (_S.PROCEEDING, _I.FINAL): _S.COMPLETED,
        (_S.PROCEEDING, _I.TRANSPORT_ERROR): _S.TERMINATED,
        (_S.COMPLETED, _I.REQUEST): _S.COMPLETED,
        (_S.COMPLETED, _I.FINAL): _S.COMPLETED,
        (_S.COMPLETED, _I.TIMER_J): _S.TERMINATED,
        (_S.COMPLETED, _I.TRANSPORT_ERROR): _S.TERMINATED,
    },
    initial=_S.TRYING,
    final=frozenset({_S.TERMINATED}),
)


class NonInviteServerTransaction(ServerTransaction):
    """Answers one request, and repeats the answer when the request is repeated."""

    def __init__(self, request: Request, hop: Hop | None, flow: Flow | None, carrier: Carrier) -> None:
        super().__init__(request, hop, flow, carrier)
        self.state = TABLE.initial

    @property
    def terminated(self) -> bool:
        return self.state is _S.TERMINATED

    def receive(self, request: Request, now: float) -> None:
        self.state = TABLE.next(self.state, _I.REQUEST)
        self._repeat()

    def respond(self, response: Response, now: float) -> None:
        before = self.state
        self.state = TABLE.next(self.state, _I.PROVISIONAL if response.code < 200 else _I.FINAL)
        if before is _S.COMPLETED:
            return  # §17.2.2: any further final response is discarded
        self._remember(response)
        if self.state is not _S.COMPLETED:
            return
        if self.reliable:
            self._on_timer_j(now)  # timer J is zero: the request cannot be repeated
        else:
            self._start("J", self._carrier.timing.patience, now, self._on_timer_j)

    def transport_failed(self, reason: str, now: float) -> None:
        if not self.terminated:
            self.state = TABLE.next(self.state, _I.TRANSPORT_ERROR)
            self._end()

    def _on_timer_j(self, now: float) -> None:
        self.state = TABLE.next(self.state, _I.TIMER_J)
        self._end()
