"""SIPURI and FrozenSIPURI: SIP addresses as applications handle them, made of plain parts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from blinkq.base.errors import BlinkQError
from blinkq.sip.errors import SIPParseError
from blinkq.sip.uri import URI

__all__ = ["SIPURI", "BaseSIPURI", "FrozenSIPURI", "SIPCoreError"]

U = TypeVar("U", bound="BaseSIPURI")


class SIPCoreError(BlinkQError):
    """The SIP core cannot do what was asked; the message says why."""


class BaseSIPURI:
    """What SIPURI and FrozenSIPURI have in common; the two are equal when all their parts are.

    :param host: name or address (IPv6 without brackets)
    :param port: 1 to 65535, or None for the default of the transport; ValueError otherwise
    :param secure: True for ``sips:``
    :param parameters: URI parameters; None as a value stands for a parameter without one
    :param headers: URI headers
    """

    host: str
    user: str | None
    password: str | None
    port: int | None
    secure: bool
    parameters: Mapping[str, str | None]
    headers: Mapping[str, str | None]

    def __init__(
        self, host: str, user: str | None = None, password: str | None = None, port: int | None = None, secure: bool = False,
        parameters: Mapping[str, str | None] | None = None, headers: Mapping[str, str | None] | None = None,
    ) -> None:  # fmt: skip
        if port is not None and not 0 < port < 65536:
            raise ValueError(f"a port is a number from 1 to 65535, not {port}")
        self._fill(
            host=host, user=user, password=password, port=port, secure=secure, parameters=dict(parameters or {}),
            headers=dict(headers or {}),
        )  # fmt: skip

    def _fill(self, **parts: Any) -> None:
        self.__dict__.update(parts)

    @classmethod
    def parse(cls: type[U], text: str | bytes) -> U:
        """The address written in ``text``; raises SIPCoreError when it is no ``sip:`` or ``sips:`` URI."""
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        try:
            return cls.from_uri(URI.parse(text))
        except (SIPParseError, ValueError) as error:
            raise SIPCoreError(f"{text!r} is not a SIP address: {error}") from None

    @classmethod
    def from_uri(cls: type[U], uri: URI) -> U:
        """From the core's URI; raises ValueError for other schemes than sip and sips."""
        if uri.scheme not in ("sip", "sips"):
            raise ValueError(f"{uri.scheme}: is not a SIP scheme")
        return cls(
            uri.host, user=uri.user, password=uri.password, port=uri.port, secure=uri.scheme == "sips",
            parameters=dict(uri.parameters), headers=dict(uri.headers),
        )  # fmt: skip

    @classmethod
    def new(cls: type[U], other: BaseSIPURI) -> U:
        """A copy of ``other``, which may be of the other kind."""
        return cls(other.host, other.user, other.password, other.port, other.secure, other.parameters, other.headers)

    def to_uri(self) -> URI:
        """The same address as the core's URI."""
        return URI(
            scheme="sips" if self.secure else "sip", user=self.user, password=self.password, host=self.host, port=self.port,
            parameters=dict(self.parameters), headers=dict(self.headers),
        )  # fmt: skip

    @property
    def transport(self) -> str:
        """The ``transport`` parameter in lower case, "udp" without one."""
        return (self.parameters.get("transport") or "udp").lower()

    def matches(self, address: str) -> bool:
        """Whether the parts that ``address`` (``[sip:][user@]host[:port]``) has are the same as ours."""
        text = address if address.lower().startswith(("sip:", "sips:")) else f"sip:{address}"
        other = type(self).parse(text)
        return (
            other.host.lower() == self.host.lower()
            and (text != address or other.secure == self.secure)
            and (other.user is None or other.user == self.user)
            and (other.port is None or other.port == self.port)
            and all(self.parameters.get(name) == value for name, value in other.parameters.items())
        )

    def _parts(self) -> tuple[object, ...]:
        return (
            self.host.lower(), self.user, self.password, self.port, self.secure, frozenset(self.parameters.items()),
            frozenset(self.headers.items()),
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, BaseSIPURI) else NotImplemented

    def __hash__(self) -> int:
        raise TypeError(f"a {type(self).__name__} can change and is not hashable; FrozenSIPURI is")

    def __str__(self) -> str:
        return str(self.to_uri())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"


class SIPURI(BaseSIPURI):
    """A SIP address whose parts can be changed."""

    parameters: dict[str, str | None]
    headers: dict[str, str | None]

    @property
    def transport(self) -> str:
        """The ``transport`` parameter in lower case, "udp" without one; setting "udp" removes the parameter."""
        return super().transport

    @transport.setter
    def transport(self, value: str) -> None:
        if value.lower() == "udp":
            self.parameters.pop("transport", None)
        else:
            self.parameters["transport"] = value.lower()


class FrozenSIPURI(BaseSIPURI):
    """A SIP address that never changes and can be a dictionary key."""

    def _fill(self, **parts: Any) -> None:
        parts["parameters"] = MappingProxyType(parts["parameters"])
        parts["headers"] = MappingProxyType(parts["headers"])
        super()._fill(**parts)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a FrozenSIPURI cannot be changed ({name})")

    def __hash__(self) -> int:
        return hash(self._parts())
