"""Generate the application's sounds into ``resources/sounds/``: ``python packaging/make_sounds.py [FOLDER]``.

All of them are made here from sines, so they are original and free; the results are kept in the repository, and running this again
gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blinkq.media import tones
from blinkq.media.wav import open_writer

RATE = 16000

Sound = NDArray[np.int16]


def main(folder: Path) -> None:
    for name, sound in sounds():
        writer = open_writer(folder / name, RATE)
        writer.write(sound)
        writer.close()
        print(f"{folder / name}: {writer.duration:.1f} s")


def sounds() -> Iterable[tuple[str, Sound]]:
    """The files and what is in them; players repeat them."""
    yield "ring_inbound.wav", ring()
    yield "ring_outbound.wav", tones.cadence(tones.RING_BACK, RATE, level=-20)
    yield "busy_tone.wav", tones.cadence(tones.BUSY, RATE, repeat=4, level=-20)
    yield "hold_tone.wav", tones.cadence(tones.HOLD, RATE, level=-30)[: 5 * RATE]
    yield "message.wav", message()


def message() -> Sound:
    """Two soft drops, the second higher: short, and unlike anything that rings."""
    sound = np.zeros(round(0.6 * RATE))
    for pitch, start in ((880.0, 0.0), (1318.51, 0.11)):
        add(sound, bell(pitch), start)
    sound[-RATE // 10 :] *= np.linspace(1.0, 0.0, RATE // 10)
    sound *= 32767 * 10 ** (-14 / 20) / np.abs(sound).max()
    return np.rint(sound).astype(np.int16)


def ring() -> Sound:
    """Five bell notes going up and coming down twice, then a rest: awake but not alarming."""
    melody = ((659.26, 0.00), (783.99, 0.16), (987.77, 0.32), (1174.66, 0.48), (987.77, 0.72))
    sound = np.zeros(4 * RATE)
    for phrase in (0.0, 1.3):
        for pitch, start in melody:
            add(sound, bell(pitch), phrase + start)
    sound *= 32767 * 10 ** (-9 / 20) / np.abs(sound).max()
    return np.rint(sound).astype(np.int16)


def bell(pitch: float) -> NDArray[np.float64]:
    """One struck bar: a few partials, the higher the sooner gone."""
    time = np.arange(round(0.9 * RATE)) / RATE
    partials = ((1.0, 1.0, 5.0), (2.0, 0.35, 8.0), (3.01, 0.18, 12.0), (4.1, 0.08, 18.0))
    note = sum(
        strength * np.sin(2 * np.pi * pitch * ratio * time) * np.exp(-decay * time) for ratio, strength, decay in partials
    )
    attack = np.minimum(1.0, time / 0.004)
    release = np.minimum(1.0, (time[-1] - time) / 0.05)
    return np.asarray(note * attack * release)


def add(sound: NDArray[np.float64], note: NDArray[np.float64], start: float) -> None:
    first = round(start * RATE)
    length = min(len(note), len(sound) - first)
    sound[first : first + length] += note[:length]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "resources" / "sounds")
