"""Where a message of ours stands: sent (RFC 3428 §8), delivered and displayed (RFC 5438 §7)."""

from __future__ import annotations

from enum import Enum, StrEnum

from blinkq.base.statemachine import StateTable

__all__ = ["TABLE", "MessageInput", "MessageState"]


class MessageState(StrEnum):
    """Equal to these strings. SENT: a 2xx came, which says little; DELIVERED and DISPLAYED: the receiver's receipts."""

    CREATED = "created"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    DISPLAYED = "displayed"
    FAILED = "failed"


class MessageInput(Enum):
    """What can happen to a message. NO_DELIVERY: the receipt says that it could not be delivered."""

    SEND = "send"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DELIVERY = "delivery"
    NO_DELIVERY = "no delivery"
    DISPLAY = "display"


_S, _I = MessageState, MessageInput

TABLE = StateTable(
    {
        (_S.CREATED, _I.SEND): _S.SENDING,
        (_S.SENDING, _I.ACCEPTED): _S.SENT,
        (_S.SENDING, _I.REFUSED): _S.FAILED,
        (_S.SENDING, _I.DELIVERY): _S.DELIVERED,  # a receipt may overtake the answer
        (_S.SENDING, _I.NO_DELIVERY): _S.FAILED,
        (_S.SENDING, _I.DISPLAY): _S.DISPLAYED,
        (_S.SENT, _I.DELIVERY): _S.DELIVERED,
        (_S.SENT, _I.NO_DELIVERY): _S.FAILED,
        (_S.SENT, _I.DISPLAY): _S.DISPLAYED,
        (_S.DELIVERED, _I.ACCEPTED): _S.DELIVERED,
        (_S.DELIVERED, _I.REFUSED): _S.DELIVERED,  # it has arrived all the same
        (_S.DELIVERED, _I.DISPLAY): _S.DISPLAYED,
    },
    initial=_S.CREATED,
    final=frozenset({_S.DISPLAYED, _S.FAILED}),
)
