"""What every audio codec offers: PCM in, payload out, and back, and something to hear where a payload is missing.

PCM is mono, 16 bit, in numpy arrays of ``Samples``. What this is not: a way to choose a codec (``registry.py``).
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from blinkq.base.errors import BlinkQError

__all__ = ["CodecError", "Decoder", "Encoder", "Samples"]

Samples: TypeAlias = NDArray[np.int16]


class CodecError(BlinkQError):
    """A codec is not available here, or refused a payload; the message is a sentence for people."""


class Encoder(Protocol):
    """Turns frames of PCM at ``sample_rate`` Hz into payloads."""

    @property
    def sample_rate(self) -> int: ...

    def encode(self, samples: Samples) -> bytes:
        """Return the payload of one frame (10 to 60 ms). Raises CodecError for a length the codec has no frame for."""
        ...

    def set_packet_loss(self, percent: int) -> None:
        """Tell how much the peer loses (0 to 100 %), so that a codec with redundancy can spend more on it."""
        ...


class Decoder(Protocol):
    """Turns payloads into PCM at ``sample_rate`` Hz."""

    @property
    def sample_rate(self) -> int: ...

    def decode(self, payload: bytes) -> Samples:
        """Return the PCM of one payload. Raises CodecError for a payload that is none of this codec."""
        ...

    def conceal(self, count: int, following: bytes | None = None) -> Samples:
        """Return ``count`` samples to hear where a payload is missing; ``following`` is the payload after the gap, if
        it is here."""
        ...
