"""What a person, a service or a device is doing: rich presence (RPID, RFC 4480), the parts of a PIDF document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from lxml import etree

from blinkq.payloads.element import Binding, Element, ElementList, TextElement, TranslatedText, attribute, bound, children, flag, text
from blinkq.payloads.kinds import INTEGER, TIMESTAMP, one_of
from blinkq.payloads.xml import Node

__all__ = [
    "RPID", "Activities", "ActivityRegistry", "Class", "DeviceID", "Mood", "MoodRegistry", "PlaceIs", "PlaceType", "Privacy", "RPIDNote",
    "Relationship", "ServiceClass", "Sphere", "StatusIcon", "TimeOffset", "UserInput",
]  # fmt: skip

RPID = "urn:ietf:params:xml:ns:pidf:rpid"
DATA_MODEL = "urn:ietf:params:xml:ns:pidf:data-model"
PLACES = "urn:ietf:params:xml:ns:location-type"


class ActivityRegistry:
    """The activities of RFC 4480 §3.2."""

    names: ClassVar[tuple[str, ...]] = (
        "appointment", "away", "breakfast", "busy", "dinner", "holiday", "in-transit", "looking-for-work", "lunch", "meal", "meeting",
        "on-the-phone", "performance", "permanent-absence", "playing", "presentation", "shopping", "sleeping", "spectator", "steering",
        "travel", "tv", "unknown", "vacation", "working", "worship", "other",
    )  # fmt: skip


class MoodRegistry:
    """The moods of RFC 4480 §3.4."""

    names: ClassVar[tuple[str, ...]] = (
        "afraid", "amazed", "angry", "annoyed", "anxious", "ashamed", "bored", "brave", "calm", "cold", "confused", "contented", "cranky",
        "curious", "depressed", "disappointed", "disgusted", "distracted", "embarrassed", "excited", "flirtatious", "frustrated", "grumpy",
        "guilty", "happy", "hot", "humbled", "humiliated", "hungry", "hurt", "impressed", "in_awe", "in_love", "indignant", "interested",
        "invincible", "jealous", "lonely", "mean", "moody", "nervous", "neutral", "offended", "playful", "proud", "relieved", "remorseful",
        "restless", "sad", "sarcastic", "serious", "shocked", "shy", "sick", "sleepy", "stressed", "surprised", "thirsty", "unknown",
        "worried", "other",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Words(Binding):
    """Empty children that are words, like <busy/>; what is not in the list is written and read as the text of <other>."""

    words: frozenset[str]
    namespace: str = RPID
    other: str = "other"

    def read(self, node: Node) -> ElementList[str]:
        found: ElementList[str] = ElementList()
        for item in node:
            name = etree.QName(item)
            if name.namespace == self.namespace and name.localname in self.words:
                said = (item.text or "").strip() if name.localname == self.other else ""
                found.add(said or name.localname)
        return found

    def write(self, node: Node, value: Any) -> None:
        for word in value:
            if not isinstance(word, str):
                raise TypeError(f"text is needed, not {type(word).__name__}")
            if word in self.words:
                etree.SubElement(node, f"{{{self.namespace}}}{word}")
            else:
                etree.SubElement(node, f"{{{self.namespace}}}{self.other}").text = word


@dataclass(frozen=True, slots=True)
class _Word(Binding):
    """A child whose child is one word: <audio><noisy/></audio>."""

    tag: str
    words: frozenset[str]

    def read(self, node: Node) -> str | None:
        found = node.find(self.tag)
        names = [etree.QName(item).localname for item in found] if found is not None else []
        return next((str(name) for name in names if name in self.words), None)

    def write(self, node: Node, value: Any) -> None:
        if value is None:
            return
        if value not in self.words:
            raise ValueError(f"is none of {', '.join(sorted(self.words))}")
        etree.SubElement(etree.SubElement(node, self.tag), f"{{{RPID}}}{value}")


@dataclass
class RPIDNote(TranslatedText):
    """A sentence of the user on one of the elements below; ``lang`` is its language."""

    tag: ClassVar[str] = f"{{{RPID}}}note"


class _Wordy(Element):
    """What activities and moods can do alike."""

    values: ElementList[str]

    def add(self, value: str) -> None:
        """Add a word."""
        self.values.add(value)

    def remove(self, value: str) -> None:
        """Take a word out; ValueError when it is not there."""
        self.values.remove(value)

    def clear(self) -> None:
        """Take all words out."""
        self.values.clear()


@dataclass
class Activities(_Wordy):
    """What the person is doing: ``values`` are names of ActivityRegistry, or own words; ``since`` and ``until`` say from when to when."""

    tag: ClassVar[str] = f"{{{RPID}}}activities"
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)
    notes: ElementList[RPIDNote] = children(RPIDNote)
    values: ElementList[str] = bound(_Words(frozenset(ActivityRegistry.names)), ElementList)


@dataclass
class Mood(_Wordy):
    """How the person feels: ``values`` are names of MoodRegistry, or own words."""

    tag: ClassVar[str] = f"{{{RPID}}}mood"
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)
    notes: ElementList[RPIDNote] = children(RPIDNote)
    values: ElementList[str] = bound(_Words(frozenset(MoodRegistry.names)), ElementList)


@dataclass
class PlaceIs(Element):
    """Whether the surroundings are good for a conversation by voice, video or text."""

    tag: ClassVar[str] = f"{{{RPID}}}place-is"
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)
    notes: ElementList[RPIDNote] = children(RPIDNote)
    audio: str | None = bound(_Word(f"{{{RPID}}}audio", frozenset({"noisy", "ok", "quiet", "unknown"})))
    video: str | None = bound(_Word(f"{{{RPID}}}video", frozenset({"toobright", "ok", "dark", "unknown"})))
    text: str | None = bound(_Word(f"{{{RPID}}}text", frozenset({"uncomfortable", "inappropriate", "ok", "unknown"})))


@dataclass
class PlaceType(Element):
    """The kind of place where the person is (RFC 4589): ``values`` are its words, or own ones."""

    tag: ClassVar[str] = f"{{{RPID}}}place-type"
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)
    notes: ElementList[RPIDNote] = children(RPIDNote)
    values: ElementList[str] = bound(
        _Words(
            frozenset({
                "aircraft", "airport", "arena", "automobile", "bank", "bar", "bicycle", "bus", "bus-station", "cafe", "classroom", "club",
                "construction", "convention-center", "government", "hospital", "hotel", "industrial", "library", "motorcycle", "office",
                "other", "outdoors", "parking", "place-of-worship", "prison", "public", "public-transport", "residence", "restaurant",
                "school", "shopping-area", "stadium", "store", "street", "theater", "train", "train-station", "truck", "underway",
                "unknown", "warehouse", "water", "watercraft",
            }),
            PLACES,
        ),
        ElementList,
    )  # fmt: skip


@dataclass
class Privacy(Element):
    """Which media others nearby cannot hear or see (RFC 4480 §3.7); none of them means unknown."""

    tag: ClassVar[str] = f"{{{RPID}}}privacy"
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)
    notes: ElementList[RPIDNote] = children(RPIDNote)
    unknown: bool = flag(f"{{{RPID}}}unknown")
    audio: bool = flag(f"{{{RPID}}}audio")
    text: bool = flag(f"{{{RPID}}}text")
    video: bool = flag(f"{{{RPID}}}video")


@dataclass(frozen=True, slots=True)
class _OneWord(Binding):
    """The element's only child is one word."""

    words: frozenset[str]

    def read(self, node: Node) -> str | None:
        found = _Words(self.words).read(node)
        return found[0] if found else None

    def write(self, node: Node, value: Any) -> None:
        _Words(self.words).write(node, [] if value is None else [value])


