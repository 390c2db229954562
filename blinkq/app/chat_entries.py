"""What stands in a chat: messages of both sides, files, and notes of BlinkQ; and what a stranger's text is made of before it is shown."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blinkq.app.file_transfer import FileTransfer
    from blinkq.app.picture import Picture
    from blinkq.app.room import Participant

__all__ = ["MAX_TEXT", "ChatEntry", "EntryKind", "Mark", "clean_line", "clean_text", "find_links", "plain_of_html"]

#: characters of one message that are shown
MAX_TEXT = 20_000
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
#: they belong to the sentence rather than to the address
_TRAILING = ".,;:!?'’”*_"
#: formatting that could make a text read otherwise than it is written
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class EntryKind(StrEnum):
    """Whose it is."""

    OWN = "own"
    PEER = "peer"
    NOTE = "note"
    FILE = "file"
    #: stands for those that are on the disk and not shown yet
    MORE = "more"


class Mark(StrEnum):
    """What became of a message of ours."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class ChatEntry:
    """One entry; ``when`` in seconds since 1970; ``reason`` why a message was not delivered; ``level`` of a note as in ``set_level``."""

    kind: EntryKind
    text: str
    when: float
    sender: str = ""
    mark: Mark | None = None
    reason: str = ""
    message_id: str = ""
    level: str = "muted"
    transfer: FileTransfer | None = None
    picture: Picture | None = None
    #: it comes from the history
    earlier: bool = False
    #: of a file from the history: we sent it
    own: bool = False
    #: in a room: not for everybody; ours with ``recipient``, who is not known any more in the history
    private: bool = False
    recipient: Participant | None = None


def clean_text(text: str) -> str:
    """Text as it may be shown: no control characters, nothing that turns the direction of writing, not endless."""
    text = text[: MAX_TEXT + 1].replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    cut = len(text) > MAX_TEXT
    kept = "".join(character for character in text[:MAX_TEXT] if character in "\n\t" or _harmless(character))
    return f"{kept}…" if cut else kept


def clean_line(text: str, limit: int = 120) -> str:
    """As ``clean_text``, in one short line: for names."""
    line = " ".join(clean_text(text[: limit * 4]).split())
    return f"{line[: limit - 1]}…" if len(line) > limit else line


def find_links(text: str) -> list[tuple[int, int]]:
    """Where in a text there are web or mail addresses: beginnings and ends."""
    found = []
    for match in _LINK.finditer(text):
        address = match.group().rstrip(_TRAILING)
        if address.endswith(")") and address.count("(") < address.count(")"):
            address = address[:-1].rstrip(_TRAILING)
        if len(address) > len("https://"):
            found.append((match.start(), match.start() + len(address)))
    return found


def plain_of_html(text: str) -> str:
    """The words of an HTML message; everything else of it is left out."""
    reader = _Words()
    reader.feed(text[: MAX_TEXT * 4])
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.words)).strip()


def _harmless(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in ("Cc", "Cs", "Cn", "Co") and character not in _BIDIRECTIONAL and character != "\ufffc"


class _Words(HTMLParser):
    """Collects text, and line breaks where a browser would have some."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "head", "title"):
            self._hidden += 1
        elif tag in ("br", "p", "div", "li", "tr"):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "head", "title") and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(re.sub(r"\s+", " ", data))
