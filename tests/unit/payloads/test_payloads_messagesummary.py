"""Message summaries: lines of text."""

from __future__ import annotations

import pytest

from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.messagesummary import MessageSummary, Summary

SAMPLE = b"""Messages-Waiting: yes\r
Message-Account: sip:alice@vmail.example.com\r
Voice-Message: 4/8 (1/2)\r
Fax-Message: 0/1\r
X-Other: strange\r
Video-message: 0/1 (0/0)\r
\r
To: <alice@atlanta.example.com>\r
Subject: carpool\r
   tomorrow?\r
"""


def test_a_body_reads() -> None:
    summary = MessageSummary.parse(SAMPLE)
    assert summary.messages_waiting
    assert summary.message_account == "sip:alice@vmail.example.com"
    assert summary.summaries == {
        "voice-message": {"new_messages": 4, "old_messages": 8, "new_urgent_messages": 1, "old_urgent_messages": 2},
        "fax-message": Summary.of(0, 1),
    }
    assert summary.optional_headers == [("To", "<alice@atlanta.example.com>"), ("Subject", "carpool tomorrow?")]


@pytest.mark.parametrize(
    "summary",
    [
        MessageSummary(), MessageSummary(True, "sip:a@b", {"voice-message": Summary.of(1, 2)}),
        MessageSummary(True, None, {"voice-message": Summary.of(1, 2, 3, 4), "fax-message": Summary.of(0, 0)}, [("Subject", "x")]),
    ],
)  # fmt: skip
def test_what_is_written_reads_the_same(summary: MessageSummary) -> None:
    assert MessageSummary.parse(summary.to_bytes()) == summary
    assert MessageSummary.parse(summary.to_string()) == summary


def test_the_first_line_is_enough_in_any_case() -> None:
    assert MessageSummary.parse("messages-waiting :  NO") == MessageSummary(False)


@pytest.mark.parametrize(
    "body", [b"", b"\r\n", b"Messages-Waiting: maybe", b"Voice-Message: 1/2", b"\xff", b"Messages-Waiting: yes\n" * 9000]
)
def test_what_says_nothing_is_a_parser_error(body: bytes) -> None:
    with pytest.raises(ParserError):
        MessageSummary.parse(body)


def test_a_line_end_in_a_value_is_a_builder_error() -> None:
    with pytest.raises(BuilderError):
        MessageSummary(True, "x\r\nVoice-Message: 9/9").to_bytes()
