"""Bodies of type message/sipfrag (RFC 3420) as a REFER's notifications carry them: the status line, and nothing else is looked at."""

from __future__ import annotations

import re

from blinkq.sip.status import reason_phrase

__all__ = ["SIPFRAG", "fragment", "status_of"]

SIPFRAG = "message/sipfrag"

_status_line = re.compile(rb"\s*+SIP/2\.0[ \t]++([1-6][0-9]{2})(?:[ \t]++([^\r\n]{0,200}+))?", re.IGNORECASE)
_control = re.compile(r"[\x00-\x1f\x7f]")


def fragment(code: int, reason: str | None = None) -> bytes:
    """The body that tells how far a call has come."""
    phrase = reason_phrase(code) if reason is None else _control.sub(" ", reason)
    return f"SIP/2.0 {code} {phrase}\r\n".encode("utf-8", "replace")


def status_of(body: bytes) -> tuple[int, str] | None:
    """Code and reason in a body, None when its first line is no status line."""
    match = _status_line.match(body)
    if match is None:
        return None
    code = int(match[1])
    return code, _control.sub(" ", (match[2] or b"").decode("utf-8", "replace")).strip() or reason_phrase(code)
