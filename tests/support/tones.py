"""Listening to signals in tests: Goertzel levels, the strongest of several tones, signal-to-noise ratio, delay by correlation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

DTMF_LOW = (697, 770, 852, 941)
DTMF_HIGH = (1209, 1336, 1477, 1633)
_DIGITS = ("123A", "456B", "789C", "*0#D")


def sine(frequency: float, seconds: float, rate: int, level: float = -12.0) -> NDArray[np.int16]:
    """A sine of ``level`` dBFS (0 = a sine of full scale)."""
    time = np.arange(round(seconds * rate)) / rate
    return np.rint(32767 * 10 ** (level / 20) * np.sin(2 * np.pi * frequency * time)).astype(np.int16)


def babble(seconds: float, rate: int, seed: int = 1, level: float = -20.0) -> NDArray[np.int16]:
    """Something like a voice: a gliding pitch with harmonics up to 3 kHz, in syllables with pauses; ``level`` dBFS RMS."""
    chance = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time + chance.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    sound = np.zeros(len(time))
    for harmonic in range(1, 24):
        formants = np.exp(-(((harmonic * 120 - 500) / 400) ** 2)) + 0.4 * np.exp(-(((harmonic * 120 - 1600) / 500) ** 2))
        sound += (formants + 0.02) * np.sin(harmonic * phase + chance.uniform(0, 6))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * time) + 0.6, 0, 1) * (np.sin(2 * np.pi * 0.4 * time + 1) > -0.7)
    sound *= syllables
    sound *= 32767 * 10 ** (level / 20) / np.sqrt(np.mean(sound**2))
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def level_of(samples: NDArray[np.int16]) -> float:
    """RMS level in dBFS (a full-scale sine is -3)."""
    return float(20 * np.log10(max(1e-5, np.sqrt(np.mean((samples / 32768.0) ** 2)))))


def goertzel(samples: NDArray[np.int16], frequency: float, rate: int) -> float:
    """Level in dBFS of the sine at ``frequency`` within ``samples`` (0 = full scale)."""
    window = np.hanning(len(samples))
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
    amplitude = 2 * abs(np.dot(samples / 32768.0 * window, turn)) / max(1e-9, window.sum())
    return float(20 * np.log10(max(1e-9, amplitude)))


def strongest(samples: NDArray[np.int16], frequencies: Iterable[float], rate: int) -> float:
    """The loudest of the frequencies."""
    return max(frequencies, key=lambda frequency: goertzel(samples, frequency, rate))


def dtmf_digit(samples: NDArray[np.int16], rate: int) -> str:
    """The digit whose two tones are the loudest, or "" when they do not stand out."""
    low = strongest(samples, DTMF_LOW, rate)
    high = strongest(samples, DTMF_HIGH, rate)
    if min(goertzel(samples, low, rate), goertzel(samples, high, rate)) < max(-40.0, level_of(samples) - 12):
        return ""
    return _DIGITS[DTMF_LOW.index(int(low))][DTMF_HIGH.index(int(high))]


def delay_of(heard: NDArray[np.int16], said: NDArray[np.int16], most: int) -> int:
    """By how many samples (0 to ``most``) ``heard`` lags ``said``."""
    length = min(len(said), len(heard) - most)
    reference = said[:length].astype(float)
    return int(np.argmax([np.dot(heard[lag : lag + length].astype(float), reference) for lag in range(most + 1)]))


def snr(heard: NDArray[np.int16], said: NDArray[np.int16]) -> float:
    """Signal-to-noise ratio in dB of two aligned signals, after the best gain."""
    length = min(len(heard), len(said))
    signal, other = said[:length].astype(float), heard[:length].astype(float)
    signal *= np.dot(other, signal) / max(1.0, np.dot(signal, signal))
    return float(10 * np.log10(max(1e-9, np.sum(signal**2)) / max(1e-9, np.sum((other - signal) ** 2))))
