"""Notifications on lists of buddies: several parts, the table of contents, and lists of addresses."""

from __future__ import annotations

import pytest

from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.multipart import Part, build_multipart, content_type_parameters, parse_multipart
from blinkq.payloads.pidf import PIDF, Service, Status
from blinkq.payloads.resourcelists import DisplayName, Entry, EntryRef, External, List, ResourceLists, ResourceListsDocument
from blinkq.payloads.rlmi import RLMI, Instance, Name, Resource
from blinkq.payloads.rlsnotify import RLSNotify
from blinkq.payloads.xcapdiff import Attribute, Document, Element, XCAPDiff, XCAPDiffDocument

TYPE = 'multipart/related; type="application/rlmi+xml"; start="<top@x>"; boundary="50UBfW7LSCVLtggUPe5z"'


def notify(*parts: Part) -> bytes:
    return build_multipart(list(parts), "50UBfW7LSCVLtggUPe5z")


TABLE = RLMI("sip:friends@x", 3, True, "top@x", [Name("Friends")], [
    Resource("sip:bob@x", [Name("Bob")], [Instance("a", "active", None, "bob@x")]),
    Resource("sip:dave@x", [], [Instance("b", "pending")]),
    Resource("sip:ed@x", [], [Instance("c", "terminated", "noresource", "gone@x"), Instance("d", "active", None, "bad@x")]),
    Resource("sip:eve@x"),
])  # fmt: skip


def test_a_notification_on_a_list_reads() -> None:
    bob = PIDF("sip:bob@x", [Service("t", Status("open"))])
    body = notify(
        Part("application/rlmi+xml;charset=UTF-8", TABLE.to_bytes(), {"content-id": "<top@x>"}),
        Part("application/pidf+xml", bob.to_bytes(), {"content-id": "<bob@x>"}),
        Part("application/pidf+xml", b"broken", {"content-id": "<bad@x>"}),
    )
    found = RLSNotify.parse(body, TYPE)
    assert (found.uri, found.version, found.full_state, len(found)) == ("sip:friends@x", 3, True, 4)
    assert [(item.uri, item.name, item.state, item.reason, item.pidf_list) for item in found] == [
        ("sip:bob@x", "Bob", "active", None, [bob]), ("sip:dave@x", None, "pending", None, []), ("sip:ed@x", None, "active", None, []),
        ("sip:eve@x", None, None, None, []),
    ]  # fmt: skip


def test_a_notification_without_its_table_is_a_parser_error() -> None:
    with pytest.raises(ParserError):
        RLSNotify.parse(notify(Part("application/pidf+xml", b"", {"content-id": "<top@x>"})), TYPE)
    with pytest.raises(ParserError):
        RLSNotify.parse(b"", TYPE)


def test_parts_read_as_they_were_written() -> None:
    parts = [Part("text/plain", b"one\r\n", {"content-id": "<1>"}), Part("text/plain", b""), Part("image/png", b"\x00--x\r\n--y")]
    body = b"a preamble\r\n" + build_multipart(parts, "bound") + b"an epilogue"
    assert parse_multipart(body, "multipart/mixed; boundary=bound") == parts
    assert parts[0].content_id == "1"
    assert parts[1].content_id is None
    assert parse_multipart(b"--b\n\nhi\n--b--", 'Multipart/Mixed;boundary="b"') == [Part("text/plain", b"hi")]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--b\r\n\r\nx", "multipart/mixed;boundary=b"), (b"--b--", "multipart/mixed"), (b"--b--", "text/plain;boundary=b"),
        (b"--b\r\n\r\n" * 2000 + b"--b--", "multipart/mixed;boundary=b"), (b"", "multipart/mixed;boundary=" + "b" * 80),
    ],
)  # fmt: skip
def test_what_is_not_several_parts(body: bytes, content_type: str) -> None:
    with pytest.raises(ParserError):
        parse_multipart(body, content_type)


def test_a_boundary_must_not_be_in_the_parts() -> None:
    with pytest.raises(BuilderError):
        build_multipart([Part("text/plain", b"--b")], "b")
    with pytest.raises(BuilderError):
        build_multipart([], "b\r\n")


def test_the_parameters_of_a_content_type() -> None:
    assert content_type_parameters('Text/Plain ; charset="a\\"b"; X=y; junk') == ("text/plain", {"charset": 'a"b', "x": "y"})


def test_lists_in_lists() -> None:
    inner = List("inner", None, [Entry("sip:c@x"), EntryRef("r"), External("a")])
    lists = ResourceLists([List("all", DisplayName("All"), [Entry("sip:a@x", DisplayName("A", "en")), inner, Entry("sip:b@x")])])
    again = ResourceListsDocument.parse(lists.toxml())
    assert again == lists
    (outer,) = again
    assert [type(item).__name__ for item in outer] == ["Entry", "List", "Entry"]
    assert len(again) == 1
    outer.add(Entry("sip:d@x"))
    again.add(List())
    assert (len(outer), len(again)) == (4, 2)
    assert RLMI.parse(TABLE.to_bytes()) == TABLE


def test_changes_on_an_xcap_server() -> None:
    document = XCAPDiffDocument.parse(
        '<xcap-diff xmlns="urn:ietf:params:xml:ns:xcap-diff" xcap-root="https://xcap.example.com/root/">'
        '<document new-etag="7" sel="resource-lists/users/sip:joe@example.com/index" previous-etag="6"><body-not-changed/></document>'
        '<element sel="rls/list" exists="0"/><attribute sel="rls/@a">x</attribute><document/></xcap-diff>'
    )
    assert document.xcap_root == "https://xcap.example.com/root/"
    assert list(document) == [
        Document("resource-lists/users/sip:joe@example.com/index", "7", "6", True),
        Element("rls/list", False), Attribute("rls/@a", None, "x"),
    ]  # fmt: skip
    assert XCAPDiff.parse(document.to_bytes()) == document
    assert len(document) == 3
