"""The Session-Expires and Min-SE headers (RFC 4028 §4, §5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import parse_parameters
from blinkq.sip.limits import MAX_DELTA_SECONDS
from blinkq.sip.message import Message

__all__ = ["ABSOLUTE_MIN_SE", "SessionExpires", "min_se_of"]

# Seconds; RFC 4028 §5: no session may be shorter, and this is meant where Min-SE is missing.
ABSOLUTE_MIN_SE = 90

_leading_number = re.compile(r"\s*+([0-9]{1,40}+)\s*+(?:;(.*+))?+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """seconds: until the session ends unless it is refreshed; refresher: who does that, in terms of the request that carries it."""

    seconds: int
    refresher: Literal["uac", "uas"] | None = None

    @classmethod
    def of(cls, message: Message) -> SessionExpires | None:
        """What `message` says, None when it says nothing. Raises SIPParseError."""
        text = message.headers.get("Session-Expires")
        if text is None:
            return None
        seconds, rest = _number(text)
        refresher = (parse_parameters(rest).get("refresher") or "").lower()
        if refresher == "uac":
            return cls(seconds, "uac")
        return cls(seconds, "uas" if refresher == "uas" else None)

    def __str__(self) -> str:
        return str(self.seconds) if self.refresher is None else f"{self.seconds};refresher={self.refresher}"


def min_se_of(message: Message) -> int:
    """The shortest session that `message` allows, in seconds. Raises SIPParseError."""
    text = message.headers.get("Min-SE")
    return ABSOLUTE_MIN_SE if text is None else max(_number(text)[0], ABSOLUTE_MIN_SE)


def _number(text: str) -> tuple[int, str]:
    match = _leading_number.fullmatch(text)
    if match is None:
        raise SIPParseError("bad Session-Expires or Min-SE header")
    return min(int(match[1]), MAX_DELTA_SECONDS), match[2] or ""
