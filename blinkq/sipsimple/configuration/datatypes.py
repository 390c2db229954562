"""The types of settings. Each checks what it is given (ValueError with a sentence for people) and is written with ``str``."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = [
    "AudioCodecList",
    "EndpointAddress",
    "Hostname",
    "IPAddress",
    "List",
    "Nameserver",
    "NameserverList",
    "NonNegativeInteger",
    "Path",
    "Port",
    "PortRange",
    "PositiveInteger",
    "SIPAddress",
    "SIPProxyAddress",
    "SIPTransport",
    "SIPTransportList",
    "SRTPEncryption",
    "SampleRate",
]  # fmt: skip

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+", re.ASCII)  # RFC 3261 §25.1, user


# numbers ---------------------------------------------------------------------------------------------------------------------


class NonNegativeInteger(int):
    """0, 1, 2, …"""

    def __new__(cls, value: object) -> NonNegativeInteger:
        number = int.__new__(cls, _integer(value))
        if number < 0:
            raise ValueError(f"a number of at least 0 is wanted, not {value}")
        return number


class PositiveInteger(int):
    """1, 2, 3, …"""

    def __new__(cls, value: object) -> PositiveInteger:
        number = int.__new__(cls, _integer(value))
        if number < 1:
            raise ValueError(f"a number of at least 1 is wanted, not {value}")
        return number


class SampleRate(int):
    """Sample rate of a mixer in Hz."""

    valid_values: ClassVar[tuple[int, ...]] = (8000, 16000, 32000, 48000)

    def __new__(cls, value: object) -> SampleRate:
        number = int.__new__(cls, _integer(value))
        if number not in cls.valid_values:
            raise ValueError(f"a sample rate is one of {', '.join(map(str, cls.valid_values))}, not {value}")
        return number


class Port(int):
    """A port number; 0 lets the system choose."""

    def __new__(cls, value: object) -> Port:
        number = int.__new__(cls, _integer(value))
        if not 0 <= number <= 65535:
            raise ValueError(f"a port is a number from 0 to 65535, not {value}")
        return number


@dataclass(frozen=True)
class PortRange:
    """A range of ports, both ends included, written ``50000-50500``."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 < self.start < self.end <= 65535:
            raise ValueError(f"a port range is two rising numbers from 1 to 65535, not {self.start}-{self.end}")

    @classmethod
    def from_description(cls, text: str) -> PortRange:
        match = re.fullmatch(r"\s*(\d{1,5})\s*[-:]\s*(\d{1,5})\s*", text, re.ASCII)
        if match is None:
            raise ValueError(f"a port range is written like 50000-50500, not {text!r}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


# words -----------------------------------------------------------------------------------------------------------------------


class _Word(str):
    """One of a closed set of words, told apart without regard to case."""

    valid_values: ClassVar[tuple[str, ...]] = ()
    what: ClassVar[str] = ""

    def __new__(cls, value: str) -> Any:
        for word in cls.valid_values:
            if str(value).lower() == word.lower():
                return str.__new__(cls, word)
        raise ValueError(f"{cls.what} is one of {', '.join(cls.valid_values)}, not {value!r}")


class SIPTransport(_Word):
    """udp, tcp or tls."""

    valid_values = ("udp", "tcp", "tls")
    what = "a transport"


class SRTPEncryption(_Word):
    """Whether calls are encrypted: disabled, optional (where the peer can) or mandatory."""

    valid_values = ("disabled", "optional", "mandatory")
    what = "media encryption"


class _AudioCodec(_Word):
    valid_values = ("opus", "G722", "PCMU", "PCMA")
    what = "an audio codec"


# lists -----------------------------------------------------------------------------------------------------------------------


class List:
    """An unchangeable list of values of one ``type``, in order, without repetitions."""

    type: ClassVar[Any] = str
    is_list: ClassVar[bool] = True

    def __init__(self, values: Iterable[object] = ()) -> None:
        if isinstance(values, str):
            values = [part for part in (part.strip() for part in values.split(",")) if part]
        items = [value if isinstance(value, self.type) else self._parse(value) for value in values]
        self._items: tuple[Any, ...] = tuple(dict.fromkeys(items))

    def _parse(self, value: object) -> Any:
        from_description = getattr(self.type, "from_description", self.type)
        return from_description(value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __add__(self, other: Iterable[object]) -> Any:
        return type(self)([*self._items, *other])

    def __eq__(self, other: object) -> bool:
        return self._items == tuple(other) if isinstance(other, List | list | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._items)

    def __str__(self) -> str:
        return ", ".join(map(str, self._items))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[str(item) for item in self._items]!r})"


