"""Text that can also be treated as the bytes that some scripts expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Text", "as_text"]


class Text(str):
    """A str with ``decode``: newer versions of the SDK gave bytes where the specification has text, and scripts decode them."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The text itself."""
        return str(self)


def as_text(value: Any) -> Any:
    """``value`` as Text where it is plain text; lists and tuples of text item by item; anything else as it is."""
    if type(value) is str:
        return Text(value)
    if type(value) in (list, tuple) and all(type(item) is str for item in value):
        made: Sequence[Text] = type(value)(map(Text, value))
        return made
    return value
