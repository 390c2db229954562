"""How loud a signal is: root mean square over the blocks since the last reading, in dB below full scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from blinkq.media.levels import SILENCE

__all__ = ["Meter"]

_FULL_SCALE = 32768.0


class Meter:
    """Collects blocks and reads their level; None stands for a block of silence."""

    def __init__(self) -> None:
        self._energy = 0.0
        self._samples = 0

    def add(self, block: NDArray[np.int16] | None, length: int) -> None:
        """Take a block of ``length`` samples into account."""
        self._samples += length
        if block is not None:
            values = block.astype(np.float32)
            self._energy += float(np.dot(values, values))

    def read(self) -> float:
        """The level since the last reading, in dBFS."""
        energy, samples = self._energy, self._samples
        self._energy, self._samples = 0.0, 0
        if energy <= 0.0 or not samples:
            return SILENCE
        return max(SILENCE, 20 * math.log10(math.sqrt(energy / samples) / _FULL_SCALE))
