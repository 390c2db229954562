"""Checks the order of what sessions and their streams tell (inventory §2.2 to §2.13), for tests in which anything may happen.

    with session_order() as order:
        ...
    order.check()                     # AssertionError with the sequence in which something was out of order
    order.check(finished=True)        # and every session has come to its end
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blinkq.base.notification import Notification, NotificationCenter

__all__ = ["SessionOrder", "session_order"]

_PROPOSAL_OUTCOMES = ("GotAcceptProposal", "GotRejectProposal", "HadProposalFailure")
_TRANSFER_BEGINS = ("TransferNewOutgoing", "TransferNewIncoming")
_TRANSFER_ENDS = ("TransferDidEnd", "TransferDidFail")


class _Story:
    """What one session or stream has told, and what it may not have."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.told: list[str] = []
        self.faults: list[str] = []

    def require(self, true: object, fault: str) -> None:
        if not true:
            self.faults.append(f"{self.told[-1]}: {fault}")

    def once(self, name: str) -> None:
        self.require(self.told.count(name) == 1, "told more than once")

    def __str__(self) -> str:
        return f"{self.what}: {' '.join(self.told)}\n    " + "\n    ".join(self.faults)


class _SessionStory(_Story):
    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.begun = self.will_start = self.started = self.will_end = self.over = False
        self.proposal: str | None = None  # who proposed what is open
        self.transfer: str | None = None
        self.held: dict[str, bool] = {}

    def take(self, name: str, data: Any) -> None:
        self.told.append(name)
        self.require(not self.over, "after the end")
        if name in ("NewIncoming", "NewOutgoing"):
            self.require(len(self.told) == 1, "not the first one")
            self.begun = True
            return
        self.require(self.begun or name.startswith("NewIncomingFromTransfer"), "before the beginning")
        handler = getattr(self, f"_{name}", None)
        if handler is not None:
            handler(data)
        elif name in _PROPOSAL_OUTCOMES:
            if name == "HadProposalFailure" and data.originator == "local" and self.proposal is None:
                return  # its streams did not initialise: it never was proposed to the peer (§2.7)
            if name == "GotRejectProposal" and data.originator == "local" and data.code == 487 and self.proposal is None:
                return  # cancel_proposal() came before it was proposed
            self.require(self.proposal == data.originator, f"no proposal of {data.originator} is open")
            self.proposal = None
        elif name in _TRANSFER_BEGINS:
            self.require(self.transfer is None and self.started, "a transfer is under way, or the session has not started")
            self.transfer = name
        elif name in _TRANSFER_ENDS:
            self.require(self.transfer is not None, "there is no transfer")
            self.transfer = None
        elif name.startswith("Transfer"):
            self.require(self.transfer is not None, "there is no transfer")

    def _GotRingIndication(self, data: Any) -> None:
        self.require(not self.started or self.proposal == "local", "nothing of ours is being offered")
        self.require(not self.will_end, "it is ending")

    _GotProvisionalResponse = _GotRingIndication

    def _WillStart(self, data: Any) -> None:
        self.once("WillStart")
        self.require(not self.will_end, "it is ending")
        self.will_start = True

    def _DidStart(self, data: Any) -> None:
        self.once("DidStart")
        self.require(self.will_start and not self.will_end, "without WillStart, or while it is ending")
        self.require(data.streams, "without streams")
        self.started = True

    def _WillEnd(self, data: Any) -> None:
        self.once("WillEnd")
        self.require(self.started, "it has not started")
        self.will_end = True
        if data.originator == "local" or self.proposal == "remote":
            self.proposal = None  # end() leaves it without an outcome (§2.6), and so does a peer who hangs up instead of asking on

    def _DidEnd(self, data: Any) -> None:
        self.require(self.started and self.will_end, "without DidStart and WillEnd")
        self._finish()

    def _DidFail(self, data: Any) -> None:
        self.require(not self.started, "it had started")
        self._finish()

    def _finish(self) -> None:
        self.require(self.proposal is None, f"the proposal of {self.proposal} has no outcome")
        self.require(self.transfer is None, "the transfer has no outcome")
        self.over = True

    def _GotProposal(self, data: Any) -> None:
        self.require(self.started and not self.will_end, "the session does not stand")
        self.require(self.proposal is None, f"a proposal of {self.proposal} is open")
        self.require(data.streams and data.proposed_streams == data.streams, "without streams")
        self.proposal = data.originator

    def _DidRenegotiateStreams(self, data: Any) -> None:
        self.require(self.started and not self.will_end, "the session does not stand")
        self.require(data.added_streams or data.removed_streams, "nothing was changed")
        if data.action == "add":
            self.require("GotAcceptProposal" in self.told, "nothing was accepted")

    def _DidChangeHoldState(self, data: Any) -> None:
        self.require(self.started and not self.will_end, "the session does not stand")
        if data.originator == "local" and not data.partial:
            self.require(self.held.get("local", False) != data.on_hold or "GotAcceptProposal" in self.told, "it was so before")
        self.held[data.originator] = data.on_hold

    def check_finished(self) -> None:
        if not self.over:
            self.faults.append("it has no end")


class _StreamStory(_Story):
    def take(self, name: str, data: Any) -> None:
        self.told.append(name)
        self.once(name)
        before = self.told[:-1]
        self.require("DidEnd" not in before, "after the end")
        if name == "DidStart":
            self.require("DidInitialize" in before, "not initialised")
        if name in ("DidInitialize", "DidStart"):
            self.require("WillEnd" not in before, "it is ending")
        if name == "DidInitialize":
            self.require("DidNotInitialize" not in before, "it did not initialise")
        if name == "DidEnd":
            self.require("WillEnd" in before, "without WillEnd")

    def check_finished(self) -> None:
        if "WillEnd" in self.told and "DidEnd" not in self.told:
            self.faults.append("it has no end")


class SessionOrder:
    """The observer."""

    def __init__(self) -> None:
        self.stories: dict[int, _SessionStory | _StreamStory] = {}
        self.sessions = 0

    def handle_notification(self, notification: Notification) -> None:
        name, key = notification.name, id(notification.sender)
        if name in ("SIPSessionNewIncoming", "SIPSessionNewOutgoing"):
            self.sessions += 1
            self._retire(key)
            self.stories[key] = _SessionStory(f"session {self.sessions}")
        if name.startswith("SIPSession"):
            story = self.stories.get(key)
            if not isinstance(story, _SessionStory):
                story = self.stories[key] = _SessionStory("a session that nobody announced")
            story.take(name.removeprefix("SIPSession"), notification.data)
        elif name.startswith("MediaStream"):
            found = self.stories.get(key)
            if not isinstance(found, _StreamStory) or (name == "MediaStreamDidInitialize" and "DidEnd" in found.told):
                self._retire(key)  # the id of an object that is gone can be another one's
                found = self.stories[key] = _StreamStory(type(notification.sender).__name__)
            found.take(name.removeprefix("MediaStream"), notification.data)

    def _retire(self, key: int) -> None:
        story = self.stories.pop(key, None)
        if story is not None:
            self.stories[-1 - len(self.stories)] = story

    def check(self, *, finished: bool = False) -> None:
        """Raises AssertionError with each story that has a fault."""
        for story in self.stories.values():
            if finished:
                story.check_finished()
        bad = [str(story) for story in self.stories.values() if story.faults]
        assert not bad, "\n".join(bad)


@contextmanager
def session_order() -> Iterator[SessionOrder]:
    """Observe everything from here on."""
    order = SessionOrder()
    NotificationCenter().add_observer(order)
    try:
        yield order
    finally:
        NotificationCenter().discard_observer(order)