class AudioCodecList(List):
    """Codecs that may be used, preferred ones first."""

    type = _AudioCodec
    available_values: ClassVar[tuple[str, ...]] = _AudioCodec.valid_values

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__(values)
        if not self._items:
            raise ValueError("at least one audio codec is needed")


class SIPTransportList(List):
    """Transports that may be used, preferred ones first."""

    type = SIPTransport
    available_values: ClassVar[tuple[str, ...]] = SIPTransport.valid_values

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__(values)
        if not self._items:
            raise ValueError("at least one transport is needed")


# addresses -------------------------------------------------------------------------------------------------------------------


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
        object.__setattr__(self, "port", int(self.port) or self.default_port)
        if not 0 < self.port <= 65535:
            raise ValueError("a port is a number from 1 to 65535")

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


class NameserverList(List):
    """DNS servers to ask instead of the system's."""

    type = Nameserver


@dataclass(frozen=True)
class SIPProxyAddress:
    """``host[:port][;transport=udp|tcp|tls]``; the port is 5060, for TLS 5061, where none is given."""

    host: str
    port: int = 0
    transport: str = "udp"

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", Hostname(self.host))
        object.__setattr__(self, "transport", SIPTransport(self.transport))
        object.__setattr__(self, "port", int(self.port) or (5061 if self.transport == "tls" else 5060))
        if not 0 < self.port <= 65535:
            raise ValueError("a port is a number from 1 to 65535")

    @classmethod
    def from_description(cls, text: str | None) -> SIPProxyAddress | None:
        """From text; None from nothing."""
        if not text:
            return None
        address, *parameters = (part.strip() for part in text.removeprefix("sip:").split(";"))
        transport = "udp"
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.lower() != "transport":
                raise ValueError(f"a proxy is written like sip.example.com:5060;transport=tcp; {parameter!r} does not belong there")
            transport = value
        host, port = _split_host_port(address)
        return cls(host, port, transport)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port};transport={self.transport}"


class Path(str):
    """A file or directory; ``~`` stands for the home directory and stays in the settings."""

    def __new__(cls, path: str) -> Path:
        if not str(path) or "\0" in str(path):
            raise ValueError("a file or directory is wanted")
        return str.__new__(cls, os.path.normpath(str(path)))

    @property
    def normalized(self) -> str:
        """The absolute path."""
        return os.path.abspath(os.path.expanduser(self))


def _integer(value: object) -> int:
    if isinstance(value, float) and value != int(value):
        raise ValueError(f"a whole number is wanted, not {value}")
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]  # whatever int() refuses becomes the sentence below
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a whole number is wanted, not {value!r}") from None


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        name = text.removesuffix(".")
        labels = name.split(".")
        # a last label of digits only would be a mistyped address
        return 0 < len(name) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return True


def _split_host_port(text: str) -> tuple[str, int]:
    text = text.strip()
    if _is_host(text):
        return text, 0
    match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]+)(?::(\d{1,5}))?", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not an address like example.com:5060")
    port = int(match[2]) if match[2] else 0
    if match[2] and not port:
        raise ValueError("a port is a number from 1 to 65535")
    return match[1], port
