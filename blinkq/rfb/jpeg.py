"""JPEG through Pillow: pictures of a known size, in and out."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blinkq.rfb.errors import RFBError
from blinkq.rfb.pixel_format import Pixels

__all__ = ["decode_jpeg", "encode_jpeg"]


def decode_jpeg(data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """The pixels, height x width x 4. Raises RFBError when it is no JPEG picture, not of that size,
    or in many passes (all known before it is unpacked)."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            if picture.size != (width, height):
                raise RFBError("a JPEG picture of another size than its rectangle")
            if picture.info.get("progressive"):  # each of its passes, of a few bytes, goes over all of the picture; servers make none
                raise RFBError("a JPEG picture in many passes")
            pixels = picture.convert("RGB").tobytes("raw", "BGRX")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RFBError(f"a JPEG picture that cannot be read: {error}") from None
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 4)


def encode_jpeg(pixels: Pixels, quality: int) -> bytes:
    """quality: 1 (small) to 100 (good)."""
    height, width = pixels.shape[:2]
    picture = Image.frombuffer("RGB", (width, height), np.ascontiguousarray(pixels).tobytes(), "raw", "BGRX", 0, 1)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling=0 if quality > 80 else 2)
    return out.getvalue()
