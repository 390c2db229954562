"""Codecs by content: what comes out sounds like what went in, gaps are filled with something like speech, nonsense is
refused."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from support.tones import babble, delay_of, goertzel, level_of, sine, snr

from blinkq.media.codecs import g722, opus, registry
from blinkq.media.codecs.codec import CodecError, Decoder, Encoder
from blinkq.media.codecs.g711 import G711Decoder, G711Encoder, alaw_table, mulaw_table
from blinkq.media.control import CodecFormat

NAMES = ("opus", "G722", "PCMU", "PCMA")
#: Least SNR in dB of a round trip of speech, and longest delay in samples.
QUALITY = {"opus": (9.0, 330), "G722": (30.0, 24), "PCMU": (35.0, 0), "PCMA": (35.0, 0)}


def format_of(name: str, parameters: str = "") -> CodecFormat:
    info = registry.find(name)
    assert info is not None
    return CodecFormat(info.payload_type or 111, info.name, info.clock_rate, info.channels, parameters or
    info.parameters)


def pair(name: str) -> tuple[Encoder, Decoder]:
    return registry.create_encoder(format_of(name)), registry.create_decoder(format_of(name))


def frames(samples: np.ndarray, rate: int) -> Iterator[np.ndarray]:
    size = rate // 50
    return (samples[start : start + size] for start in range(0, len(samples) - size + 1, size))


def test_all_codecs_are_here_best_first() -> None:
    assert registry.supported_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_speech_survives_the_round_trip(name: str) -> None:
    encoder, decoder = pair(name)
    rate = encoder.sample_rate
    assert decoder.sample_rate == rate
    info = registry.find(name)
    assert info is not None
    assert info.sample_rate == rate
    said = babble(2.0, rate)
    heard = np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames(said, rate)])
    assert len(heard) == len(said)
    least, slowest = QUALITY[name]
    delay = delay_of(heard, said, 400)
    assert delay <= slowest
    assert snr(heard[delay:], said) > least
    assert level_of(heard) == pytest.approx(level_of(said), abs=0.5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frequency", [300, 1000, 3300])
def test_tones_keep_their_level(name: str, frequency: int) -> None:
    encoder, decoder = pair(name)
    rate = encoder.sample_rate
    heard = np.concatenate([decoder.decode(encoder.encode(f)) for f in frames(sine(frequency, 1.0, rate), rate)])
    assert goertzel(heard[rate // 4 :], frequency, rate) == pytest.approx(-12, abs=1.0)


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_lost_frame_is_filled_with_something_like_the_speech_around_it(name: str) -> None:
    encoder, decoder = pair(name)
    rate = encoder.sample_rate
    heard = []
    for index, frame in enumerate(frames(sine(200, 2.0, rate), rate)):
        payload = encoder.encode(frame)
        lost = index > 20 and index % 10 == 0
        heard.append(decoder.conceal(len(frame)) if lost else decoder.decode(payload))
    sound = np.concatenate(heard)
    assert len(sound) == 2 * rate
    for index in range(30, 100, 10):
        gap = sound[index * rate // 50 : (index + 1) * rate // 50]
        assert goertzel(gap, 200, rate) > -18
    # No click anywhere: neighbouring samples stay as near as those of the tone, give or take.
    steepest = np.abs(np.diff(sine(200, 1.0, rate).astype(int))).max()
    assert np.abs(np.diff(sound[rate // 2 :].astype(int))).max() < 3 * steepest + 300


@pytest.mark.parametrize("name", NAMES)
def test_a_long_gap_fades_to_silence_and_sound_comes_back(name: str) -> None:
    encoder, decoder = pair(name)
    rate = encoder.sample_rate
    payloads = [encoder.encode(frame) for frame in frames(babble(1.0, rate), rate)]
    for payload in payloads[:20]:
        decoder.decode(payload)
    gap = [decoder.conceal(rate // 50) for _ in range(25)]
    assert level_of(gap[-1]) < level_of(gap[0]) - 20
    back = np.concatenate([decoder.decode(payload) for payload in payloads[20:]])
    assert level_of(back) > -30


@pytest.mark.parametrize("name", ["PCMU", "G722"])
def test_concealment_before_any_sound_is_silence(name: str) -> None:
    decoder = registry.create_decoder(format_of(name))
    assert not decoder.conceal(100).any()
    assert len(decoder.decode(b"")) == 0


# G.711 --------------------------------------------------------------------------------------------------------------


def test_g711_tables_are_those_of_the_recommendation() -> None:
    mulaw, alaw = mulaw_table(), alaw_table()
    assert (mulaw[0x00], mulaw[0x7F], mulaw[0x80], mulaw[0xFF]) == (-32124, 0, 32124, 0)
    assert (alaw[0x2A], alaw[0xAA], alaw[0xD5], alaw[0x55]) == (-32256, 32256, 8, -8)


@pytest.mark.parametrize("name", ["PCMU", "PCMA"])
def test_g711_codes_decode_to_themselves_and_nearest_wins(name: str) -> None:
    encoder, decoder = G711Encoder(name), G711Decoder(name)
    every = np.arange(-32768, 32768).astype(np.int16)
    heard = decoder.decode(encoder.encode(every))
    table = np.sort(decoder.decode(bytes(range(256))).astype(int))
    near = np.abs(table[:, None] - every[None, ::97].astype(int)).min(axis=0)
    assert np.array_equal(np.abs(heard[::97].astype(int) - every[::97]), near)
    assert np.array_equal(decoder.decode(encoder.encode(heard)), heard)


# G.722 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 60])
def test_g722_gives_every_frame_at_once(milliseconds: int) -> None:
    encoder = g722.G722Encoder()
    for _ in range(3):
        assert len(encoder.encode(np.zeros(16 * milliseconds, np.int16))) == 8 * milliseconds


@pytest.mark.parametrize("count", [0, 1, 100])
def test_g722_refuses_odd_frames(count: int) -> None:
    with pytest.raises(CodecError, match="no frame"):
        g722.G722Encoder().encode(np.zeros(count, np.int16))


def test_g722_without_its_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError("no av here")

    g722._load_av.cache_clear()
    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(CodecError, match="no av here"):
        registry.create_encoder(format_of("G722"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not g722.is_available()


def test_the_registry_loads_nothing_heavy() -> None:
    code = (
        "import sys, blinkq.media.playout, blinkq.media.codecs.registry as r;"
        "r.supported_names(); assert 'av' not in sys.modules and 'samplerate' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# Opus ---------------------------------------------------------------------------------------------------------------


def speak_with_losses(fec: bool) -> float:
    """SNR of Opus speech with every fifth packet lost, against the same without loss."""
    encoder, whole, lossy = opus.OpusEncoder(fec=fec), opus.OpusDecoder(), opus.OpusDecoder()
    encoder.set_packet_loss(20)
    payloads = [encoder.encode(frame) for frame in frames(babble(6.0, 48000), 48000)]
    said = np.concatenate([whole.decode(payload) for payload in payloads])
    heard = []
    for index, payload in enumerate(payloads):
        lost = index % 5 == 4 and index + 1 < len(payloads)
        heard.append(lossy.conceal(960, payloads[index + 1]) if lost else lossy.decode(payload))
    return snr(np.concatenate(heard), said)


def test_opus_fec_hears_more_than_concealment() -> None:
    assert speak_with_losses(True) > speak_with_losses(False) + 2


def test_opus_concealment_is_about_as_loud_as_the_speech() -> None:
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    off = []
    for index, frame in enumerate(frames(babble(4.0, 48000), 48000)):
        payload = encoder.encode(frame)
        if index % 10 == 9 and level_of(frame) > -25:
            off.append(level_of(decoder.conceal(960)) - level_of(frame))
        else:
            decoder.decode(payload)
    assert len(off) > 5
    assert abs(float(np.median(off))) < 4


def test_opus_conceals_although_the_following_packet_is_nonsense() -> None:
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    for frame in frames(babble(0.5, 48000), 48000):
        decoder.decode(encoder.encode(frame))
    assert len(decoder.conceal(960, b"\xff\xff\xff")) == 960
    assert len(decoder.conceal(1000)) == 1000


def test_opus_settings_take_effect_at_run_time() -> None:
    encoder = opus.OpusEncoder()
    speech = list(frames(babble(4.0, 48000), 48000))

    def rate() -> float:
        return sum(len(encoder.encode(frame)) for frame in speech) * 8 / 4.0

    usual = rate()
    assert 15000 < usual < 40000
    encoder.set_bitrate(64000)
    assert rate() > usual * 1.4
    encoder.set_bitrate(0)
    assert rate() < usual * 0.6


def bitrate_for(parameters: str) -> float:
    encoder = registry.create_encoder(format_of("opus", parameters))
    return sum(len(encoder.encode(frame)) for frame in frames(babble(2.0, 48000), 48000)) * 4


def test_opus_obeys_what_the_peer_asked_for() -> None:
    usual = bitrate_for("useinbandfec=1")
    assert bitrate_for("maxaveragebitrate=10000") < usual * 0.6
    assert bitrate_for("maxaveragebitrate=banana; ;x") == pytest.approx(bitrate_for("useinbandfec=0"), rel=0.05)
    assert bitrate_for("maxaveragebitrate=999999999999") == pytest.approx(bitrate_for("useinbandfec=0"), rel=0.05)
    cbr = registry.create_encoder(format_of("opus", "cbr=1"))
    assert len({len(cbr.encode(frame)) for frame in frames(babble(1.0, 48000), 48000)}) == 1
    dtx = registry.create_encoder(format_of("opus", "usedtx=1"))
    assert min(len(dtx.encode(np.zeros(960, np.int16))) for _ in range(50)) <= 2


def test_opus_narrow_band_peer_gets_nothing_above_4_khz() -> None:
    heard = {}
    for parameters in ("maxplaybackrate=8000", "maxplaybackrate=48000"):
        encoder, decoder = registry.create_encoder(format_of("opus", parameters)), opus.OpusDecoder()
        mixed = sine(800, 1.0, 48000, -14) + sine(6000, 1.0, 48000, -14)
        sound = np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames(mixed, 48000)])
        heard[parameters] = goertzel(sound[24000:], 6000, 48000)
    assert heard["maxplaybackrate=8000"] < -40 < -20 < heard["maxplaybackrate=48000"]


def test_opus_refuses_frames_and_payloads_that_are_none() -> None:
    with pytest.raises(CodecError, match="no frame of 961"):
        opus.OpusEncoder().encode(np.zeros(961, np.int16))
    with pytest.raises(CodecError, match="Opus"):
        opus.OpusDecoder().decode(b"\xff\xff\xff")


def test_opus_takes_arrays_with_gaps() -> None:
    assert opus.OpusEncoder().encode(np.zeros((960, 2), np.int16)[:, 0])


def test_opus_tells_its_version() -> None:
    assert opus.library_version().startswith("libopus")


@pytest.fixture
def fresh_library() -> Iterator[None]:
    opus._load.cache_clear()
    yield
    opus._load.cache_clear()


def test_opus_falls_back_to_the_system_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, fresh_library: None
) -> None:
    real = next(opus._candidates())
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: real)
    assert opus.is_available()
    opus._load.cache_clear()
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    assert not opus.is_available()
    with pytest.raises(CodecError, match="no file found"):
        opus.library_version()
    with pytest.raises(CodecError, match="Install"):
        opus.OpusDecoder()
    assert "opus" not in registry.supported_names()
    # A file that is there but is no libopus.
    monkeypatch.setattr(opus, "_candidates", lambda: iter(["/nowhere/libopus.so.0"]))
    with pytest.raises(CodecError, match=r"libopus\.so\.0"):
        opus.OpusEncoder()


def test_opus_is_looked_for_where_each_system_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from pathlib import Path

    root = Path(str(tmp_path))
    for folder, name in (("av.libs", "libopus-0-abc.dll"), ("av/.dylibs", "libopus.0.dylib")):
        (root / folder).mkdir(parents=True)
        (root / folder / name).touch()
    spec = SimpleNamespace(submodule_search_locations=[str(root / "av")])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: "libopus.so.0")
    assert [Path(name).name for name in opus._candidates()] == ["libopus-0-abc.dll", "libopus.0.dylib", "libopus.so.0"]


# registry -----------------------------------------------------------------------------------------------------------


def test_unknown_codecs_are_refused() -> None:
    assert registry.find("speex") is None
    for create in (registry.create_encoder, registry.create_decoder):
        with pytest.raises(CodecError, match="speex is not known"):
            create(CodecFormat(97, "speex", 16000))


@pytest.mark.parametrize("name", ["PCMU", "G722"])
def test_codecs_without_redundancy_take_the_loss_in_silence(name: str) -> None:
    registry.create_encoder(format_of(name)).set_packet_loss(10)
