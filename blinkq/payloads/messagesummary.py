"""Voicemail waiting: message summaries (RFC 3842), which are lines of text and not XML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from blinkq.payloads.errors import BuilderError, ParserError

__all__ = ["MessageSummary", "Summary"]

MAX_SIZE = 64 * 1024  # bytes
MAX_LINES = 500  # six lines of summary; the optional headers of some messages

_COUNTS = re.compile(r"\s*([0-9]{1,10})\s*/\s*([0-9]{1,10})\s*(?:\(\s*([0-9]{1,10})\s*/\s*([0-9]{1,10})\s*\)\s*)?")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CLASSES = ("voice-message", "fax-message", "pager-message", "multimedia-message", "text-message", "none")


class Summary(dict[str, int]):
    """Counts of one kind of message: new_messages, old_messages, new_urgent_messages, old_urgent_messages."""

    @classmethod
    def of(cls, new: int, old: int, new_urgent: int = 0, old_urgent: int = 0) -> Summary:
        """The summary with these counts."""
        return cls(new_messages=new, old_messages=old, new_urgent_messages=new_urgent, old_urgent_messages=old_urgent)


@dataclass
class MessageSummary:
    """Whether messages wait, in which mailbox, and how many of each kind ("voice-message", "fax-message" …)."""

    content_type = "application/simple-message-summary"

    messages_waiting: bool = False
    message_account: str | None = None
    summaries: dict[str, Summary] = field(default_factory=dict)
    optional_headers: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def parse(cls, content: bytes | str) -> MessageSummary:
        """Read a body. Raises ParserError when it does not say whether messages wait."""
        if len(content) > MAX_SIZE:
            raise ParserError("the message summary is too large")
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
        lines = re.sub(r"\r?\n[ \t]+", " ", text.lstrip()).split("\n")[:MAX_LINES]
        name, colon, value = lines[0].partition(":")
        waiting = value.strip().lower()
        if not colon or name.strip().lower() != "messages-waiting" or waiting not in ("yes", "no"):
            raise ParserError("the message summary does not begin with Messages-Waiting: yes or no")
        summary = cls(waiting == "yes")
        in_summary = True
        for line in lines[1:]:
            if not line.strip():
                in_summary = False  # after an empty line come the headers of single messages (RFC 3842 §3.5)
                continue
            name, colon, value = (part.strip() for part in line.partition(":"))
            if colon and _NAME.fullmatch(name):
                summary._take(name, value, in_summary)
        return summary

    def _take(self, name: str, value: str, in_summary: bool) -> None:
        counts = _COUNTS.fullmatch(value)
        if in_summary and name.lower() == "message-account":
            self.message_account = value
        elif in_summary and name.lower() in _CLASSES and counts:
            self.summaries[name.lower()] = Summary.of(*(int(number or 0) for number in counts.groups()))
        elif not in_summary:
            self.optional_headers.append((name, value))

    def to_string(self) -> str:
        """The body as text. Raises BuilderError for values with line ends in them."""
        lines = [f"Messages-Waiting: {'yes' if self.messages_waiting else 'no'}"]
        if self.message_account:
            lines.append(f"Message-Account: {self.message_account}")
        for kind, counts in self.summaries.items():
            urgent = (counts.get("new_urgent_messages", 0), counts.get("old_urgent_messages", 0))
            suffix = f" ({urgent[0]}/{urgent[1]})" if any(urgent) else ""
            lines.append(f"{kind.title()}: {counts.get('new_messages', 0)}/{counts.get('old_messages', 0)}{suffix}")
        if self.optional_headers:
            lines += ["", *(f"{name}: {value}" for name, value in self.optional_headers)]
        if any("\r" in line or "\n" in line for line in lines):
            raise BuilderError("a value of the message summary has a line end in it")
        return "\r\n".join(lines) + "\r\n"

    def to_bytes(self) -> bytes:
        """The body as it is sent."""
        return self.to_string().encode("utf-8")
