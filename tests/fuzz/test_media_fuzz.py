"""Whatever bytes a peer sends, the media cores answer with an error of theirs or with sound, and go on working."""

from __future__ import annotations

import contextlib
import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blinkq.media.codecs.codec import CodecError
from blinkq.media.codecs.registry import create_decoder
from blinkq.media.control import CodecFormat
from blinkq.media.dtmf import DIGITS, DTMFReceiver
from blinkq.media.jitter import Frame, JitterBuffer
from blinkq.media.playout import Playout
from blinkq.media.receiver import ReceiverStatistics
from blinkq.media.rtcp import build_compound, parse_compound
from blinkq.media.rtp import RTPError, RTPPacket
from blinkq.media.wav import WavError, WavReader
from blinkq.media.wire import FrameReader, WireError

FORMATS = (CodecFormat(111, "opus", 48000, 2), CodecFormat(9, "G722", 8000), CodecFormat(0, "PCMU", 8000))

settings.register_profile("media", deadline=None, max_examples=150, derandomize=True)
media = settings.get_profile("media")

packets = st.builds(
    RTPPacket,
    st.sampled_from((0, 9, 13, 101, 111)),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.sampled_from((1, 1, 1, 2)),
    st.binary(max_size=200),
    st.booleans(),
)
#: Packets that mostly follow one another, with jumps now and then.
walks = st.lists(
    st.tuples(st.integers(-3, 5) | st.integers(-40000, 40000), st.integers(-3, 5) | st.integers(-(1 << 31), 1 << 31), packets),
    max_size=60,
)


def walk(steps: list[tuple[int, int, RTPPacket]]) -> list[RTPPacket]:
    sequence = timestamp = 0
    result = []
    for more, frames, packet in steps:
        sequence = (sequence + more) & 0xFFFF
        timestamp = (timestamp + frames * 160) & 0xFFFFFFFF
        result.append(RTPPacket(packet.payload_type, sequence, timestamp, packet.ssrc, packet.payload, packet.marker))
    return result


@media
@given(st.binary(max_size=120))
def test_rtp_parses_or_refuses(data: bytes) -> None:
    with contextlib.suppress(RTPError):
        packet = RTPPacket.parse(data)
        assert RTPPacket.parse(packet.to_bytes()) == packet


@media
@given(st.binary(max_size=120) | st.binary(max_size=100).map(lambda tail: b"\x81\xc9\0\x07" + tail))
def test_rtcp_parses_or_refuses(data: bytes) -> None:
    with contextlib.suppress(RTPError):
        parsed = parse_compound(data)
        if parsed:
            assert len(parse_compound(build_compound(parsed))) == len(parsed)


@media
@given(st.binary(max_size=300), st.integers(1, 50))
def test_the_control_channel_reads_or_refuses(data: bytes, size: int) -> None:
    reader = FrameReader()
    with contextlib.suppress(WireError):
        for start in range(0, len(data), size):
            reader.receive_data(data[start : start + size])


@media
@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 0xFFFFFFFF)), max_size=30))
def test_telephone_events_give_digits_or_nothing(events: list[tuple[bytes, int]]) -> None:
    receiver = DTMFReceiver()
    for payload, timestamp in events:
        digit = receiver.receive(payload, timestamp)
        assert digit is None or digit in DIGITS


@media
@given(walks, st.floats(0, 0.3))
def test_the_jitter_buffer_plays_nothing_twice_and_never_grows(steps: list[tuple[int, int, RTPPacket]], jitter: float) -> None:
    buffer = JitterBuffer(8000)
    statistics = ReceiverStatistics(8000)
    heard: list[RTPPacket] = []
    given_in = 0
    for number, packet in enumerate(walk(steps)):
        now = number * 0.02
        statistics.received(packet, now)
        statistics.report(now)
        given_in += buffer.put(packet, now + jitter * (number % 3))
        if number % 7 == 3:
            buffer.skip(packet)
        for _ in range(number % 3):
            item = buffer.get(now)
            if isinstance(item, Frame):
                heard.append(item.packet)
        assert len(buffer._packets) <= 200
        assert len(buffer._times) <= len(buffer._packets)
    assert len(heard) <= given_in
    assert statistics.packets_lost >= 0
    # It still works: a new talker is heard.
    for number in range(40):
        buffer.put(RTPPacket(0, number, number * 160, 99, b""), 100 + number * 0.02)
        item = buffer.get(100 + number * 0.02)
    assert isinstance(item, Frame)


@media
@given(walks)
def test_any_stream_gives_blocks_of_the_right_length(steps: list[tuple[int, int, RTPPacket]]) -> None:
    playout = Playout(48000, FORMATS)
    for number, packet in enumerate(walk(steps)):
        playout.put(packet, number * 0.02)
        block = playout.read(number * 0.02)
        assert block is None or (len(block) == 960 and block.dtype == np.int16)


@media
@given(st.sampled_from(FORMATS), st.lists(st.binary(max_size=300), max_size=10))
def test_decoders_decode_or_refuse(format: CodecFormat, payloads: list[bytes]) -> None:
    decoder = create_decoder(format)
    for payload in payloads:
        with contextlib.suppress(CodecError):
            decoder.decode(payload)
        assert len(decoder.conceal(160, payload)) == 160


_FMT = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"


@media
@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: _FMT + tail))
def test_sound_files_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(WavError):
        reader = WavReader(io.BytesIO(data), 16000)
        total = 0
        while len(samples := reader.read(320)):
            total += len(samples)
        assert total < 200 * 16000
