"""The Event and Subscription-State headers (RFC 6665 §8.2): which package is meant, and how a subscription stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import TOKEN, format_parameters, is_token, parse_parameters, unquote, wire_value
from blinkq.sip.limits import MAX_DELTA_SECONDS
from blinkq.sip.message import Message

__all__ = ["EventPackage", "SubscriptionStatus"]

_leading = re.compile(rf"\s*+({TOKEN}++)\s*+(?:;(.*+))?+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EventPackage:
    """The value of an Event header.

    name: the package, with its templates, as 'presence.winfo'; id: tells subscriptions of one dialog apart (RFC 6665 §4.5.1).
    """

    name: str
    id: str | None = None

    @classmethod
    def parse(cls, text: str) -> EventPackage:
        """Raises SIPParseError."""
        name, parameters = _split(text, "Event")
        return cls(name, parameters.get("id"))

    @classmethod
    def of(cls, message: Message) -> EventPackage:
        """What `message` is about; raises SIPParseError when it does not say."""
        text = message.headers.get("Event")
        if text is None:
            raise SIPParseError("no Event header")
        return cls.parse(text)

    def __post_init__(self) -> None:
        if not is_token(self.name):
            raise ValueError(f"not an event package: {self.name!r}")

    def __str__(self) -> str:
        return self.name if self.id is None else f"{self.name};id={wire_value(self.id)}"


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """The value of a Subscription-State header.

    state: 'active', 'pending', 'terminated' or an extension; reason: why it is terminated; expires: seconds it goes on;
    retry_after: seconds after which another subscription may be tried.
    """

    state: str
    reason: str | None = None
    expires: int | None = None
    retry_after: int | None = None

    @classmethod
    def parse(cls, text: str) -> SubscriptionStatus:
        """Raises SIPParseError."""
        state, parameters = _split(text, "Subscription-State")
        expires, retry_after = (_seconds(parameters.get(name)) for name in ("expires", "retry-after"))
        return cls(state.lower(), parameters.get("reason"), expires, retry_after)

    @classmethod
    def of(cls, message: Message) -> SubscriptionStatus:
        """How the subscription that `message` is about stands; raises SIPParseError when it does not say."""
        text = message.headers.get("Subscription-State")
        if text is None:
            raise SIPParseError("no Subscription-State header")
        return cls.parse(text)

    def __str__(self) -> str:
        values = {"reason": self.reason, "expires": self.expires, "retry-after": self.retry_after}
        parameters = {name: wire_value(str(value)) for name, value in values.items() if value is not None}
        return self.state + format_parameters(parameters)


def _split(text: str, header: str) -> tuple[str, dict[str, str | None]]:
    match = _leading.fullmatch(text)
    if match is None:
        raise SIPParseError(f"bad {header} header")
    parameters = parse_parameters(match[2]) if match[2] else {}
    return match[1], {name: None if value is None else unquote(value) for name, value in parameters.items()}


def _seconds(text: str | None) -> int | None:
    """A number that is only a hint: unreadable ones count as absent."""
    if not text or not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:10]), MAX_DELTA_SECONDS)
