"""The headers of servers and of the way between them: Via, Warning, Retry-After."""

from __future__ import annotations

import re
from typing import TypeVar

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import quote, unquote
from blinkq.sip.via import Via
from blinkq.sipsimple.values.header import (
    BaseHeader,
    NumberParameter,
    TextParameter,
    read_parameters,
    written_parameters,
)
from blinkq.sipsimple.values.value import Frozen, pair

__all__ = [
    "BaseRetryAfterHeader", "BaseViaHeader", "BaseWarningHeader", "FrozenRetryAfterHeader", "FrozenViaHeader", "FrozenWarningHeader",
    "RetryAfterHeader", "ViaHeader", "WarningHeader",
]  # fmt: skip

P = dict[str, str | None]
R = TypeVar("R", bound="BaseRetryAfterHeader")
V = TypeVar("V", bound="BaseViaHeader")
W = TypeVar("W", bound="BaseWarningHeader")

_retry_after = re.compile(r"\s*([0-9]{1,10})\s*(?:\(([^()]*)\))?\s*(?:;(.*))?", re.DOTALL)
_warning = re.compile(r'\s*([0-9]{3})[ \t]+(\S+)[ \t]+("(?:[^"\\]|\\.)*+")\s*', re.DOTALL)


class BaseViaHeader(BaseHeader):
    """Via (RFC 3261 §20.42).

    :param transport: "UDP", "TCP", "TLS"
    :param host: name or address, IPv6 without brackets
    """

    name = "Via"
    _fields = ("transport", "host", "port", "parameters")
    transport: str
    host: str
    port: int
    ttl = NumberParameter("ttl")
    maddr = TextParameter("maddr")
    received = TextParameter("received")
    branch = TextParameter("branch")
    compression = TextParameter("comp")
    rport = NumberParameter("rport")

    def __init__(self, transport: str, host: str, port: int = 5060, parameters: P | None = None) -> None:
        self._fill(transport=transport, host=host, port=port, parameters=parameters)

    @classmethod
    def from_body(cls: type[V], text: str) -> V:
        """From the header's value. Raises SIPParseError."""
        via = Via.parse(text)
        parameters = {name: None if value is None else unquote(value) for name, value in via.parameters.items()}
        return cls(via.transport, via.host, via.port or (5061 if via.transport == "TLS" else 5060), parameters)

    @property
    def body(self) -> str:
        """The hop as text."""
        return str(Via(self.transport, self.host, self.port, dict(self.parameters)))


class ViaHeader(BaseViaHeader):
    """Via, changeable."""

    parameters: P


class FrozenViaHeader(Frozen, BaseViaHeader):
    """Via, unchangeable."""


class BaseWarningHeader(BaseHeader):
    """Warning (RFC 3261 §20.43).

    :param code: 100 to 999; ValueError otherwise
    :param agent: who warns
    :param text: for people
    """

    name = "Warning"
    _fields = ("code", "agent", "text")
    code: int
    agent: str
    text: str

    def __init__(self, code: int, agent: str, text: str) -> None:
        if not 100 <= code <= 999:
            raise ValueError(f"a warning's code is a number from 100 to 999, not {code}")
        self._fill(code=code, agent=agent, text=text)

    @classmethod
    def from_body(cls: type[W], text: str) -> W:
        """From the header's value. Raises SIPParseError."""
        match = _warning.fullmatch(text)
        if match is None or int(match[1]) < 100:
            raise SIPParseError("bad Warning header")
        return cls(int(match[1]), match[2], unquote(match[3]))

    @property
    def body(self) -> str:
        """Code, agent and quoted text."""
        return f"{self.code} {self.agent} {quote(self.text)}"


class WarningHeader(BaseWarningHeader):
    """Warning, changeable."""


class FrozenWarningHeader(Frozen, BaseWarningHeader):
    """Warning, unchangeable."""


class BaseRetryAfterHeader(BaseHeader):
    """Retry-After (RFC 3261 §20.33); ``seconds`` to wait, ``duration`` in seconds for which the called party can then be reached."""

    name = "Retry-After"
    _fields = ("seconds", "comment", "parameters")
    seconds: int
    comment: str | None
    duration = NumberParameter("duration")

    def __init__(self, seconds: int, comment: str | None = None, parameters: P | None = None) -> None:
        self._fill(seconds=seconds, comment=comment, parameters=parameters)

    @classmethod
    def from_body(cls: type[R], text: str) -> R:
        """From the header's value. Raises SIPParseError."""
        match = _retry_after.fullmatch(text)
        if match is None:
            raise SIPParseError("bad Retry-After header")
        return cls(int(match[1]), match[2] or None, read_parameters(match[3] or ""))

    @property
    def body(self) -> str:
        """Seconds, comment and parameters."""
        comment = f" ({self.comment})" if self.comment else ""
        return f"{self.seconds}{comment}{written_parameters(self.parameters)}"


class RetryAfterHeader(BaseRetryAfterHeader):
    """Retry-After, changeable."""

    parameters: P


class FrozenRetryAfterHeader(Frozen, BaseRetryAfterHeader):
    """Retry-After, unchangeable."""


pair(ViaHeader, FrozenViaHeader)
pair(WarningHeader, FrozenWarningHeader)
pair(RetryAfterHeader, FrozenRetryAfterHeader)
