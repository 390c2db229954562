"""The lines of a session description that sessions and m= lines share: attributes, connections, bandwidths."""

from __future__ import annotations

from typing import TypeVar

from blinkq.sipsimple.values.value import BaseValue, Frozen, pair

__all__ = [
    "BaseSDPAttribute", "BaseSDPBandwidthInfo", "BaseSDPConnection", "FrozenSDPAttribute", "FrozenSDPAttributeList",
    "FrozenSDPBandwidthInfo", "FrozenSDPConnection", "MediaCodec", "SDPAttribute", "SDPAttributeList", "SDPBandwidthInfo",
    "SDPConnection",
]  # fmt: skip

T = TypeVar("T")


class BaseSDPAttribute(BaseValue):
    """One a= line: a name with a value, "" for a flag."""

    _fields = ("name", "value")
    name: str
    value: str

    def __init__(self, name: str, value: str = "") -> None:
        self._fill(name=name, value=value)

    def __str__(self) -> str:
        return f"{self.name}:{self.value}" if self.value else self.name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.value!r})"


class SDPAttribute(BaseSDPAttribute):
    """One a= line, changeable."""


class FrozenSDPAttribute(Frozen, BaseSDPAttribute):
    """One a= line, unchangeable."""


class _ByName:
    """Attributes found by name."""

    def __contains__(self, item: object) -> bool:
        """Whether there is an attribute of this name, or just this attribute."""
        if isinstance(item, str):
            return any(one.name == item for one in self)  # type: ignore[attr-defined]  # mixed into lists only
        return bool(super().__contains__(item))  # type: ignore[misc]  # as above

    def getall(self, name: str) -> list[str]:
        """The values of every attribute ``name``, in order."""
        return [one.value for one in self if one.name == name]  # type: ignore[attr-defined]  # as above

    def getfirst(self, name: str, default: T | None = None) -> str | T | None:
        """The value of the first attribute ``name``."""
        return next(iter(self.getall(name)), default)


class SDPAttributeList(_ByName, list[BaseSDPAttribute]):
    """The attributes of a changeable description."""


class FrozenSDPAttributeList(_ByName, tuple[BaseSDPAttribute, ...]):
    """The attributes of an unchangeable description."""


class BaseSDPConnection(BaseValue):
    """One c= line."""

    _fields = ("address", "net_type", "address_type")
    address: str
    net_type: str
    address_type: str

    def __init__(self, address: str, net_type: str = "IN", address_type: str = "IP4") -> None:
        self._fill(address=address, net_type=net_type, address_type=address_type)

    def __str__(self) -> str:
        return f"{self.net_type} {self.address_type} {self.address}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r}, {self.net_type!r}, {self.address_type!r})"


class SDPConnection(BaseSDPConnection):
    """One c= line, changeable."""


class FrozenSDPConnection(Frozen, BaseSDPConnection):
    """One c= line, unchangeable."""


class BaseSDPBandwidthInfo(BaseValue):
    """One b= line: a modifier such as "AS" and a number of kbit/s."""

    _fields = ("modifier", "value")
    modifier: str
    value: int

    def __init__(self, modifier: str, value: int) -> None:
        self._fill(modifier=modifier, value=value)

    def __str__(self) -> str:
        return f"{self.modifier}:{self.value}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.modifier!r}, {self.value!r})"


class SDPBandwidthInfo(BaseSDPBandwidthInfo):
    """One b= line, changeable."""


class FrozenSDPBandwidthInfo(Frozen, BaseSDPBandwidthInfo):
    """One b= line, unchangeable."""


class MediaCodec:
    """A codec's name and its rate in Hz; equal to another one, to "NAME/rate" and to "NAME" (names in any case)."""

    def __init__(self, name: str, rate: int) -> None:
        self.name = name
        self.rate = rate

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            name, slash, rate = other.partition("/")
            return name.lower() == self.name.lower() and (not slash or rate == str(self.rate))
        if isinstance(other, MediaCodec):
            return (other.name.lower(), other.rate) == (self.name.lower(), self.rate)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal to texts that differ from one another

    def __str__(self) -> str:
        return f"{self.name}/{self.rate}"

    def __repr__(self) -> str:
        return f"MediaCodec({self.name!r}, {self.rate})"


pair(SDPAttribute, FrozenSDPAttribute)
pair(SDPConnection, FrozenSDPConnection)
pair(SDPBandwidthInfo, FrozenSDPBandwidthInfo)
