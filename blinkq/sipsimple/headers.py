"""The address headers of SIP as applications handle them: From, To, Contact, Route, Record-Route, each changeable or frozen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from blinkq.sip.address import NameAddr
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI, FrozenSIPURI

__all__ = [
    "BaseIdentityHeader", "ContactHeader", "FromHeader", "FrozenContactHeader", "FrozenFromHeader", "FrozenRecordRouteHeader",
    "FrozenRouteHeader", "FrozenToHeader", "RecordRouteHeader", "RouteHeader", "ToHeader",
]  # fmt: skip

H = TypeVar("H", bound="BaseIdentityHeader")


class BaseIdentityHeader:
    """A header made of an address: ``"display name" <uri>;parameters``.

    :param uri: SIPURI or FrozenSIPURI (kept as the kind that the header is)
    :param display_name: text for people, or None
    :param parameters: the header's parameters (not the URI's)
    """

    name: ClassVar[str] = ""
    frozen: ClassVar[bool] = False

    uri: BaseSIPURI
    display_name: str | None
    parameters: Mapping[str, str | None]

    def __init__(
        self, uri: BaseSIPURI, display_name: str | None = None, parameters: Mapping[str, str | None] | None = None
    ) -> None:
        kind = FrozenSIPURI if self.frozen else SIPURI
        copied = {key.lower(): value for key, value in (parameters or {}).items()}
        self.__dict__.update(
            uri=uri if type(uri) is kind else kind.new(uri), display_name=display_name or None,
            parameters=MappingProxyType(copied) if self.frozen else copied,
        )  # fmt: skip

    @classmethod
    def new(cls: type[H], other: BaseIdentityHeader) -> H:
        """A copy of ``other``, which may be of another kind."""
        return cls(other.uri, other.display_name, other.parameters)

    @classmethod
    def from_name_addr(cls: type[H], address: NameAddr) -> H:
        """From the core's address; raises ValueError when it is no SIP address."""
        parameters = {name: address.parameter(name) if value is not None else None for name, value in address.parameters.items()}
        return cls(FrozenSIPURI.from_uri(address.uri), address.display_name, parameters)

    def to_name_addr(self) -> NameAddr:
        """The same as the core's address."""
        return NameAddr(self.uri.to_uri(), self.display_name or "", dict(self.parameters))

    @property
    def body(self) -> str:
        """The header's value as text."""
        return str(self.to_name_addr())

    def _parts(self) -> tuple[object, ...]:
        return self.name, self.uri._parts(), self.display_name, frozenset(self.parameters.items())

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, BaseIdentityHeader) else NotImplemented

    def __hash__(self) -> int:
        raise TypeError(f"a {type(self).__name__} can change and is not hashable; its frozen kind is")

    def __str__(self) -> str:
        return f"{self.name}: {self.body}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.body}>"


class _Frozen:
    frozen: ClassVar[bool] = True

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed ({name})")

    def __hash__(self) -> int:
        return hash(self._parts())  # type: ignore[attr-defined]  # mixed into headers only


class _Tagged(BaseIdentityHeader):
    @property
    def tag(self) -> str | None:
        return self.parameters.get("tag")


class FromHeader(_Tagged):
    """From (RFC 3261 §20.20)."""

    name = "From"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenFromHeader(_Frozen, _Tagged):
    """From, unchangeable."""

    name = "From"
    uri: FrozenSIPURI


class ToHeader(_Tagged):
    """To (RFC 3261 §20.39)."""

    name = "To"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenToHeader(_Frozen, _Tagged):
    """To, unchangeable."""

    name = "To"
    uri: FrozenSIPURI


class _Contact(BaseIdentityHeader):
    @property
    def q(self) -> float | None:
        """Preference from 0 to 1, None when absent or unreadable."""
        return _number(self.parameters.get("q"))

    @property
    def expires(self) -> int | None:
        """Seconds, None when absent or unreadable."""
        number = _number(self.parameters.get("expires"))
        return None if number is None else int(number)


class ContactHeader(_Contact):
    """Contact (RFC 3261 §20.10)."""

    name = "Contact"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenContactHeader(_Frozen, _Contact):
    """Contact, unchangeable."""

    name = "Contact"
    uri: FrozenSIPURI


class RouteHeader(BaseIdentityHeader):
    """Route (RFC 3261 §20.34)."""

    name = "Route"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenRouteHeader(_Frozen, BaseIdentityHeader):
    """Route, unchangeable."""

    name = "Route"
    uri: FrozenSIPURI


class RecordRouteHeader(BaseIdentityHeader):
    """Record-Route (RFC 3261 §20.30)."""

    name = "Record-Route"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenRecordRouteHeader(_Frozen, BaseIdentityHeader):
    """Record-Route, unchangeable."""

    name = "Record-Route"
    uri: FrozenSIPURI


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 2**32 else None
