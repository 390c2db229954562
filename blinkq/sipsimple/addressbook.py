"""The address book: contacts with their addresses, groups of contacts, and the manager that knows them all.

Stored with the other settings. Whose presence is asked for, and by which account, is decided in ``account_buddies.py``.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, ClassVar

from blinkq.base.catalogue import post
from blinkq.base.clock import SystemEntropy
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.configuration import ConfigurationManager, Setting, SettingsGroup, SettingsObject, SettingsObjectID, group
from blinkq.sipsimple.configuration.datatypes import List
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_uri import SIPURI, SIPCoreError

__all__ = ["AddressbookManager", "Contact", "ContactURI", "ContactURIList", "Group"]

log = get_logger("sipsimple.addressbook")


@dataclass(frozen=True)
class ContactURI:
    """One address of a contact: a SIP URI, and what kind it is ("work", "mobile" …).

    :param uri: ``sip:name@example.com``; the ``sip:`` may be left out. ValueError for anything else
    """

    uri: str
    type: str | None = None

    def __post_init__(self) -> None:
        text = self.uri.strip()
        if not text.lower().startswith(("sip:", "sips:")):
            text = f"sip:{text}"
        try:
            object.__setattr__(self, "uri", str(SIPURI.parse(text)))
        except SIPCoreError as error:
            raise ValueError(str(error)) from None

    @classmethod
    def from_description(cls, text: str) -> ContactURI:
        """From what ``str()`` gives: ``uri`` or ``uri (type)``."""
        uri, separator, rest = text.strip().partition(" (")
        return cls(uri, rest.removesuffix(")") or None if separator else None)

    def __str__(self) -> str:
        return f"{self.uri} ({self.type})" if self.type else self.uri


class ContactURIList(List):
    """The addresses of a contact, the preferred one first."""

    type = ContactURI

    @property
    def default(self) -> ContactURI | None:
        """The preferred address, None when there is none."""
        return self[0] if len(self) else None


class ContactPresenceSettings(SettingsGroup):
    subscribe = Setting(bool, True, doc="whether to ask for the contact's presence")


class ContactDialogSettings(SettingsGroup):
    subscribe = Setting(bool, True, doc="whether to ask which calls the contact has")


class _Entry(SettingsObject):
    """What contacts and groups have in common."""

    __id__: ClassVar[Any] = SettingsObjectID(str)

    id = __id__

    @classmethod
    def create(cls, name: str, **settings: object) -> Any:
        """A new entry with an id of its own; ``save()`` stores it. Raises ValueError for settings that are not allowed."""
        entry = cls(SystemEntropy().token(8))
        entry.name = name  # type: ignore[attr-defined]  # both kinds have one
        for key, value in settings.items():
            setattr(entry, key, value)
        return entry


class Contact(_Entry):
    """Somebody. ``Contact.create("Bob", uris=[ContactURI("bob@example.com")]).save()`` makes a new one.

    Posts AddressbookContactWasActivated, AddressbookContactWasCreated, AddressbookContactDidChange, AddressbookContactWasDeleted.
    """

    __group__ = "Contacts"

    name = Setting(str, "", doc="the contact's name")
    uris = Setting(ContactURIList, ContactURIList(), doc="the contact's addresses, the preferred one first")

    presence = group(ContactPresenceSettings)
    dialog = group(ContactDialogSettings)

    def __repr__(self) -> str:
        return f"Contact({self.name!r}, {str(self.uris)!r})"


class ContactIDList(List):
    """Ids of contacts."""


class Group(_Entry):
    """A named group of contacts.

    Posts AddressbookGroupWasActivated, AddressbookGroupWasCreated, AddressbookGroupDidChange, AddressbookGroupWasDeleted.
    """

    __group__ = "Groups"

    name = Setting(str, "", doc="the group's name")
    contact_ids = Setting(ContactIDList, ContactIDList(), doc="ids of the contacts in the group, in order")

    @property
    def contacts(self) -> list[Contact]:
        """The contacts in the group, those that still exist."""
        manager = AddressbookManager()
        return [manager.get_contact(id) for id in self.contact_ids if manager.has_contact(id)]

    @contacts.setter
    def contacts(self, contacts: list[Contact]) -> None:
        self.contact_ids = ContactIDList([contact.id for contact in contacts])

    def __repr__(self) -> str:
        return f"Group({self.name!r})"


class AddressbookManager(NotificationHandler, metaclass=Singleton):
    """The singleton that knows all contacts and groups. Any thread may call it.

    Posts AddressbookManagerDidAddContact, AddressbookManagerDidRemoveContact, AddressbookManagerDidAddGroup and
    AddressbookManagerDidRemoveGroup.
    """

    def __init__(self) -> None:
        self._contacts: dict[str, Contact] = {}
        self._groups: dict[str, Group] = {}
        self._lock = threading.RLock()
        self._loaded = False

    def load(self) -> None:
        """Load what is stored. Nothing happens when it is loaded; IllegalStateError before the configuration was started."""
        with self._lock:
            if self._loaded:
                return
            manager = ConfigurationManager()
            stored: list[tuple[type[Contact] | type[Group], str]] = []
            for cls in (Contact, Group):
                stored += [(cls, id) for id in manager.get_names([cls.__group__])]
            self._loaded = True
        for name in ("WasActivated", "WasCreated", "DidChange", "WasDeleted"):
            NotificationCenter().add_observer(self, name=f"CFGSettingsObject{name}")
        for cls, id in stored:
            self._add(cls(id))

    def forget(self) -> None:
        """Let go of everything, after the application has ended."""
        NotificationCenter().purge_observer(self)
        with self._lock:
            self._contacts, self._groups, self._loaded = {}, {}, False

    def has_contact(self, id: str) -> bool:
        """Whether there is a contact with this id."""
        return id in self._contacts

    def get_contact(self, id: str) -> Contact:
        """Raises KeyError when there is none."""
        return self._contacts[id]

    def get_contacts(self) -> list[Contact]:
        """All contacts."""
        with self._lock:
            return list(self._contacts.values())

    def has_group(self, id: str) -> bool:
        """Whether there is a group with this id."""
        return id in self._groups

    def get_group(self, id: str) -> Group:
        """Raises KeyError when there is none."""
        return self._groups[id]

    def get_groups(self) -> list[Group]:
        """All groups."""
        with self._lock:
            return list(self._groups.values())

    # following the configuration -------------------------------------------------------------------------------------------------

    def _NH_CFGSettingsObjectWasActivated(self, notification: Notification) -> None:
        if isinstance(notification.sender, Contact | Group):
            self._add(notification.sender)

    def _NH_CFGSettingsObjectWasCreated(self, notification: Notification) -> None:
        if isinstance(notification.sender, Contact | Group):
            post(f"Addressbook{type(notification.sender).__name__}WasCreated", notification.sender)

    def _NH_CFGSettingsObjectDidChange(self, notification: Notification) -> None:
        if isinstance(notification.sender, Contact | Group):
            kind = type(notification.sender).__name__
            post(f"Addressbook{kind}DidChange", notification.sender, modified=notification.data.modified)

    def _NH_CFGSettingsObjectWasDeleted(self, notification: Notification) -> None:
        entry = notification.sender
        if not isinstance(entry, Contact | Group):
            return
        with self._lock:
            self._entries(entry).pop(entry.id, None)
        kind = type(entry).__name__
        post(f"Addressbook{kind}WasDeleted", entry)
        post(f"AddressbookManagerDidRemove{kind}", self, **{kind.lower(): entry})

    def _add(self, entry: Contact | Group) -> None:
        with self._lock:
            entries = self._entries(entry)
            if entry.id in entries:
                return
            entries[entry.id] = entry
        kind = type(entry).__name__
        post(f"Addressbook{kind}WasActivated", entry)
        post(f"AddressbookManagerDidAdd{kind}", self, **{kind.lower(): entry})

    def _entries(self, entry: Contact | Group) -> dict[str, Any]:
        return self._contacts if isinstance(entry, Contact) else self._groups
