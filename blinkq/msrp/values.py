"""Typed values of MSRP headers (RFC 4975 §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.limits import MAX_NUMBER

__all__ = ["ByteRange", "Status", "media_type_matches"]

_range = re.compile(r"([0-9]{1,19})-([0-9]{1,19}|\*)/([0-9]{1,19}|\*)")
_status = re.compile(r"([0-9]{3})[ \t]+([0-9]{3})(?:[ \t]+(.*))?")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Byte-Range: start-end/total, counted from 1, both ends included; None where the sender wrote '*'."""

    start: int
    end: int | None
    total: int | None

    @classmethod
    def parse(cls, text: str) -> ByteRange:
        """Raises MSRPParseError."""
        match = _range.fullmatch(text.strip())
        if match is None:
            raise MSRPParseError(f"not a byte range: {text[:80]!r}")
        start, end, total = (None if part == "*" else int(part) for part in match.groups())
        if start is None or start < 1 or max(start, end or 0, total or 0) > MAX_NUMBER:
            raise MSRPParseError(f"a byte range out of bounds: {text[:80]!r}")
        if (end is not None and end < start - 1) or (total is not None and max(start - 1, end or 0) > total):
            raise MSRPParseError(f"a byte range that contradicts itself: {text[:80]!r}")
        return cls(start, end, total)

    def __str__(self) -> str:
        return f"{self.start}-{'*' if self.end is None else self.end}/{'*' if self.total is None else self.total}"


@dataclass(frozen=True, slots=True)
class Status:
    """Status of a REPORT: namespace (000 is the only one there is), code, comment."""

    code: int
    comment: str = ""
    namespace: str = "000"

    @classmethod
    def parse(cls, text: str) -> Status:
        """Raises MSRPParseError."""
        match = _status.fullmatch(text.strip())
        if match is None:
            raise MSRPParseError(f"not a status: {text[:80]!r}")
        return cls(int(match[2]), (match[3] or "").strip(), match[1])

    def __str__(self) -> str:
        return f"{self.namespace} {self.code:03d}{' ' + self.comment if self.comment else ''}"


def media_type_matches(accepted: tuple[str, ...], media_type: str) -> bool:
    """Whether a list such as ('text/*', 'message/cpim') or ('*',) takes `media_type` (its parameters do not matter)."""
    plain = media_type.partition(";")[0].strip().lower()
    family = plain.partition("/")[0] + "/*"
    return any(entry.lower() in ("*", "*/*", family, plain) for entry in accepted)
