"""The commands for presence, calls of others and voicemail: their grammar, what they publish, and the lines they write."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.cli.arguments import build_parser
from blinkq.cli.main import main
from blinkq.cli.mwi import MWITool
from blinkq.cli.output import Output
from blinkq.cli.presence import PresenceWatchTool, PublishTool
from blinkq.cli.state_lines import dialog_line, presence_document, presence_line, summary_lines
from blinkq.payloads.dialoginfo import Dialog, DialogState, Identity, Remote
from blinkq.payloads.element import ElementList
from blinkq.payloads.messagesummary import MessageSummary, Summary
from blinkq.payloads.pidf import PIDF, PIDFNote
from blinkq.payloads.rlsnotify import Resource
from blinkq.payloads.watcherinfo import Watcher, WatcherList
from blinkq.sipsimple.account_dialog_events import DialogResource

BOB = "sip:bob@example.com"


def test_the_grammar() -> None:
    options = vars(build_parser().parse_args(["presence", "publish", "Busy", "--note", "later", "--once"]))
    assert (options["command"], options["action"], options["state"], options["note"]) == ("presence", "publish", "busy", "later")
    options = vars(build_parser().parse_args(["presence", "watch", "bob", "carol", "--json"]))
    assert (options["action"], options["uris"], options["once"]) == ("watch", ["bob", "carol"], False)
    assert vars(build_parser().parse_args(["dialog", "watch", "bob"]))["command"] == "dialog"
    assert vars(build_parser().parse_args(["mwi", "--once"]))["command"] == "mwi"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("presence publish snoring", "is no state: available, away"), ("presence publish", "required"), ("presence", "required"),
        ("presence watch", "required"), ("dialog watch", "required"), ("dialog listen bob", "invalid choice"),
    ],
)  # fmt: skip
def test_wrong_usage(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments.split())
    assert left.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "note", "line"),
    [
        ("available", "", f"{BOB}  open"), ("offline", "", f"{BOB}  closed"), ("busy", "ask Carol", f"{BOB}  open  busy  “ask Carol”"),
        ("on-the-phone", "", f"{BOB}  open  on-the-phone"),
    ],
)  # fmt: skip
def test_what_is_published_is_what_is_shown(state: str, note: str, line: str) -> None:
    document = PIDF.parse(presence_document(BOB, state, note).to_bytes())
    assert presence_line(Resource(BOB, None, "active", None, [document])) == line


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        (Resource(BOB, None, "active"), f"{BOB}  no state is published"), (Resource(BOB, None, "pending"), f"{BOB}  pending"),
        (Resource(BOB, None, "terminated", "rejected"), f"{BOB}  not known: rejected"),
        (Resource(BOB, None, "active", None, [PIDF(BOB, ElementList(), ElementList([PIDFNote("hm")]))]), f"{BOB}  “hm”"),
    ],
)  # fmt: skip
def test_presence_lines(resource: Resource, line: str) -> None:
    assert presence_line(resource) == line


def test_dialog_lines() -> None:
    talking = Dialog("1", DialogState("confirmed"), direction="initiator", remote=Remote(Identity("sip:carol@x", "Carol")))
    ringing = Dialog("2", DialogState("early"), direction="recipient", remote=Remote(Identity("sip:dave@x")))
    assert dialog_line(DialogResource(BOB, "active")) == f"{BOB}  free"
    assert dialog_line(DialogResource(BOB, "active", None, [talking, ringing, Dialog("3", DialogState("trying"))])) == (
        f"{BOB}  busy  confirmed (calls Carol)  early (called by sip:dave@x)  trying"
    )
    assert dialog_line(DialogResource(BOB, "terminated", "no answer")) == f"{BOB}  not known: no answer"


def test_summary_lines() -> None:
    assert summary_lines(MessageSummary(True, None, {"voice-message": Summary.of(2, 1), "fax-message": Summary.of(0, 3)})) == (
        "voice: 2 new, 1 old; fax: 0 new, 3 old"
    )
    assert summary_lines(MessageSummary(True)) == "messages wait"
    assert summary_lines(MessageSummary(False)) == "no messages wait"
    assert summary_lines(MessageSummary(False, None, {"voice-message": Summary.of(0, 3)})) == "no messages wait (voice: 0 new, 3 old)"


def tell(tool: Any, name: str, sender: object = None, **data: object) -> None:
    tool._handle(Notification(name, sender or "account", NotificationData(**data), NotificationCenter()))


def options(**values: object) -> Any:
    return SimpleNamespace(**{"once": False, "json": False, **values})


def test_watching_once_ends_when_all_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    tool = PresenceWatchTool(options(once=True), Output(as_json=False))
    tool.waiting, tool.failed, tool.told = {BOB, "sip:carol@x"}, False, {}
    tell(tool, tool.notification, resource_map={BOB: Resource(BOB, None, "active")})
    tell(tool, tool.notification, resource_map={BOB: Resource(BOB, None, "active")})
    assert tool._status is None
    tell(tool, tool.notification, resource_map={"sip:carol@x": Resource("sip:carol@x", None, "terminated", "Forbidden")})
    assert tool._status == 1
    assert capsys.readouterr().out.splitlines() == [f"{BOB}  no state is published", "sip:carol@x  not known: Forbidden"]


def test_publishing_reports_watchers_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    tool = PublishTool(options(state="busy", once=True), Output(as_json=False))
    tool.published = False
    publisher = SimpleNamespace(account=SimpleNamespace(id="alice@example.com"))
    tell(tool, "SIPAccountGotPresenceWinfo", watcher_list=WatcherList("x", "presence", ElementList([Watcher(BOB, "1", "pending")])))
    tell(tool, "PresencePublicationDidFail", publisher, code=489, reason="Bad Event", delay=3600.0)
    assert tool._status == 1
    tool = PublishTool(options(state="busy"), Output(as_json=False))
    tool.published = False
    tell(tool, "PresencePublicationDidSucceed", publisher, state=None, expires=600)
    tell(tool, "PresencePublicationDidSucceed", publisher, state=None, expires=600)
    tell(tool, "PresencePublicationDidFail", publisher, code=None, reason="No answer", delay=2.0)
    assert tool._status is None
    written = capsys.readouterr()
    assert written.out.splitlines() == [f"watcher {BOB}: pending", "alice@example.com is published as busy"]
    assert written.err.splitlines() == [
        "The server of alice@example.com does not offer this. Switch it off in the account's settings, or ask the operator of the server. "
        "(489 Bad Event)",
        "The server of alice@example.com could not be asked. Check the outbound proxy and the network; BlinkQ tries again by itself. "
        "(No answer)",
        "Trying again in 2 seconds",
    ]


def test_voicemail_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    mwi = SimpleNamespace(account=SimpleNamespace(id="alice@example.com"))
    tool = MWITool(options(), Output(as_json=False))
    tell(tool, "MWISubscriptionGotNotify", body=b"", state="active")
    tell(tool, "SIPAccountGotMessageSummary", message_summary=MessageSummary(True))
    tell(tool, "MWISubscriptionDidFail", mwi, code=489, reason="Bad Event", delay=3600.0)
    assert tool._status is None
    for name, data, status in (
        ("SIPAccountGotMessageSummary", {"message_summary": MessageSummary(False)}, 0),
        ("MWISubscriptionGotNotify", {"body": b"", "state": "active"}, 0),
        ("MWISubscriptionDidFail", {"code": None, "reason": "No answer", "delay": 1.0}, 1),
    ):
        tool = MWITool(options(once=True), Output(as_json=False))
        tell(tool, name, mwi, **data)
        assert tool._status == status
    assert "messages wait" in capsys.readouterr().out
