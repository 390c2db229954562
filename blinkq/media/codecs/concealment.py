"""Packet-loss concealment for codecs that have none of their own: the last pitch periods go on and fade away.

In the manner of G.711 Appendix I: the period is found by correlation in what was heard last, repeated, faded to
silence over 60 ms, and blended into the first good frame so that no click is heard. What this is not: decoding; a
decoder owns one of these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blinkq.media.codecs.codec import Samples

__all__ = ["Concealment"]

#: Pitch of speech, in seconds of period: 400 Hz down to 66 Hz.
_SHORTEST_PERIOD, _LONGEST_PERIOD = 0.0025, 0.015
#: The repeated sound stays at full level this long, then fades to nothing until the second time (seconds).
_HOLD, _SILENT_AFTER = 0.010, 0.060
#: Blend between what was invented and what is real again, in seconds.
_BLEND = 0.005


class Concealment:
    """Remembers what was heard at ``sample_rate`` Hz and goes on with it when asked."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._shortest = int(sample_rate * _SHORTEST_PERIOD)
        self._longest = int(sample_rate * _LONGEST_PERIOD)
        self._blend = int(sample_rate * _BLEND)
        self._history: NDArray[np.int16] = np.zeros(3 * self._longest, np.int16)
        self._period: NDArray[np.float32] | None = None
        self._position = 0

    def heard(self, samples: Samples) -> Samples:
        """Take a decoded frame; return it, blended with the invented sound when it is the first after a gap."""
        if self._period is not None:
            samples = self._join(samples)
            self._period = None
        size = len(self._history)
        if len(samples) >= size:
            self._history = samples[-size:]
        else:
            self._history = np.concatenate((self._history[len(samples) :], samples))
        return samples

    def conceal(self, count: int) -> Samples:
        """Return the next ``count`` samples of invented sound."""
        if self._period is None:
            self._period = self._find_period()
            self._position = 0
        invented = self._go_on(self._period, count).astype(np.int16)
        self._position += count
        return invented

    def _find_period(self) -> NDArray[np.float32]:
        """Return the last pitch period, blended at its seam so that repeating it makes no click."""
        history = self._history.astype(np.float32)
        window = self._longest
        recent = history[-window:]
        # Every candidate lag at once: the rows are the windows that lie one lag before the recent one.
        lags = np.arange(self._shortest, self._longest + 1)
        rows = np.lib.stride_tricks.sliding_window_view(history, window)[len(history) - window - lags]
        energy = np.einsum("ij,ij->i", rows, rows)
        score = (rows @ recent) / np.sqrt(energy + 1.0)
        lag = int(lags[int(np.argmax(score))])
        period = history[-lag:].copy()
        overlap = lag // 4
        ramp = np.linspace(0.0, 1.0, overlap, endpoint=False, dtype=np.float32)
        before = history[len(history) - lag - overlap : len(history) - lag]
        period[-overlap:] = period[-overlap:] * (1 - ramp) + before * ramp
        return period

    def _go_on(self, period: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        index = self._position + np.arange(count)
        hold, silent = _HOLD * self._rate, _SILENT_AFTER * self._rate
        gain = np.clip((silent - index) / (silent - hold), 0.0, 1.0).astype(np.float32)
        faded: NDArray[np.float32] = period[index % len(period)] * gain
        return faded

    def _join(self, samples: Samples) -> Samples:
        assert self._period is not None
        length = min(self._blend, len(samples))
        ramp = np.linspace(0.0, 1.0, length, endpoint=False, dtype=np.float32)
        joined = samples.copy()
        joined[:length] = self._go_on(self._period, length) * (1 - ramp) + samples[:length] * ramp
        return joined
