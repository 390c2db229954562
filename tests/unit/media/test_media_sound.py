"""Resampling, time stretching, tones and levels, judged by what is heard."""

from __future__ import annotations

import numpy as np
import pytest
from support.tones import babble, dtmf_digit, goertzel, level_of, sine, snr

from blinkq.media import tones
from blinkq.media.dtmf import DIGITS
from blinkq.media.levels import apply_gain, level_dbfs
from blinkq.media.resample import Resampler, resample
from blinkq.media.timescale import lengthen, shorten

RATES = [(8000, 48000), (48000, 8000), (16000, 48000), (48000, 16000), (44100, 48000), (48000, 44100), (8000, 16000),
         (32000, 48000)]


@pytest.mark.parametrize(("low", "high"), RATES)
def test_tones_pass_the_resampler_clean_and_in_blocks_of_the_right_length(low: int, high: int) -> None:
    resampler = Resampler(low, high)
    for frequency in (300, 1000, 3300):
        resampler.reset()
        said = sine(frequency, 1.0, low)
        out = [resampler.process(said[start : start + low // 50]) for start in range(0, low, low // 50)]
        assert {len(block) for block in out} == {high // 50}
        heard = np.concatenate(out)[high // 10 :]
        assert goertzel(heard, frequency, high) == pytest.approx(-12, abs=0.1)
        time = (np.arange(len(heard)) + high // 10) / high - resampler.delay
        wanted = (8000 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)
        assert snr(heard, wanted) > 60


@pytest.mark.parametrize("frequency", [4700, 6000, 10000, 20000])
def test_what_does_not_fit_the_lower_rate_is_removed_not_folded_back(frequency: int) -> None:
    heard = Resampler(48000, 8000).process(sine(frequency, 1.0, 48000))
    assert level_of(heard[100:]) < -70


def test_block_lengths_do_not_matter() -> None:
    chance = np.random.default_rng(2)
    for low, high in (*RATES, (11025, 8000), (22050, 16000)):
        said = chance.integers(-9000, 9000, 3000).astype(np.int16)
        whole = Resampler(low, high).process(said)
        pieces, resampler, start = [], Resampler(low, high), 0
        while start < len(said):
            size = int(chance.integers(0, 90))
            pieces.append(resampler.process(said[start : start + size]))
            start += size
        # The sums are the same but for the order in which they are rounded.
        assert np.abs(np.concatenate(pieces).astype(int) - whole).max() <= 1


def test_same_rate_is_untouched_and_no_rate_is_refused() -> None:
    said = babble(0.1, 8000)
    assert Resampler(8000, 8000).process(said) is said
    assert Resampler(8000, 8000).delay == 0
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 8000)


def test_whole_sounds_are_converted_without_delay() -> None:
    heard = resample(babble(1.0, 16000), 16000, 48000)
    assert len(heard) == 48000
    assert snr(resample(heard, 48000, 16000), babble(1.0, 16000)) > 40


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("stretch", [shorten, lengthen])
def test_stretched_speech_keeps_its_pitch_and_joins_its_neighbours(rate: int, stretch: object) -> None:
    said = sine(200, 0.02, rate)
    heard = stretch(said, rate)  # type: ignore[operator]  # one of two functions
    change = abs(len(heard) - len(said)) / rate
    assert 0.0024 < change < 0.0101
    assert change * 200 == pytest.approx(round(change * 200), abs=0.06)
    assert heard[0] == said[0]
    assert heard[-1] == said[-1]
    steepest = np.abs(np.diff(said.astype(int))).max()
    assert np.abs(np.diff(heard.astype(int))).max() < 2 * steepest


def test_pauses_are_left_out_or_doubled_whole() -> None:
    quiet = np.full(160, 3, np.int16)
    assert len(shorten(quiet, 8000)) == 0
    assert len(lengthen(quiet, 8000)) == 320


def test_a_frame_too_short_to_tell_is_left_alone() -> None:
    short = sine(500, 0.005, 8000)
    assert len(shorten(short, 8000)) == len(lengthen(short, 8000)) == len(short)


@pytest.mark.parametrize("digit", DIGITS)
def test_dtmf_tones_are_those_of_the_digit(digit: str) -> None:
    assert dtmf_digit(tones.dtmf_tone(digit.lower(), 0.1, 8000), 8000) == digit


@pytest.mark.parametrize("digit", ["", "x", "11"])
def test_no_tone_for_what_is_no_digit(digit: str) -> None:
    with pytest.raises(ValueError, match="no DTMF digit"):
        tones.dtmf_tone(digit, 0.1, 8000)


def test_ring_back_and_busy_have_the_networks_pitch_and_cadence() -> None:
    ring = tones.cadence(tones.RING_BACK, 16000)
    assert len(ring) == 5 * 16000
    assert goertzel(ring[:16000], 425, 16000) == pytest.approx(-18, abs=0.3)
    assert not ring[16000:].any()
    american = tones.cadence(tones.RING_BACK_US, 16000)
    assert min(goertzel(american[:32000], frequency, 16000) for frequency in (440, 480)) > -19
    busy = tones.cadence(tones.BUSY, 16000, repeat=3)
    loud = [level_of(busy[start : start + 8000]) > -40 for start in range(0, len(busy), 8000)]
    assert loud == [True, False] * 3


def test_tones_begin_and_end_without_a_click() -> None:
    sound = tones.tone((425,), 0.1, 16000).astype(int)
    assert abs(sound[0]) < 20 > abs(sound[-1])
    assert len(tones.tone((425,), 0.0, 16000)) == 0


def test_levels() -> None:
    assert level_dbfs(sine(1000, 0.1, 8000, 0)) == pytest.approx(-3.01, abs=0.05)
    assert level_dbfs(np.zeros(160, np.int16)) == -96
    assert level_dbfs(np.zeros(0, np.int16)) == -96


def test_gain() -> None:
    said = sine(1000, 0.1, 8000, -12)
    assert apply_gain(said, 100) is said
    assert level_of(apply_gain(said, 50)) == pytest.approx(level_of(said) - 6.02, abs=0.05)
    assert not apply_gain(said, 0).any()
    assert apply_gain(np.array([30000, -30000], np.int16), 200).tolist() == [32767, -32768]
