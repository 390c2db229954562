"""Reading the digest challenges of SIP headers (RFC 3261 §22); the arithmetic is that of ``base.digest``.

Whether to answer at all is the policy of those who ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from blinkq.base.digest import Challenge, Credentials, authorize
from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import QUOTED, TOKEN, split_commas
from blinkq.sip.limits import MAX_CHALLENGES

__all__ = ["Challenge", "Credentials", "authorize", "parse_challenge", "parse_challenges"]

_scheme = re.compile(rf"\s*+({TOKEN}++)(?:\s++|\Z)(?!=)(.*+)", re.DOTALL)
_parameter = re.compile(rf'({TOKEN}++)\s*+=\s*+({QUOTED}|[^\s"\\]*+)', re.DOTALL)


def parse_challenge(text: str) -> Challenge:
    """The one challenge that `text` is. Raises SIPParseError."""
    challenges = parse_challenges([text])
    if len(challenges) != 1:
        raise SIPParseError("more than one challenge in a value")
    return challenges[0]


def parse_challenges(lines: Iterable[str]) -> list[Challenge]:
    """All challenges of header lines, several to a line if need be (RFC 7235 §4.1). Raises SIPParseError."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in lines:
        current: dict[str, str] | None = None
        for element in split_commas(line):
            match = _scheme.fullmatch(element)
            if match is not None:
                current = {}
                found.append((match[1].lower(), current))
                element = match[2]
            if element and current is None:
                raise SIPParseError("challenge without a scheme")
            if element and current is not None:
                _add_parameter(current, element.strip(), found[-1][0])
        if len(found) > MAX_CHALLENGES:
            raise SIPParseError("too many challenges")
    return [_challenge(scheme, parameters) for scheme, parameters in found]


def _add_parameter(parameters: dict[str, str], text: str, scheme: str) -> None:
    match = _parameter.fullmatch(text)
    if match is not None:
        parameters.setdefault(match[1].lower(), match[2])
    elif scheme == "digest":
        raise SIPParseError("bad parameter in a challenge")


def _challenge(scheme: str, parameters: dict[str, str]) -> Challenge:
    if scheme != "digest":
        return Challenge(scheme)
    try:
        return Challenge.from_parameters(parameters)
    except KeyError:
        raise SIPParseError("challenge without realm or nonce") from None
