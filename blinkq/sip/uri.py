"""SIP and SIPS URIs (RFC 3261 §19.1); other schemes are carried whole. No look-ups, no dial plans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_to_bytes

from blinkq.sip.errors import SIPParseError
from blinkq.sip.grammar import HOST, NO_PARAMETERS, Parameters, format_parameters
from blinkq.sip.limits import MAX_URI_SIZE

_sip_uri = re.compile(
    rf'([sS][iI][pP][sS]?+):(?:([^@:<>"\s]++)(?::([^@<>"\s]*+))?+@)?({HOST})(?::([0-9]{{1,5}}+))?+(;[^?\s<>"]*+)?+(\?[^\s<>"]*+)?+'
)
_other_uri = re.compile(r'([A-Za-z][A-Za-z0-9+\-.]*+):([^\s<>"]++)')
_host = re.compile(HOST)
_illegal_user = re.compile(r"[^A-Za-z0-9\-_.!~*'()&=+$,;?/%]|%(?![0-9A-Fa-f]{2})")
_illegal_password = re.compile(r"[^A-Za-z0-9\-_.!~*'()&=+$,%;?/:]|%(?![0-9A-Fa-f]{2})")
_illegal_parameter = re.compile(r"[^A-Za-z0-9\-_.!~*'()\[\]/:&+$%]|%(?![0-9A-Fa-f]{2})")
_illegal_header = re.compile(r"[^A-Za-z0-9\-_.!~*'()\[\]/?:+$%]|%(?![0-9A-Fa-f]{2})")
_MUST_AGREE = ("user", "ttl", "method", "maddr", "transport")  # RFC 3261 §19.1.4: in both URIs or in none


@dataclass(frozen=True, slots=True)
class URI:
    """A URI as a value: hashable, compared field by field (`equivalent` compares as RFC 3261 §19.1.4 does).

    scheme: lower case; user, password, parameter and header values: wire form, that is, escaped (what is given unescaped
    is escaped on construction; `username` reads it back); host: without the brackets of an IPv6 reference; port: None when
    not written; parameters, headers: lower-case names; opaque: all behind the colon for schemes other than sip and sips, whose
    other fields are then empty. Raises ValueError for fields that no URI can carry.
    """

    scheme: str = "sip"
    user: str | None = None
    password: str | None = None
    host: str = ""
    port: int | None = None
    parameters: Mapping[str, str | None] = NO_PARAMETERS
    headers: Mapping[str, str | None] = NO_PARAMETERS
    opaque: str = ""

    def __post_init__(self) -> None:
        assign = object.__setattr__
        assign(self, "scheme", self.scheme.lower())
        assign(self, "parameters", _escaped(self.parameters, _illegal_parameter))
        assign(self, "headers", _escaped(self.headers, _illegal_header))
        if self.scheme not in ("sip", "sips"):
            if _other_uri.fullmatch(f"{self.scheme}:{self.opaque}") is None:
                raise ValueError(f"not a URI: {self.scheme}:{self.opaque}")
            return
        if self.user is not None:
            assign(self, "user", _escape(self.user, _illegal_user) or None)
        if self.password is not None:
            assign(self, "password", _escape(self.password, _illegal_password))
        host = f"[{self.host}]" if ":" in self.host and self.host[0] != "[" else self.host
        if _host.fullmatch(host) is None:
            raise ValueError(f"not a host: {self.host!r}")
        assign(self, "host", host.strip("[]"))
        if self.port is not None and not 0 <= self.port <= 65535:
            raise ValueError(f"not a port: {self.port}")

    @classmethod
    def parse(cls, text: str) -> URI:
        """The URI that `text` is, without brackets or white space around it. Raises SIPParseError."""
        if len(text) > MAX_URI_SIZE:
            raise SIPParseError("URI too long", 414)
        match = _sip_uri.fullmatch(text)
        if match is None:
            return cls._parse_other(text)
        scheme, user, password, host, port, parameters, headers = match.groups()
        number = None
        if port is not None and (number := int(port)) > 65535:
            raise SIPParseError("port number too large in a URI")
        uri = _new(cls)
        _set_scheme(uri, scheme.lower())
        _set_user(uri, user if user is None else _escape(user, _illegal_user))
        _set_password(uri, password if password is None else _escape(password, _illegal_password))
        _set_host(uri, host if host[0] != "[" else host[1:-1])
        _set_port(uri, number)
        _set_parameters(uri, _split(parameters, ";", _illegal_parameter) if parameters else NO_PARAMETERS)
        _set_headers(uri, _split(headers, "&", _illegal_header) if headers else NO_PARAMETERS)
        _set_opaque(uri, "")
        return uri

    @classmethod
    def _parse_other(cls, text: str) -> URI:
        match = _other_uri.fullmatch(text)
        if match is None or match[1].lower() in ("sip", "sips"):
            raise SIPParseError("not a URI")
        return cls(scheme=match[1], opaque=match[2])

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        text = f"{self.scheme}:"
        if self.user is not None:
            text += f"{self.user}@" if self.password is None else f"{self.user}:{self.password}@"
        text += f"[{self.host}]" if ":" in self.host else self.host
        if self.port is not None:
            text += f":{self.port}"
        if self.parameters:
            text += format_parameters(self.parameters)
        if self.headers:
            text += "?" + "&".join([name if value is None else f"{name}={value}" for name, value in self.headers.items()])
        return text

    @property
    def secure(self) -> bool:
        """True for sips."""
        return self.scheme == "sips"

    @property
    def transport(self) -> str:
        """The transport in lower case: 'tls' for sips, else the parameter's, else 'udp'."""
        return "tls" if self.scheme == "sips" else (self.parameters.get("transport") or "udp").lower()

    @property
    def username(self) -> str:
        """The user part for people and for comparisons: unescaped, '' when absent."""
        return unescape(self.user or "")

    @property
    def aor(self) -> str:
        """The address of record: scheme, user and host only, host in lower case."""
        if self.opaque:
            return str(self)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}:{self.user}@{host.lower()}" if self.user else f"{self.scheme}:{host.lower()}"

    @property
    def loose(self) -> bool:
        """True when the URI names a loose router (RFC 3261 §19.1.1, `lr`)."""
        return "lr" in self.parameters

    def replace(self, **changes: Any) -> URI:
        """A copy with fields changed, as the constructor takes them. Raises ValueError."""
        return replace(self, **changes)

    def equivalent(self, other: URI) -> bool:
        """Equality as RFC 3261 §19.1.4 defines it."""
        if self.scheme != other.scheme or self.opaque != other.opaque:
            return False
        if self.host.lower() != other.host.lower() or self.port != other.port:
            return False
        if unescape(self.user or "") != unescape(other.user or ""):
            return False
        if unescape(self.password or "") != unescape(other.password or ""):
            return False
        return self._parameters_agree(other) and _folded(self.headers, keep_case=True) == _folded(other.headers, keep_case=True)

    def _parameters_agree(self, other: URI) -> bool:
        mine, theirs = _folded(self.parameters), _folded(other.parameters)
        both = mine.keys() & theirs.keys()
        one = mine.keys() ^ theirs.keys()
        return all(mine[name] == theirs[name] for name in both) and not one.intersection(_MUST_AGREE)


