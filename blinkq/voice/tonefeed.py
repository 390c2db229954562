"""Tones for the clock thread: what a tone generator plays, made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blinkq.base.errors import BlinkQError
from blinkq.media.codecs.codec import Samples
from blinkq.media.tones import tone
from blinkq.voice.devices.device import Block

__all__ = ["MAX_SECONDS", "ToneFeed"]

#: Of all tones of one player together: they are held in memory.
MAX_SECONDS = 60.0


class ToneFeed:
    """Blocks of one pass through the tones; ``rewind`` begins another.

    :param tones: (Hz, Hz, seconds) of each, 0 Hz being silence
    :param rate: of the mixer in Hz

    Raises BlinkQError when they last longer than MAX_SECONDS.
    """

    error: str | None = None

    def __init__(self, tones: Sequence[tuple[float, float, float]], rate: int) -> None:
        if sum(seconds for _, _, seconds in tones) > MAX_SECONDS:
            raise BlinkQError(f"Tones of more than {MAX_SECONDS:g} s cannot be played.")
        block = rate // 50
        sound = np.concatenate([_samples(first, second, seconds, rate) for first, second, seconds in tones])
        sound = np.concatenate((sound, np.zeros(-len(sound) % block, np.int16)))
        self._blocks = list(sound.reshape(-1, block))
        self._position = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come in this pass."""
        return self._position >= len(self._blocks)

    def next_block(self) -> Block | None:
        """The next block; None at the end."""
        if self.ended:
            return None
        self._position += 1
        return self._blocks[self._position - 1].copy()

    def rewind(self) -> None:
        """Begin again."""
        self._position = 0

    def close(self) -> None:
        """Nothing is held but memory."""


def _samples(first: float, second: float, seconds: float, rate: int) -> Samples:
    frequencies = tuple(frequency for frequency in (first, second) if frequency > 0)
    if not frequencies or seconds <= 0:
        return np.zeros(round(max(0.0, seconds) * rate), np.int16)
    return tone(frequencies, seconds, rate)
