"""``sipsimple.util``: the odds and ends that scripts take from there, of its old and new versions."""

from __future__ import annotations

import datetime
import typing

from blinkq.base.notification import Any, NotificationData
from blinkq.compat.descriptors import classproperty
from blinkq.compat.green import call_in_green_thread, run_in_green_thread, run_in_waitable_green_thread
from blinkq.compat.system import makedirs
from blinkq.compat.threads import call_in_twisted_thread, run_in_twisted_thread
from blinkq.sipsimple.util import Route

__all__ = [
    "All", "Any", "ISOTimestamp", "Route", "TimestampedNotificationData", "call_in_green_thread", "call_in_twisted_thread",
    "classproperty", "makedirs", "run_in_green_thread", "run_in_twisted_thread", "run_in_waitable_green_thread",
]  # fmt: skip


class ISOTimestamp(datetime.datetime):
    """A time with its zone: of an ISO 8601 text, of another datetime (without a zone: local time), or of numbers; its text is ISO 8601."""

    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> ISOTimestamp:
        given = args[0] if len(args) == 1 else None
        if isinstance(given, str):
            given = datetime.datetime.fromisoformat(given)
        if not isinstance(given, datetime.datetime):
            given = datetime.datetime(*args, **kwargs)
        if given.tzinfo is None:
            given = given.astimezone()
        parts = given.year, given.month, given.day, given.hour, given.minute, given.second, given.microsecond, given.tzinfo
        return super().__new__(cls, *parts)

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> ISOTimestamp:
        """The present, in local time or the given zone."""
        return cls(datetime.datetime.now(tz or datetime.UTC).astimezone(tz))

    @classmethod
    def utcnow(cls) -> ISOTimestamp:
        """The present in UTC, with that zone."""
        return cls(datetime.datetime.now(datetime.UTC))

    def __str__(self) -> str:
        return self.isoformat()


class TimestampedNotificationData(NotificationData):
    """Data with the time of its making, ``timestamp``."""

    def __init__(self, **attributes: object) -> None:
        super().__init__(**{"timestamp": datetime.datetime.now(datetime.UTC).astimezone(), **attributes})


class _Marker(type):
    def __repr__(cls) -> str:
        return cls.__name__


class All(metaclass=_Marker):
    """Marker: every one."""
