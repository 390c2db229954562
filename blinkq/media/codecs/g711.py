"""G.711: PCMU (mu-law) and PCMA (A-law) at 8 kHz by numpy tables made from the definition of the two laws (ITU-T
G.711)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blinkq.media.codecs.codec import Samples
from blinkq.media.codecs.concealment import Concealment

__all__ = ["SAMPLE_RATE", "G711Decoder", "G711Encoder", "alaw_table", "mulaw_table"]

#: Both laws sample at 8 kHz (RFC 3551 §4.5.14).
SAMPLE_RATE = 8000

#: Added to every magnitude of mu-law so that each segment is a power of two wide.
_MULAW_BIAS = 132


def mulaw_table() -> NDArray[np.int16]:
    """Return the 256 samples that the mu-law codes stand for, scaled to 16 bits."""
    code = ~np.arange(256) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _MULAW_BIAS << ((code >> 4) & 7)) - _MULAW_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def alaw_table() -> NDArray[np.int16]:
    """Return the 256 samples that the A-law codes stand for, scaled to 16 bits."""
    code = np.arange(256) ^ 0x55
    segment = (code >> 4) & 7
    step = (code & 0x0F) << 4
    magnitude = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


class G711Encoder:
    """PCMU or PCMA; any frame length."""

    sample_rate = SAMPLE_RATE

    def __init__(self, name: str) -> None:
        """``name`` is the SDP name, "PCMU" or "PCMA"."""
        self._table = _encoding(name)

    def encode(self, samples: Samples) -> bytes:
        return self._table[samples.view(np.uint16)].tobytes()

    def set_packet_loss(self, percent: int) -> None:
        """No redundancy in this codec: nothing to adjust."""


class G711Decoder:
    """PCMU or PCMA; every payload decodes."""

    sample_rate = SAMPLE_RATE

    def __init__(self, name: str) -> None:
        self._table = _decoding(name)
        self._concealment = Concealment(SAMPLE_RATE)

    def decode(self, payload: bytes) -> Samples:
        return self._concealment.heard(self._table[np.frombuffer(payload, np.uint8)])

    def conceal(self, count: int, following: bytes | None = None) -> Samples:
        return self._concealment.conceal(count)


_DECODING: dict[str, NDArray[np.int16]] = {"PCMU": mulaw_table(), "PCMA": alaw_table()}
_ENCODING: dict[str, NDArray[np.uint8]] = {}


def _decoding(name: str) -> NDArray[np.int16]:
    return _DECODING[name.upper()]


def _encoding(name: str) -> NDArray[np.uint8]:
    """The code of every 16-bit sample, indexed by the sample seen as unsigned; made when first wanted (64 KB each)."""
    name = name.upper()
    if name not in _ENCODING:
        values = _DECODING[name].astype(np.int32)
        order = np.argsort(values, kind="stable")
        # The nearest code wins: the borders lie half way between two neighbouring values.
        borders = (values[order][1:] + values[order][:-1]) / 2
        samples = np.arange(65536, dtype=np.uint16).view(np.int16)
        _ENCODING[name] = order[np.searchsorted(borders, samples)].astype(np.uint8)
    return _ENCODING[name]
