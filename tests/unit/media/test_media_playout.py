"""A stream from packets to sound: what was said is heard, whole and soon, whatever the network and the codec."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.tones import babble, delay_of, goertzel, level_of, sine, snr

from blinkq.media.codecs import g722
from blinkq.media.codecs.codec import CodecError
from blinkq.media.codecs.registry import create_encoder
from blinkq.media.control import CodecFormat
from blinkq.media.playout import Playout
from blinkq.media.resample import resample
from blinkq.media.rtp import RTPPacket

PCMU = CodecFormat(0, "PCMU", 8000)
PCMA = CodecFormat(8, "PCMA", 8000)
G722 = CodecFormat(9, "G722", 8000)
OPUS = CodecFormat(111, "opus", 48000, 2, "useinbandfec=1")
FORMATS = (OPUS, G722, PCMU, PCMA)
RATE = 48000


def packets_of(format: CodecFormat, said: np.ndarray, ptime: int = 20) -> list[RTPPacket]:
    encoder = create_encoder(format)
    size = encoder.sample_rate * ptime // 1000
    step = format.clock_rate * ptime // 1000
    return [
        RTPPacket(format.payload_type, 65530 + n & 0xFFFF, n * step, 1, encoder.encode(said[n * size : (n + 1) * size]))
        for n in range(len(said) // size)
    ]


def play(
    packets: list[RTPPacket],
    *,
    ptime: int = 20,
    delay: Callable[[int], float | None] = lambda number: 0.0,
    rate: int = RATE,
    seconds: float = 0.0,
    playout: Playout | None = None,
) -> np.ndarray:
    """Send the packets through a network; return what was heard at ``rate``."""
    playout = playout or Playout(rate, FORMATS)
    arrivals = [(n * ptime / 1000 + late, packet) for n, packet in enumerate(packets) if (late := delay(n)) is not None]
    arrivals.sort(key=lambda arrival: arrival[0])
    heard = []
    for tick in range(round((seconds or len(packets) * ptime / 1000 + 0.3) * 50)):
        now = tick * 0.02 + 0.007
        while arrivals and arrivals[0][0] <= now:
            when, packet = arrivals.pop(0)
            playout.put(packet, when)
        block = playout.read(now)
        assert block is None or len(block) == rate // 50
        heard.append(np.zeros(rate // 50, np.int16) if block is None else block)
    return np.concatenate(heard)


@pytest.mark.parametrize(("format", "least"), [(PCMU, 30), (PCMA, 30), (G722, 25), (OPUS, 9)])
def test_speech_is_heard_whole_within_70_ms(format: CodecFormat, least: float) -> None:
    encoder_rate = create_encoder(format).sample_rate
    voice = babble(3.0, encoder_rate)
    heard = play(packets_of(format, voice))
    said = resample(voice, encoder_rate, RATE)
    # Half a second passes before the delay has settled (one pause may have been left out).
    lag = delay_of(heard[RATE:], said[RATE:], 5000)
    assert lag < 0.07 * RATE
    assert snr(heard[RATE + lag :], said[RATE:-5000]) > least


@pytest.mark.parametrize("ptime", [10, 20, 30, 40, 60])
@pytest.mark.parametrize("format", [PCMU, G722])
def test_any_packet_time_is_played(format: CodecFormat, ptime: int) -> None:
    encoder_rate = create_encoder(format).sample_rate
    heard = play(packets_of(format, sine(440, 3.0, encoder_rate), ptime), ptime=ptime)
    steady = heard[RATE : int(2.5 * RATE)]
    assert goertzel(steady, 440, RATE) == pytest.approx(-12, abs=0.5)
    # Nothing was inserted or left out: no step between neighbouring samples is larger than those of the tone.
    assert np.abs(np.diff(steady.astype(int))).max() < 1.6 * np.abs(np.diff(sine(440, 1.0, RATE).astype(int))).max()


@pytest.mark.parametrize(("format", "least"), [(PCMU, 8), (G722, 8), (OPUS, 6)])
def test_speech_is_understood_through_loss_and_jitter(format: CodecFormat, least: float) -> None:
    chance = np.random.default_rng(8)
    encoder_rate = create_encoder(format).sample_rate
    voice = babble(8.0, encoder_rate)
    heard = play(
        packets_of(format, voice), delay=lambda n: None if n and chance.random() < 0.05 else float(chance.uniform(0, 0.03))
    )
    said = resample(voice, encoder_rate, RATE)
    window = RATE // 5
    qualities = []
    for start in range(2 * RATE, 7 * RATE, window):
        piece = said[start : start + window]
        if level_of(piece) > -26:
            lag = delay_of(heard[start : start + window + 9000], piece, 9000)
            qualities.append(snr(heard[start + lag : start + lag + window], piece))
    assert np.median(qualities) > least
    assert np.percentile(qualities, 10) > 3


def test_the_codec_may_change_from_one_packet_to_the_next() -> None:
    playout = Playout(RATE, FORMATS)
    assert playout.codec is None
    first = packets_of(PCMU, sine(440, 1.0, 8000))
    second = packets_of(G722, sine(800, 1.0, 16000))
    packets = [
        RTPPacket(p.payload_type, n, n * 160, 1, p.payload) for n, p in enumerate([*first, *second, *first])
    ]
    heard = play(packets, playout=playout)
    for start, frequency in ((0.3, 440), (1.3, 800), (2.3, 440)):
        piece = heard[int(start * RATE) : int((start + 0.5) * RATE)]
        assert goertzel(piece, frequency, RATE) == pytest.approx(-12, abs=1)
    assert playout.codec == PCMU


def test_two_codecs_of_one_rate_may_take_turns() -> None:
    said = sine(440, 2.0, 8000)
    packets = [packets_of(PCMA if n % 100 > 49 else PCMU, said)[n] for n in range(100)]
    assert goertzel(play(packets)[RATE // 2 : int(1.8 * RATE)], 440, RATE) == pytest.approx(-12, abs=0.5)


def test_a_change_to_another_clock_is_survived() -> None:
    playout = Playout(RATE, FORMATS)
    pcmu, opus = packets_of(PCMU, sine(440, 1.0, 8000)), packets_of(OPUS, sine(800, 1.0, 48000))
    packets = [RTPPacket(p.payload_type, n, p.timestamp, 1, p.payload) for n, p in enumerate([*pcmu, *opus])]
    heard = play(packets, playout=playout)
    assert goertzel(heard[RATE // 4 : RATE], 440, RATE) > -13
    assert goertzel(heard[int(1.4 * RATE) : int(1.9 * RATE)], 800, RATE) > -13


def test_the_end_of_the_packets_fades_to_true_silence() -> None:
    heard = play(packets_of(PCMU, sine(440, 1.0, 8000)), seconds=2.0)
    assert level_of(heard[: RATE // 2]) > -20
    assert not heard[int(1.3 * RATE) :].any()


def test_unknown_payload_types_and_events_are_no_loss() -> None:
    playout = Playout(RATE, (PCMU,))
    packets = packets_of(PCMU, sine(440, 2.0, 8000))
    for number in (50, 51, 52):
        packets[number] = RTPPacket(13, packets[number].sequence, packets[number].timestamp, 1, b"\x40")
    assert not playout.put(packets[50], 0.0)
    playout = Playout(RATE, (PCMU,))
    playout.skip(RTPPacket(101, 65529, 0, 1, b""))
    heard = play(packets, playout=playout)
    assert playout.jitter.packets_lost == 0
    assert goertzel(heard[int(1.2 * RATE) : int(1.8 * RATE)], 440, RATE) > -13


def test_unreadable_payloads_are_concealed_and_counted() -> None:
    playout = Playout(RATE, FORMATS)
    packets = packets_of(OPUS, babble(1.0, 48000))
    packets[20] = RTPPacket(111, packets[20].sequence, packets[20].timestamp, 1, b"\xff\xff\xff")
    heard = play(packets, playout=playout)
    assert playout.packets_unreadable == 1
    assert len(heard) == round(1.3 * RATE)


def test_a_decoder_that_cannot_be_made_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(format: CodecFormat) -> None:
        raise CodecError("The library went away.")

    monkeypatch.setattr("blinkq.media.playout.create_decoder", fail)
    playout = Playout(RATE, (PCMU,))
    assert not play(packets_of(PCMU, sine(440, 1.0, 8000)), playout=playout).any()
    assert playout.packets_unreadable > 40


def test_a_flood_of_empty_packets_ends() -> None:
    playout = Playout(RATE, (PCMU,))
    for number in range(500):
        playout.put(RTPPacket(0, number, number * 160, 1, b""), 0.0)
    for tick in range(100):
        block = playout.read(1.0 + tick * 0.02)
        assert block is None or len(block) == 960


def test_formats_may_change_while_playing() -> None:
    playout = Playout(RATE, FORMATS)
    packets = packets_of(PCMU, sine(440, 2.0, 8000))
    play(packets[:50], playout=playout, seconds=0.9)
    decoder = playout._decoders[0]
    playout.set_formats((PCMU, PCMA))
    assert playout._decoders == {0: decoder}
    # A packet waits whose format is taken away, and a loss is told with no decoder left.
    playout.put(packets[60], 1.2)
    playout.set_formats((PCMA,))
    assert playout.codec is None
    rest = [playout.read(1.3 + tick * 0.02) for tick in range(20)]
    assert all(block is None or not block.any() for block in rest[3:])


def test_formats_that_cannot_be_decoded_are_refused_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    playout = Playout(RATE, (PCMU,))
    with pytest.raises(CodecError, match="speex cannot be decoded"):
        playout.set_formats((CodecFormat(97, "speex", 16000),))
    assert playout.put(packets_of(PCMU, sine(440, 0.02, 8000))[0], 0.0)
    assert not Playout(RATE, ()).put(RTPPacket(0, 1, 1, 1, b""), 0.0)
    assert g722.is_available()


def test_a_network_that_gets_slower_and_faster_again_is_followed_by_stretching_not_by_gaps() -> None:
    voice = sine(200, 20.0, 8000)
    playout = Playout(RATE, (PCMU,))
    heard = play(packets_of(PCMU, voice), delay=lambda n: 0.08 if 200 < n < 500 and n % 4 == 0 else 0.0, playout=playout)
    assert playout.jitter.delay < 0.04
    assert playout.jitter.packets_lost <= 8
    steepest = np.abs(np.diff(sine(200, 1.0, RATE).astype(int))).max()
    assert np.abs(np.diff(heard[6 * RATE : 20 * RATE - RATE // 2].astype(int))).max() < 2 * steepest


def test_an_hour_of_packets_that_are_no_audio_takes_no_memory() -> None:
    playout = Playout(RATE, (PCMU,))
    for number in range(20000):
        playout.put(RTPPacket(13, number & 0xFFFF, number * 160, 1, b""), number * 0.02)
    assert len(playout.jitter._packets) <= 3001
