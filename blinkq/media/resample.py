"""Streaming change of sample rate between any two fixed rates, by a polyphase windowed-sinc filter in numpy.

Blocks of whole milliseconds at the usual rates give blocks of exactly the expected length from the first one on,
delayed by 3 ms (24 samples of the lower rate). What this is not: correction of clock drift (``jitter.py`` and
``playout.py`` do that in whole periods).
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from blinkq.media.codecs.codec import Samples

__all__ = ["Resampler", "resample"]

#: Zero crossings of the sinc on each side, in samples of the lower rate.
_HALF = 24
#: Kaiser window for about 70 dB of stop-band.
_BETA = 7.0
#: Cut-off as part of the lower rate's Nyquist frequency: telephone speech to 3.4 kHz of 4 kHz passes untouched.
_CUTOFF = 0.94


class Resampler:
    """Converts one stream from ``input_rate`` to ``output_rate`` Hz, block by block."""

    def __init__(self, input_rate: int, output_rate: int) -> None:
        if input_rate <= 0 or output_rate <= 0:
            raise ValueError("sample rates are positive")
        divisor = gcd(input_rate, output_rate)
        self.input_rate = input_rate
        self.output_rate = output_rate
        self._up = output_rate // divisor
        self._down = input_rate // divisor
        self._phases = _filter(self._up, self._down)
        self._taps = self._phases.shape[1]
        self.reset()

    @property
    def delay(self) -> float:
        """Seconds by which the output lags."""
        return _HALF / min(self.input_rate, self.output_rate) if self._up != self._down else 0.0

    def reset(self) -> None:
        """Forget what was heard before, as after a seek."""
        self._history = np.zeros(self._taps - 1, np.float32)
        self._phase = 0

    def process(self, samples: Samples) -> Samples:
        """Return the samples that this block completes."""
        if self._up == self._down:
            return samples
        buffer = np.concatenate((self._history, samples.astype(np.float32)))
        self._history = buffer[len(samples) :]
        result = self._convolve(buffer, len(samples))
        # In place and without np.clip: this runs twice a tick for each call.
        np.rint(result, out=result)
        np.maximum(result, -32768.0, out=result)
        np.minimum(result, 32767.0, out=result)
        return result.astype(np.int16)

    def _convolve(self, buffer: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        """Outputs whose newest input is one of the last ``count`` of ``buffer``.

        The n-th output stands at n * down steps of the fine grid, input k at k * up; ``_phase`` is where the next
        output stands behind the first new input.
        """
        grid = count * self._up
        first = self._phase
        outputs = max(0, -((first - grid) // self._down))
        self._phase += outputs * self._down - grid
        if not outputs:
            return np.zeros(0, np.float32)
        step = buffer.itemsize
        if self._up == 1:
            return self._decimate(buffer, first * step, outputs)
        windows = np.ndarray((count, self._taps), np.float32, buffer, 0, (step, step))
        if self._down == 1:
            # Every window gives every phase once: one matrix product.
            return (windows @ self._phases.T).reshape(-1)
        index, phase = np.divmod(np.arange(first, grid, self._down), self._up)
        return np.asarray(np.einsum("ij,ij->i", windows[index], self._phases[phase]), np.float32)

    def _decimate(self, buffer: NDArray[np.float32], start: int, count: int) -> NDArray[np.float32]:
        """``count`` outputs at a whole fraction of the rate, the first window beginning at byte ``start`` of ``buffer``.

        The windows overlap by all but ``down`` samples, so each group of ``down`` inputs is multiplied with each group of
        taps once, and an output is the sum along a diagonal: a fifth of the time of multiplying every window.
        """
        groups = self._taps // self._down
        inputs = np.ndarray((count + groups - 1, self._down), np.float32, buffer, start)
        products = self._phases.reshape(groups, self._down) @ inputs.T
        row, item = products.strides
        diagonals = np.ndarray((groups, count), np.float32, products, 0, (row + item, item))
        return np.asarray(diagonals.sum(axis=0), np.float32)


def resample(samples: Samples, input_rate: int, output_rate: int) -> Samples:
    """Return a whole sound at another rate, without the delay of the stream."""
    resampler = Resampler(input_rate, output_rate)
    tail = np.zeros(int(np.ceil(resampler.delay * input_rate)), np.int16)
    result = resampler.process(np.concatenate((samples, tail)))
    start = round(resampler.delay * output_rate)
    return result[start : start + -(-len(samples) * output_rate // input_rate)]


@lru_cache(maxsize=16)
def _filter(up: int, down: int) -> NDArray[np.float32]:
    """The filter cut into ``up`` phases; row p holds the taps for outputs p steps of the fine grid after an input,
    newest input last."""
    if up == down:
        return np.ones((1, 1), np.float32)
    widest = max(up, down)
    half = _HALF * widest
    cutoff = _CUTOFF / widest
    time = np.arange(-half, half)
    prototype = np.sinc(time * cutoff) * cutoff * np.kaiser(2 * half, _BETA)
    taps = -(-len(prototype) // up)
    padded = np.zeros(taps * up)
    padded[: len(prototype)] = prototype
    phases = padded.reshape(taps, up).T[:, ::-1]
    # Each phase passes a constant unchanged, so that there is no ripple at the input rate.
    return np.ascontiguousarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float32)
