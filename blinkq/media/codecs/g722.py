"""G.722 at 64 kb/s (7 kHz speech at 16 kHz sampling) through the codec in PyAV.

PyAV costs 17 MB and a fifth of a second to import, so it is imported when the first G.722 call begins, not before.
The RTP clock of G.722 is 8000 although it samples at 16000 (RFC 3551 §4.5.2).
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from typing import Any

import numpy as np

from blinkq.media.codecs.codec import CodecError, Samples
from blinkq.media.codecs.concealment import Concealment

__all__ = ["SAMPLE_RATE", "G722Decoder", "G722Encoder", "is_available"]

SAMPLE_RATE = 16000

#: Samples in 10 ms.
_FRAME = SAMPLE_RATE // 100


def is_available() -> bool:
    """Whether G.722 can be used here; looks for PyAV without importing it."""
    return importlib.util.find_spec("av") is not None


class G722Encoder:
    """One payload byte for two samples; frames of whole 10 ms."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._av = _load_av()
        self._context = self._av.CodecContext.create("g722", "w")
        self._context.sample_rate = SAMPLE_RATE
        self._context.format = "s16"
        self._context.layout = "mono"
        # Left alone the encoder waits for 20 ms at a time and holds back the rest of a 30 ms frame.
        self._context.options = {"frame_size": str(_FRAME)}
        self._context.open()

    def encode(self, samples: Samples) -> bytes:
        if not len(samples) or len(samples) % _FRAME:
            raise CodecError(f"G.722 has no frame of {len(samples)} samples.")
        frame = self._av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        return b"".join(bytes(packet) for packet in self._context.encode(frame))

    def set_packet_loss(self, percent: int) -> None:
        """No redundancy in this codec: nothing to adjust."""


class G722Decoder:
    """Every payload decodes."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._av = _load_av()
        self._context = self._av.CodecContext.create("g722", "r")
        self._context.sample_rate = SAMPLE_RATE
        self._context.format = "s16"
        self._context.layout = "mono"
        self._context.open()
        self._concealment = Concealment(SAMPLE_RATE)

    def decode(self, payload: bytes) -> Samples:
        if not payload:
            return np.zeros(0, np.int16)
        frames = self._context.decode(self._av.Packet(payload))
        pieces = [frame.to_ndarray().reshape(-1).astype(np.int16, copy=False) for frame in frames]
        return self._concealment.heard(np.concatenate(pieces) if len(pieces) != 1 else pieces[0])

    def conceal(self, count: int, following: bytes | None = None) -> Samples:
        return self._concealment.conceal(count)


@cache
def _load_av() -> Any:
    try:
        return importlib.import_module("av")
    except ImportError as error:
        raise CodecError(f"G.722 needs the package av, which cannot be loaded: {error}.") from error
