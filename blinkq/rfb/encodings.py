"""Numbers of encodings (RFC 6143 §7.7, and the registry that it names)."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["VIEWER_ENCODINGS", "Encoding"]


class Encoding(IntEnum):
    """What a rectangle is, or what else an entry of an update means."""

    RAW = 0
    COPY_RECT = 1
    RRE = 2
    HEXTILE = 5
    ZLIB = 6
    TIGHT = 7
    ZRLE = 16
    JPEG_QUALITY_0 = -32
    DESKTOP_SIZE = -223
    LAST_RECT = -224
    CURSOR = -239
    X_CURSOR = -240
    COMPRESSION_0 = -256
    DESKTOP_NAME = -307
    EXTENDED_DESKTOP_SIZE = -308
    FENCE = -312
    CONTINUOUS_UPDATES = -313
    EXTENDED_CLIPBOARD = 0xC0A1E5CE - 2**32


#: What our viewer understands, best first.
VIEWER_ENCODINGS: tuple[int, ...] = (
    Encoding.COPY_RECT, Encoding.TIGHT, Encoding.ZRLE, Encoding.ZLIB, Encoding.HEXTILE, Encoding.RRE, Encoding.RAW,
    Encoding.LAST_RECT, Encoding.CURSOR, Encoding.EXTENDED_DESKTOP_SIZE, Encoding.DESKTOP_SIZE, Encoding.DESKTOP_NAME, Encoding.FENCE,
    Encoding.CONTINUOUS_UPDATES, Encoding.EXTENDED_CLIPBOARD,
)  # fmt: skip
