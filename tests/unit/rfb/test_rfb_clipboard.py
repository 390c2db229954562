"""The shared clipboard: what each end takes, gives, asks for, and never without being allowed to."""

from __future__ import annotations

import struct
import zlib

import pytest
from support.rfb_pair import RFBPair, picture

from blinkq.rfb.encodings import VIEWER_ENCODINGS, Encoding
from blinkq.rfb.limits import MAX_TEXT
from blinkq.rfb.messages import ClipboardReceived, Failed, Transmit
from blinkq.rfb.server import ServerCore
from blinkq.rfb.viewer import ViewerCore

TEXT = 1
CAPS, REQUEST, NOTIFY, PROVIDE = 1 << 24, 1 << 25, 1 << 27, 1 << 28


def pair_of(*, allow: bool = True, plain: bool = False) -> RFBPair:
    encodings = tuple(kind for kind in VIEWER_ENCODINGS if not plain or kind != Encoding.EXTENDED_CLIPBOARD)
    pair = RFBPair(ServerCore(20, 10, "desk", allow_input=allow), ViewerCore(encodings=encodings))
    pair.show(picture(20, 10))
    return pair


def taken(pair: RFBPair) -> list[str]:
    """By the server."""
    return [event.text for event in pair.server_events if isinstance(event, ClipboardReceived)]


def told(pair: RFBPair) -> list[str]:
    """To the viewer."""
    return [event.text for event in pair.of(ClipboardReceived)]


def extended(kind: int, flags: int, data: bytes = b"") -> bytes:
    return struct.pack(">B3xiI", kind, -(4 + len(data)), flags) + data


def packed(text: bytes) -> bytes:
    return zlib.compress(struct.pack(">I", len(text)) + text)


def sent(core: ViewerCore | ServerCore) -> bytes:
    return b"".join(output.data for output in core.drain() if isinstance(output, Transmit))


@pytest.mark.parametrize("plain", [False, True])
def test_texts_go_both_ways(plain: bool) -> None:
    pair = pair_of(plain=plain)
    text = "Grüße\nan alle" if plain else "Grüße\n日本 🎉"
    pair.viewer.cut_text(text, 0.0)
    pair.server.cut_text(text.upper(), 0.0)
    pair.carry()
    assert taken(pair) == [text]
    assert told(pair) == [text.upper()]


def test_where_nothing_is_allowed_nothing_goes_either_way() -> None:
    pair = pair_of(allow=False)
    pair.viewer.cut_text("theirs", 0.0)
    pair.server.cut_text("ours", 0.0)
    pair.carry()
    for request in (extended(6, REQUEST | TEXT), extended(6, NOTIFY | TEXT), extended(6, PROVIDE | TEXT, packed(b"pushed\0"))):
        pair.server.receive_data(request, 0.0)
        assert sent(pair.server) == b""
    pair.server.receive_data(struct.pack(">B3xI", 6, 6) + b"pushed", 0.0)
    pair.carry()
    assert taken(pair) == told(pair) == []
    assert not pair.of(Failed)


def test_what_was_copied_while_it_was_allowed_is_not_given_later() -> None:
    pair = pair_of()
    pair.server.cut_text("secret", 0.0)
    pair.carry()
    pair.server.allow_input = False
    pair.server.allow_input = True
    pair.server.receive_data(extended(6, REQUEST | TEXT), 0.0)
    assert sent(pair.server) == b""


def test_a_viewer_that_only_looks_gives_and_takes_nothing() -> None:
    pair = pair_of()
    pair.viewer.cut_text("earlier", 0.0)
    pair.carry()
    pair.viewer.view_only = True
    pair.viewer.cut_text("secret", 0.0)
    pair.viewer.key(0x61, True, 0.0)
    pair.viewer.pointer(1, 1, 1, 0.0)
    assert sent(pair.viewer) == b""
    for message in (extended(3, REQUEST | TEXT), extended(3, NOTIFY | TEXT), extended(3, PROVIDE | TEXT, packed(b"pushed\0"))):
        pair.viewer.receive_data(message, 0.0)
    pair.viewer.receive_data(struct.pack(">B3xI", 3, 6) + b"pushed", 0.0)
    assert sent(pair.viewer) == b""
    assert (taken(pair), told(pair)) == (["earlier"], [])


def test_who_wants_to_ask_is_only_told_that_there_is_text() -> None:
    """TigerVNC says that it takes 0 bytes unasked."""
    pair = pair_of()
    pair.viewer.receive_data(extended(3, CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, struct.pack(">I", 0)), 0.0)
    sent(pair.viewer)
    pair.viewer.cut_text("hé", 0.0)
    assert sent(pair.viewer) == extended(6, NOTIFY | TEXT)
    pair.viewer.receive_data(extended(3, REQUEST | TEXT), 0.0)
    pair.server.receive_data(sent(pair.viewer), 0.0)
    pair.carry()
    assert taken(pair) == ["hé"]


def test_texts_that_are_announced_are_asked_for() -> None:
    pair = pair_of()
    pair.server.receive_data(extended(6, NOTIFY | TEXT), 0.0)
    assert sent(pair.server) == extended(3, REQUEST | TEXT)
    pair.viewer.receive_data(extended(3, NOTIFY | TEXT), 0.0)
    assert sent(pair.viewer) == extended(6, REQUEST | TEXT)


def test_a_burst_of_requests_gets_one_text() -> None:
    pair = pair_of()
    pair.server.cut_text("t" * 100_000, 0.0)
    pair.viewer.cut_text("t" * 100_000, 0.0)
    pair.carry()
    pair.server.receive_data(extended(6, REQUEST | TEXT) * 1000, 0.0)
    assert 100 < len(sent(pair.server)) < 1000
    pair.viewer.receive_data(extended(3, REQUEST | TEXT) * 1000, 0.0)
    assert 100 < len(sent(pair.viewer)) < 1000


@pytest.mark.parametrize("kind", [3, 6])
def test_a_text_that_is_too_long_is_passed_over(kind: int) -> None:
    pair = pair_of()
    core: ViewerCore | ServerCore = pair.viewer if kind == 3 else pair.server
    core.receive_data(struct.pack(">B3xI", kind, MAX_TEXT + 5000) + bytes(MAX_TEXT + 5000), 0.0)
    core.receive_data(extended(kind, PROVIDE | TEXT, packed(bytes(MAX_TEXT + 5000))), 0.0)
    core.receive_data(struct.pack(">B3xI", kind, 5) + b"short", 0.0)
    events = core.drain()
    assert [event.text for event in events if isinstance(event, ClipboardReceived)] == ["short"]
    assert not [event for event in events if isinstance(event, Failed)]
    core.receive_data(struct.pack(">B3xI", kind, 0x7FFFFFFF), 0.0)
    for _ in range(100):
        core.receive_data(bytes(100_000), 0.0)
    assert len(core._reader._buffer) < 200_000  # type: ignore[union-attr]  # that is what it is about


@pytest.mark.parametrize("data", [b"garbage", zlib.compress(b"\0\0"), zlib.compress(struct.pack(">I", 9) + b"short"), b""])
def test_texts_that_cannot_be_read(data: bytes) -> None:
    pair = pair_of()
    pair.server.receive_data(extended(6, PROVIDE | TEXT, data), 0.0)
    assert [event for event in pair.server.drain() if isinstance(event, Failed)]
