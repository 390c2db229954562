"""Shorter or longer speech at the same pitch: one pitch period is taken out of a frame or put in, joined where the
waves match.

A quiet frame is left out or doubled whole, which nobody hears.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blinkq.media.codecs.codec import Samples
from blinkq.media.levels import level_dbfs

__all__ = ["lengthen", "shorten"]

#: Below this level (dBFS) a frame is a pause.
QUIET = -50.0
#: Periods looked for, in seconds; the longest leaves half of a 20 ms frame to compare.
_SHORTEST, _LONGEST = 0.0025, 0.010
#: The search runs at about this rate: finer steps make no audible difference.
_SEARCH_RATE = 16000


def shorten(samples: Samples, sample_rate: int) -> Samples:
    """Return the frame without one period, or nothing of a quiet one. Its ends join its neighbours as before."""
    if level_dbfs(samples) < QUIET:
        return samples[:0]
    lag = _find_period(samples, sample_rate)
    if not lag:
        return samples
    return np.concatenate((_blend(samples[:lag], samples[lag : 2 * lag]), samples[2 * lag :]))


def lengthen(samples: Samples, sample_rate: int) -> Samples:
    """Return the frame with one period more, or twice when it is quiet. Its ends join its neighbours as before."""
    if level_dbfs(samples) < QUIET:
        return np.concatenate((samples, samples))
    lag = _find_period(samples, sample_rate)
    if not lag:
        return samples
    return np.concatenate((samples[:lag], _blend(samples[lag : 2 * lag], samples[:lag]), samples[lag:]))


def _find_period(samples: Samples, sample_rate: int) -> int:
    """The distance at which the frame resembles itself most; 0 when the frame is too short to tell."""
    step = max(1, sample_rate // _SEARCH_RATE)
    signal = samples[::step].astype(np.float32)
    shortest, longest = int(_SHORTEST * sample_rate / step), int(_LONGEST * sample_rate / step)
    window = len(signal) - longest
    if window < longest:
        return 0
    rows = np.lib.stride_tricks.sliding_window_view(signal, window)[shortest : longest + 1]
    energy = np.einsum("ij,ij->i", rows, rows)
    score = (rows @ signal[:window]) / np.sqrt(energy + 1.0)
    return (shortest + int(np.argmax(score))) * step


def _blend(first: Samples, second: Samples) -> NDArray[np.int16]:
    ramp = np.linspace(0.0, 1.0, len(first), endpoint=False, dtype=np.float32)
    return (first * (1 - ramp) + second * ramp).astype(np.int16)
