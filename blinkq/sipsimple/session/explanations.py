"""Headers that explain to the peer why something was refused or ended. The text may quote what the peer sent, so it is cleaned first."""

from __future__ import annotations

__all__ = ["reason_header", "warning_header"]

MAX_TEXT = 200  # characters: enough for a sentence


def warning_header(text: str) -> tuple[str, str]:
    """A Warning (RFC 3261 §20.43): code 399 is for people to read."""
    return "Warning", f'399 blinkq "{_clean(text)}"'


def reason_header(text: str, cause: int = 500) -> tuple[str, str]:
    """A Reason (RFC 3326), so that the peer's log tells too."""
    return "Reason", f'SIP;cause={cause};text="{_clean(text)}"'


def _clean(text: str) -> str:
    # neither quotes nor escapes, and nothing that a header could not carry or a terminal would obey
    shown = text[:MAX_TEXT].replace('"', "'").replace("\\", "/")
    return "".join(character if character.isprintable() else " " for character in shown)
