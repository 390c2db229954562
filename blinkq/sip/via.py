"""The Via header (RFC 3261 §20.42, RFC 3581)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import (
    HOST,
    NO_PARAMETERS,
    TOKEN,
    Parameters,
    format_parameters,
    header_parameters,
    is_token,
    parse_parameters,
    wire_value,
)

MAGIC_COOKIE = "z9hG4bK"
"""RFC 3261 §8.1.1.7: branches that start so are unique transaction identifiers."""

_via = re.compile(
    rf"\s*+[sS][iI][pP]\s*+/\s*+[0-9]++\.[0-9]++\s*+/\s*+({TOKEN}++)\s++({HOST})\s*+(?::\s*+([0-9]{{1,5}}+)\s*+)?+(?:;(.*+))?+", re.DOTALL
)
_port = re.compile(r"[0-9]{1,5}")
_sent_by = re.compile(HOST)


@dataclass(frozen=True, slots=True)
class Via:
    """One hop of a request's way.

    transport: upper case ('UDP', 'TCP', 'TLS'...); host: sent-by, without the brackets of an IPv6 reference; port: None when not
    written; parameters: lower-case names, wire-form values. Raises ValueError for fields that no Via can carry.
    """

    transport: str
    host: str
    port: int | None = None
    parameters: Mapping[str, str | None] = NO_PARAMETERS

    def __post_init__(self) -> None:
        if not is_token(self.transport):
            raise ValueError(f"not a transport: {self.transport!r}")
        host = f"[{self.host}]" if ":" in self.host and self.host[0] != "[" else self.host
        if _sent_by.fullmatch(host) is None:
            raise ValueError(f"not a host: {self.host!r}")
        if self.port is not None and not 0 <= self.port <= 65535:
            raise ValueError(f"not a port: {self.port}")
        assign = object.__setattr__
        assign(self, "transport", self.transport.upper())
        assign(self, "host", host.strip("[]"))
        assign(self, "parameters", header_parameters(self.parameters))

    @classmethod
    def parse(cls, text: str) -> Via:
        """The one Via value that `text` is. Raises SIPParseError."""
        match = _via.fullmatch(text)
        if match is None:
            raise SIPParseError("bad Via")
        transport, host, port, rest = match.groups()
        number = None
        if port is not None and (number := int(port)) > 65535:
            raise SIPParseError("port number too large in a Via")
        via = _new(cls)
        _set_transport(via, transport.upper())
        _set_host(via, host if host[0] != "[" else host[1:-1])
        _set_port(via, number)
        _set_parameters(via, parse_parameters(rest) if rest else NO_PARAMETERS)
        return via

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port is not None:
            host = f"{host}:{self.port}"
        return f"SIP/2.0/{self.transport} {host}{format_parameters(self.parameters)}"

    @property
    def branch(self) -> str | None:
        """The branch, None when absent."""
        return self.parameters.get("branch") or None

    @property
    def received(self) -> str | None:
        """The source address the other side saw (without brackets), None when it did not say."""
        received = self.parameters.get("received")
        return received.strip("[]") if received else None

    @property
    def rport(self) -> int | None:
        """The source port the other side saw; None when absent or not filled in (`wants_rport` tells the two apart)."""
        rport = self.parameters.get("rport")
        if rport is None or _port.fullmatch(rport) is None or int(rport) > 65535:
            return None
        return int(rport)

    @property
    def wants_rport(self) -> bool:
        """True when `rport` is there at all: answers go to the source port (RFC 3581 §4)."""
        return "rport" in self.parameters

    def with_parameter(self, name: str, value: str | None) -> Via:
        """A copy in which the parameter `name` has `value` (None: a bare name)."""
        return replace(self, parameters=Parameters(self.parameters).with_value(name, wire_value(value)))

    def without_parameter(self, name: str) -> Via:
        """A copy without the parameter `name`."""
        return replace(self, parameters=Parameters(self.parameters).without(name))

    def replace(self, **changes: Any) -> Via:
        """A copy with fields changed, as the constructor takes them."""
        return replace(self, **changes)


_new = object.__new__
# The slots' own setters: parsing has checked every field, so it need not go through the checking constructor.
_set_transport, _set_host, _set_port, _set_parameters = (
    Via.__dict__[name].__set__ for name in ("transport", "host", "port", "parameters")
)
