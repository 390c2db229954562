"""Addresses of people, computers and servers."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from blinkq.sipsimple.configuration.datatypes.words import MSRPRelayTransport, SIPTransport

__all__ = [
    "EndpointAddress", "EndpointIPAddress", "Hostname", "IPAddress", "MSRPRelayAddress", "Nameserver", "SIPAddress", "SIPProxyAddress",
    "STUNServerAddress",
]  # fmt: skip

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_RESOURCE = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*", re.ASCII)  # RFC 3986, path and query
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+", re.ASCII)  # RFC 3261 §25.1, user


class IPAddress(str):
    """An IPv4 or IPv6 address."""

    def __new__(cls, value: str) -> IPAddress:
        try:
            return str.__new__(cls, ipaddress.ip_address(str(value).strip("[] ")))
        except ValueError:
            raise ValueError(f"an IP address is wanted, not {value!r}") from None


class Hostname(str):
    """The name or IP address of a computer; IPv6 without brackets."""

    def __new__(cls, value: str) -> Hostname:
        text = str(value).strip()
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        if not _is_host(text):
            raise ValueError(f"{value!r} is not the name or address of a computer")
        return str.__new__(cls, text)


class SIPAddress(str):
    """``user@domain``; an optional ``sip:`` in front is dropped."""

    def __new__(cls, address: str) -> Any:
        text = str(address).strip()
        for scheme in ("sip:", "sips:"):
            text = text.removeprefix(scheme)
        user, at, domain = text.rpartition("@")
        if not at or not _USER.fullmatch(user) or not _is_host(domain.removeprefix("[").removesuffix("]")):
            raise ValueError(f"{address!r} is not a SIP address: it is written like name@example.com")
        return str.__new__(cls, f"{user}@{domain.lower()}")

    @property
    def username(self) -> str:
        return self.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.rpartition("@")[2]


@dataclass(frozen=True)
class EndpointAddress:
    """``host:port``; the port may be left out where ``default_port`` is not 0."""

    host: str
    port: int = 0

    default_port: ClassVar[int] = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", Hostname(self.host))
        object.__setattr__(self, "port", _port(self.port or self.default_port))

    @classmethod
    def from_description(cls, text: str | None) -> Any:
        """From ``host[:port]``; None from nothing."""
        if not text:
            return None
        host, port = _split_host_port(text)
        return cls(host, port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Nameserver(EndpointAddress):
    """A DNS server: ``IP[:port]``, port 53."""

    default_port = 53

    def __post_init__(self) -> None:
        super().__post_init__()
        IPAddress(self.host)


class EndpointIPAddress(EndpointAddress):
    """``IP:port``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        IPAddress(self.host)


class STUNServerAddress(EndpointAddress):
    """A STUN server: ``host[:port]``, port 3478."""

    default_port = 3478


@dataclass(frozen=True)
class MSRPRelayAddress:
    """``host[:port][;transport=tls|tcp|wss|ws]`` or ``wss://host[:port][/resource]``; the port is 2855, 443 or 80 where none is given.

    :param resource: path and query of the WebSocket URL
    """

    host: str
    port: int = 0
    transport: str = "tls"
    resource: str = "/"

    default_ports: ClassVar[dict[str, int]] = {"tls": 2855, "tcp": 2855, "wss": 443, "ws": 80}

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", Hostname(self.host))
        object.__setattr__(self, "transport", MSRPRelayTransport(self.transport))
        object.__setattr__(self, "port", _port(self.port or self.default_ports[self.transport]))
        if not _RESOURCE.fullmatch(self.resource):
            raise ValueError(f"{self.resource!r} is not the path of a URL")

    @classmethod
    def from_description(cls, text: str | None) -> MSRPRelayAddress | None:
        """From text; None from nothing."""
        if not text:
            return None
        scheme, mark, rest = text.strip().partition("://")
        if mark and scheme.lower() in ("ws", "wss"):
            host_port, slash, resource = rest.partition("/")
            return cls(*_split_host_port(host_port), scheme.lower(), slash + resource or "/")
        address, transport = _split_transport(text, "tls", "a relay is written like relay.example.com:2855;transport=tls")
        return cls(*_split_host_port(address), transport)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.transport in ("ws", "wss"):
            return f"{self.transport}://{host}:{self.port}{self.resource}"
        return f"{host}:{self.port};transport={self.transport}"


@dataclass(frozen=True)
class SIPProxyAddress:
    """``host[:port][;transport=udp|tcp|tls]``; the port is 5060, for TLS 5061, where none is given."""

    host: str
    port: int = 0
    transport: str = "udp"

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", Hostname(self.host))
        object.__setattr__(self, "transport", SIPTransport(self.transport))
        object.__setattr__(self, "port", _port(self.port or (5061 if self.transport == "tls" else 5060)))

    @classmethod
    def from_description(cls, text: str | None) -> SIPProxyAddress | None:
        """From text; None from nothing."""
        if not text:
            return None
        address, transport = _split_transport(text.removeprefix("sip:"), "udp", "a proxy is written like example.com:5060;transport=tcp")
        return cls(*_split_host_port(address), transport)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port};transport={self.transport}"


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        name = text.removesuffix(".")
        labels = name.split(".")
        # a last label of digits only would be a mistyped address
        return 0 < len(name) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return True


def _port(value: object) -> int:
    try:
        port = int(str(value))
    except ValueError:
        port = 0
    if not 0 < port <= 65535:
        raise ValueError(f"a port is a number from 1 to 65535, not {value}")
    return port


def _split_transport(text: str, default: str, form: str) -> tuple[str, str]:
    address, *parameters = (part.strip() for part in text.split(";"))
    transport = default
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.lower() != "transport":
            raise ValueError(f"{form}; {parameter!r} does not belong there")
        transport = value
    return address, transport


def _split_host_port(text: str) -> tuple[str, int]:
    text = text.strip()
    if _is_host(text):
        return text, 0
    match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]+)(?::(\d{1,5}))?", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not an address like example.com:5060")
    port = int(match[2]) if match[2] else 0
    if match[2] and not port:
        raise ValueError(f"a port is a number from 1 to 65535, not {match[2]}")
    return match[1], port
