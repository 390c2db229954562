"""Text of the clipboard: Latin-1 as RFC 6143 has it, UTF-8 by the Extended Clipboard that most servers and viewers know."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from dataclasses import dataclass

from blinkq.rfb.errors import RFBError
from blinkq.rfb.limits import MAX_TEXT

__all__ = ["CLIENT", "SERVER", "SMALL_ANSWER", "ClipboardEnd"]

TEXT = 1
CAPS, REQUEST, NOTIFY, PROVIDE = 1 << 24, 1 << 25, 1 << 27, 1 << 28
#: Kinds of the messages: ClientCutText, ServerCutText.
CLIENT, SERVER = 6, 3
#: Bytes of an answer that holds no text.
SMALL_ANSWER = 64
#: Bytes of a text that is not kept, taken at a time.
_PIECE = 65536


@dataclass(frozen=True, slots=True)
class _Caps:
    """What the other end said it does; before that, what the extension lets us assume."""

    actions: int = CAPS | REQUEST | NOTIFY | PROVIDE
    text: bool = True
    size: int = MAX_TEXT  # bytes of text that it takes unasked


class ClipboardEnd:
    """One end of the shared clipboard: reads the other's messages, gives what to answer.

    kind: CLIENT or SERVER, whichever we are; extended: whether both know the Extended Clipboard. ``offer`` and ``read`` return bytes to
    send; ``received`` has the text that came last, None after it was taken.
    """

    def __init__(self, kind: int) -> None:
        self.extended = False
        self.received: str | None = None
        self._kind = kind
        self._caps = _Caps()
        self._ours: str | None = None

    def caps(self) -> bytes:
        """What we know: text, of up to MAX_TEXT bytes unasked."""
        return self._extended(CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, struct.pack(">I", MAX_TEXT))

    def offer(self, text: str) -> bytes:
        """Our clipboard has this text now: the text itself, or the news where the other end wants to ask for it."""
        self._ours = text
        if not self.extended or not self._caps.text:
            data = text.replace("\r\n", "\n").encode("latin-1", "replace")[:MAX_TEXT]
            return struct.pack(">B3xI", self._kind, len(data)) + data
        data = _packed(text)
        if self._caps.actions & NOTIFY and (len(data) > self._caps.size or not self._caps.actions & PROVIDE):
            return self._extended(NOTIFY | TEXT)
        return self._provide(data)

    def forget(self) -> None:
        """The other end may not have our text any more."""
        self._ours = None

    def read(self, allowed: bool, answer: bool = True) -> Generator[int, bytes, bytes]:
        """A message of the other end, from after its kind; what to send for it. Raises RFBError.

        allowed: whether its texts are taken and ours are given at all; answer: whether it may be given ours now.
        """
        (size,) = struct.unpack(">3xi", (yield 7))
        if abs(size) > MAX_TEXT + 1024 or (not allowed and size >= 0):
            for taken in range(0, abs(size), _PIECE):  # somebody copied a book: no reason to part
                yield min(_PIECE, abs(size) - taken)
            return b""
        data = yield abs(size)
        if size >= 0:
            self.received = data.decode("latin-1")
            return b""
        if len(data) < 4:
            raise RFBError("a clipboard message that is too short")
        return self._answer(int.from_bytes(data[:4], "big"), data[4:], allowed, answer)

    def take(self) -> str | None:
        """The text that came, once."""
        text, self.received = self.received, None
        return text

    # helpers -------------------------------------------------------------------------------------------------------------------------

    def _answer(self, flags: int, data: bytes, allowed: bool, answer: bool) -> bytes:
        if flags & CAPS:
            return self._take_caps(flags, data)
        if not allowed or not flags & TEXT:
            return b""
        if flags & PROVIDE:
            self.received = _unpacked(data)
        elif flags & NOTIFY:
            return self._extended(REQUEST | TEXT)
        elif flags & REQUEST and answer and self._ours is not None:
            return self._provide(_packed(self._ours))
        return b""

    def _take_caps(self, flags: int, data: bytes) -> bytes:
        size = int.from_bytes(data[:4], "big") if flags & TEXT and len(data) >= 4 else 0  # text is the first format, if it is one
        self._caps = _Caps(flags, bool(flags & TEXT), size)
        if self._kind == CLIENT and not self.extended:  # the server speaks of it first
            self.extended = True
            return self.caps()
        return b""

    def _provide(self, data: bytes) -> bytes:
        return self._extended(PROVIDE | TEXT, zlib.compress(struct.pack(">I", len(data)) + data))

    def _extended(self, flags: int, data: bytes = b"") -> bytes:
        return struct.pack(">B3xiI", self._kind, -(4 + len(data)), flags) + data


def _packed(text: str) -> bytes:
    """UTF-8, line ends of two characters, a zero at the end."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace")[: MAX_TEXT - 1] + b"\0"


def _unpacked(data: bytes) -> str | None:
    """What a provide message holds; None where that is too long. Raises RFBError."""
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(data, MAX_TEXT + 4)
    except zlib.error as error:
        raise RFBError(f"clipboard text that cannot be read: {error}") from None
    if len(unpacked) < 4:
        raise RFBError("clipboard text that cannot be read")
    size = int.from_bytes(unpacked[:4], "big")
    if size > MAX_TEXT:
        return None
    if len(unpacked) < 4 + size:
        raise RFBError("clipboard text that ends too early")
    return unpacked[4 : 4 + size].split(b"\0", 1)[0].decode("utf-8", "replace").replace("\r\n", "\n")
