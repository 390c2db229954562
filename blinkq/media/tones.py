"""Tones made of sines: ring-back and busy as telephone networks play them, DTMF, with soft edges and cadence.

What this is not: playing them (a player of ``voice/`` does), or the ring tones' melody (``packaging/make_sounds.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blinkq.media.codecs.codec import Samples

__all__ = ["BUSY", "HOLD", "RING_BACK", "RING_BACK_US", "Tone", "cadence", "dtmf_frequencies", "dtmf_tone", "tone"]

#: Rise and fall of every tone in seconds: without it each edge clicks.
EDGE = 0.004

_ROWS = {key: row for row, keys in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True) for key in keys}
_COLUMNS = {
    key: column for column, keys in zip((1209, 1336, 1477, 1633), ("147*", "2580", "369#", "ABCD"), strict=True) for key in keys
}


@dataclass(frozen=True, slots=True)
class Tone:
    """Frequencies in Hz sounding together, and the seconds of sound and silence that repeat."""

    frequencies: tuple[float, ...]
    on: float
    off: float


#: ETSI: 425 Hz, one second in five.
RING_BACK = Tone((425,), 1.0, 4.0)
#: North America.
RING_BACK_US = Tone((440, 480), 2.0, 4.0)
#: ETSI: 425 Hz, half a second in one.
BUSY = Tone((425,), 0.5, 0.5)
#: A short reminder every ten seconds for who waits on hold.
HOLD = Tone((440, 660), 0.25, 9.75)


def tone(frequencies: tuple[float, ...], seconds: float, sample_rate: int, *, level: float = -18.0) -> Samples:
    """Return sines sounding together for ``seconds``; ``level`` in dBFS is that of each (0 = full scale)."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    sound = np.sum([np.sin(2 * np.pi * frequency * time) for frequency in frequencies], axis=0)
    edge = min(len(time) // 2, round(EDGE * sample_rate))
    if edge:
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
        sound[:edge] *= ramp
        sound[-edge:] *= ramp[::-1]
    samples: Samples = np.clip(np.rint(sound * 32767 * 10 ** (level / 20)), -32768, 32767).astype(np.int16)
    return samples


def cadence(kind: Tone, sample_rate: int, *, repeat: int = 1, level: float = -18.0) -> Samples:
    """Return a tone with its silence, ``repeat`` times."""
    sound = tone(kind.frequencies, kind.on, sample_rate, level=level)
    return np.tile(np.concatenate((sound, np.zeros(round(kind.off * sample_rate), np.int16))), repeat)


def dtmf_tone(digit: str, seconds: float, sample_rate: int, *, level: float = -13.0) -> Samples:
    """Return the two tones of a digit (ITU-T Q.23). Raises ValueError for what is no digit."""
    return tone(dtmf_frequencies(digit), seconds, sample_rate, level=level)


def dtmf_frequencies(digit: str) -> tuple[float, float]:
    """Return the frequencies of a digit in Hz (ITU-T Q.23). Raises ValueError for what is no digit."""
    key = digit.upper()
    if len(key) != 1 or key not in _ROWS:
        raise ValueError(f"{digit!r} is no DTMF digit")
    return _ROWS[key], _COLUMNS[key]
