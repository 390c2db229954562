"""How the transfer of a session stands, and who asked for it. What this is not: the transfer itself (``transfers.py``)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from blinkq.base.errors import IllegalDirectionError, IllegalStateError
from blinkq.base.statemachine import StateTable
from blinkq.sip.dialog import DialogID

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["TABLE", "TransferHandler", "TransferInfo", "TransferInput", "TransferState"]


@dataclass(frozen=True, slots=True)
class TransferInfo:
    """Why an outgoing session is made on somebody else's behalf.

    :param referred_by: who asked for it, as the Referred-By header says (RFC 3892)
    :param replaced_dialog_id: the dialog that it shall take the place of, as the called party sees it (RFC 3891)
    """

    referred_by: str | None = None
    replaced_dialog_id: DialogID | None = None


class TransferState(Enum):
    """The value is what ``TransferHandler.state`` says."""

    NULL = None
    STARTING = "starting"
    STARTED = "started"
    FAILED = "failed"
    ENDED = "ended"


class TransferInput(Enum):
    """What moves a transfer."""

    BEGIN = auto()  # transfer() was called, or the peer asks for one
    START = auto()  # the peer, or the application, agrees
    SUCCEED = auto()
    FAIL = auto()


_S, _I = TransferState, TransferInput

# A session whose transfer failed may be transferred again.
TABLE = StateTable(
    {
        (_S.NULL, _I.BEGIN): _S.STARTING,
        (_S.STARTING, _I.START): _S.STARTED,
        (_S.STARTING, _I.FAIL): _S.FAILED,
        (_S.STARTED, _I.SUCCEED): _S.ENDED,
        (_S.STARTED, _I.FAIL): _S.FAILED,
        (_S.FAILED, _I.BEGIN): _S.STARTING,
    },
    initial=_S.NULL,
    final=frozenset({_S.ENDED}),
)


class TransferHandler:
    """What applications see of a session's transfer. May be used from any thread.

    ``new_session``: the session that an incoming transfer made, None before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = TABLE.initial
        self._direction: str | None = None
        self.new_session: Session | None = None

    @property
    def state(self) -> str | None:
        """None, "starting", "started", "failed" or "ended"."""
        value: str | None = self._state.value
        return value

    @property
    def direction(self) -> str | None:
        """None, "incoming" (the peer asks us to call somebody) or "outgoing" (we asked the peer)."""
        return self._direction

    @property
    def active(self) -> bool:
        """Whether a transfer is under way."""
        return self._state in (_S.STARTING, _S.STARTED)

    def begin(self, direction: str, method: str) -> None:
        """A transfer begins; raises IllegalDirectionError or IllegalStateError while one is under way."""
        with self._lock:
            if self.active and self._direction != direction:
                raise IllegalDirectionError(f"{method} is not allowed during an {self._direction} transfer")
            if not TABLE.allows(self._state, _I.BEGIN):
                raise IllegalStateError(f"{method} is not allowed while the transfer is {self.state}")
            self._state, self._direction, self.new_session = TABLE.next(self._state, _I.BEGIN), direction, None

    def require(self, event: TransferInput, direction: str, method: str) -> None:
        """Take a step on behalf of a method; raises IllegalDirectionError or IllegalStateError where the method is not allowed."""
        with self._lock:
            if self._direction is not None and self._direction != direction:
                raise IllegalDirectionError(f"{method} is not allowed during an {self._direction} transfer")
            if self._state is not _S.STARTING or not TABLE.allows(self._state, event):
                raise IllegalStateError(f"{method} is not allowed while the transfer is {self.state}")
            self._state = TABLE.next(self._state, event)

    def take(self, event: TransferInput) -> bool:
        """Take a step if it is possible now; False when it is not."""
        with self._lock:
            if not TABLE.allows(self._state, event):
                return False
            self._state = TABLE.next(self._state, event)
            return True
