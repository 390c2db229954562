"""One word and a note from presence documents, however they say it, and back."""

from __future__ import annotations

import pytest

from blinkq.payloads.pidf import PIDF
from blinkq.sipsimple.availability import MAX_NOTE, Availability, read_availability, read_word, write_availability

HEAD = (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
    ' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" xmlns:a="urn:ag-projects:xml:ns:pidf" entity="sip:bob@example.com">'
)


def document(body: str) -> PIDF:
    return PIDF.parse(f"{HEAD}{body}</presence>".encode())


def tuple_(basic: str, extended: str = "", note: str = "", id: str = "t") -> str:
    more = f"<a:extended>{extended}</a:extended>" if extended else ""
    said = f"<note>{note}</note>" if note else ""
    return f'<tuple id="{id}"><status><basic>{basic}</basic>{more}</status>{said}</tuple>'


def person(activity: str, note: str = "") -> str:
    said = f"<dm:note>{note}</dm:note>" if note else ""
    return f'<dm:person id="p"><rpid:activities><rpid:{activity}/></rpid:activities>{said}</dm:person>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", (Availability.UNKNOWN, "")),
        (tuple_("open"), (Availability.AVAILABLE, "")),
        (tuple_("closed", note="On holiday"), (Availability.OFFLINE, "On holiday")),
        (tuple_("open", "away"), (Availability.AWAY, "")),
        (tuple_("open", "busy", "Writing"), (Availability.BUSY, "Writing")),
        (tuple_("open", "offline"), (Availability.OFFLINE, "")),
        (tuple_("open") + person("on-the-phone"), (Availability.BUSY, "")),
        (tuple_("open") + person("lunch", "Back at one"), (Availability.AWAY, "Back at one")),
        (tuple_("closed") + person("busy"), (Availability.OFFLINE, "")),
        (tuple_("closed") + tuple_("open", "away", id="u"), (Availability.AWAY, "")),
        (tuple_("open", "away") + tuple_("open", id="u"), (Availability.AVAILABLE, "")),
        (f"{tuple_('open')}<note>two\n lines</note>", (Availability.AVAILABLE, "two lines")),
        ('<tuple id="t"/>', (Availability.UNKNOWN, "")),
    ],
)
def test_reading(body: str, expected: tuple[Availability, str]) -> None:
    assert read_availability([document(body)]) == expected


def test_several_documents_are_one_person() -> None:
    assert read_availability([document(tuple_("closed")), document(tuple_("open", "busy"))]) == (Availability.BUSY, "")
    assert read_availability([]) == (Availability.UNKNOWN, "")


@pytest.mark.parametrize("note", ["", "In the garden <really>"])
@pytest.mark.parametrize("availability", [Availability.AVAILABLE, Availability.BUSY, Availability.AWAY])
def test_what_is_written_is_read(availability: Availability, note: str) -> None:
    written = write_availability("sip:bob@example.com", availability, note)
    assert written is not None
    assert read_availability([PIDF.parse(written.to_bytes())]) == (availability, note)


def test_whoever_is_offline_says_nothing_but_a_note() -> None:
    assert write_availability("sip:bob@example.com", Availability.OFFLINE) is None
    written = write_availability("sip:bob@example.com", Availability.OFFLINE, "x" * 1000)
    assert written is not None
    assert read_availability([PIDF.parse(written.to_bytes())]) == (Availability.OFFLINE, "x" * MAX_NOTE)


def test_single_words() -> None:
    words = ["available", "on-the-phone", "Away", "invisible", "dancing"]
    assert [read_word(word) for word in words] == [
        Availability.AVAILABLE, Availability.BUSY, Availability.AWAY, Availability.OFFLINE, Availability.AVAILABLE,
    ]  # fmt: skip
