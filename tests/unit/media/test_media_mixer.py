"""The mixer: who hears whom, how loud, through bridges in bridges."""

from __future__ import annotations

import numpy as np
import pytest
from support.tones import goertzel, sine

from blinkq.media.mixer import Mixer

RATE = 8000
TONES = {1: 400, 2: 700, 3: 1000, 4: 1300}


def blocks() -> dict[int, np.ndarray]:
    return {slot: sine(frequency, 0.02, RATE, -20) for slot, frequency in TONES.items()}


def hears(samples: np.ndarray) -> set[int]:
    """The slots whose tones are in a block (50 Hz resolution: the tones are further apart)."""
    return {slot for slot, frequency in TONES.items() if goertzel(samples, frequency, RATE) > -26}


def test_a_conference_hears_everybody_but_oneself() -> None:
    mixer = Mixer(RATE)
    for first in TONES:
        for second in TONES:
            if first != second:
                mixer.connect(first, second)
    outputs = mixer.tick(blocks())
    assert {slot: hears(samples) for slot, samples in outputs.items()} == {s: set(TONES) - {s} for s in TONES}
    for slot, samples in outputs.items():
        wanted = sum(block.astype(int) for other, block in blocks().items() if other != slot)
        assert np.array_equal(samples, wanted)


def test_random_connections_add_up_exactly() -> None:
    chance = np.random.default_rng(5)
    for _ in range(50):
        mixer = Mixer(RATE)
        pairs = {(int(a), int(b)) for a, b in chance.integers(0, 8, (20, 2))}
        inputs = {slot: chance.integers(-3000, 3000, 160).astype(np.int16) for slot in range(6)}
        for source, sink in pairs:
            mixer.connect(source, sink)
        outputs = mixer.tick(inputs)
        assert set(outputs) == {sink for _, sink in pairs}
        for sink, samples in outputs.items():
            wanted = np.zeros(160, int)
            for source, other in pairs:
                if other == sink and source in inputs:
                    wanted += inputs[source]
            assert np.array_equal(samples, wanted)


def test_loud_sums_are_clipped_not_wrapped() -> None:
    mixer = Mixer(RATE)
    for source in (1, 2, 3):
        mixer.connect(source, 9)
    loud = np.full(160, 30000, np.int16)
    assert mixer.tick(dict.fromkeys((1, 2, 3), loud))[9].tolist() == [32767] * 160
    assert mixer.tick(dict.fromkeys((1, 2, 3), -loud))[9].tolist() == [-32768] * 160


def test_silent_sources_are_silence() -> None:
    mixer = Mixer(RATE)
    mixer.connect(1, 9)
    assert not mixer.tick({})[9].any()
    with pytest.raises(ValueError, match="read-only"):
        mixer.tick({})[9][0] = 1


def test_bridges_in_bridges_have_no_delay_and_no_double_voices() -> None:
    mixer = Mixer(RATE)
    for bridge in (10, 11, 12):
        mixer.add_passthrough(bridge)
    for source, sink in ((1, 10), (2, 10), (10, 11), (1, 11), (11, 12), (12, 9), (11, 9)):
        mixer.connect(source, sink)
    outputs = mixer.tick(blocks())
    assert set(outputs) == {9}
    assert np.array_equal(outputs[9], blocks()[1] + blocks()[2])


def test_bridges_in_a_ring_do_not_howl() -> None:
    mixer = Mixer(RATE)
    for source, sink in ((10, 11), (11, 10), (1, 10), (11, 9)):
        mixer.connect(source, sink)
    mixer.add_passthrough(10)
    mixer.add_passthrough(11)
    for _ in range(3):
        assert np.array_equal(mixer.tick(blocks())[9], blocks()[1])


def test_changes_take_effect_in_the_next_block() -> None:
    mixer = Mixer(RATE)
    mixer.connect(1, 9)
    mixer.connect(1, 9)
    assert mixer.listeners(1)
    assert hears(mixer.tick(blocks())[9]) == {1}
    mixer.connect(2, 9)
    assert hears(mixer.tick(blocks())[9]) == {1, 2}
    mixer.disconnect(1, 9)
    mixer.disconnect(1, 9)
    assert hears(mixer.tick(blocks())[9]) == {2}
    assert mixer.connections == {(2, 9)}
    mixer.add_passthrough(2)
    mixer.remove_slot(2)
    mixer.remove_slot(2)
    assert mixer.tick(blocks()) == {}
    mixer.connect(2, 9)
    assert hears(mixer.tick(blocks())[9]) == {2}
    assert not mixer.listeners(1)


def test_a_block_of_another_length_is_our_own_mistake() -> None:
    mixer = Mixer(48000)
    assert mixer.block == 960
    mixer.connect(1, 9)
    with pytest.raises(ValueError, match="slot 1 gave 160"):
        mixer.tick({1: np.zeros(160, np.int16)})


def test_hearing_oneself_is_possible_when_wished() -> None:
    mixer = Mixer(RATE)
    mixer.connect(1, 1)
    mixer.connect(2, 1)
    assert hears(mixer.tick(blocks())[1]) == {1, 2}