@dataclass
class Relationship(Element):
    """What a service that is not the person's own is to the person: ``value`` like "family", or an own word."""

    tag: ClassVar[str] = f"{{{RPID}}}relationship"
    value: str | None = bound(_OneWord(frozenset({"assistant", "associate", "family", "friend", "other", "self", "supervisor", "unknown"})))
    notes: ElementList[RPIDNote] = children(RPIDNote)


@dataclass
class ServiceClass(Element):
    """Whether the service is electronic, or postal, courier, freight or in-person."""

    tag: ClassVar[str] = f"{{{RPID}}}service-class"
    value: str | None = bound(_OneWord(frozenset({"courier", "electronic", "freight", "in-person", "other", "postal", "unknown"})))
    notes: ElementList[RPIDNote] = children(RPIDNote)


@dataclass
class Sphere(Element):
    """The person's current role: "work", "home", or an own word."""

    tag: ClassVar[str] = f"{{{RPID}}}sphere"
    value: str | None = bound(_OneWord(frozenset({"home", "work", "unknown", "other"})))
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)


@dataclass
class StatusIcon(TextElement):
    """URI of a picture of the current status."""

    tag: ClassVar[str] = f"{{{RPID}}}status-icon"
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)

    def __str__(self) -> str:
        return self.value or ""


@dataclass
class TimeOffset(Element):
    """Minutes from UTC where the person is."""

    tag: ClassVar[str] = f"{{{RPID}}}time-offset"
    value: int | None = text(INTEGER)
    id: str | None = attribute("id")
    since: datetime | None = attribute("from", TIMESTAMP)
    until: datetime | None = attribute("until", TIMESTAMP)
    description: str | None = attribute("description")


@dataclass
class UserInput(Element):
    """Whether the user has touched the device lately: ``value`` "active" or "idle"; ``idle_threshold`` in seconds."""

    tag: ClassVar[str] = f"{{{RPID}}}user-input"
    value: str | None = text(one_of("active", "idle"))
    id: str | None = attribute("id")
    last_input: datetime | None = attribute("last-input", TIMESTAMP)
    idle_threshold: int | None = attribute("idle-threshold", INTEGER)


@dataclass
class Class(TextElement):
    """A name that groups services, devices or persons for whoever filters presence."""

    tag: ClassVar[str] = f"{{{RPID}}}class"


@dataclass
class DeviceID(TextElement):
    """The URN of a device (RFC 4479)."""

    tag: ClassVar[str] = f"{{{DATA_MODEL}}}deviceID"
