"""Where a subscription of ours stands: RFC 6665 figure 1 (§4.1.2), with the wish to end it made a state of its own."""

from __future__ import annotations

from enum import Enum, auto

from blinkq.base.statemachine import StateTable

__all__ = ["TABLE", "SubscriptionInput", "SubscriptionState"]


class SubscriptionState(Enum):
    """SENT and ACCEPTED are the figure's notify_wait, before and after the 2xx; the state the notifier tells comes with NOTIFY."""

    NULL = auto()
    SENT = auto()
    ACCEPTED = auto()
    PENDING = auto()
    ACTIVE = auto()
    TERMINATING = auto()
    TERMINATED = auto()


class SubscriptionInput(Enum):
    """What can happen to a subscription. OVER: refused, terminated by the notifier, expired, or our wish to end it came true."""

    SUBSCRIBE = auto()
    ACCEPTED = auto()
    NOTIFY_PENDING = auto()
    NOTIFY_ACTIVE = auto()
    END = auto()
    OVER = auto()


_S, _I = SubscriptionState, SubscriptionInput

TABLE = StateTable(
    {
        (_S.NULL, _I.SUBSCRIBE): _S.SENT,
        (_S.SENT, _I.ACCEPTED): _S.ACCEPTED,
        (_S.SENT, _I.NOTIFY_PENDING): _S.PENDING,  # a NOTIFY may overtake the 2xx
        (_S.SENT, _I.NOTIFY_ACTIVE): _S.ACTIVE,
        (_S.SENT, _I.END): _S.TERMINATING,
        (_S.SENT, _I.OVER): _S.TERMINATED,
        (_S.ACCEPTED, _I.ACCEPTED): _S.ACCEPTED,  # a refresh, and still no NOTIFY
        (_S.ACCEPTED, _I.NOTIFY_PENDING): _S.PENDING,
        (_S.ACCEPTED, _I.NOTIFY_ACTIVE): _S.ACTIVE,
        (_S.ACCEPTED, _I.END): _S.TERMINATING,
        (_S.ACCEPTED, _I.OVER): _S.TERMINATED,
        (_S.PENDING, _I.ACCEPTED): _S.PENDING,
        (_S.PENDING, _I.NOTIFY_PENDING): _S.PENDING,
        (_S.PENDING, _I.NOTIFY_ACTIVE): _S.ACTIVE,
        (_S.PENDING, _I.END): _S.TERMINATING,
        (_S.PENDING, _I.OVER): _S.TERMINATED,
        (_S.ACTIVE, _I.ACCEPTED): _S.ACTIVE,
        (_S.ACTIVE, _I.NOTIFY_PENDING): _S.PENDING,
        (_S.ACTIVE, _I.NOTIFY_ACTIVE): _S.ACTIVE,
        (_S.ACTIVE, _I.END): _S.TERMINATING,
        (_S.ACTIVE, _I.OVER): _S.TERMINATED,
        (_S.TERMINATING, _I.OVER): _S.TERMINATED,
    },
    initial=_S.NULL,
    final=frozenset({_S.TERMINATED}),
)
