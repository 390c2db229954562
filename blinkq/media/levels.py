"""How loud a block of sound is, in dBFS."""

from __future__ import annotations

from math import log10

import numpy as np

from blinkq.media.codecs.codec import Samples

__all__ = ["SILENCE", "apply_gain", "level_dbfs"]

#: The level of nothing at all: the least step of 16 bits is not far above.
SILENCE = -96.0


def level_dbfs(samples: Samples) -> float:
    """Return the RMS level relative to full scale: a full-scale sine is -3, silence and an empty block are -96."""
    if not len(samples):
        return SILENCE
    values = samples.astype(np.float32)
    power = float(np.dot(values, values)) / len(values) / (32768.0 * 32768.0)
    return max(SILENCE, 10 * log10(power)) if power > 0 else SILENCE


def apply_gain(samples: Samples, percent: int) -> Samples:
    """Return the samples at ``percent`` of their amplitude (100 = unchanged), clipped."""
    if percent == 100:
        return samples
    louder: Samples = np.clip(samples.astype(np.float32) * (percent / 100), -32768, 32767).astype(np.int16)
    return louder
