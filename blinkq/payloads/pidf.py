"""Presence documents: PIDF (RFC 3863) with the data model's person, service and device (RFC 4479), RPID, CIPID and capabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from blinkq.payloads.cipid import CAPS, CIPID, ServiceCapabilities
from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import (
    Element,
    ElementList,
    Root,
    TextElement,
    TranslatedText,
    attribute,
    child,
    children,
    text,
    text_child,
)
from blinkq.payloads.kinds import PRIORITY, TIMESTAMP, one_of
from blinkq.payloads.rpid import (
    DATA_MODEL,
    PLACES,
    RPID,
    Activities,
    Class,
    DeviceID,
    Mood,
    PlaceIs,
    PlaceType,
    Privacy,
    Relationship,
    ServiceClass,
    Sphere,
    StatusIcon,
    TimeOffset,
    UserInput,
)

__all__ = [
    "PIDF", "Contact", "DMNote", "Device", "DeviceInfo", "DeviceTimestamp", "PIDFDocument", "PIDFNote", "Person", "PersonTimestamp",
    "Service", "ServiceTimestamp", "Status",
]  # fmt: skip

NAMESPACE = "urn:ietf:params:xml:ns:pidf"
AGP = "urn:ag-projects:xml:ns:pidf"  # what clients of the SIP SIMPLE family add to services


@dataclass
class PIDFNote(TranslatedText):
    """A sentence on the presentity or on one service."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}note"


@dataclass
class DMNote(TranslatedText):
    """A sentence on a person or a device."""

    tag: ClassVar[str] = f"{{{DATA_MODEL}}}note"


@dataclass
class _Timestamp(Element):
    value: datetime | None = text(TIMESTAMP, required=False)

    def __str__(self) -> str:
        return self.value.isoformat() if self.value else ""


@dataclass
class ServiceTimestamp(_Timestamp):
    """When the status of a service changed."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}timestamp"


@dataclass
class PersonTimestamp(_Timestamp):
    """When what is said of a person was said."""

    tag: ClassVar[str] = f"{{{DATA_MODEL}}}timestamp"


DeviceTimestamp = PersonTimestamp  # RFC 4479 has one element for both


@dataclass
class Status(Element):
    """Whether a service can be reached: ``basic`` "open" or "closed"; ``extended`` a finer word like "away"."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}status"
    basic: str | None = text_child(f"{{{NAMESPACE}}}basic", one_of("open", "closed"))
    extended: str | None = text_child(f"{{{AGP}}}extended")


@dataclass
class Contact(TextElement):
    """The URI under which a service is reached; ``priority`` 0 to 1."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}contact"
    priority: float | None = attribute("priority", PRIORITY)


@dataclass
class DeviceInfo(Element):
    """On which device a service runs."""

    tag: ClassVar[str] = f"{{{AGP}}}device-info"
    id: str | None = attribute("id")
    description: str | None = text_child(f"{{{AGP}}}description")


@dataclass
class Service(Element):
    """A way to reach the presentity: PIDF's <tuple>."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}tuple"
    id: str = attribute("id", required=True)
    status: Status | None = child(Status)
    capabilities: ServiceCapabilities | None = child(ServiceCapabilities)
    device_info: DeviceInfo | None = child(DeviceInfo)
    rpid_class: Class | None = child(Class)
    privacy: Privacy | None = child(Privacy)
    relationship: Relationship | None = child(Relationship)
    service_class: ServiceClass | None = child(ServiceClass)
    status_icon: StatusIcon | None = child(StatusIcon)
    user_input: UserInput | None = child(UserInput)
    card: str | None = text_child(f"{{{CIPID}}}card")
    display_name: str | None = text_child(f"{{{CIPID}}}display-name")
    homepage: str | None = text_child(f"{{{CIPID}}}homepage")
    icon: str | None = text_child(f"{{{CIPID}}}icon")
    device_id: DeviceID | None = child(DeviceID)
    contact: Contact | None = child(Contact)
    notes: ElementList[PIDFNote] = children(PIDFNote)
    timestamp: ServiceTimestamp | None = child(ServiceTimestamp)


@dataclass
class Person(Element):
    """The human behind the services."""

    tag: ClassVar[str] = f"{{{DATA_MODEL}}}person"
    id: str = attribute("id", required=True)
    activities: Activities | None = child(Activities)
    rpid_class: Class | None = child(Class)
    mood: Mood | None = child(Mood)
    place_is: PlaceIs | None = child(PlaceIs)
    place_type: PlaceType | None = child(PlaceType)
    privacy: Privacy | None = child(Privacy)
    sphere: Sphere | None = child(Sphere)
    status_icon: StatusIcon | None = child(StatusIcon)
    time_offset: TimeOffset | None = child(TimeOffset)
    user_input: UserInput | None = child(UserInput)
    card: str | None = text_child(f"{{{CIPID}}}card")
    display_name: str | None = text_child(f"{{{CIPID}}}display-name")
    homepage: str | None = text_child(f"{{{CIPID}}}homepage")
    icon: str | None = text_child(f"{{{CIPID}}}icon")
    map: str | None = text_child(f"{{{CIPID}}}map")
    sound: str | None = text_child(f"{{{CIPID}}}sound")
    notes: ElementList[DMNote] = children(DMNote)
    timestamp: PersonTimestamp | None = child(PersonTimestamp)


@dataclass
class Device(Element):
    """A physical thing on which services run."""

    tag: ClassVar[str] = f"{{{DATA_MODEL}}}device"
    id: str = attribute("id", required=True)
    rpid_class: Class | None = child(Class)
    user_input: UserInput | None = child(UserInput)
    device_id: DeviceID | None = child(DeviceID)
    notes: ElementList[DMNote] = children(DMNote)
    timestamp: PersonTimestamp | None = child(PersonTimestamp)


@dataclass
class PIDF(Root):
    """The presence of ``entity`` (a URI): a list of services, persons and devices, to iterate, ``add`` to and ``remove`` from."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}presence"
    mime_type: ClassVar[str] = "application/pidf+xml"
    namespaces: ClassVar[dict[str | None, str]] = {
        None: NAMESPACE, "dm": DATA_MODEL, "rpid": RPID, "lt": PLACES, "c": CIPID, "caps": CAPS, "agp-pidf": AGP,
    }  # fmt: skip
    entity: str = attribute("entity", required=True)
    elements: ElementList[Service | Person | Device] = children(Service, Person, Device)
    notes: ElementList[PIDFNote] = children(PIDFNote)

    def add(self, element: Service | Person | Device) -> None:
        """Append an element."""
        self.elements.append(element)

    def remove(self, element: Service | Person | Device) -> None:
        """Take an element out; ValueError when it is not there."""
        self.elements.remove(element)

    def __iter__(self) -> Iterator[Service | Person | Device]:
        return iter(self.elements)

    def __len__(self) -> int:
        return len(self.elements)

    @property
    def services(self) -> list[Service]:
        """The services only."""
        return [element for element in self.elements if isinstance(element, Service)]

    @property
    def persons(self) -> list[Person]:
        """The persons only; more than one when several devices publish."""
        return [element for element in self.elements if isinstance(element, Person)]

    @property
    def devices(self) -> list[Device]:
        """The devices only."""
        return [element for element in self.elements if isinstance(element, Device)]


class PIDFDocument(XMLDocument[PIDF], root=PIDF):
    """application/pidf+xml."""
