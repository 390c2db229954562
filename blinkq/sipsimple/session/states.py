"""The states of a session as applications see them, and the machine that guards them across threads."""

from __future__ import annotations

import threading
from enum import Enum, auto

from blinkq.base.errors import IllegalStateError
from blinkq.base.statemachine import StateTable

__all__ = ["TABLE", "SessionInput", "SessionMachine", "SessionState"]


class SessionState(Enum):
    """The value is what ``Session.state`` says."""

    NULL = None
    CONNECTING = "connecting"
    INCOMING = "incoming"
    ACCEPTING = "accepting"
    CONNECTED = "connected"
    SENDING_PROPOSAL = "sending_proposal"
    RECEIVED_PROPOSAL_REQUEST = "received_proposal_request"
    TERMINATING = "terminating"
    TERMINATED = "terminated"


class SessionInput(Enum):
    """What moves a session."""

    CONNECT = auto()  # connect() was called
    RECEIVE = auto()  # an INVITE came
    ACCEPT = auto()  # accept() was called
    START = auto()  # the call stands, its streams have started
    PROPOSE = auto()  # a re-INVITE of ours is sent
    REQUESTED = auto()  # the peer asked us for an offer
    SETTLE = auto()  # the renegotiation is over
    END = auto()  # end() or reject() was called, or something failed
    FINISH = auto()  # nothing follows


_S, _I = SessionState, SessionInput
_LIVE = (_S.CONNECTING, _S.INCOMING, _S.ACCEPTING, _S.CONNECTED, _S.SENDING_PROPOSAL, _S.RECEIVED_PROPOSAL_REQUEST)

TABLE = StateTable(
    {
        (_S.NULL, _I.CONNECT): _S.CONNECTING,
        (_S.NULL, _I.RECEIVE): _S.INCOMING,
        (_S.INCOMING, _I.ACCEPT): _S.ACCEPTING,
        (_S.CONNECTING, _I.START): _S.CONNECTED,
        (_S.ACCEPTING, _I.START): _S.CONNECTED,
        (_S.CONNECTED, _I.PROPOSE): _S.SENDING_PROPOSAL,
        (_S.CONNECTED, _I.REQUESTED): _S.RECEIVED_PROPOSAL_REQUEST,
        (_S.SENDING_PROPOSAL, _I.SETTLE): _S.CONNECTED,
        (_S.RECEIVED_PROPOSAL_REQUEST, _I.SETTLE): _S.CONNECTED,
        **{(state, _I.END): _S.TERMINATING for state in _LIVE},
        **{(state, _I.FINISH): _S.TERMINATED for state in (*_LIVE, _S.TERMINATING)},
    },
    initial=_S.NULL,
    final=frozenset({_S.TERMINATED}),
)


class SessionMachine:
    """One session's state; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = TABLE.initial

    @property
    def state(self) -> SessionState:
        """Where the session is."""
        return self._state

    @property
    def live(self) -> bool:
        """Between the beginning and the beginning of the end."""
        return self._state in _LIVE

    @property
    def started(self) -> bool:
        """The call stands: connected, and possibly renegotiating."""
        return self._state in (_S.CONNECTED, _S.SENDING_PROPOSAL, _S.RECEIVED_PROPOSAL_REQUEST)

    def require(self, event: SessionInput, method: str) -> None:
        """Take a step on behalf of a method; raises IllegalStateError where the method is not allowed."""
        with self._lock:
            if not TABLE.allows(self._state, event):
                raise IllegalStateError(f"{method} is not allowed in state {self._state.value}")
            self._state = TABLE.next(self._state, event)

    def take(self, event: SessionInput) -> bool:
        """Take a step if it is possible now; False when it is not."""
        with self._lock:
            if not TABLE.allows(self._state, event):
                return False
            self._state = TABLE.next(self._state, event)
            return True
