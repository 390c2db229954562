"""RTP and RTCP packets: exact bytes, wrapping numbers, refusal of what is malformed, and the arithmetic of reports."""

from __future__ import annotations

import pytest

from blinkq.media.receiver import ReceiverStatistics
from blinkq.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_compound,
    ntp_middle,
    ntp_timestamp,
    parse_compound,
    round_trip,
)
from blinkq.media.rtp import RTPError, RTPPacket, is_rtcp, sequence_difference, timestamp_difference

PACKET = RTPPacket(96, 0xFFFE, 0xFFFFFF00, 0xDEADBEEF, b"speech", marker=True)
BLOCK = ReportBlock(0xCAFE, 25, -3, 0x1FFFF, 17, 0x11112222, 0x8000)


def packet(sequence: int, timestamp: int = 0, ssrc: int = 1) -> RTPPacket:
    return RTPPacket(0, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, b"x" * 160)


def test_packet_has_the_bytes_of_the_rfc() -> None:
    assert PACKET.to_bytes() == bytes.fromhex("80e0fffeffffff00deadbeef") + b"speech"


def test_packet_survives_the_trip() -> None:
    assert RTPPacket.parse(PACKET.to_bytes()) == PACKET


def test_csrcs_extension_and_padding_are_skipped() -> None:
    data = bytearray(PACKET.to_bytes()[:12])
    data[0] |= 0x32  # extension, padding, two CSRCs
    data += b"CSRCCSRC" + bytes.fromhex("bede0001") + b"ext!" + b"speech" + b"\0\0\x03"
    assert RTPPacket.parse(bytes(data)) == PACKET


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x00" * 20,
        b"\xc0" + bytes(20),
        b"\x8f" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(11) + b"\0\0\xff\xff",
        b"\xa0" + bytes(20),
        b"\xa0" + bytes(11) + b"\xff",
        b"\x80" * 9000,
    ],
)
def test_malformed_packets_are_refused(data: bytes) -> None:
    with pytest.raises(RTPError):
        RTPPacket.parse(data)


def test_differences_wrap() -> None:
    assert sequence_difference(2, 0xFFFF) == 3
    assert sequence_difference(0xFFFF, 2) == -3
    assert timestamp_difference(100, 0xFFFFFFFF) == 101
    assert timestamp_difference(0xFFFFFFFF, 100) == -101


def test_compound_survives_the_trip() -> None:
    packets = [
        SenderReport(1, 0x0123456789ABCDEF, 2, 3, 4, (BLOCK, BLOCK)),
        ReceiverReport(5, (BLOCK,)),
        SourceDescription(1, "alice@host"),
        SourceDescription(1, "12"),
        Goodbye((1, 2), "bye"),
        Goodbye((1,)),
    ]
    data = build_compound(packets)
    assert is_rtcp(data)
    assert len(data) % 4 == 0
    assert parse_compound(data) == packets


def test_unknown_types_and_items_are_skipped_and_padding_cut() -> None:
    unknown = bytes.fromhex("80cc0001") + b"APP!"
    tool = bytes.fromhex("81ca0003") + bytes(4) + b"\x06\x02ab" + b"\0" * 4
    padded = bytes.fromhex("a0c90002") + b"\0\0\0\7" + b"\0\0\0\4"
    assert parse_compound(unknown + tool + padded) == [ReceiverReport(7)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "80",
        "80c8",
        "00c80000",
        "80c80001",
        "80c90000",
        "81c9000100000001",
        "a0c9000100000000",
        "a0c90000",
        "80c8000100000000",
        "82ca0001 00000001",
        "81ca0002 00000001 01ff0000",
        "81cb0000",
    ],
)
def test_malformed_control_packets_are_refused(text: str) -> None:
    with pytest.raises(RTPError):
        parse_compound(bytes.fromhex(text))


def test_enormous_control_packet_is_refused() -> None:
    with pytest.raises(RTPError):
        parse_compound(bytes.fromhex("80c90001") * 5000)


def test_is_rtcp_leaves_payload_types_alone() -> None:
    assert not is_rtcp(PACKET.to_bytes())
    assert not is_rtcp(b"\x80")


def test_round_trip_is_measured_from_the_report() -> None:
    sent, now = ntp_timestamp(1_000_000.25), ntp_timestamp(1_000_001.35)
    block = ReportBlock(1, 0, 0, 0, 0, ntp_middle(sent), 65536)
    assert round_trip(block, now) == pytest.approx(0.1, abs=1e-3)
    assert round_trip(ReportBlock(1, 0, 0, 0, 0), now) is None
    assert round_trip(ReportBlock(1, 0, 0, 0, 0, ntp_middle(sent), 3 * 65536), now) is None


def test_statistics_count_loss_over_a_sequence_wrap() -> None:
    statistics = ReceiverStatistics(8000)
    assert statistics.report(0.0) is None
    for index, sequence in enumerate(range(0xFFF0, 0xFFF0 + 100)):
        if sequence % 10 != 5:
            statistics.received(packet(sequence, index * 160), index * 0.02)
    assert statistics.packets_lost == 10
    assert statistics.packets_received == 90
    assert statistics.octets_received == 90 * 160
    block = statistics.report(2.0)
    assert block is not None
    assert block.packets_lost == 10
    assert block.fraction_lost == 25
    assert block.highest_sequence == 0xFFF0 + 99
    second = statistics.report(2.0)
    assert second is not None
    assert second.fraction_lost == 0


@pytest.mark.parametrize("first", [0, 1, 0x8000, 0xFFFF])
def test_statistics_start_at_any_number(first: int) -> None:
    statistics = ReceiverStatistics(8000)
    for sequence in range(first, first + 5):
        statistics.received(packet(sequence), 0.0)
    block = statistics.report(0.0)
    assert block is not None
    assert block.packets_lost == 0
    assert block.highest_sequence == first + 4


def test_reordered_and_duplicated_packets_are_no_loss() -> None:
    statistics = ReceiverStatistics(8000)
    for sequence in (1, 3, 2, 4, 4, 5):
        assert statistics.received(packet(sequence), 0.0)
    assert statistics.packets_lost == 0


def test_jitter_grows_with_uneven_arrival_and_ignores_telephone_events_and_jumps() -> None:
    statistics = ReceiverStatistics(8000)
    for index in range(200):
        statistics.received(packet(index, index * 160), index * 0.02 + (0.01 if index % 2 else 0.0))
    assert statistics.jitter == pytest.approx(0.01, rel=0.05)
    before = statistics.jitter
    statistics.received(packet(200, 0), 4.0, timed=False)
    statistics.received(packet(201, 1 << 30), 4.02)
    assert statistics.jitter == before


def test_restart_needs_two_packets_in_sequence_and_a_new_source_none() -> None:
    statistics = ReceiverStatistics(8000)
    for sequence in (1, 2, 4):
        statistics.received(packet(sequence), 0.0)
    assert not statistics.received(packet(30000), 0.0)
    assert not statistics.received(packet(40000), 0.0)
    assert statistics.received(packet(40001), 0.0)
    assert statistics.packets_lost == 1
    assert statistics.received(packet(9, ssrc=2), 0.0)
    assert statistics.ssrc == 2
    assert statistics.packets_lost == 1
    assert statistics.packets_received == 5


def test_report_carries_the_last_sender_report() -> None:
    statistics = ReceiverStatistics(8000)
    statistics.received(packet(1), 0.0)
    statistics.sender_report(0x0000AAAABBBB0000, 1.0)
    block = statistics.report(1.5)
    assert block is not None
    assert (block.last_sr, block.delay_since_last_sr) == (0xAAAABBBB, 32768)
