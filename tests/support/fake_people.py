"""Contacts, presence, voicemail and neighbours for the windows' tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from blinkq.app.middleware import AccountLike
from blinkq.app.people import ContactEntry, Neighbour
from blinkq.payloads.messagesummary import MessageSummary
from blinkq.sipsimple.availability import Availability, write_availability

if TYPE_CHECKING:
    from support.fake_middleware import FakeAccount

__all__ = ["FakePeople"]


@dataclass(eq=False)
class FakePeople:
    """Fills blinkq.app.people.PeopleLike."""

    local: Any
    announce: Any
    entries: list[ContactEntry] = field(default_factory=list)
    said: list[tuple[Availability, str]] = field(default_factory=list)
    near: list[Neighbour] = field(default_factory=list)
    publishing: bool = False
    on_local_network: bool = False
    mailboxes: dict[str, str] = field(default_factory=dict)

    def contacts(self) -> list[ContactEntry]:
        return list(self.entries)

    def save_contact(self, entry: ContactEntry) -> None:
        known = [old.id for old in self.entries]
        if entry.id in known:
            self.entries[known.index(entry.id)] = entry
            self.announce("AddressbookContactDidChange", entry, modified={})
        else:
            self.entries.append(replace(entry, id=f"c{len(self.entries)}"))
            self.announce("AddressbookManagerDidAddContact", self, contact=self.entries[-1])

    def remove_contact(self, entry: ContactEntry) -> None:
        self.entries = [known for known in self.entries if known.id != entry.id]
        self.announce("AddressbookManagerDidRemoveContact", self, contact=entry)

    def publishes(self) -> bool:
        return self.publishing or self.on_local_network

    def set_presence(self, availability: Availability, note: str) -> None:
        self.said.append((availability, note))

    def voicemail_address(self, account: AccountLike) -> str | None:
        return self.mailboxes.get(account.id)

    def neighbours(self) -> list[Neighbour]:
        return list(self.near)

    def local_account(self) -> AccountLike:
        account: AccountLike = self.local
        return account

    def local_network(self) -> bool:
        return self.on_local_network

    def set_local_network(self, on: bool) -> None:
        self.on_local_network = on
        self.announce("CFGSettingsObjectDidChange", self.local, modified={})

    # what the network does

    def is_there(self, account: FakeAccount, address: str, availability: Availability, note: str = "") -> None:
        """The server tells the presence of somebody."""
        document = write_availability(address, availability, note)
        resource = SimpleNamespace(uri=address, state="active", reason=None, pidf_list=[document] if document is not None else [])
        self.announce("SIPAccountGotPresenceState", account, version=1, full_state=False, resource_map={address: resource})

    def is_lost(self, account: FakeAccount, address: str) -> None:
        """The subscription has ended."""
        resource = SimpleNamespace(uri=address, state="terminated", reason="timeout", pidf_list=[])
        self.announce("SIPAccountGotPresenceState", account, version=2, full_state=False, resource_map={address: resource})

    def calls(self, account: FakeAccount, address: str, busy: bool) -> None:
        """The server tells whether somebody is in a call."""
        resource = SimpleNamespace(uri=address, state="active", reason=None, dialogs=[], busy=busy)
        self.announce("SIPAccountGotDialogState", account, version=1, full_state=False, resource_map={address: resource})

    def voicemail(self, account: FakeAccount, text: str) -> None:
        """The server tells of voicemail."""
        self.announce("SIPAccountGotMessageSummary", account, message_summary=MessageSummary.parse(text))

    def appears(self, neighbour: Neighbour) -> None:
        self.near.append(neighbour)
        self.announce("BonjourAccountDidAddNeighbour", self.local, neighbour=neighbour.key, record=None)

    def goes(self, neighbour: Neighbour) -> None:
        self.near.remove(neighbour)
        self.announce("BonjourAccountDidRemoveNeighbour", self.local, neighbour=neighbour.key, record=None)
