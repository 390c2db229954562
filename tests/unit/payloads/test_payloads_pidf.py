"""Presence documents: read, written, and forgiving where they can be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blinkq.payloads.cipid import ServiceCapabilities
from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.pidf import (
    PIDF,
    Contact,
    Device,
    DeviceInfo,
    DMNote,
    Person,
    PersonTimestamp,
    PIDFDocument,
    PIDFNote,
    Service,
    ServiceTimestamp,
    Status,
)
from blinkq.payloads.rpid import (
    Activities,
    Class,
    DeviceID,
    Mood,
    PlaceIs,
    PlaceType,
    Privacy,
    Relationship,
    RPIDNote,
    ServiceClass,
    Sphere,
    StatusIcon,
    TimeOffset,
    UserInput,
)

WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)

RICH = b"""<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:c="urn:ietf:params:xml:ns:pidf:cipid" entity="pres:bob@example.com">
  <tuple id="t1">
    <status><basic>open</basic></status>
    <dm:deviceID>urn:device:1</dm:deviceID>
    <r:privacy><r:audio/></r:privacy>
    <r:user-input idle-threshold="600" last-input="2026-05-04T05:02:01+02:00">idle</r:user-input>
    <contact priority="0.8">sip:bob@198.51.100.7</contact>
    <note xml:lang="fr">Bonjour</note>
    <timestamp>2026-05-04T03:02:01Z</timestamp>
  </tuple>
  <future xmlns="urn:example:future"><thing/></future>
  <dm:person id="p1">
    <r:activities from="2026-05-04T03:02:01Z"><r:note>in town</r:note><r:lunch/><r:other>painting</r:other></r:activities>
    <r:mood><r:happy/><r:sad/></r:mood>
    <r:place-is><r:audio><r:noisy/></r:audio></r:place-is>
    <r:sphere><r:work/></r:sphere>
    <r:time-offset description="Berlin">120</r:time-offset>
    <c:homepage>https://example.com/bob</c:homepage>
    <dm:note>Back at two</dm:note>
    <dm:timestamp>2026-05-04T03:02:01.5Z</dm:timestamp>
  </dm:person>
  <dm:device id="d1"><dm:deviceID>urn:device:1</dm:deviceID></dm:device>
  <note>All fine</note>
