"""The server: a core that shows pictures of a screen to one viewer and hands up what it types and points at (RFC 6143)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from blinkq.rfb.clipboard import SERVER, SMALL_ANSWER, ClipboardEnd
from blinkq.rfb.damage import TILE, Tiles, changed_tiles, rectangles, tile_shape
from blinkq.rfb.encoders.encoder import Encoder, RawEncoder, ZlibEncoder
from blinkq.rfb.encoders.tight import TightEncoder
from blinkq.rfb.encoders.zrle import ZRLEEncoder
from blinkq.rfb.encodings import Encoding
from blinkq.rfb.errors import RFBError
from blinkq.rfb.framebuffer import Framebuffer, Rectangle
from blinkq.rfb.messages import (
    ClipboardReceived,
    Connected,
    Failed,
    KeyReceived,
    PointerReceived,
    SizeWanted,
    Transmit,
    UpdateWanted,
)
from blinkq.rfb.pace import Pace
from blinkq.rfb.pixel_format import OURS, PixelFormat, Pixels
from blinkq.rfb.stream import Script, StreamReader

__all__ = ["ServerCore"]

#: For how many pictures a tile that was only sketched must stand still before it is shown as it is.
STILL = 8
#: Bytes of a pixel that is shown as it is, compressed: a guess.
TILE_BYTES = 2
#: Seconds for which nothing else than the screen's last picture need be taken to show better what was only sketched.
RECENT = 0.5

_NONE = 1
_ENCODERS: dict[int, Any] = {Encoding.TIGHT: TightEncoder, Encoding.ZRLE: ZRLEEncoder, Encoding.ZLIB: ZlibEncoder}
_JPEG_RANGE = range(Encoding.JPEG_QUALITY_0, Encoding.JPEG_QUALITY_0 + 10)
_COMPRESSION_RANGE = range(Encoding.COMPRESSION_0, Encoding.COMPRESSION_0 + 10)


class ServerCore:
    """Feed it with ``receive_data`` and ``frame``.

    name: of the desktop; allow_input: whether keys, pointer and clipboard of the viewer are handed up at all, and ours given: not before
    somebody allowed it; congested: set it while the viewer does not take what was sent: no pictures are made then. ``UpdateWanted`` tells
    that a new picture would be sent at once: a viewer that asks is not given one of before.
    """

    def __init__(self, width: int, height: int, name: str, *, allow_input: bool = False) -> None:
        self._allow_input = allow_input
        self.congested = False
        self._answered = False  # with a text since the last bytes came: one burst of requests gets one answer
        self.name = name
        self._screen = Framebuffer(width, height)
        self._dirty: Tiles = np.ones(tile_shape(width, height), np.bool_)
        self._lossy: Tiles = np.zeros_like(self._dirty)  # shown, but not as they are
        self._still = np.zeros(self._dirty.shape, np.int64)  # for how many pictures nothing has moved there
        self._outputs: list[object] = []
        self._format = OURS
        self._known: frozenset[int] = frozenset()
        self._encoder: Encoder = RawEncoder()
        self._raw = RawEncoder()
        self._encoders: dict[int, Encoder] = {}
        self._order: list[int] = []
        self._level = 2
        self._quality: int | None = None
        self._now = 0.0
        self._pace = Pace(9)
        self._wanted = False  # the viewer waits for an update
        self._fresh = False  # the screen's last picture was not sent yet
        self._seen = 0.0  # when it came
        self._resized = False
        self._failed = False
        self._connected = False
        self._clipboard = ClipboardEnd(SERVER)
        self._reader: StreamReader | None = None
        self._send(b"RFB 003.008\n")

    # commands ------------------------------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """The viewer can take a picture now."""
        return self._wanted

    @property
    def allow_input(self) -> bool:
        return self._allow_input

    @allow_input.setter
    def allow_input(self, allowed: bool) -> None:
        self._allow_input = allowed
        self._clipboard.forget()

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the viewer. Never raises."""
        if self._failed:
            return
        try:
            self._now = now
            self._answered = False
            if self._reader is None:
                self._reader = StreamReader(self._run())
            self._reader.feed(data)
        except RFBError as error:
            self._fail(str(error))
        except StopIteration:
            self._fail("the viewer ended the connection")

    def closed(self, reason: str, now: float) -> None:
        """The connection is gone. Idempotent."""
        self._fail(reason)

    def frame(self, pixels: Pixels, now: float) -> None:
        """The screen looks so now; the viewer gets what changed as soon as it asks. Another size is another screen."""
        height, width = pixels.shape[:2]
        if (width, height) != (self._screen.width, self._screen.height):
            self._screen = Framebuffer(width, height)
            self._screen.pixels[:] = pixels
            self._dirty = np.ones(tile_shape(width, height), np.bool_)
            self._lossy = np.zeros_like(self._dirty)
            self._still = np.zeros(self._dirty.shape, np.int64)
            self._resized = True
        else:
            changed = changed_tiles(self._screen.pixels, pixels)
            self._still = np.where(changed, 0, self._still + 1)
            self._dirty |= changed
            self._screen.pixels[:] = pixels
        self._fresh, self._seen = True, now
        self._update(now)

    def still(self, now: float) -> None:
        """The screen looks as it did at the last ``frame``; cheaper than to give that again."""
        self._still += 1
        self._update(now)

    def cut_text(self, text: str, now: float) -> None:
        """Our clipboard has this text now; told to a viewer that may do more than look."""
        if self._connected and self.allow_input:
            self._send(self._clipboard.offer(text))

    def bell(self, now: float) -> None:
        """Ring at the viewer's."""
        if self._connected:
            self._send(b"\x02")

    def tick(self, now: float) -> None:
        """Nothing here waits for a time."""

    def deadline(self) -> float | None:
        return None

    def drain(self) -> list[object]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # the conversation ----------------------------------------------------------------------------------------------------------------

    def _run(self) -> Script:
        yield from self._handshake()
        self._connected = True
        self._fresh = False  # people may take their time before they look
        self._outputs.append(Connected(self._screen.width, self._screen.height, self.name))
        handlers = {
            0: self._set_format, 2: self._set_encodings, 3: self._request, 4: self._key, 5: self._pointer, 6: self._text,
            150: self._skip_continuous, 248: self._fence, 251: self._set_size,
        }  # fmt: skip
        while True:
            kind = (yield 1)[0]
            handler = handlers.get(kind)
            if handler is None:
                raise RFBError(f"a message of kind {kind}")
            yield from handler()

    def _handshake(self) -> Script:
        greeting = yield 12
        if not greeting.startswith(b"RFB 003.") or not greeting[8:11].isdigit():
            raise RFBError("not a viewer: what is there does not speak RFB")
        minor = int(greeting[8:11])
        if minor >= 7:
            self._send(bytes([1, _NONE]))
            if (yield 1)[0] != _NONE:
                raise RFBError("the viewer wants another way of signing in")
            if minor >= 8:
                self._send(struct.pack(">I", 0))
        else:
            self._send(struct.pack(">I", _NONE))
        yield 1  # shared or not: there is one viewer here
        name = self.name.encode()[:1024]
        self._send(struct.pack(">HH16sI", self._screen.width, self._screen.height, OURS.to_bytes(), len(name)) + name)

    def _set_format(self) -> Script:
        wanted = PixelFormat.parse((yield 19)[3:])
        if not wanted.true_colour:
            raise RFBError("the viewer wants colours from a map, which is not possible here")
        self._format = wanted
        self._dirty[:] = True
        self._choose()

    def _set_encodings(self) -> Script:
        (count,) = struct.unpack(">xH", (yield 3))
        wanted = list(struct.unpack(f">{count}i", (yield count * 4))) if count else []
        self._known = frozenset(wanted)
        self._order = wanted
        quality = next((kind - Encoding.JPEG_QUALITY_0 for kind in wanted if kind in _JPEG_RANGE), None)
        if quality != self._quality:
            self._quality = quality
            self._pace = Pace(9 if quality is None else quality)
        self._level = next((kind - Encoding.COMPRESSION_0 for kind in wanted if kind in _COMPRESSION_RANGE), 2)
        self._choose()
        if Encoding.EXTENDED_CLIPBOARD in self._known and not self._clipboard.extended:
            self._clipboard.extended = True
            self._send(self._clipboard.caps())

    def _choose(self) -> None:
        """The encoder that the viewer likes best. A new one begins new zlib streams, which the viewer would not notice: each is kept."""
        for kind in self._order:
            if kind not in _ENCODERS or (kind == Encoding.TIGHT and not self._format.tight):
                continue
            if kind not in self._encoders:
                self._encoders[kind] = _ENCODERS[kind](min(9, max(1, self._level)))
            self._encoder = self._encoders[kind]
            return
        self._encoder = self._raw

    def _request(self) -> Script:
        incremental, x, y, width, height = struct.unpack(">BHHHH", (yield 9))
        area = Rectangle(x, y, width, height)
        if not incremental:
            self._dirty[y // TILE : -(-(y + height) // TILE), x // TILE : -(-(x + width) // TILE)] = True
        if incremental:
            self._pace.asked(self._now)
        else:
            self._pace.left()
        self._wanted = True
        if self._fresh or (self._now - self._seen < RECENT and not self._dirty.any()):  # the second: what stands still becomes better
            self._update(self._now)
        if self._wanted:
            self._outputs.append(UpdateWanted(area, bool(incremental)))

    def _key(self) -> Script:
        pressed, keysym = struct.unpack(">BxxI", (yield 7))
        if self.allow_input:
            self._outputs.append(KeyReceived(keysym, bool(pressed)))

    def _pointer(self) -> Script:
        buttons, x, y = struct.unpack(">BHH", (yield 5))
        if self.allow_input:
            self._outputs.append(PointerReceived(min(x, self._screen.width - 1), min(y, self._screen.height - 1), buttons))

    def _text(self) -> Script:
        answer = yield from self._clipboard.read(self.allow_input, not self._answered and not self.congested)
        if answer:
            self._answered = self._answered or len(answer) > SMALL_ANSWER
            self._send(answer)
        text = self._clipboard.take()
        if text is not None:
            self._outputs.append(ClipboardReceived(text))

    def _skip_continuous(self) -> Script:
        yield 9  # not announced: whoever asks for it all the same gets pictures when it asks for pictures

    def _fence(self) -> Script:
        (size,) = struct.unpack(">3x4xB", (yield 8))
        yield size

    def _set_size(self) -> Script:
        width, height, count = struct.unpack(">xHHBx", (yield 7))
        if count:
            yield count * 16
        if self.allow_input:
            self._outputs.append(SizeWanted(width, height))

    # pictures ------------------------------------------------------------------------------------------------------------------------

    def _update(self, now: float) -> None:
        """Send what changed, if the viewer waits for it."""
        if not self._wanted or not self._connected or self.congested:
            return
        size = self._size_entry()
        tiles, quality = self._dirty, self._quality_now()
        moving = bool(tiles.any())
        if not moving:
            tiles, quality = self._sketched(), None
        if size is None and not tiles.any():
            return
        entries = [] if size is None else [size]
        if size is None or Encoding.EXTENDED_DESKTOP_SIZE in self._known or Encoding.DESKTOP_SIZE in self._known:
            entries += self._pictures(tiles, quality)
        data = struct.pack(">BxH", 0, len(entries)) + b"".join(entries)
        self._wanted = self._fresh = False
        self._pace.sent(len(data), now, moving=moving)
        self._send(data)

    def _sketched(self) -> Tiles:
        """Some of those that stand still and were only sketched: as many as the link carries while nobody notices."""
        tiles = self._lossy & (self._still >= STILL)
        most = self._pace.bettering / (TILE * TILE * TILE_BYTES)
        if np.count_nonzero(tiles) > most:
            tiles.flat[np.flatnonzero(tiles)[max(1, int(most)) :]] = False
        return tiles

    def _pictures(self, tiles: Tiles, quality: int | None) -> list[bytes]:
        lossless = quality is None
        encoder = self._raw if self._pace.uncompressed else self._encoder
        entries: list[bytes] = []
        for area in rectangles(tiles, self._screen.width, self._screen.height):
            entries += encoder.encode(self._screen.view(area), area, self._format, quality)
        if lossless or encoder is self._raw or not isinstance(encoder, TightEncoder):
            self._lossy &= ~tiles
        else:
            self._lossy |= tiles
        self._dirty &= ~tiles
        return entries

    def _quality_now(self) -> int | None:
        return None if self._quality is None else self._pace.quality

    def _size_entry(self) -> bytes | None:
        if not self._resized:
            return None
        self._resized = False
        width, height = self._screen.width, self._screen.height
        if Encoding.EXTENDED_DESKTOP_SIZE in self._known:
            screen = struct.pack(">IHHHHI", 1, 0, 0, width, height, 0)
            return struct.pack(">HHHHi", 0, 0, width, height, Encoding.EXTENDED_DESKTOP_SIZE) + b"\x01\0\0\0" + screen
        if Encoding.DESKTOP_SIZE in self._known:
            return struct.pack(">HHHHi", 0, 0, width, height, Encoding.DESKTOP_SIZE)
        raise RFBError("the screen has another size now, which the viewer cannot show")

    def _send(self, data: bytes) -> None:
        self._outputs.append(Transmit(data))

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            self._connected = self._wanted = False
            self._outputs.append(Failed(reason))

