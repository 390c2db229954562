"""The states of a session as applications see them, and the machine that guards them across threads."""

from __future__ import annotations

import threading
from enum import Enum, StrEnum, auto

from blinkq.base.errors import IllegalStateError
from blinkq.base.statemachine import StateTable

__all__ = ["TABLE", "SessionInput", "SessionMachine", "SessionState"]


class SessionState(StrEnum):
    """What ``Session.state`` says (None in NULL): equal to the text, so that applications compare with either.

    "outgoing" is equal to "connecting" as well, as the SDK's code calls what the specification calls outgoing. See decision 0007.
    """

    NULL = "None"
    OUTGOING = "outgoing"
    INCOMING = "incoming"
    ACCEPTING = "accepting"
    CONNECTED = "connected"
    SENDING_PROPOSAL = "sending_proposal"
    CANCELLING_PROPOSAL = "cancelling_proposal"
    RECEIVED_PROPOSAL = "received_proposal"
    ACCEPTING_PROPOSAL = "accepting_proposal"
    REJECTING_PROPOSAL = "rejecting_proposal"
    RECEIVED_PROPOSAL_REQUEST = "received_proposal_request"
    TERMINATING = "terminating"
    TERMINATED = "terminated"

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True or (self is SessionState.OUTGOING and isinstance(other, str) and str(other) == "connecting")

    __hash__ = str.__hash__


class SessionInput(Enum):
    """What moves a session."""

    CONNECT = auto()  # connect() was called
    RECEIVE = auto()  # an INVITE came
    ACCEPT = auto()  # accept() was called
    START = auto()  # the call stands, its streams have started
    PROPOSE = auto()  # a re-INVITE of ours is sent
    CANCEL_PROPOSAL = auto()  # cancel_proposal() was called, or the peer did not answer in time
    PROPOSED = auto()  # the peer proposes streams
    ACCEPT_PROPOSAL = auto()  # accept_proposal() was called
    REJECT_PROPOSAL = auto()  # reject_proposal() was called
    REQUESTED = auto()  # the peer asked us for an offer
    SETTLE = auto()  # the renegotiation is over
    END = auto()  # end() or reject() was called, or something failed
    FINISH = auto()  # nothing follows


_S, _I = SessionState, SessionInput
_NEGOTIATING = (
    _S.SENDING_PROPOSAL, _S.CANCELLING_PROPOSAL, _S.RECEIVED_PROPOSAL, _S.ACCEPTING_PROPOSAL, _S.REJECTING_PROPOSAL,
    _S.RECEIVED_PROPOSAL_REQUEST,
)  # fmt: skip
_STARTED = (_S.CONNECTED, *_NEGOTIATING)
_LIVE = (_S.OUTGOING, _S.INCOMING, _S.ACCEPTING, *_STARTED)

TABLE = StateTable(
    {
        (_S.NULL, _I.CONNECT): _S.OUTGOING,
        (_S.NULL, _I.RECEIVE): _S.INCOMING,
        (_S.INCOMING, _I.ACCEPT): _S.ACCEPTING,
        (_S.OUTGOING, _I.START): _S.CONNECTED,
        (_S.ACCEPTING, _I.START): _S.CONNECTED,
        (_S.CONNECTED, _I.PROPOSE): _S.SENDING_PROPOSAL,
        (_S.SENDING_PROPOSAL, _I.CANCEL_PROPOSAL): _S.CANCELLING_PROPOSAL,
        (_S.CONNECTED, _I.PROPOSED): _S.RECEIVED_PROPOSAL,
        (_S.RECEIVED_PROPOSAL, _I.ACCEPT_PROPOSAL): _S.ACCEPTING_PROPOSAL,
        (_S.RECEIVED_PROPOSAL, _I.REJECT_PROPOSAL): _S.REJECTING_PROPOSAL,
        (_S.CONNECTED, _I.REQUESTED): _S.RECEIVED_PROPOSAL_REQUEST,
        **{(state, _I.SETTLE): _S.CONNECTED for state in _NEGOTIATING},
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
        return self._state in _STARTED

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
