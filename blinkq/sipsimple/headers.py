"""The address headers of SIP as applications handle them: From, To, Contact, Route, Record-Route, each changeable or frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from blinkq.sip.address import NameAddr
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI, FrozenSIPURI
from blinkq.sipsimple.values.header import BaseHeader, NumberParameter, Parameter, TextParameter
from blinkq.sipsimple.values.value import Frozen, pair

__all__ = [
    "BaseIdentityHeader", "ContactHeader", "FromHeader", "FrozenContactHeader", "FrozenFromHeader", "FrozenRecordRouteHeader",
    "FrozenRouteHeader", "FrozenToHeader", "RecordRouteHeader", "RouteHeader", "ToHeader",
]  # fmt: skip

H = TypeVar("H", bound="BaseIdentityHeader")


class BaseIdentityHeader(BaseHeader):
    """A header made of an address: ``"display name" <uri>;parameters``.

    :param uri: SIPURI or FrozenSIPURI (kept as the kind that the header is)
    :param display_name: text for people, or None
    :param parameters: the header's parameters (not the URI's)
    """

    _fields = ("uri", "display_name", "parameters")
    uri: BaseSIPURI
    display_name: str | None

    def __init__(
        self, uri: BaseSIPURI, display_name: str | None = None, parameters: Mapping[str, str | None] | None = None
    ) -> None:
        kind = FrozenSIPURI if self.frozen else SIPURI
        self._fill(uri=uri if type(uri) is kind else kind.new(uri), display_name=display_name or None, parameters=parameters)

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


class _Tagged(BaseIdentityHeader):
    tag = TextParameter("tag")


class FromHeader(_Tagged):
    """From (RFC 3261 §20.20)."""

    name = "From"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenFromHeader(Frozen, _Tagged):
    """From, unchangeable."""

    name = "From"
    uri: FrozenSIPURI


class ToHeader(_Tagged):
    """To (RFC 3261 §20.39)."""

    name = "To"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenToHeader(Frozen, _Tagged):
    """To, unchangeable."""

    name = "To"
    uri: FrozenSIPURI


def _preference(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(f"not a preference: {text!r}")
    return number


class _Contact(BaseIdentityHeader):
    #: preference from 0 to 1; None when absent or unreadable
    q = Parameter("q", _preference)
    #: seconds; None when absent or unreadable
    expires = NumberParameter("expires")

    def __init__(
        self, uri: BaseSIPURI | None, display_name: str | None = None, parameters: Mapping[str, str | None] | None = None
    ) -> None:
        if uri is None:
            self._fill(uri=None, display_name=None, parameters=None)
        else:
            super().__init__(uri, display_name, parameters)

    @property
    def is_star(self) -> bool:
        """True for ``Contact: *``, all bindings of an address (RFC 3261 §10.2.2): such a header is made of None and has no ``uri``."""
        return self.__dict__["uri"] is None

    @property
    def body(self) -> str:
        return "*" if self.is_star else super().body

    def _parts(self) -> tuple[object, ...]:
        return (self.name, "*") if self.is_star else super()._parts()


class ContactHeader(_Contact):
    """Contact (RFC 3261 §20.10)."""

    name = "Contact"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenContactHeader(Frozen, _Contact):
    """Contact, unchangeable."""

    name = "Contact"
    uri: FrozenSIPURI


class RouteHeader(BaseIdentityHeader):
    """Route (RFC 3261 §20.34)."""

    name = "Route"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenRouteHeader(Frozen, BaseIdentityHeader):
    """Route, unchangeable."""

    name = "Route"
    uri: FrozenSIPURI


class RecordRouteHeader(BaseIdentityHeader):
    """Record-Route (RFC 3261 §20.30)."""

    name = "Record-Route"
    uri: SIPURI
    parameters: dict[str, str | None]


class FrozenRecordRouteHeader(Frozen, BaseIdentityHeader):
    """Record-Route, unchangeable."""

    name = "Record-Route"
    uri: FrozenSIPURI


for _normal, _frozen in (
    (FromHeader, FrozenFromHeader), (ToHeader, FrozenToHeader), (ContactHeader, FrozenContactHeader), (RouteHeader, FrozenRouteHeader),
    (RecordRouteHeader, FrozenRecordRouteHeader),
):  # fmt: skip
    pair(_normal, _frozen)