_new = object.__new__
# The slots' own setters: parsing has checked every field, so it need not go through the checking constructor.
_set_scheme, _set_user, _set_password, _set_host, _set_port, _set_parameters, _set_headers, _set_opaque = (
    URI.__dict__[name].__set__ for name in ("scheme", "user", "password", "host", "port", "parameters", "headers", "opaque")
)


def unescape(text: str) -> str:
    """`text` with its %HH escapes read as UTF-8; bytes that are none become U+FFFD."""
    return unquote_to_bytes(text).decode("utf-8", "replace") if "%" in text else text


def _escape(text: str, illegal: re.Pattern[str]) -> str:
    if illegal.search(text) is None:
        return text
    return illegal.sub(lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "replace")), text)


def _escaped(values: Mapping[str, str | None], illegal: re.Pattern[str]) -> Parameters:
    if type(values) is Parameters:
        return values
    return Parameters(
        {_escape(name, illegal).lower(): value if value is None else _escape(value, illegal) for name, value in values.items()}
    )


def _split(text: str, separator: str, illegal: re.Pattern[str]) -> Parameters:
    found: dict[str, str | None] = {}
    for part in text[1:].split(separator):
        name, equals, value = part.partition("=")
        if name:
            found.setdefault(_escape(name, illegal).lower(), _escape(value, illegal) if equals else None)
    return Parameters(found)


def _folded(values: Mapping[str, str | None], keep_case: bool = False) -> dict[str, str | None]:
    return {
        unescape(name).lower(): value if value is None else unescape(value) if keep_case else unescape(value).lower()
        for name, value in values.items()
    }
