"""Watcher information: documents and what they say together."""

from __future__ import annotations

import pytest

from blinkq.payloads.errors import ParserError
from blinkq.payloads.watcherinfo import Watcher, WatcherInfo, WatcherInfoDocument, WatcherInfoState, WatcherList

SAMPLE = b"""<?xml version="1.0"?>
<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="0" state="full">
  <watcher-list resource="sip:carol@example.org" package="presence">
    <watcher id="w1" event="subscribe" status="pending" display-name="Mr. Watcher" duration-subscribed="509">sip:a@example.com</watcher>
    <watcher id="w2" event="approved" status="active">sip:b@example.com</watcher>
    <watcher id="w3" event="odd" status="dancing">sip:c@example.com</watcher>
  </watcher-list>
</watcherinfo>"""


def info(version: int, state: str, **watchers: str) -> WatcherInfo:
    found = [Watcher(f"sip:{name}@x", name, status, "subscribe") for name, status in watchers.items()]
    return WatcherInfo(version, state, [WatcherList("sip:me@x", "presence", found)])


def test_the_lists_by_status() -> None:
    document = WatcherInfoDocument.parse(SAMPLE)
    assert [watcher.sipuri for watcher in document.pending] == ["sip:a@example.com"]
    assert [watcher.sipuri for watcher in document.active] == ["sip:b@example.com"]
    assert not document.waiting
    assert not document.terminated
    (wlist,) = document
    assert (wlist.resource, wlist.package, len(wlist), len(wlist.pending), len(wlist.active)) == (
        "sip:carol@example.org", "presence", 2, 1, 1,
    )  # fmt: skip
    assert wlist.watchers[0].display_name == "Mr. Watcher"
    assert wlist.watchers[0].duration == 509


def test_what_is_written_reads_the_same() -> None:
    document = info(3, "partial", a="active", b="terminated")
    assert WatcherInfo.parse(document.to_bytes()) == document


@pytest.mark.parametrize("attributes", ["", 'version="x" state="full"', 'version="1" state="half"', 'version="9999999999999" state="full"'])
def test_without_version_and_state_it_is_unusable(attributes: str) -> None:
    with pytest.raises(ParserError):
        WatcherInfo.parse(f'<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" {attributes}/>')


def test_partial_documents_change_the_table() -> None:
    table = WatcherInfoState()
    assert not table.apply(info(1, "partial", a="active"))
    assert table.apply(info(4, "full", a="pending", b="active"))
    assert table.apply(info(5, "partial", a="active", b="terminated", c="pending"))
    assert {watcher.id: watcher.status for watcher in table.watchers} == {"a": "active", "c": "pending"}
    assert table.apply(info(5, "partial", a="terminated"))  # the same again: nothing new
    assert len(table.watchers) == 2
    assert not table.apply(info(7, "partial", a="terminated"))  # one is missing
    assert table.apply(info(8, "full"))
    assert not table.watchers
