"""The viewer at servers of other kinds: older versions, passwords, encodings ours does not write, and lies."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blinkq.base.errors import IllegalStateError
from blinkq.rfb.authentication import answer_challenge
from blinkq.rfb.jpeg import encode_jpeg
from blinkq.rfb.messages import Bell, ClipboardReceived, Connected, CursorChanged, Failed, PasswordWanted, Resized, Transmit
from blinkq.rfb.pixel_format import OURS, PixelFormat
from blinkq.rfb.viewer import ViewerCore

INIT = struct.pack(">HH16sI", 40, 30, OURS.to_bytes(), 4) + b"desk"
RED, BLUE = b"\0\0\xff\0", b"\xff\0\0\0"


def outputs(viewer: ViewerCore, data: bytes) -> list[Any]:
    viewer.receive_data(data, 0.0)
    return viewer.drain()


def connected(**options: Any) -> ViewerCore:
    viewer = ViewerCore(**options)
    outputs(viewer, b"RFB 003.008\n\x01\x01\0\0\0\0" + INIT)
    return viewer


def update(*entries: bytes) -> bytes:
    return struct.pack(">BxH", 0, len(entries)) + b"".join(entries)


def entry(x: int, y: int, width: int, height: int, kind: int, data: bytes) -> bytes:
    return struct.pack(">HHHHi", x, y, width, height, kind) + data


def colour(viewer: ViewerCore, x: int, y: int) -> tuple[int, ...]:
    assert viewer.screen is not None
    return tuple(int(part) for part in viewer.screen.pixels[y, x])


def failure(viewer: ViewerCore, data: bytes) -> str:
    (failed,) = [event for event in outputs(viewer, data) if isinstance(event, Failed)]
    return str(failed.reason)


@pytest.mark.parametrize(
    ("version", "stream"),
    [(b"RFB 003.003\n", b"\0\0\0\x01"), (b"RFB 003.007\n", b"\x01\x01"), (b"RFB 003.889\n", b"\x02\x10\x01\0\0\0\0")],
)
def test_versions(version: bytes, stream: bytes) -> None:
    events = outputs(ViewerCore(), version + stream + INIT)
    assert [event for event in events if isinstance(event, Connected)] == [Connected(40, 30, "desk")]
    assert isinstance(events[0], Transmit)
    assert events[0].data == (b"RFB 003.008\n" if version.endswith(b"889\n") else version)


def test_a_password() -> None:
    viewer = ViewerCore()
    with pytest.raises(IllegalStateError):
        viewer.password("x", 0.0)
    challenge = bytes(range(16))
    assert isinstance(outputs(viewer, b"RFB 003.008\n\x01\x02" + challenge)[-1], PasswordWanted)
    viewer.password("secret", 0.0)
    (answer,) = viewer.drain()
    assert answer == Transmit(answer_challenge(challenge, "secret"))
    assert failure(viewer, b"\0\0\0\x01\0\0\0\x05wrong") == "the desktop refuses: wrong"


def test_the_known_answer_to_a_challenge() -> None:
    # DES of sixteen zeros with the key of eight zeros, twice the published test vector
    assert answer_challenge(bytes(16), "") == bytes.fromhex("8ca64de9c1b123a7") * 2


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"SSH-2.0-Open", "does not speak RFB"),
        (b"RFB 003.abc\n", "does not speak RFB"),
        (b"RFB 003.008\n\0\0\0\0\x04busy", "busy"),
        (b"RFB 003.008\n\x01\x13", "way of signing in"),
        (b"RFB 003.003\n\0\0\0\0\0\0\0\x04busy", "busy"),
        (b"RFB 003.008\n\x01\x01\0\0\0\0" + struct.pack(">HH16sI", 0, 30, OURS.to_bytes(), 0), "not possible"),
        (b"RFB 003.008\n\x01\x01\0\0\0\0" + struct.pack(">HH16sI", 65535, 65535, OURS.to_bytes(), 0), "not possible"),
        (b"RFB 003.008\n\x01\x01\0\0\0\0" + struct.pack(">HH16sI", 10, 10, OURS.to_bytes(), 1 << 30), "too long"),
    ],
)
def test_who_is_refused(stream: bytes, reason: str) -> None:
    assert reason in failure(ViewerCore(), stream)


def test_raw_and_copies() -> None:
    viewer = connected()
    outputs(viewer, update(entry(2, 3, 2, 2, 0, RED * 4), entry(10, 10, 2, 2, 1, struct.pack(">HH", 2, 3))))
    assert colour(viewer, 3, 4) == colour(viewer, 11, 11) == (0, 0, 255, 255)
    assert colour(viewer, 4, 4) == (0, 0, 0, 255)


def test_rre_and_hextile() -> None:
    viewer = connected()
    outputs(viewer, update(entry(0, 0, 20, 20, 2, struct.pack(">I", 1) + BLUE + RED + struct.pack(">HHHH", 1, 2, 3, 4))))
    assert colour(viewer, 1, 2) == (0, 0, 255, 255)
    assert colour(viewer, 4, 2) == (255, 0, 0, 255)
    tiles = b"\x06" + BLUE + RED + b"\x08\x01\x12\x20" + b"\x01" + RED * 64
    outputs(viewer, update(entry(0, 0, 20, 16, 5, tiles)))
    viewer2 = connected()
    outputs(viewer2, update(entry(0, 0, 20, 16, 5, b"\x0e" + BLUE + RED + b"\x01\x12\x20" + b"\x01" + RED * 64)))
    assert colour(viewer2, 1, 2) == colour(viewer2, 3, 2) == colour(viewer2, 17, 5) == (0, 0, 255, 255)
    assert colour(viewer2, 4, 2) == (255, 0, 0, 255)


def test_zrle_runs() -> None:
    tile = b"\x80" + b"\0\0\xff" + bytes([255, 255, 89]) + b"\xff\0\0" + bytes([255, 255, 88])  # 600 red, 599 + 1 blue
    tile = b"\x80" + b"\0\0\xff" + bytes([255, 255, 89]) + b"\xff\0\0" + bytes([255, 255, 89])
    packed = zlib.compress(tile)
    viewer = connected()
    outputs(viewer, update(entry(0, 0, 40, 30, 16, struct.pack(">I", len(packed)) + packed)))
    assert colour(viewer, 39, 14) == (0, 0, 255, 255)
    assert colour(viewer, 0, 15) == (255, 0, 0, 255)
    indexed = b"\x82" + b"\0\0\xff" + b"\xff\0\0" + b"\x00\x01" + b"\x80" + bytes([255, 255, 255, 255, 177])
    packed = zlib.compress(indexed)
    viewer = connected()
    outputs(viewer, update(entry(0, 0, 40, 30, 16, struct.pack(">I", len(packed)) + packed)))
    assert colour(viewer, 0, 0) == (0, 0, 255, 255)
    assert colour(viewer, 1, 0) == (255, 0, 0, 255)
    assert colour(viewer, 5, 5) == (0, 0, 255, 255)


def test_tight_with_gradient_and_jpeg() -> None:
    rng = np.random.default_rng(1)
    wanted = rng.integers(0, 255, (3, 5, 3)).astype(np.int32)
    padded = np.zeros((4, 6, 3), np.int32)
    padded[1:, 1:] = wanted
    expected = np.clip(padded[:-1, 1:] + padded[1:, :-1] - padded[:-1, :-1], 0, 255)
    packed = zlib.compress(((wanted - expected) & 255).astype(np.uint8).tobytes())
    viewer = connected()
    outputs(viewer, update(entry(0, 0, 5, 3, 7, b"\x40\x02" + bytes([len(packed)]) + packed)))
    assert viewer.screen is not None
    assert (viewer.screen.pixels[:3, :5, 2::-1] == wanted).all()
    flat = np.full((16, 16, 4), 200, np.uint8)
    picture = encode_jpeg(flat, 90)
    length = bytes([len(picture) & 127 | 128, len(picture) >> 7])
    outputs(viewer, update(entry(0, 0, 16, 16, 7, b"\x90" + length + picture)))
    assert abs(colour(viewer, 8, 8)[0] - 200) < 4


@pytest.mark.parametrize(
    "data",
    [
        update(entry(39, 0, 2, 2, 0, RED * 4)),
        update(entry(0, 0, 2, 2, 1, struct.pack(">HH", 39, 29))),
        update(entry(0, 0, 4, 4, 2, struct.pack(">I", 17) + BLUE)),
        update(entry(0, 0, 4, 4, 2, struct.pack(">I", 1) + BLUE + RED + struct.pack(">HHHH", 1, 2, 4, 4))),
        update(entry(0, 0, 4, 4, 5, b"\x0c" + RED + b"\x01\x33\xff")),
        update(entry(0, 0, 4, 4, 99, b"")),
        update(entry(0, 0, 4, 4, 6, b"\xff\xff\xff\xff")),
        update(entry(0, 0, 4, 4, 6, struct.pack(">I", 4) + b"zlib")),
        update(entry(0, 0, 4, 4, 6, struct.pack(">I", len(zlib.compress(bytes(100000)))) + zlib.compress(bytes(100000)))),
        update(entry(0, 0, 4, 4, 16, struct.pack(">I", len(zlib.compress(b"\x11")))  + zlib.compress(b"\x11"))),
        update(entry(0, 0, 4, 4, 16, struct.pack(">I", len(zlib.compress(b"\x80\0\0\0\xff\xff")))  + zlib.compress(b"\x80\0\0\0\xff\xff"))),
        update(entry(0, 0, 4, 4, 7, b"\xa0")),
        update(entry(0, 0, 4, 4, 7, b"\xf0")),
        update(entry(0, 0, 4, 4, 7, b"\x40\x07")),
        update(entry(0, 0, 4, 4, 7, b"\x90\x05hello")),
        update(entry(0, 0, 4, 4, 7, b"\x40\x01\x02" + RED[:3] * 3 + b"\x0a" + zlib.compress(b"\x03" * 16)[:10])),
        update(entry(0, 0, 400, 400, -239, b"")),
        b"\x07",
        b"\x03\0\0\0\xff\xff\xff\xfe\0\0",
    ],
)  # fmt: skip
def test_lies_end_the_connection_and_draw_nothing_outside(data: bytes) -> None:
    viewer = connected()
    assert failure(viewer, data)
    assert outputs(viewer, data) == []


def test_a_jpeg_of_another_size_is_not_unpacked() -> None:
    picture = encode_jpeg(np.zeros((64, 64, 4), np.uint8), 50)
    length = bytes([len(picture) & 127 | 128, len(picture) >> 7])
    assert "another size" in failure(connected(), update(entry(0, 0, 16, 16, 7, b"\x90" + length + picture)))


def test_what_travels_among_the_rectangles() -> None:
    viewer = connected()
    cursor = entry(1, 2, 3, 3, -239, RED * 9 + b"\xa0\x40\xa0")
    screen = struct.pack(">IHHHHI", 7, 0, 0, 50, 20, 0)
    size = entry(0, 0, 50, 20, -308, b"\x01\0\0\0" + screen)
    events = outputs(viewer, update(cursor, size, entry(0, 0, 0, 0, -307, b"\0\0\0\x03new"), entry(0, 0, 0, 0, -224, b"")) )
    (shape,) = [event for event in events if isinstance(event, CursorChanged)]
    assert (shape.x, shape.y) == (1, 2)
    assert shape.pixels is not None
    assert shape.pixels[..., 3].tolist() == [[255, 0, 255], [0, 255, 0], [255, 0, 255]]
    assert [event for event in events if isinstance(event, Resized)] == [Resized(50, 20)]
    assert viewer.name == "new"
    viewer.resize(100, 90, 0.0)
    assert viewer.drain() == [Transmit(b"\xfb\0" + struct.pack(">HHBx", 100, 90, 1) + struct.pack(">IHHHHI", 7, 0, 0, 100, 90, 0))]
    x_cursor = entry(0, 0, 8, 1, -240, b"\xff\0\0\0\0\xff" + b"\xf0" + b"\xff")
    (shape,) = [event for event in outputs(viewer, update(x_cursor)) if isinstance(event, CursorChanged)]
    assert shape.pixels is not None
    assert shape.pixels[0, 0].tolist() == [0, 0, 255, 255]
    assert shape.pixels[0, 7].tolist() == [255, 0, 0, 255]


def test_other_messages() -> None:
    viewer = connected()
    assert outputs(viewer, b"\x02\x01\0\0\0\0\x02" + b"\0" * 12) == [Bell()]
    assert outputs(viewer, b"\x03\0\0\0\0\0\0\x03h\xe9y") == [ClipboardReceived("héy")]
    fence = b"\xf8\0\0\0" + struct.pack(">IB", (1 << 31) | 1, 3) + b"abc"
    assert outputs(viewer, fence) == [Transmit(b"\xf8\0\0\0" + struct.pack(">IB", 1, 3) + b"abc")]
    assert outputs(viewer, b"\x96") == [Transmit(struct.pack(">BBHHHH", 150, 1, 0, 0, 40, 30))]
    assert outputs(viewer, update(entry(0, 0, 1, 1, 0, RED)))[-1] != Transmit(struct.pack(">BBHHHH", 3, 1, 0, 0, 40, 30))


NO_BITS = b"\x07" + b"\0" * 15
SHIFTED_OUT = b"\x20\x00\0\1\0\xff\0\xff\0\xff\x10\x08\x00\0\0\0"
ODD_MAXIMUM = b"\x20\x18\0\1\0\xfe\0\xff\0\xff\x10\x08\0\0\0\0"


@pytest.mark.parametrize("data", [NO_BITS, SHIFTED_OUT, ODD_MAXIMUM])
def test_pixel_formats_that_make_no_sense(data: bytes) -> None:
    from blinkq.rfb.errors import RFBError

    with pytest.raises(RFBError):
        PixelFormat.parse(data)


HIGH_COLOUR = PixelFormat(16, 16, False, True, 31, 63, 31, 11, 5, 0)
BIG_ENDIAN = PixelFormat(32, 24, True, True, 255, 255, 255, 8, 16, 24)
FEW_COLOURS = PixelFormat(8, 8, False, True, 7, 7, 3, 0, 3, 6)


@pytest.mark.parametrize("wanted", [HIGH_COLOUR, BIG_ENDIAN, FEW_COLOURS])
def test_pixels_in_other_formats(wanted: PixelFormat) -> None:
    assert PixelFormat.parse(wanted.to_bytes()) == wanted
    encoded = wanted.encode(np.array([[[255, 0, 0, 0], [0, 0, 255, 0]]], np.uint8))
    value = int.from_bytes(encoded[0, 0].tobytes(), "big" if wanted.big_endian else "little")
    assert value == wanted.blue_max << wanted.blue_shift
    value = int.from_bytes(encoded[0, 1].tobytes(), "big" if wanted.big_endian else "little")
    assert value == wanted.red_max << wanted.red_shift


def test_continuous_updates_follow_the_screen_and_stop_while_nobody_looks() -> None:
    viewer = connected()
    outputs(viewer, b"\x96")
    events = outputs(viewer, update(entry(0, 0, 50, 20, -223, b"")))
    assert Transmit(struct.pack(">BBHHHH", 150, 1, 0, 0, 50, 20)) in events
    assert Transmit(struct.pack(">BBHHHH", 3, 0, 0, 0, 50, 20)) in events
    viewer.pause(True, 0.0)
    assert viewer.drain() == [Transmit(struct.pack(">BBHHHH", 150, 0, 0, 0, 50, 20))]
    assert outputs(viewer, b"\x96") == []  # it says that it has stopped
    viewer.pause(False, 0.0)
    assert viewer.drain()[0] == Transmit(struct.pack(">BBHHHH", 150, 1, 0, 0, 50, 20))


def test_a_jpeg_in_many_passes_is_not_unpacked() -> None:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(out, "JPEG", progressive=True)
    picture = out.getvalue()
    length = bytes([len(picture) & 127 | 128, len(picture) >> 7])
    assert "many passes" in failure(connected(), update(entry(0, 0, 16, 16, 7, b"\x90" + length + picture)))


@pytest.mark.parametrize(
    ("wanted", "short", "tight"),
    [
        (OURS, True, True),
        (BIG_ENDIAN, True, True),
        (PixelFormat(red_shift=20, green_shift=10, blue_shift=0), False, True),  # no byte is without colour
        (PixelFormat(red_max=31, green_max=63, blue_max=31, red_shift=11, green_shift=5), True, False),
        (PixelFormat(depth=16), True, False),
        (HIGH_COLOUR, False, False),
    ],
)
def test_formats_of_which_a_byte_is_left_out(wanted: PixelFormat, short: bool, tight: bool) -> None:
    assert (wanted.short, wanted.tight) == (short, tight)
