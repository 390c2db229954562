"""Contacts, presence, voicemail and neighbours of the real middleware."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from blinkq.app.middleware import AccountLike
from blinkq.app.people import ContactEntry, Neighbour
from blinkq.sipsimple.account import Account, AccountManager, BonjourAccount
from blinkq.sipsimple.addressbook import AddressbookManager, Contact, ContactURI, ContactURIList, Group
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.availability import Availability, read_word, write_availability
from blinkq.sipsimple.configuration import SettingsObject
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.neighbours import BonjourPresenceState

__all__ = ["SIPSimplePeople"]


class SIPSimplePeople:
    """Fills ``people.PeopleLike``.

    :param in_background: runs work that may wait in another thread
    """

    def __init__(self, in_background: Callable[[Callable[[], object]], None]) -> None:
        self._in_background = in_background

    @property
    def _started(self) -> bool:
        return SIPApplication.state in ("starting", "started")

    # contacts --------------------------------------------------------------------------------------------------------------------

    def contacts(self) -> list[ContactEntry]:
        if not self._started:
            return []
        groups = {id: group.name for group in AddressbookManager().get_groups() for id in group.contact_ids}
        return [
            ContactEntry(contact.name, tuple(uri.uri for uri in contact.uris), groups.get(contact.id, ""), contact.presence.subscribe,
                         contact.id)
            for contact in AddressbookManager().get_contacts()
        ]  # fmt: skip

    def save_contact(self, entry: ContactEntry) -> None:
        uris = ContactURIList([ContactURI(address) for address in entry.addresses])
        book = AddressbookManager()
        contact: Contact = book.get_contact(entry.id) if book.has_contact(entry.id) else Contact.create(entry.name)
        contact.name, contact.uris = entry.name, uris
        contact.presence.subscribe = contact.dialog.subscribe = entry.watched
        self._save(contact, *self._regroup(contact, entry.group))

    def remove_contact(self, entry: ContactEntry) -> None:
        if AddressbookManager().has_contact(entry.id):
            self._in_background(AddressbookManager().get_contact(entry.id).delete)

    def _regroup(self, contact: Contact, name: str) -> list[Group]:
        """Put a contact into the one group called ``name``, "" for none; the groups that have changed."""
        changed = []
        groups = AddressbookManager().get_groups()
        if name and not any(group.name == name for group in groups):
            groups.append(Group.create(name))
        for group in groups:
            ids = [id for id in group.contact_ids if id != contact.id]
            if group.name == name:
                ids.append(contact.id)
            if ids != list(group.contact_ids):
                group.contact_ids = type(group.contact_ids)(ids)
                changed.append(group)
        return changed

    def _save(self, *entries: SettingsObject) -> None:
        def save() -> None:
            for entry in entries:
                entry.save()

        self._in_background(save)

    # presence --------------------------------------------------------------------------------------------------------------------

    def publishes(self) -> bool:
        return self._started and (self.local_network() or any(account.presence.enabled for account in self._accounts()))

    def set_presence(self, availability: Availability, note: str) -> None:
        if not self._started:
            return
        installation = str(SIPSimpleSettings().instance_id or "blinkq").rpartition(":")[2]
        for account in self._accounts():
            account.presence_state = write_availability(str(account.uri), availability, note, installation)
        hidden = availability in (Availability.OFFLINE, Availability.UNKNOWN)
        BonjourAccount().presence_state = BonjourPresenceState("offline" if hidden else str(availability), note)

    def voicemail_address(self, account: AccountLike) -> str | None:
        if not isinstance(account, Account) or not account.message_summary.enabled:
            return None
        return str(account.voicemail_uri)

    @staticmethod
    def _accounts() -> list[Account]:
        return [account for account in AccountManager().get_accounts() if isinstance(account, Account) and account.enabled]

    # the local network -----------------------------------------------------------------------------------------------------------

    def neighbours(self) -> list[Neighbour]:
        """One for each installation, reached over the transport that the account prefers."""
        if not self._started:
            return []
        account, found = BonjourAccount(), {}
        preferred = str(account.sip.transport)
        for announcement, record in account.neighbours.items():
            key = record.id or str(announcement.name)
            if key not in found or record.transport == preferred:
                word = record.presence.state
                state = read_word(word) if word else Availability.AVAILABLE
                found[key] = Neighbour(key, record.name, record.host, str(record.uri), state, record.presence.note)
        return list(found.values())

    def local_account(self) -> AccountLike:
        return cast(AccountLike, BonjourAccount())

    def local_network(self) -> bool:
        return self._started and bool(BonjourAccount().enabled)

    def set_local_network(self, on: bool) -> None:
        if self._started:
            account = BonjourAccount()
            account.enabled = on
            self._save(account)
