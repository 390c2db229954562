"""Rings between two clocks: order kept, delay bounded, drift followed without steps."""

from __future__ import annotations

import numpy as np
import pytest
from support.tones import goertzel, sine

from blinkq.voice.devices.ring import MAX_MS, SPARE_MS, CaptureRing, PlaybackRing, SampleRing, stretch

RATE, BLOCK = 48000, 960


def test_a_ring_wraps_and_keeps_order() -> None:
    ring = SampleRing(100)
    numbers = np.arange(1000, dtype=np.int16)
    out: list[int] = []
    position = 0
    while position < 1000:
        position += ring.write(numbers[position : position + 37])
        out += ring.read(29).tolist()
    out += ring.read(1000).tolist()
    assert out == list(range(1000))


def test_a_full_ring_takes_what_fits() -> None:
    ring = SampleRing(10)
    assert ring.write(np.ones(25, np.int16)) == 10
    ring.drop(-5)
    assert ring.fill == 10
    ring.drop(4)
    assert ring.fill == 6
    ring.drop(100)
    assert ring.fill == 0


def _drift(parts_per_million: float, seconds: int, burst: int = BLOCK) -> tuple[CaptureRing, list[np.ndarray]]:
    """A sound card whose clock is off; its callbacks bring ``burst`` samples of its own time, a little unevenly."""
    ring = CaptureRing(RATE, BLOCK)
    chance = np.random.default_rng(1)
    source = sine(440, seconds * (1 + 1e-3) + 1, RATE)
    period = burst / RATE / (1 + parts_per_million * 1e-6)
    heard, position, card, late = [], 0, 0.0, 0.0
    for tick in range(seconds * 50):
        while card + late <= tick * 0.020:
            ring.push(source[position : position + burst], card + late)
            position += burst
            card += period
            late = chance.uniform(0, 0.003)
        block = ring.pull(tick * 0.020)
        if block is not None:
            heard.append(block)
    return ring, heard


@pytest.mark.parametrize("parts_per_million", [-300, 0, 300])
@pytest.mark.parametrize("burst", [480, 960, 1440])
def test_drift_is_followed_without_a_gap(parts_per_million: int, burst: int) -> None:
    ring, heard = _drift(parts_per_million, 150, burst)
    assert ring.underruns <= (0 if burst == BLOCK else 2), "other periods may cost something until the reserve fits"
    assert ring.overruns <= 2, "a block may be dropped while it settles"
    assert ring.fill < RATE * 50 // 1000
    sound = np.concatenate(heard[-100:])
    assert goertzel(sound, 440, RATE) == pytest.approx(-12, abs=1)
    steps = np.abs(np.diff(sound.astype(int)))
    assert steps.max() < 1.1 * 32767 * 10 ** (-12 / 20) * 2 * np.pi * 440 / RATE, "no clicks"


def test_capture_waits_to_be_primed_and_again_after_an_underrun() -> None:
    ring = CaptureRing(RATE, BLOCK)
    assert ring.pull(0.0) is None
    ring.push(np.ones(BLOCK, np.int16), 0.0)
    assert ring.pull(0.0) is None, "the reserve is not there yet"
    ring.push(np.ones(BLOCK, np.int16), 0.02)
    first, second, short = ring.pull(0.02), ring.pull(0.04), ring.pull(0.06)
    assert [None if block is None else bool(block.all()) for block in (first, second, short)] == [True, True, False]
    assert not np.any(short)
    assert ring.underruns == 1
    assert ring.pull(0.08) is None


def test_a_reserve_that_proved_too_small_grows() -> None:
    ring = CaptureRing(RATE, BLOCK)
    for attempt in range(20):
        ring.push(np.ones(3 * BLOCK, np.int16), attempt)
        for _ in range(5):
            ring.pull(attempt)
    assert ring.underruns > 5
    ring = ring if ring.fill == 0 else CaptureRing(RATE, BLOCK)
    ring.push(np.ones(BLOCK + RATE * SPARE_MS // 1000, np.int16), 50.0)
    assert ring.pull(50.0) is None


def test_capture_delay_stays_bounded_when_nobody_reads() -> None:
    ring = CaptureRing(RATE, BLOCK)
    for index in range(100):
        ring.push(np.ones(BLOCK, np.int16), index * 0.02)
    assert ring.fill == RATE * MAX_MS // 1000
    ring.pull(2.0)
    assert ring.fill <= BLOCK + RATE * SPARE_MS // 1000, "what piled up is dropped at the start"


def test_playback_delay_shrinks_after_the_device_stalled() -> None:
    ring = PlaybackRing(RATE, BLOCK)
    block = np.ones(BLOCK, np.int16)
    for index in range(20):
        ring.push(block, index * 0.02)
        ring.pull(BLOCK, index * 0.02 + 0.001)
    for index in range(20, 25):
        ring.push(block, index * 0.02)
    before = ring.fill
    for index in range(25, 225):
        ring.push(block, index * 0.02)
        ring.pull(BLOCK, index * 0.02 + 0.001)
    assert before >= 5 * BLOCK
    assert ring.fill < 3 * BLOCK


def test_playback_gives_silence_until_primed_and_when_empty() -> None:
    ring = PlaybackRing(RATE, BLOCK)
    assert not ring.pull(BLOCK, 0.0).any()
    for index in range(3):
        ring.push(np.ones(BLOCK, np.int16), index * 0.02)
    assert ring.pull(BLOCK, 0.06).all()
    rest = ring.pull(3 * BLOCK, 0.08)
    assert len(rest) == 3 * BLOCK
    assert rest.any()
    assert not rest[-BLOCK:].any()
    assert ring.underruns == 1


def test_stretching_keeps_the_tone() -> None:
    tone = sine(1000, 0.02, RATE)
    assert stretch(tone, BLOCK) is tone
    for count in (BLOCK - 5, BLOCK + 5):
        assert len(stretch(tone, count)) == count
        assert goertzel(stretch(tone, count), 1000, RATE) == pytest.approx(-12, abs=0.5)
