"""a=crypto lines: SRTP keys in the session description (SDES, RFC 4568; GCM suites of RFC 7714).

Only what the SRTP library can do is understood: one key without MKI and no session parameters that change the packets. A line that asks
for more parses to None, as RFC 4568 §7.1.1 wants of an answerer who does not support it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["AEAD_SUITES", "DEFAULT_SUITES", "KEY_SIZES", "CryptoAttribute", "choose", "parse_all"]

KEY_SIZES = {  # bytes of master key and master salt together
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}

DEFAULT_SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
AEAD_SUITES = ("AEAD_AES_256_GCM", "AEAD_AES_128_GCM")

_LINE = re.compile(r"(\d{1,9}) +([A-Za-z0-9_]+) +(\S+)((?: +\S+)*) *")
_HARMLESS = re.compile(r"(?:WSH=\d+|-.*)", re.IGNORECASE)  # a window size hint, or optional by its leading dash (RFC 4568 §6.3)


@dataclass(frozen=True, slots=True)
class CryptoAttribute:
    """One usable a=crypto line; ``key`` is master key and master salt together."""

    tag: int
    suite: str
    key: bytes = field(repr=False)

    @classmethod
    def parse(cls, value: str) -> CryptoAttribute | None:
        """The value of an a=crypto line, or None where it is malformed or asks for what we cannot do."""
        match = _LINE.fullmatch(value)
        if match is None:
            return None
        tag, suite, keys, parameters = match.groups()
        size = KEY_SIZES.get(suite)
        if size is None or not all(_HARMLESS.fullmatch(parameter) for parameter in parameters.split()):
            return None
        key = _parse_key(keys, size)
        return None if key is None else cls(int(tag), suite, key)

    def __str__(self) -> str:
        return f"{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}"


def parse_all(values: Iterable[str]) -> tuple[CryptoAttribute, ...]:
    """The usable ones of several a=crypto values, in the offerer's order of preference."""
    return tuple(line for line in map(CryptoAttribute.parse, values) if line is not None)


def choose(offered: Sequence[CryptoAttribute], suites: Sequence[str]) -> CryptoAttribute | None:
    """The first offered line whose suite is among ``suites`` (RFC 4568 §5.1.2: the offerer's order is the preference)."""
    return next((line for line in offered if line.suite in suites), None)


def _parse_key(text: str, size: int) -> bytes | None:
    method, separator, info = text.partition(":")
    if not separator or method.lower() != "inline" or ";" in info:  # several keys need MKI
        return None
    encoded, *rest = info.split("|")
    if any(":" in part for part in rest):  # an MKI
        return None
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == size else None
