"""Credentials and FrozenCredentials: who we say we are when a server asks."""

from __future__ import annotations

from typing import TypeVar

from blinkq.sip.digest import Credentials as DigestCredentials

__all__ = ["Credentials", "FrozenCredentials"]

C = TypeVar("C", bound="Credentials")


class Credentials:
    """User name and password for digest authentication; the password is never shown.

    :param realm: the only realm to use them for, "*" for any
    """

    def __init__(self, username: str, password: str, realm: str = "*", digest: bool = False) -> None:
        if digest:
            raise ValueError("hashed passwords cannot be used with every algorithm: give the password itself")
        self._fill(username=username, password=password, realm=realm)

    username: str
    password: str
    realm: str

    def _fill(self, **fields: str) -> None:
        self.__dict__.update(fields)

    @classmethod
    def new(cls: type[C], other: Credentials) -> C:
        """A copy of ``other``, which may be of the other kind."""
        return cls(other.username, other.password, other.realm)

    def to_digest(self) -> DigestCredentials:
        """The same for the SIP core."""
        return DigestCredentials(self.username, self.password, None if self.realm == "*" else self.realm)

    def _parts(self) -> tuple[str, str, str]:
        return self.username, self.password, self.realm

    def __eq__(self, other: object) -> bool:
        return self._parts() == other._parts() if isinstance(other, Credentials) else NotImplemented

    def __hash__(self) -> int:
        raise TypeError("Credentials can change and are not hashable; FrozenCredentials are")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.username!r}>"


class FrozenCredentials(Credentials):
    """Credentials that never change."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("FrozenCredentials cannot be changed")

    def __hash__(self) -> int:
        return hash(self._parts())
