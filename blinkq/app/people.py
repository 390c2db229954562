"""What the windows need of the middleware about people: contacts, presence, voicemail, neighbours. Part of ``middleware.Middleware``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from blinkq.sipsimple.availability import Availability

if TYPE_CHECKING:
    from blinkq.app.middleware import AccountLike

__all__ = ["LOCAL_ACCOUNT", "ContactEntry", "Neighbour", "PeopleLike", "PersonState"]

#: the id of the account for calls on the local network
LOCAL_ACCOUNT = "bonjour@local"


@dataclass(frozen=True, slots=True)
class ContactEntry:
    """A contact. ``id`` is empty for one that is new; ``addresses`` with the preferred one first; ``watched``: whether to ask for its
    presence and its calls."""

    name: str
    addresses: tuple[str, ...]
    group: str = ""
    watched: bool = True
    id: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody on the local network; ``key`` tells it from others."""

    key: str
    name: str
    host: str
    uri: str
    availability: Availability
    note: str = ""


@dataclass(frozen=True, slots=True)
class PersonState:
    """What is known of somebody at the moment."""

    availability: Availability = Availability.UNKNOWN
    note: str = ""
    in_call: bool = False


class PeopleLike(Protocol):
    """Contacts, presence, voicemail and neighbours. Everything returns at once; changes come as notifications."""

    def contacts(self) -> list[ContactEntry]: ...

    def save_contact(self, entry: ContactEntry) -> None:
        """Store a new or changed contact. Raises ValueError for an address that is none; AddressbookManagerDidAddContact or
        AddressbookContactDidChange follows."""

    def remove_contact(self, entry: ContactEntry) -> None:
        """AddressbookManagerDidRemoveContact follows."""

    def publishes(self) -> bool:
        """Whether anybody is told of our presence: an account publishes it, or the local network shows it."""

    def set_presence(self, availability: Availability, note: str) -> None:
        """Tell others, on all accounts that publish."""

    def voicemail_address(self, account: AccountLike) -> str | None:
        """Where the account's voicemail is heard, None when it does not ask for voicemail."""

    def neighbours(self) -> list[Neighbour]: ...

    def local_account(self) -> AccountLike:
        """The account for calls on the local network."""

    def local_network(self) -> bool:
        """Whether we are seen on the local network, and see our neighbours."""

    def set_local_network(self, on: bool) -> None: ...
