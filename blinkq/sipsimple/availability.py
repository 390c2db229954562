"""Availability: presence as people use it, one word and a note, read from and written as presence documents.

Documents say the same in many ways; clients of this family use ``extended`` of a service, others RPID activities (RFC 4480 §3.2), the
simplest ones only open and closed (RFC 3863 §4.1.4). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from blinkq.payloads.element import ElementList
from blinkq.payloads.pidf import PIDF, DMNote, Person, PIDFNote, Service, Status
from blinkq.payloads.rpid import Activities

__all__ = ["MAX_NOTE", "Availability", "read_availability", "read_word", "write_availability"]

#: characters of a note that are read or written: longer is no note
MAX_NOTE = 250


class Availability(StrEnum):
    """Whether somebody can be called; ``UNKNOWN`` is what is not told."""

    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


_BUSY = frozenset({"appointment", "busy", "meeting", "on-the-phone", "performance", "presentation", "steering"})
_AWAY = frozenset({
    "away", "breakfast", "dinner", "extended-away", "holiday", "in-transit", "lunch", "meal", "permanent-absence", "sleeping", "travel",
    "vacation",
})  # fmt: skip
#: of several services the one counts that reaches the person best
_ORDER = (Availability.AVAILABLE, Availability.BUSY, Availability.AWAY, Availability.OFFLINE)


def read_availability(documents: Iterable[PIDF]) -> tuple[Availability, str]:
    """What presence documents of one person say: a word, and the person's own note (one line, "" for none)."""
    services: list[Availability] = []
    activities: set[str] = set()
    notes: list[str] = []
    for document in documents:
        services += [_service(service) for service in document.services if service.status is not None]
        for person in document.persons:
            activities.update(person.activities.values if person.activities is not None else ())
            notes += [str(note.value or "") for note in person.notes]
        notes += [str(note.value or "") for service in document.services for note in service.notes]
        notes += [str(note.value or "") for note in document.notes]
    said = [" ".join(note.split())[:MAX_NOTE] for note in notes]
    best = next((availability for availability in _ORDER if availability in services), Availability.UNKNOWN)
    if best is Availability.AVAILABLE:
        best = Availability.BUSY if activities & _BUSY else Availability.AWAY if activities & _AWAY else best
    return best, next((note for note in said if note), "")


def write_availability(entity: str, availability: Availability, note: str = "", id: str = "blinkq") -> PIDF | None:
    """The document that says so of ``entity`` (a URI); None, nothing at all, for somebody offline or unknown without a note.

    :param id: tells this installation's service from that of others
    """
    said = " ".join(note.split())[:MAX_NOTE]
    reachable = availability not in (Availability.OFFLINE, Availability.UNKNOWN)
    if not reachable and not said:
        return None
    document = PIDF(entity)
    extended = str(availability) if reachable else "offline"
    service = Service(f"SID-{id}", Status("open" if reachable else "closed", extended))
    person = Person(f"PID-{id}")
    if availability in (Availability.BUSY, Availability.AWAY):
        person.activities = Activities(values=ElementList([str(availability)]))
    if said:
        service.notes.append(PIDFNote(said))
        person.notes.append(DMNote(said))
    document.add(service)
    document.add(person)
    return document


def read_word(word: str) -> Availability:
    """What one word of somebody says, such as "away" or "on-the-phone"; whoever says a word unknown to us is there."""
    lowered = word.lower()
    if lowered in _BUSY:
        return Availability.BUSY
    if lowered in _AWAY:
        return Availability.AWAY
    return Availability.OFFLINE if lowered in ("offline", "invisible") else Availability.AVAILABLE


def _service(service: Service) -> Availability:
    assert service.status is not None
    return Availability.OFFLINE if service.status.basic == "closed" else read_word(service.status.extended or "")
