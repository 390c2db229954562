"""What a peer proposes to a terminal is taken as far as somebody wants it, else refused, and the user gets a sentence."""

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
        self.accepted: list[str] = []
        self.withdrawn = withdrawn

    def accept_proposal(self, streams: list[Any]) -> None:
        if self.withdrawn:
            raise IllegalStateError("accept_proposal is not allowed in state connected")
        self.accepted += [stream.type for stream in streams]

    def reject_proposal(self, code: int) -> None:
        if self.withdrawn:
            raise IllegalStateError("reject_proposal is not allowed in state connected")
        self.refused.append(code)


def _tell(session: Any, originator: str, *taken: str) -> list[str]:
    said: list[str] = []
    tool: Any = SimpleNamespace(options=SimpleNamespace(record=None), output=SimpleNamespace(say=said.append))
    streams = [SimpleNamespace(type="audio"), SimpleNamespace(type="text")]
    data = NotificationData(originator=originator, streams=streams, proposed_streams=streams)

    def take(proposed: Any) -> list[Any]:
        return [stream for stream in proposed if stream.type in taken]

    Conversation(tool, session, lambda conversation, success: None, take=take).handle_notification(
        Notification("SIPSessionGotProposal", session, data, NotificationCenter())
    )
    return said


def test_a_proposal_is_refused() -> None:
    session = _Session()
    assert _tell(session, "remote") == ["sip:bob@example.com wants to add audio and text; refused"]
    assert session.refused == [488]


def test_a_proposal_that_the_peer_took_back_meanwhile() -> None:
    for taken in ((), ("text",)):
        assert len(_tell(_Session(withdrawn=True), "remote", *taken)) == 1


def test_a_proposal_is_taken_in_part() -> None:
    session = _Session()
    assert _tell(session, "remote", "text") == ["sip:bob@example.com wants to add audio and text"]
    assert (session.accepted, session.refused) == (["text"], [])


def test_our_own_proposals_are_left_alone() -> None:
    session = _Session()
    assert _tell(session, "local") == []
    assert session.refused == []
