"""Standard output carries one JSON object per notification and nothing else; people are told on standard error."""

from __future__ import annotations

import datetime
import enum
import json

import pytest

from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.cli.output import Output, plain


class Colour(enum.StrEnum):
    RED = "red"


class Account:
    id = "alice@example.com"


def test_a_notification_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    data = NotificationData(timestamp=datetime.datetime.now(datetime.UTC), code=200, reason="OK", nested={"a": [1, b"x", Colour.RED]})
    Output(as_json=True).notification(Notification("SIPThingDidHappen", Account(), data, NotificationCenter()))
    line = json.loads(capsys.readouterr().out)
    assert line["name"] == "SIPThingDidHappen"
    assert line["sender"] == "Account alice@example.com"
    assert line["data"] == {"code": 200, "reason": "OK", "nested": {"a": [1, "x", "red"]}}
    assert datetime.datetime.fromisoformat(line["time"]).tzinfo is not None


def test_results_leave_standard_output_to_json(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.result("an answer")
    output.say("a sentence")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "an answer\na sentence\n"


def test_without_json_results_are_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.result("an answer")
    output.notification(Notification("X", None, NotificationData(), NotificationCenter()))
    assert capsys.readouterr().out == "an answer\n"


def test_what_hangs_deep_or_is_unknown_is_named() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert json.dumps(plain(loop))
    assert plain(Account()) == "Account alice@example.com"
    assert plain({1, }) == [1]
    assert plain(ValueError("why")) == "why"