</presence>"""


def test_a_rich_document_reads() -> None:
    pidf = PIDF.parse(RICH)
    assert pidf.entity == "pres:bob@example.com"
    service, person, device = pidf
    assert isinstance(service, Service)
    assert service.status is not None
    assert service.status.basic == "open"
    assert service.contact == Contact("sip:bob@198.51.100.7", 0.8)
    assert service.user_input == UserInput("idle", last_input=WHEN, idle_threshold=600)
    assert service.privacy is not None
    assert (service.privacy.audio, service.privacy.video) == (True, False)
    assert service.timestamp == ServiceTimestamp(WHEN)
    assert [(note.lang, str(note)) for note in service.notes] == [("fr", "Bonjour")]
    assert isinstance(person, Person)
    assert person.activities is not None
    assert person.activities.values == ["lunch", "painting"]
    assert person.activities.since == WHEN
    assert [str(note) for note in person.activities.notes] == ["in town"]
    assert person.mood == Mood(values=["happy", "sad"])
    assert person.place_is == PlaceIs(audio="noisy")
    assert person.sphere == Sphere("work")
    assert person.time_offset == TimeOffset(120, description="Berlin")
    assert person.homepage == "https://example.com/bob"
    assert person.timestamp is not None
    assert person.timestamp.value == WHEN.replace(microsecond=500_000)
    assert isinstance(device, Device)
    assert str(device.device_id) == "urn:device:1"
    assert [str(note) for note in pidf.notes] == ["All fine"]


def full() -> PIDF:
    pidf = PIDF("sip:alice@example.com")
    service = Service("s1", Status("open", "away"), ServiceCapabilities(audio=True, video=False), DeviceInfo("d", "desk"))
    service.rpid_class, service.relationship, service.service_class = Class("blue"), Relationship("family"), ServiceClass("electronic")
    service.status_icon, service.display_name = StatusIcon("https://example.com/i", since=WHEN), "Alice"
    service.contact, service.timestamp = Contact("sip:alice@192.0.2.1", 0.123), ServiceTimestamp(WHEN)
    service.notes.add(PIDFNote("Grüße", lang="de"))
    person = Person("p1", Activities(id="x", until=WHEN), mood=Mood(), place_type=PlaceType(values=["office"]), privacy=Privacy(text=True))
    assert person.activities is not None
    assert person.mood is not None
    person.activities.add("busy")
    person.activities.notes.add(RPIDNote("x", lang="en"))
    person.mood.add("calm")
    person.mood.add("delirious")
    person.timestamp = PersonTimestamp(WHEN)
    person.notes.add(DMNote("<&>"))
    pidf.add(service)
    pidf.add(person)
    pidf.add(Device("d1", device_id=DeviceID("urn:uuid:1")))
    pidf.notes.add(PIDFNote("whole"))
    return pidf


def test_what_is_written_reads_the_same() -> None:
    pidf = full()
    assert PIDF.parse(pidf.toxml()) == pidf
    assert PIDF.parse(pidf.toxml(pretty_print=True)) == pidf
    assert PIDFDocument.parse(PIDFDocument.build(pidf)) == pidf
    assert (len(pidf.services), len(pidf.persons), len(pidf.devices), len(pidf)) == (1, 1, 1, 3)
    assert PIDFDocument.content_type == "application/pidf+xml"


def test_the_prefixes_are_the_usual_ones_and_only_those_needed() -> None:
    document = PIDF("sip:a@b", elements=[Person("p", Activities(values=["away"]))]).toxml()
    assert b'xmlns="urn:ietf:params:xml:ns:pidf"' in document
    assert b"<rpid:away/>" in document
    assert b"cipid" not in document


def test_words_can_be_taken_out() -> None:
    activities = Activities(values=["busy", "away"])
    activities.values.remove("busy")
    activities.remove("away")
    with pytest.raises(ValueError):
        activities.remove("tv")
    activities.add("tv")
    activities.clear()
    assert not activities.values


@pytest.mark.parametrize(
    "body",
    [b"", b"<a/>", b'<presence xmlns="urn:ietf:params:xml:ns:pidf"/>', b'<presence entity="sip:a@b"/>'],
)
def test_what_is_no_presence_is_a_parser_error(body: bytes) -> None:
    with pytest.raises(ParserError):
        PIDF.parse(body)


def test_senseless_values_are_as_if_absent_and_broken_children_are_left_out() -> None:
    pidf = PIDF.parse(
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:a@b"><tuple/><tuple id="t"><status><basic>maybe</basic></status>'
        '<contact priority="7">sip:x</contact><timestamp>yesterday</timestamp></tuple></presence>'
    )
    (service,) = pidf.services
    assert service.status == Status(None)
    assert service.contact == Contact("sip:x", None)
    assert service.timestamp == ServiceTimestamp(None)


@pytest.mark.parametrize(
    "element",
    [
        Service("s", Status("maybe")), Service("s", contact=Contact("sip:x", 2.0)), Service("s", contact="sip:x"),  # type: ignore[arg-type]
        Person("p", timestamp=PersonTimestamp("now")), Person("p", display_name="\x00"), Person("p", place_is=PlaceIs(audio="loud")),  # type: ignore[arg-type]
        Person(None), Person("p", activities=Activities(values=[7])), "person",  # type: ignore[arg-type, list-item]
    ],
)  # fmt: skip
def test_wrong_values_are_builder_errors(element: Person) -> None:
    with pytest.raises(BuilderError):
        PIDF("sip:a@b", elements=[element]).toxml()


def test_a_moment_without_a_zone_is_local_time() -> None:
    naive = datetime(2026, 1, 1, 12)
    parsed = PIDF.parse(PIDF("sip:a@b", elements=[Person("p", timestamp=PersonTimestamp(naive))]).toxml())
    timestamp = parsed.persons[0].timestamp
    assert timestamp is not None
    assert timestamp.value == naive.astimezone()
