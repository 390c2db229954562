"""What another party wants of us, in a standing call or out of the blue, until it is answered, taken back or too old."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger

__all__ = ["Choice", "Decision", "Party", "PeerRequest"]

log = get_logger("app.peer_request")


class Party(Protocol):
    """Who asks: a Call, a file, somebody who wants to chat. ``finished`` when it is over."""

    @property
    def title(self) -> str: ...
    @property
    def peer(self) -> str: ...
    @property
    def finished(self) -> pyqtBoundSignal: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things that are wanted together: a few words, and whether it is taken when nobody decides otherwise."""

    text: str
    ticked: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What accepting and refusing do to the session."""

    accept: Callable[[], None]
    reject: Callable[[], None]


class PeerRequest(QObject):
    """One request. ``closed`` once, when there is nothing to decide any more.

    ``call``: who asks; ``during_call``: whether it is about a call that goes on whatever the answer is;
    ``heading`` what it is about, ``text`` what is wanted (it goes on after the name of the other party), ``picture`` the name of an icon;
    ``choices``: several things that can be taken one by one, ``chosen`` the numbers of those that are.
    """

    closed = pyqtSignal()

    def __init__(
        self, call: Party, heading: str, text: str, picture: str, decision: Decision, parent: QObject | None = None, *,
        during_call: bool = True, choices: Sequence[Choice] = (),
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.call = call
        self.heading = heading
        self.text = text
        self.picture = picture
        self.during_call = during_call
        self.choices = list(choices)
        self.chosen = {number for number, choice in enumerate(choices) if choice.ticked} if choices else {0}
        self._decision = decision
        self._open = True
        call.finished.connect(self.close)

    def accept(self) -> None:
        """Agree to what is chosen. Nothing happens when it is too late."""
        self._decide(self._decision.accept)

    def reject(self) -> None:
        """Refuse; a standing call goes on as it is. Nothing happens when it is too late."""
        self._decide(self._decision.reject)

    def close(self) -> None:
        """There is nothing to decide any more. Idempotent."""
        if self._open:
            self._open = False
            self.closed.emit()

    def _decide(self, command: Callable[[], None]) -> None:
        if not self._open:
            return
        try:
            command()
        except (BlinkQError, RuntimeError) as error:  # the peer has just taken it back: its notification is on the way
            log.info("request of %s: %s", self.call.peer, error)
        self.close()
