"""How the values of attributes and texts are written: one Kind per simple type of the schemas."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

__all__ = ["BOOLEAN", "INTEGER", "PRIORITY", "STRING", "TIMESTAMP", "Kind", "format_timestamp", "one_of", "parse_timestamp"]

MAX_INTEGER = 2**32 - 1  # versions, seconds and counts of the schemas that we read; larger ones are no sensible value of any

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,20}))?(?:([Zz])|([+-])(\d\d):?(\d\d))?", re.ASCII
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A simple type: ``parse`` raises ValueError for text that is none, ``text`` raises ValueError or TypeError for such values."""

    parse: Callable[[str], Any]
    text: Callable[[Any], str]


def parse_timestamp(text: str) -> datetime:
    """An xs:dateTime (RFC 3339's is one too), always with a time zone: UTC where it has none. Raises ValueError."""
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"no date and time: {text[:60]!r}")
    *numbers, fraction, zulu, sign, hours, minutes = match.groups()
    zone = UTC
    if sign and not zulu:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(-offset if sign == "-" else offset)
    year, month, day, hour, minute, second = (int(number) for number in numbers)
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    # a leap second is the last moment of its minute for us
    return datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second, microsecond, zone)


def format_timestamp(value: datetime) -> str:
    """The moment as an xs:dateTime; one without a time zone is taken as local time. Raises TypeError for anything else."""
    if not isinstance(value, datetime):
        raise TypeError(f"a datetime is needed, not {type(value).__name__}")
    value = value if value.tzinfo is not None else value.astimezone()
    text = value.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def one_of(*choices: str) -> Kind:
    """One of the given words."""
    allowed = frozenset(choices)

    def check(text: str) -> str:
        text = _string(text).strip()
        if text not in allowed:
            raise ValueError(f"{text[:40]!r} is none of {', '.join(choices)}")
        return text

    return Kind(check, check)


def _string(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is needed, not {type(value).__name__}")
    return value


def _parse_integer(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,12}\s*", text):
        raise ValueError(f"no whole number: {text[:40]!r}")
    return _in_range(int(text))


def _in_range(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number is needed, not {type(value).__name__}")
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{value} is too large")
    return value


def _parse_boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[one_of("true", "false", "1", "0").parse(text)]


def _parse_priority(text: str) -> float:
    # RFC 3863 §4.1.4: between 0 and 1 with at most three decimals
    if not re.fullmatch(r"\s*(0(\.[0-9]{0,9})?|1(\.0{0,9})?|\.[0-9]{1,9})\s*", text):
        raise ValueError(f"no priority: {text[:40]!r}")
    return float(text)


def _format_priority(value: float) -> str:
    if not 0 <= value <= 1:
        raise ValueError(f"the priority {value} is not between 0 and 1")
    return f"{value:.3f}".rstrip("0").rstrip(".")


STRING = Kind(str.strip, _string)
INTEGER = Kind(_parse_integer, lambda value: str(_in_range(value)))
BOOLEAN = Kind(_parse_boolean, lambda value: "true" if value else "false")
TIMESTAMP = Kind(parse_timestamp, format_timestamp)
PRIORITY = Kind(_parse_priority, _format_priority)
