"""A peer that proposes more streams to a terminal gets a refusal, and the user a sentence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.cli.conversation import Conversation


class _Session:
    def __init__(self, *, withdrawn: bool = False) -> None:
        self.remote_identity = SimpleNamespace(uri="sip:bob@example.com")
        self.refused: list[int] = []
        self.withdrawn = withdrawn

    def reject_proposal(self, code: int) -> None:
        if self.withdrawn:
            raise IllegalStateError("reject_proposal is not allowed in state connected")
        self.refused.append(code)


def _tell(session: Any, originator: str) -> list[str]:
    said: list[str] = []
    tool: Any = SimpleNamespace(options=SimpleNamespace(record=None), output=SimpleNamespace(say=said.append))
    streams = [SimpleNamespace(type="audio"), SimpleNamespace(type="text")]
    data = NotificationData(originator=originator, streams=streams, proposed_streams=streams)
    Conversation(tool, session, lambda conversation, success: None).handle_notification(
        Notification("SIPSessionGotProposal", session, data, NotificationCenter())
    )
    return said


def test_a_proposal_is_refused() -> None:
    session = _Session()
    assert _tell(session, "remote") == ["sip:bob@example.com wants to add audio and text; a terminal has no use for it"]
    assert session.refused == [488]


def test_a_proposal_that_the_peer_took_back_meanwhile() -> None:
    assert len(_tell(_Session(withdrawn=True), "remote")) == 1


def test_our_own_proposals_are_left_alone() -> None:
    session = _Session()
    assert _tell(session, "local") == []
    assert session.refused == []
