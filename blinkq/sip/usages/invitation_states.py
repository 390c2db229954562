"""The states of a call, from the first INVITE to the last BYE, for both directions."""

from __future__ import annotations

from enum import Enum, auto

from blinkq.base.statemachine import StateTable

__all__ = ["TABLE", "InvitationInput", "InvitationState"]


class InvitationState(Enum):
    """Where a call stands."""

    IDLE = auto()
    CALLING = auto()  # outgoing: nothing heard yet
    PROCEEDING = auto()  # outgoing: a provisional response came
    ANSWERED = auto()  # outgoing: a 2xx with the peer's offer came, our answer is due in the ACK
    RECEIVED = auto()  # incoming: 100 sent
    RINGING = auto()  # incoming: a provisional response above 100 sent
    ACCEPTED = auto()  # incoming: 2xx sent, its ACK is due
    CONFIRMED = auto()
    CANCELLING = auto()  # outgoing: given up before the final answer
    REJECTING = auto()  # incoming: refused, the ACK is due
    ENDING = auto()  # BYE sent, or waiting for the moment it may be sent
    TERMINATED = auto()


class InvitationInput(Enum):
    """What can happen to a call."""

    INVITE_SENT = auto()
    INVITE_RECEIVED = auto()
    PROGRESS = auto()
    ANSWER = auto()
    OFFER = auto()
    ACKNOWLEDGE = auto()
    RING = auto()
    ACCEPT = auto()
    ACK = auto()
    REJECT = auto()
    CANCEL = auto()
    END = auto()
    OVER = auto()


_S, _I = InvitationState, InvitationInput

TABLE = StateTable(
    {
        (_S.IDLE, _I.INVITE_SENT): _S.CALLING,
        (_S.IDLE, _I.INVITE_RECEIVED): _S.RECEIVED,
        (_S.CALLING, _I.PROGRESS): _S.PROCEEDING,
        (_S.CALLING, _I.ANSWER): _S.CONFIRMED,
        (_S.CALLING, _I.OFFER): _S.ANSWERED,
        (_S.CALLING, _I.CANCEL): _S.CANCELLING,
        (_S.CALLING, _I.OVER): _S.TERMINATED,
        (_S.PROCEEDING, _I.PROGRESS): _S.PROCEEDING,
        (_S.PROCEEDING, _I.ANSWER): _S.CONFIRMED,
        (_S.PROCEEDING, _I.OFFER): _S.ANSWERED,
        (_S.PROCEEDING, _I.CANCEL): _S.CANCELLING,
        (_S.PROCEEDING, _I.OVER): _S.TERMINATED,
        (_S.ANSWERED, _I.ACKNOWLEDGE): _S.CONFIRMED,
        (_S.ANSWERED, _I.END): _S.ENDING,
        (_S.ANSWERED, _I.OVER): _S.TERMINATED,
        (_S.RECEIVED, _I.RING): _S.RINGING,
        (_S.RECEIVED, _I.ACCEPT): _S.ACCEPTED,
        (_S.RECEIVED, _I.REJECT): _S.REJECTING,
        (_S.RECEIVED, _I.OVER): _S.TERMINATED,
        (_S.RINGING, _I.RING): _S.RINGING,
        (_S.RINGING, _I.ACCEPT): _S.ACCEPTED,
        (_S.RINGING, _I.REJECT): _S.REJECTING,
        (_S.RINGING, _I.OVER): _S.TERMINATED,
        (_S.ACCEPTED, _I.ACK): _S.CONFIRMED,
        (_S.ACCEPTED, _I.END): _S.ENDING,
        (_S.ACCEPTED, _I.OVER): _S.TERMINATED,
        (_S.CONFIRMED, _I.END): _S.ENDING,
        (_S.CONFIRMED, _I.OVER): _S.TERMINATED,
        (_S.CANCELLING, _I.OVER): _S.TERMINATED,
        (_S.REJECTING, _I.OVER): _S.TERMINATED,
        (_S.ENDING, _I.OVER): _S.TERMINATED,
    },
    initial=_S.IDLE,
    final=frozenset({_S.TERMINATED}),
)
