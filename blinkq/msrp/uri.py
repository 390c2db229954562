"""MSRP URIs and paths (RFC 4975 §6)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace

from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.limits import MAX_PATH_LENGTH, MAX_URI_SIZE

__all__ = ["DEFAULT_PORT", "MSRPURI", "format_path", "parse_path"]

DEFAULT_PORT = 2855

_uri = re.compile(
    r"(?P<scheme>msrps?)://(?:(?P<user>[A-Za-z0-9\-_.!~*'()%&=+$,;:]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-_]+)"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/(?P<session>[A-Za-z0-9\-_.~+=/%!$&'()*,:@]*))?(?P<parameters>(?:;[^;\s]+)*)",
    re.IGNORECASE,
)
_parameter = re.compile(r";([^;=\s]+)(?:=([^;\s]*))?")


@dataclass(frozen=True, slots=True)
class MSRPURI:
    """msrp://host:port/session-id;tcp

    host: name or address, IPv6 without brackets; port: None when not written; session_id: None in a relay's own URI; secure: msrps;
    transport: 'tcp' or 'ws'; parameters: (name, value or None) after the transport.
    """

    host: str
    port: int | None = None
    session_id: str | None = None
    secure: bool = False
    transport: str = "tcp"
    user: str | None = None
    parameters: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> MSRPURI:
        """Raises MSRPParseError."""
        if len(text) > MAX_URI_SIZE:
            raise MSRPParseError("MSRP URI too long")
        match = _uri.fullmatch(text.strip())
        if match is None:
            raise MSRPParseError(f"not an MSRP URI: {text[:80]!r}")
        host = match["host"].strip("[]")
        if ":" in host:
            try:
                ipaddress.IPv6Address(host)
            except ValueError:
                raise MSRPParseError(f"not an address: {host!r}") from None
        port = None if match["port"] is None else int(match["port"])
        if port is not None and not 0 < port < 65536:
            raise MSRPParseError(f"not a port: {port}")
        parameters = [(name, value or None) for name, value in _parameter.findall(match["parameters"])]
        if not parameters or parameters[0][1] is not None:
            raise MSRPParseError("an MSRP URI without its transport")
        transport = parameters.pop(0)[0].lower()
        secure = match["scheme"].lower() == "msrps"
        return cls(host, port, match["session"] or None, secure, transport, match["user"], tuple(parameters))

    @property
    def effective_port(self) -> int:
        return self.port or DEFAULT_PORT

    def matches(self, other: MSRPURI) -> bool:
        """Whether both name the same place (RFC 4975 §6.1): hosts without case, session identifiers with it, users not at all."""
        return (
            self.session_id == other.session_id
            and self.effective_port == other.effective_port
            and self.secure == other.secure
            and self.transport == other.transport
            and self.host.lower() == other.host.lower()
        )

    def without_session(self) -> MSRPURI:
        """The host's own URI, as AUTH asks it."""
        return replace(self, session_id=None)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        session = f"/{self.session_id}" if self.session_id else ""
        parameters = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.parameters)
        return f"msrp{'s' if self.secure else ''}://{user}{host}{port}{session};{self.transport}{parameters}"


def parse_path(text: str) -> tuple[MSRPURI, ...]:
    """The URIs of a path header or a=path, nearest first. Raises MSRPParseError."""
    words = text.split()
    if not words or len(words) > MAX_PATH_LENGTH:
        raise MSRPParseError(f"a path of {len(words)} URIs")
    return tuple(MSRPURI.parse(word) for word in words)


def format_path(path: tuple[MSRPURI, ...]) -> str:
    return " ".join(str(uri) for uri in path)
