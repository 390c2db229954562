"""The name-addr of From, To, Contact, Route and their like (RFC 3261 §20.10): display name, URI, header parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import (
    CONTROL,
    NO_PARAMETERS,
    QUOTED,
    Parameters,
    format_parameters,
    header_parameters,
    parse_parameters,
    quote,
    unquote,
    wire_value,
)
from blinkq.sip.uri import URI

_name_addr = re.compile(rf"\s*+({QUOTED}|[^<\"]*+)\s*+<\s*+([^<>\s]*+)\s*+>\s*+(?:;(.*+))?+", re.DOTALL)
_collapse = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """An address as headers carry it.

    uri: the address; display_name: unquoted text for people, '' when absent, control characters turned into spaces; parameters: the
    header's own (not the URI's), lower-case names, wire-form values (given unquoted, they are quoted where needed). Raises ValueError
    for a bad parameter name.
    """

    uri: URI
    display_name: str = ""
    parameters: Mapping[str, str | None] = NO_PARAMETERS

    def __post_init__(self) -> None:
        if not self.display_name.isprintable():
            object.__setattr__(self, "display_name", CONTROL.sub(" ", self.display_name))
        if type(self.parameters) is not Parameters:
            object.__setattr__(self, "parameters", header_parameters(self.parameters))

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """The one address in `text`: `"Name" <uri>;parameters` or `uri;parameters`. Raises SIPParseError."""
        match = _name_addr.fullmatch(text)
        if match is None:
            return cls._parse_bare(text)
        name, uri, rest = match.groups()
        if name:
            name = unquote(name) if name[0] == '"' else _collapse.sub(" ", name.strip())
        return cls(URI.parse(uri), name, parse_parameters(rest) if rest else NO_PARAMETERS)

    @classmethod
    def _parse_bare(cls, text: str) -> NameAddr:
        address, _, rest = text.partition(";")
        # RFC 3261 §20: a URI with a question mark or comma must be in brackets, and all behind a semicolon is the header's.
        if "?" in address or "," in address or "<" in text:
            raise SIPParseError("not an address")
        return cls(URI.parse(address.strip()), "", parse_parameters(rest) if rest else NO_PARAMETERS)

    def __str__(self) -> str:
        text = f"<{self.uri}>"
        if self.display_name:
            # always quoted: several tokens without quotes are legal, but deployed parsers keep only the last one
            text = f"{quote(self.display_name)} {text}"
        return text + format_parameters(self.parameters) if self.parameters else text

    @property
    def tag(self) -> str | None:
        """The tag, None when absent (or empty, which RFC 3261 does not allow)."""
        return self.parameters.get("tag") or None

    def parameter(self, name: str) -> str | None:
        """The value of a parameter without quotes; None when it is absent, '' when it has no value."""
        name = name.lower()
        return unquote(self.parameters[name] or "") if name in self.parameters else None

    def with_parameter(self, name: str, value: str | None) -> NameAddr:
        """A copy in which the header parameter `name` has `value` (None: a bare name)."""
        return replace(self, parameters=Parameters(self.parameters).with_value(name, wire_value(value)))

    def without_parameter(self, name: str) -> NameAddr:
        """A copy without the header parameter `name`."""
        return replace(self, parameters=Parameters(self.parameters).without(name))

    def replace(self, **changes: Any) -> NameAddr:
        """A copy with fields changed, as the constructor takes them."""
        return replace(self, **changes)
