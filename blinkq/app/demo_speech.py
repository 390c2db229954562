"""Whether the speech of one WAV file is in another, and where: how the demo proves that the sound went its way.

The reference is cut into short pieces, each of which is looked for by normalised cross-correlation; a place is as good as the pieces fit
there on average. A copy scores near 1 (codecs and small changes of delay cost little), other speech about 0.2.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["ENOUGH", "RATE", "Finding", "find_copies", "find_speech", "read_speech"]

Signal = NDArray[np.float64]

#: what recordings are compared at (Hz): telephone speech, and little to compute
RATE = 8000
#: from this score on the speech is there
ENOUGH = 0.5

_BAND = (300.0, 3400.0)
_PIECE = int(0.5 * RATE)
#: how far the pieces of one copy may lie from where the whole fits best: a jitter buffer moves them while it adapts
_SLACK = int(0.03 * RATE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A copy of the speech: ``start`` in seconds from the beginning of the recording, ``score`` from 0 to 1."""

    start: float
    score: float


def read_speech(path: Path) -> Signal:
    """A 16-bit WAV file as mono at RATE, with the frequencies of telephone speech. Raises OSError and wave.Error."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise wave.Error("only 16-bit files can be compared")
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768.0
    return _to_band(samples.reshape(-1, channels).mean(axis=1), rate)


def find_speech(reference: Signal, recording: Signal) -> Finding:
    """The best place of ``reference`` within ``recording``."""
    first, last = np.flatnonzero(np.abs(reference) > 0.05 * np.abs(reference).max())[[0, -1]]
    pieces = [(place, reference[place : place + _PIECE]) for place in range(first, max(last - _PIECE, first + 1), _PIECE)]
    energies = np.array([float(np.dot(piece, piece)) for _, piece in pieces])
    loud = energies > 0.1 * energies.mean()
    pieces = [piece for piece, keep in zip(pieces, loud, strict=True) if keep]
    weights = energies[loud] / energies[loud].sum()
    if len(recording) < len(reference) or not np.any(recording):
        return Finding(0.0, 0.0)
    span = len(recording) - last
    maps = [_correlation(piece, recording)[place : place + span] for place, piece in pieces]
    # each piece may lie a little beside the common place
    near = [np.lib.stride_tricks.sliding_window_view(np.pad(fit, _SLACK), 2 * _SLACK + 1).max(axis=1) for fit in maps]
    fits = sum((weight * fit for weight, fit in zip(weights, near, strict=True)), np.zeros(span))
    exact = sum((weight * fit for weight, fit in zip(weights, maps, strict=True)), np.zeros(span))
    best = int(np.argmax(fits + exact))
    return Finding(best / RATE, round(float(fits[best]), 3))


def find_copies(reference: Signal, recording: Signal, most: int = 2) -> list[Finding]:
    """Up to ``most`` copies that score ENOUGH, the clearest first: each is taken out of the recording before the next is looked for."""
    rest = recording.copy()
    copies: list[Finding] = []
    while len(copies) < most:
        copy = find_speech(reference, rest)
        if copy.score < ENOUGH:
            break
        copies.append(copy)
        _take_out(reference, rest, round(copy.start * RATE))
    return copies


def _take_out(reference: Signal, recording: Signal, start: int) -> None:
    """Subtract the copy piece by piece, each where and as loud as it fits best."""
    for place in range(0, len(reference), _PIECE):
        piece = reference[place : place + _PIECE]
        low = max(start + place - _SLACK, 0)
        part = recording[low : start + place + _SLACK + len(piece)]
        energy = float(np.dot(piece, piece))
        if len(part) < len(piece) or energy < 1e-9:
            continue
        fit = np.correlate(part, piece, "valid")
        shift = int(np.argmax(fit))
        part[shift : shift + len(piece)] -= float(fit[shift]) / energy * piece


def _correlation(piece: Signal, recording: Signal) -> Signal:
    """The normalised cross-correlation of ``piece`` at every place of ``recording``."""
    size = 1 << (len(recording) + len(piece)).bit_length()
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(piece, size))
    raw = np.fft.irfft(spectrum, size)[: len(recording) - len(piece) + 1]
    power = np.concatenate(([0.0], np.cumsum(recording**2)))
    energy = power[len(piece) :] - power[: -len(piece)]
    floor = max(float(energy.max()) * 1e-3, 1e-9)  # near silence everything fits
    fits: Signal = raw / (np.linalg.norm(piece) * np.sqrt(np.maximum(energy, floor)))
    return fits


def _to_band(samples: Signal, rate: int) -> Signal:
    if not len(samples):
        return samples
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum[(frequencies < _BAND[0]) | (frequencies > _BAND[1])] = 0
    length = round(len(samples) * RATE / rate)
    narrow = np.zeros(length // 2 + 1, complex)
    count = min(len(narrow), len(spectrum))
    narrow[:count] = spectrum[:count]
    result: Signal = np.fft.irfft(narrow, length) * (length / len(samples))
    return result
