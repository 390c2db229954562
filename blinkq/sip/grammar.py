"""The small pieces of RFC 3261 §25 that every header shares: tokens, quoted strings, comma lists, parameters.

Reading is liberal (white space everywhere, empty parameters skipped), writing is strict. Nothing here knows a header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

from blinkq.sip.errors import SIPParseError
from blinkq.sip.limits import MAX_HEADER_VALUES

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]"
"""One character of a token, as a regular expression (RFC 3261 §25.1)."""

QUOTED = r'"(?:[^"\\]|\\.)*+"'
"""A quoted string, as a regular expression; needs re.DOTALL."""

HOST = r"\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_.\-]++"
"""A host name, an IPv4 address or an IPv6 reference, as a regular expression. Underscores are not legal, but in use."""

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no quoted string can carry: control characters but the tab."""

_token = re.compile(TOKEN + "++")
_parameter = re.compile(rf'[ \t]*+(?:({TOKEN}++)[ \t]*+(?:=[ \t]*+({QUOTED}|[^\s;,"]*+)[ \t]*+)?+)?+(;|\Z)', re.DOTALL)
_plain_value = re.compile(rf"{TOKEN}++|[0-9A-Fa-f:.]++|\[[0-9A-Fa-f:.]++\]|{QUOTED}", re.DOTALL)  # RFC 3261: `received` has no brackets
_element = re.compile(rf'((?:[^,"<]++|{QUOTED}|<[^>]*+>)*+)(,|\Z)', re.DOTALL)
_escape_pair = re.compile(r"\\(.)", re.DOTALL)
_needs_escape = re.compile(r'(["\\])')


class Parameters(dict[str, str | None]):
    """An unchangeable, hashable mapping of parameters: lower-case names to wire-form values, None for a bare name."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # dict is unhashable only because it can change; this one cannot
        return hash(frozenset(self.items()))

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("parameters cannot be changed; make new ones with `with_value` or `without`")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def with_value(self, name: str, value: str | None) -> Parameters:
        """A copy in which `name` has `value` (wire form; None for a bare name)."""
        return Parameters({**self, name.lower(): value})

    def without(self, *names: str) -> Parameters:
        """A copy without `names`."""
        gone = {name.lower() for name in names}
        return Parameters({name: value for name, value in self.items() if name not in gone})


NO_PARAMETERS = Parameters()


def is_token(text: str) -> bool:
    """True when `text` is a token (RFC 3261 §25.1)."""
    return _token.fullmatch(text) is not None


def quote(text: str) -> str:
    """`text` as a quoted string; control characters, which no quoted string can carry, become spaces."""
    escaped = _needs_escape.sub(r"\\\1", CONTROL.sub(" ", text))
    return f'"{escaped}"'


def unquote(text: str) -> str:
    """The content of `text` when it is a quoted string, else `text` itself."""
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
        return _escape_pair.sub(r"\1", text) if "\\" in text else text
    return text


def split_commas(text: str) -> list[str]:
    """The comma-separated elements of `text`, stripped; commas inside quotes and angle brackets do not count.

    Raises SIPParseError for an open quote or bracket and for more than MAX_HEADER_VALUES elements.
    """
    if "," not in text:
        return [text.strip()]
    if '"' not in text and "<" not in text:
        elements = [element.strip() for element in text.split(",")]
    else:
        elements = []
        position = 0
        while True:
            match = _element.match(text, position)
            if match is None:
                raise SIPParseError("open quote or bracket in a header")
            elements.append(match[1].strip())
            position = match.end()
            if not match[2]:
                break
    if len(elements) > MAX_HEADER_VALUES:
        raise SIPParseError("too many values in a header")
    return elements


def split_tokens(lines: Iterable[str]) -> frozenset[str]:
    """The comma-separated tokens of header lines such as Allow and Supported; empty elements are skipped."""
    return frozenset(token for line in lines for element in line.split(",") if (token := element.strip()))


def parse_parameters(text: str) -> Parameters:
    """The parameters of a header: `text` starts behind the first semicolon. Values keep their quotes.

    Raises SIPParseError.
    """
    found: dict[str, str | None] = {}
    position, end = 0, len(text)
    match_parameter = _parameter.match
    while position < end:
        match = match_parameter(text, position)
        if match is None:
            raise SIPParseError("bad header parameter")
        name, value, _ = match.groups()
        if name:
            # The first of two equal names wins: the sender's own, not one appended on the way.
            found.setdefault(name.lower(), value)
        position = match.end()
    return Parameters(found) if found else NO_PARAMETERS


def header_parameters(values: Mapping[str, str | None]) -> Parameters:
    """`values` as header parameters: names in lower case, values quoted when they are neither token nor host.

    Raises ValueError for a name that is no token.
    """
    if type(values) is Parameters:
        return values
    made: dict[str, str | None] = {}
    for name, value in values.items():
        if not is_token(name):
            raise ValueError(f"not a parameter name: {name!r}")
        made[name.lower()] = wire_value(value)
    return Parameters(made)


def wire_value(value: str | None) -> str | None:
    """A header parameter's value as it is written: quoted when it is neither token, host nor quoted string."""
    return value if value is None or _plain_value.fullmatch(value) else quote(value)


def format_parameters(parameters: Mapping[str, str | None]) -> str:
    """`;name=value` for each parameter, in order."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items()])
