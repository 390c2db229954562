"""Our viewer at our server: every encoding gives the same picture, however the bytes are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rfb_pair import RFBPair, picture

from blinkq.rfb.encodings import VIEWER_ENCODINGS, Encoding
from blinkq.rfb.messages import (
    Bell,
    ClipboardReceived,
    Connected,
    Failed,
    KeyReceived,
    PointerReceived,
    Resized,
    SizeWanted,
    Updated,
    UpdateWanted,
)
from blinkq.rfb.server import STILL, ServerCore
from blinkq.rfb.viewer import ViewerCore

LOSSLESS = [Encoding.RAW, Encoding.ZLIB, Encoding.ZRLE, Encoding.TIGHT]


def shown(pair: RFBPair) -> np.ndarray:
    assert pair.viewer.screen is not None
    return pair.viewer.screen.pixels


@pytest.mark.parametrize("encoding", LOSSLESS)
@pytest.mark.parametrize(("width", "height"), [(200, 130), (64, 64), (1, 1), (333, 65)])
def test_pictures_arrive_exactly(encoding: Encoding, width: int, height: int) -> None:
    pair = RFBPair(ServerCore(width, height, "desk"), ViewerCore(encodings=(encoding,)))
    for seed in range(4):
        pair.show(picture(width, height, seed))
        assert (shown(pair) == picture(width, height, seed)).all()
    assert pair.of(Connected) == [Connected(width, height, "desk")]
    assert not pair.of(Failed)


@pytest.mark.parametrize("colours", [1, 2, 3, 4, 5, 16, 17, 60, 100])
@pytest.mark.parametrize("encoding", [Encoding.ZRLE, Encoding.TIGHT])
def test_few_colours(encoding: Encoding, colours: int) -> None:
    rng = np.random.default_rng(colours)
    palette = rng.integers(0, 255, (colours, 4)).astype(np.uint8)
    palette[:, 3] = 255
    pixels = palette[rng.integers(0, colours, (70, 101))]
    pair = RFBPair(ServerCore(101, 70, "desk"), ViewerCore(encodings=(encoding,)))
    pair.show(pixels)
    assert (shown(pair) == pixels).all()


def test_only_what_changed_is_sent() -> None:
    pixels = picture(640, 480)
    pair = RFBPair(ServerCore(640, 480, "desk"), ViewerCore(encodings=(Encoding.RAW,)))
    pair.show(pixels)
    before = pair.sent
    pixels[100:110, 300:310, 0] ^= 255
    pair.show(pixels)
    assert pair.sent - before < 64 * 64 * 4 + 100
    assert (shown(pair) == pixels).all()
    before = pair.sent
    pair.show(pixels)
    assert pair.sent == before


def test_photographs_are_sketched_first_and_right_in_the_end() -> None:
    pair = RFBPair(ServerCore(320, 240, "desk"), ViewerCore(encodings=(Encoding.TIGHT,), quality=5))
    pixels = picture(320, 240, 3)
    pair.show(pixels)
    assert (shown(pair) != pixels).any()
    before = pair.sent
    for _ in range(STILL - 1):
        pair.show(pixels)
    assert pair.sent == before  # what may move again at once is not sent twice
    pair.show(pixels)
    pair.show(pixels)
    assert (shown(pair) == pixels).all()


def test_what_stands_still_becomes_right_while_something_else_moves() -> None:
    pair = RFBPair(ServerCore(640, 384, "desk"), ViewerCore(encodings=(Encoding.TIGHT,), quality=3))
    pixels = picture(640, 384, 3)
    pair.show(pixels)
    for step in range(40):
        pixels = pixels.copy()
        pixels[320:384, 576:640, :3] = np.random.default_rng(step).integers(0, 255, (64, 64, 3))
        pair.server.frame(pixels, pair.now)
        pair.carry()
        pair.now += 0.1
    assert (shown(pair)[:320] == pixels[:320]).all()


@given(st.integers(1, 50), st.sampled_from(LOSSLESS))
@settings(max_examples=20, deadline=None)
def test_cutting_changes_nothing(step: int, encoding: Encoding) -> None:
    pair = RFBPair(
        ServerCore(70, 66, "desk"), ViewerCore(encodings=(encoding,)),
        lambda data: [data[place : place + step] for place in range(0, len(data), step)],
    )  # fmt: skip
    pair.show(picture(70, 66, 1))
    assert (shown(pair) == picture(70, 66, 1)).all()


def test_the_screen_changes_its_size() -> None:
    pair = RFBPair(ServerCore(200, 100, "desk"), ViewerCore())
    pair.show(picture(200, 100))
    pair.show(picture(300, 150))
    assert pair.of(Resized) == [Resized(300, 150)]
    assert (shown(pair) == picture(300, 150)).all()
    assert pair.viewer.resizable
    pair.server.allow_input = True
    pair.viewer.resize(640, 480, pair.now)
    pair.carry()
    assert [event for event in pair.server_events if isinstance(event, SizeWanted)] == [SizeWanted(640, 480)]


def test_input_counts_only_when_it_was_allowed() -> None:
    server = ServerCore(200, 100, "desk")
    pair = RFBPair(server, ViewerCore())
    pair.viewer.key(0x61, True, 0.0)
    pair.viewer.pointer(5, 6, 1, 0.0)
    pair.viewer.cut_text("secret", 0.0)
    pair.carry()
    assert {type(event) for event in pair.server_events} == {Connected, UpdateWanted}
    server.allow_input = True
    pair.viewer.key(0x61, True, 0.0)
    pair.viewer.pointer(500, 6, 1, 0.0)
    pair.carry()
    assert pair.server_events[-2:] == [KeyReceived(0x61, True), PointerReceived(199, 6, 1)]


def test_the_clipboard_both_ways_in_every_script() -> None:
    server = ServerCore(20, 10, "desk", allow_input=True)
    pair = RFBPair(server, ViewerCore())
    pair.show(picture(20, 10))
    pair.viewer.cut_text("Grüße\nпривет 🎉", 0.0)
    server.cut_text("zurück\n日本", 0.0)
    server.bell(0.0)
    pair.carry()
    assert [event.text for event in pair.server_events if isinstance(event, ClipboardReceived)] == ["Grüße\nпривет 🎉"]
    assert [event.text for event in pair.of(ClipboardReceived)] == ["zurück\n日本"]
    assert len(pair.of(Bell)) == 1


def test_a_paused_viewer_gets_nothing_until_it_goes_on() -> None:
    pair = RFBPair(ServerCore(200, 100, "desk"), ViewerCore())
    pair.show(picture(200, 100, 1))
    pair.viewer.pause(True, 0.0)
    pair.show(picture(200, 100, 2))
    before = len(pair.of(Updated))
    pair.show(picture(200, 100, 3))
    assert len(pair.of(Updated)) == before
    pair.viewer.pause(False, 0.0)
    pair.carry()
    assert (shown(pair) == picture(200, 100, 3)).all()


def test_a_viewer_that_asks_again_after_a_while_sees_what_is_there_now() -> None:
    pair = RFBPair(ServerCore(200, 100, "desk"), ViewerCore(encodings=(Encoding.RAW,)))
    pair.show(picture(200, 100, 1))
    pair.viewer.pause(True, 0.0)
    pair.show(picture(200, 100, 2))  # this was asked for before
    pair.viewer.refresh(pair.now)
    before = pair.sent
    pair.carry()
    assert pair.sent == before
    assert isinstance(pair.server_events[-1], UpdateWanted)
    pair.show(picture(200, 100, 3))
    assert (shown(pair) == picture(200, 100, 3)).all()


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_of_a_server(data: bytes, place: int) -> None:
    server = ServerCore(40, 30, "desk")
    recorded: list[bytes] = []
    RFBPair(server, ViewerCore(encodings=VIEWER_ENCODINGS), lambda part: recorded.append(part) or [part])  # type: ignore[func-returns-value]
    stream = b"".join(recorded)
    viewer = ViewerCore()
    viewer.receive_data(stream[:place] + data + stream[place:], 0.0)
    viewer.drain()
    viewer.closed("over", 0.0)
    assert isinstance(viewer.drain()[-1:], list)


@given(st.binary(max_size=200), st.integers(0, 80))
@settings(max_examples=200, deadline=None)
def test_any_bytes_of_a_viewer(data: bytes, place: int) -> None:
    greeting = b"RFB 003.008\n\x01\x01"
    server = ServerCore(40, 30, "desk", allow_input=True)
    server.receive_data(greeting[:place] + data, 0.0)
    server.frame(picture(40, 30), 0.1)
    server.drain()
    server.closed("over", 1.0)
