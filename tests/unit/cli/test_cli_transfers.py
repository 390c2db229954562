"""Transfers in a terminal: what is asked of the session, what is said, and whether the call counts as good."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.cli.arguments import build_parser
from blinkq.cli.conversation import Conversation
from blinkq.cli.main import main
from blinkq.cli.preparation import check_uri
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.sip_uri import SIPURI

CAROL = SIPURI.parse("sip:carol@example.com")


class _Session:
    def __init__(self, *, over: bool = False, direction: str = "incoming") -> None:
        self.remote_identity = SimpleNamespace(uri="sip:bob@example.com")
        self.transfer_handler = SimpleNamespace(direction=direction, new_session=None)
        self.start_time = self.stop_time = None
        self.over = over
        self.done: list[object] = []

    def _note(self, *what: object) -> None:
        if self.over:
            raise IllegalStateError("not allowed in state terminated")
        self.done.append(what)

    def accept_transfer(self) -> None:
        self._note("accept")

    def reject_transfer(self, code: int) -> None:
        self._note("reject", code)

    def transfer(self, target: SIPURI, replaced: object) -> None:
        self._note("transfer", str(target), replaced)

    def end(self) -> None:
        self.done.append("end")


class Scene:
    def __init__(self, session: Any, *, accepting: bool = False, echo: bool = False) -> None:
        self.said: list[str] = []
        self.outcome: list[bool] = []
        options = SimpleNamespace(record=Path("/x/heard.wav"), accept_transfers=accepting, play=None, duration=None, dtmf="", hold=None)
        tool: Any = SimpleNamespace(options=options, output=SimpleNamespace(say=self.said.append), after=lambda seconds, function: None)
        self.session = session
        self.conversation = Conversation(tool, session, lambda conversation, success: self.outcome.append(success), echo=echo)

    def tell(self, name: str, sender: Any = None, **data: object) -> None:
        notification = Notification(f"SIPSession{name}", sender or self.session, NotificationData(**data), NotificationCenter())
        if self.conversation.takes(notification):
            self.conversation.handle_notification(notification)


def test_a_transfer_is_accepted_when_asked_for() -> None:
    scene = Scene(_Session(), accepting=True)
    scene.tell("TransferNewIncoming", transfer_destination=CAROL, headers={})
    assert scene.session.done == [("accept",)]
    assert scene.said == ["sip:bob@example.com hands us over to sip:carol@example.com"]


@pytest.mark.parametrize("echo", [False, True])
def test_a_transfer_is_refused_otherwise(echo: bool) -> None:
    scene = Scene(_Session(), accepting=echo, echo=echo)
    scene.tell("TransferNewIncoming", transfer_destination=CAROL, headers={})
    assert scene.session.done == [("reject", 603)]


def test_a_peer_that_hung_up_meanwhile() -> None:
    scene = Scene(_Session(over=True), accepting=True)
    scene.tell("TransferNewIncoming", transfer_destination=CAROL, headers={})
    scene.conversation.transfer(CAROL)
    assert "cannot be handed over" in scene.said[-1]
    assert scene.session.done == ["end"]


def test_handing_over() -> None:
    scene = Scene(_Session(direction="outgoing"))
    scene.conversation.transfer(CAROL)
    assert scene.session.done == [("transfer", "sip:carol@example.com", None)]
    scene.tell("TransferGotProgress", code=180, reason="Ringing")
    scene.tell("TransferDidEnd")
    scene.tell("DidEnd", originator="local", end_reason="user request")
    assert scene.said[:2] == ["sip:bob@example.com is being handed over: 180 Ringing", "sip:bob@example.com is handed over"]
    assert scene.outcome == [True]


def test_handing_over_in_vain() -> None:
    scene = Scene(_Session(direction="outgoing"))
    scene.conversation.transfer(CAROL)
    scene.tell("TransferDidFail", code=486, reason="Busy Here")
    assert scene.said == ["The transfer failed: 486 Busy Here"]
    scene.tell("TransferDidFail", code=0, reason="timeout")
    assert scene.said[-1] == "The transfer failed: timeout"
    assert "end" in scene.session.done
    scene.tell("DidEnd", originator="local", end_reason="user request")
    assert scene.outcome == [False]


def new_session() -> Any:
    session = Session(SimpleNamespace(id="alice@example.com"))  # type: ignore[arg-type]  # enough of an account
    session.remote_identity = SimpleNamespace(uri=CAROL)  # type: ignore[assignment]  # enough of a header
    return session


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_the_call_that_a_transfer_makes_belongs_to_the_conversation(first_ends_first: bool) -> None:
    scene = Scene(_Session(), accepting=True)
    fresh = scene.session.transfer_handler.new_session = new_session()
    scene.tell("NewOutgoing", fresh, streams=[])
    scene.tell("GotRingIndication", fresh)
    assert scene.said == ["sip:carol@example.com is ringing"]
    ends = [(None, {"originator": "local", "end_reason": "user request"}), (fresh, {"originator": "remote", "end_reason": "user request"})]
    for sender, data in ends if first_ends_first else reversed(ends):
        assert scene.outcome == []
        scene.tell("DidEnd", sender, **data)
    assert scene.outcome == [True]
    successor = scene.conversation._successor
    assert successor is not None
    assert successor._record == Path("/x/heard-2.wav")
    scene.conversation.end()


def test_the_grammar() -> None:
    options = build_parser().parse_args(["transfer", "sip:bob@x", "carol", "--attended", "--after", "1"])
    assert (options.command, options.uri, options.target, options.attended, options.after) == ("transfer", "sip:bob@x", "carol", True, 1.0)
    options = build_parser().parse_args(["answer", "--transfer", "carol", "--accept-transfers"])
    assert (options.transfer, options.transfer_after, options.accept_transfers) == ("carol", 2.0, True)
    assert check_uri(SimpleNamespace(uri="sip:bob@x", target="carol")) is None  # type: ignore[arg-type, func-returns-value]  # no Namespace


def test_a_target_that_is_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transfer", "sip:bob@x", "sip:a b"]) == 2
    assert "is not a SIP address" in capsys.readouterr().err
