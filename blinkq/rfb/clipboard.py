"""Text of the clipboard: Latin-1 as RFC 6143 has it, UTF-8 by the Extended Clipboard that most servers and viewers know."""

from __future__ import annotations

import struct
import zlib

from blinkq.rfb.errors import RFBError
from blinkq.rfb.limits import MAX_TEXT

__all__ = [
    "CAPS", "NOTIFY", "PROVIDE", "REQUEST", "TEXT", "caps_message", "parse_extended", "plain_message", "provide_message",
    "request_message", "text_of",
]  # fmt: skip

TEXT = 1
CAPS, REQUEST, PEEK, NOTIFY, PROVIDE = 1 << 24, 1 << 25, 1 << 26, 1 << 27, 1 << 28


def plain_message(kind: int, text: str) -> bytes:
    """ClientCutText (6) or ServerCutText (3): Latin-1, line feeds."""
    data = text.replace("\r\n", "\n").encode("latin-1", "replace")[:MAX_TEXT]
    return struct.pack(">B3xI", kind, len(data)) + data


def _extended(kind: int, flags: int, data: bytes = b"") -> bytes:
    return struct.pack(">B3xiI", kind, -(4 + len(data)), flags) + data


def caps_message(kind: int) -> bytes:
    """What we know: text, of up to MAX_TEXT bytes unasked."""
    return _extended(kind, CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, struct.pack(">I", MAX_TEXT))


def request_message(kind: int) -> bytes:
    """Ask for the text that was announced."""
    return _extended(kind, REQUEST | TEXT)


def provide_message(kind: int, text: str) -> bytes:
    """The text: UTF-8, line ends of two characters, a zero at the end, compressed."""
    data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()[: MAX_TEXT - 1] + b"\0"
    return _extended(kind, PROVIDE | TEXT, zlib.compress(struct.pack(">I", len(data)) + data))


def parse_extended(data: bytes) -> tuple[int, bytes]:
    """(flags, what follows)."""
    if len(data) < 4:
        raise RFBError("a clipboard message that is too short")
    return int.from_bytes(data[:4], "big"), data[4:]


def text_of(data: bytes) -> str:
    """What a provide message holds. Raises RFBError."""
    stream = zlib.decompressobj()
    try:
        unpacked = stream.decompress(data, MAX_TEXT + 4)
    except zlib.error as error:
        raise RFBError(f"clipboard text that cannot be read: {error}") from None
    if len(unpacked) < 4:
        raise RFBError("clipboard text that cannot be read")
    size = int.from_bytes(unpacked[:4], "big")
    if size > MAX_TEXT or len(unpacked) < 4 + size:
        raise RFBError("clipboard text that is too long")
    return unpacked[4 : 4 + size].split(b"\0", 1)[0].decode("utf-8", "replace").replace("\r\n", "\n")
