"""No bytes from a peer make the readers of bodies raise anything but ParserError, and what they read can be written and read again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.payloads.conference import Conference
from blinkq.payloads.conference_state import ConferenceTable
from blinkq.payloads.cpim import CPIMPayload, SimplePayload
from blinkq.payloads.dialoginfo import DialogInfo, DialogInfoState
from blinkq.payloads.errors import ParserError
from blinkq.payloads.imdn import IMDNMessage
from blinkq.payloads.iscomposing import IsComposingMessage
from blinkq.payloads.messagesummary import MessageSummary
from blinkq.payloads.multipart import parse_multipart
from blinkq.payloads.pidf import PIDF
from blinkq.payloads.resourcelists import ResourceLists
from blinkq.payloads.rlmi import RLMI
from blinkq.payloads.rlsnotify import RLSNotify
from blinkq.payloads.watcherinfo import WatcherInfo, WatcherInfoState
from blinkq.payloads.xcapdiff import XCAPDiff

ROOTS = [PIDF, WatcherInfo, DialogInfo, Conference, IMDNMessage, IsComposingMessage, RLMI, ResourceLists, XCAPDiff]
TYPE = 'multipart/related; boundary="b"; start="<t>"'
READERS: list[Callable[[bytes], Any]] = [
    *(root.parse for root in ROOTS), MessageSummary.parse, CPIMPayload.decode, lambda data: RLSNotify.parse(data, TYPE),
    lambda data: parse_multipart(data, TYPE), lambda data: SimplePayload.decode(data, "text/plain; charset=utf-16"),
]  # fmt: skip

ATTRIBUTES = ["id", "entity", "version", "state", "status", "uri", "resource", "package", "fullState", "priority", "from", "until", "code"]
VALUES = [
    "0", "1", "7", "full", "partial", "deleted", "active", "true", "sip:a@b", "2026-01-01T00:00:00Z", "", "\u00e9", " x ", "&#10;", "&amp;",
    "confirmed", "open", "early", "-3", "1e9", "99999999999999999999",
]  # fmt: skip
NAMES = [
    "tuple", "status", "basic", "contact", "note", "timestamp", "watcher-list", "watcher", "dialog", "state", "remote", "identity",
    "target",
    "users", "user", "endpoint", "media", "display-text", "message-id", "delivery-notification", "refresh", "resource", "instance", "name",
    "list", "entry", "conference-description", "person", "activities", "other", "busy", "mood", "privacy", "audio", "noisy",
]  # fmt: skip
MORE = ["urn:ietf:params:xml:ns:pidf:rpid", "urn:ietf:params:xml:ns:pidf:data-model"]


def document(root: Any, chance: random.Random) -> bytes:
    """A document with the right root element and anything below it."""
    namespace, _, name = root.tag[1:].partition("}")

    def attributes() -> str:
        return "".join(f' {key}="{chance.choice(VALUES)}"' for key in chance.sample(ATTRIBUTES, chance.randrange(7)))

    def node(depth: int) -> str:
        tag = chance.choice(NAMES)
        space = chance.choice(["", "", *(f' xmlns="{other}"' for other in MORE)])
        inner = "".join(node(depth + 1) for _ in range(chance.randrange(4))) if depth < 4 else ""
        return f"<{tag}{attributes()}{space}>{chance.choice(VALUES)}{inner}</{tag}>"

    inner = "".join(node(1) for _ in range(chance.randrange(6)))
    return f'<{name} xmlns="{namespace}"{attributes()}>{inner}</{name}>'.encode()


@given(st.binary(max_size=300), st.sampled_from(READERS))
def test_any_bytes(data: bytes, reader: Callable[[bytes], Any]) -> None:
    try:
        reader(data)
    except ParserError:
        pass


@given(st.sampled_from(ROOTS), st.integers(0, 2**32))
def test_any_elements(root: Any, seed: int) -> None:
    try:
        parsed = root.parse(document(root, random.Random(seed)))
    except ParserError:
        return
    assert root.parse(parsed.to_bytes()) == parsed


LINES = [b"From: <sip:a@b>", b"NS: x <y>", b"x.Y: z", b"Subject: \\u00e", b"", b"Content-Type: text/plain", b":", b"--b", b"--b--"]


@given(st.lists(st.sampled_from(LINES)))
def test_lines_in_any_order(lines: list[bytes]) -> None:
    for reader in (CPIMPayload.decode, MessageSummary.parse, lambda data: RLSNotify.parse(data, TYPE)):
        try:
            found = reader(b"\r\n".join(lines))
        except ParserError:
            continue
        if isinstance(found, CPIMPayload):
            assert CPIMPayload.decode(found.encode()[0]) == found


@pytest.mark.parametrize("table", [ConferenceTable, DialogInfoState, WatcherInfoState])
@given(seed=st.integers(0, 2**32))
def test_any_documents_one_after_another(table: type[Any], seed: int) -> None:
    root = {ConferenceTable: Conference, DialogInfoState: DialogInfo, WatcherInfoState: WatcherInfo}[table]
    keeper = table()
    chance = random.Random(seed)
    for _ in range(5):
        try:
            keeper.apply(root.parse(document(root, chance)))
        except ParserError:
            pass
