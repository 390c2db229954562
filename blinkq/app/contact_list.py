"""The people that can be called with a double click: contacts with their presence, and neighbours on the local network. A model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PyQt6.QtCore import QCoreApplication, QObject, pyqtSignal

from blinkq.app.address import display_address
from blinkq.app.people import ContactEntry, Neighbour, PeopleLike, PersonState
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.availability import Availability, read_availability

__all__ = ["ContactGroup", "ContactList", "Person"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the list: a contact or a neighbour, and what is known of it."""

    key: str
    name: str
    addresses: tuple[str, ...]
    state: PersonState
    contact: ContactEntry | None = None
    neighbour: Neighbour | None = None


@dataclass(frozen=True, slots=True)
class ContactGroup:
    """A heading and the people below it, by name."""

    title: str
    people: list[Person] = field(default_factory=list)


class ContactList(QObject):
    """Keeps contacts, presence and neighbours. ``changed`` when anything of them has."""

    changed = pyqtSignal()

    def __init__(self, people: PeopleLike, bridge: NotificationBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._people = people
        self._contacts: list[ContactEntry] = []
        self._presence: dict[tuple[int, str], tuple[Availability, str]] = {}
        self._in_call: dict[tuple[int, str], bool] = {}
        for name in _ENTRIES:
            bridge.listen(name, self._entries_changed)
        for name in ("SIPAccountGotPresenceState", "SIPAccountGotDialogState", "SIPAccountDidDeactivate", "CFGSettingsObjectDidChange"):
            bridge.listen(name, getattr(self, f"_NH_{name}"))

    def reload(self) -> None:
        """Read the contacts again."""
        self._contacts = self._people.contacts()
        self.changed.emit()

    @property
    def groups(self) -> list[ContactGroup]:
        """The groups with people in them, by name, those without a group first and neighbours last."""
        found: dict[str, ContactGroup] = {}
        for entry in self._contacts:
            group = found.setdefault(entry.group, ContactGroup(entry.group or _tr("Contacts")))
            group.people.append(Person(f"contact {entry.id}", entry.name, entry.addresses, self._state(entry), contact=entry))
        groups = [found[name] for name in sorted(found, key=str.casefold)]
        if self._people.local_network():
            near = [
                Person(f"neighbour {one.key}", one.name, (one.uri,), PersonState(one.availability, one.note), neighbour=one)
                for one in self._people.neighbours()
            ]
            groups.append(ContactGroup(_tr("On the local network"), near))
        for group in groups:
            group.people.sort(key=lambda person: (person.name.casefold(), person.key))
        return groups

    @property
    def group_names(self) -> list[str]:
        """The groups that contacts are in."""
        return sorted({entry.group for entry in self._contacts if entry.group}, key=str.casefold)

    def name_of(self, uri: str) -> str:
        """The name that the user gave to whoever has this address; empty for somebody unknown."""
        wanted = display_address(uri).lower()
        for entry in self._contacts:
            if any(display_address(address).lower() == wanted for address in entry.addresses):
                return entry.name
        return ""

    def addresses(self) -> list[str]:
        """"Name <address>" of all contacts, for completing what is typed."""
        return [f"{entry.name} <{display_address(address)}>" for entry in self._contacts for address in entry.addresses]

    def _state(self, entry: ContactEntry) -> PersonState:
        """What the preferred address says that says anything."""
        known = [value for address in entry.addresses for (_account, uri), value in self._presence.items() if uri == address]
        told = [value for value in known if value[0] is not Availability.UNKNOWN]
        availability, note = (told or known or [(Availability.UNKNOWN, "")])[0]
        in_call = any(busy for (_account, uri), busy in self._in_call.items() if uri in entry.addresses)
        return PersonState(availability, note, in_call)

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _entries_changed(self, _notification: Notification) -> None:
        self.reload()

    def _NH_SIPAccountGotPresenceState(self, notification: Notification) -> None:
        for uri, resource in _resources(notification).items():
            documents = list(resource.pidf_list or ())
            told = bool(documents) or resource.state == "active"
            # whoever lets us watch and says nothing is not there
            state = read_availability(documents) if documents else (Availability.OFFLINE if told else Availability.UNKNOWN, "")
            self._presence[id(notification.sender), uri] = state
        self.changed.emit()

    def _NH_SIPAccountGotDialogState(self, notification: Notification) -> None:
        for uri, resource in _resources(notification).items():
            self._in_call[id(notification.sender), uri] = bool(resource.busy)
        self.changed.emit()

    def _NH_CFGSettingsObjectDidChange(self, _notification: Notification) -> None:
        self.changed.emit()  # the local network may have been switched on or off

    def _NH_SIPAccountDidDeactivate(self, notification: Notification) -> None:
        gone = id(notification.sender)
        self._presence = {key: value for key, value in self._presence.items() if key[0] != gone}
        self._in_call = {key: value for key, value in self._in_call.items() if key[0] != gone}
        self.changed.emit()


_ENTRIES = (
    "AddressbookManagerDidAddContact", "AddressbookManagerDidRemoveContact", "AddressbookContactDidChange",
    "AddressbookManagerDidAddGroup", "AddressbookManagerDidRemoveGroup", "AddressbookGroupDidChange",
    "BonjourAccountDidAddNeighbour", "BonjourAccountDidUpdateNeighbour", "BonjourAccountDidRemoveNeighbour",
)  # fmt: skip


def _resources(notification: Notification) -> dict[str, Any]:
    resources: dict[str, Any] = notification.data.resource_map
    return resources


def _tr(text: str) -> str:
    return QCoreApplication.translate("ContactList", text)
