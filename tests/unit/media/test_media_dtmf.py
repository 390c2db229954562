"""Telephone events: the packets of a digit, and every digit heard exactly once through loss, reordering and duplication."""

from __future__ import annotations

import numpy as np
import pytest

from blinkq.media.dtmf import DIGITS, MAX_QUEUE, DTMFReceiver, DTMFSender, EventPacket

STEP = 160


def send(digits: str, duration: int = 100, clock_rate: int = 8000) -> list[EventPacket]:
    """All packets for the digits; the timestamps run over the 32-bit wrap."""
    sender = DTMFSender(clock_rate)
    for digit in digits:
        assert sender.queue(digit, duration)
    packets = []
    timestamp = 0xFFFFFFFF - 1000
    while sender.active:
        packet = sender.next_packet(timestamp)
        timestamp += clock_rate // 50
        if packet:
            packets.append(packet)
    return packets


def receive(packets: list[EventPacket]) -> str:
    receiver = DTMFReceiver()
    return "".join(filter(None, (receiver.receive(packet.payload, packet.timestamp) for packet in packets)))


def test_one_digit_is_five_packets_of_which_the_end_comes_three_times() -> None:
    packets = send("5")
    assert [packet.payload.hex() for packet in packets] == [
        "050a00a0",
        "050a0140",
        "050a01e0",
        "050a0280",
        "058a0320",
        "058a0320",
        "058a0320",
    ]
    assert len({packet.timestamp for packet in packets}) == 1
    assert [packet.marker for packet in packets] == [True] + [False] * 6


def test_digits_are_apart_by_a_pause() -> None:
    first, *_, last = send("11")
    assert last.timestamp - first.timestamp & 0xFFFFFFFF == (7 + 3) * STEP


def test_all_digits_arrive_in_order() -> None:
    assert receive(send(DIGITS)) == DIGITS
    assert receive(send("abcd")) == "ABCD"


@pytest.mark.parametrize("clock_rate", [8000, 16000, 48000])
def test_long_digits_stay_within_the_field(clock_rate: int) -> None:
    packets = send("9", 60000, clock_rate)
    assert receive(packets) == "9"
    longest = int.from_bytes(packets[-1].payload[2:], "big")
    assert longest == min(0xFFFF, 5 * clock_rate)


def test_a_pressed_key_shorter_than_anybody_hears_is_made_longer() -> None:
    assert int.from_bytes(send("1", 1)[-1].payload[2:], "big") == 320


@pytest.mark.parametrize("seed", range(20))
def test_digits_survive_loss_duplicates_and_reordering(seed: int) -> None:
    chance = np.random.default_rng(seed)
    packets = send(DIGITS)
    for start in range(0, len(packets), 7):
        # Six of seven packets of each digit are lost.
        survivor = packets[start + int(chance.integers(7))]
        packets[start : start + 7] = [survivor] * 7
    kept = [packets[start] for start in range(0, len(packets), 7) for _ in range(int(chance.integers(1, 4)))]
    assert receive(kept) == DIGITS
    whole = send(DIGITS)
    for index in range(0, len(whole) - 1, 3):
        whole[index], whole[index + 1] = whole[index + 1], whole[index]
    # A first packet overtaken by the event before it is still found by the ones that follow.
    assert receive(whole) == DIGITS


def test_a_digit_is_lost_only_with_all_its_packets() -> None:
    packets = send("123")
    assert receive(packets[:7] + packets[14:]) == "13"


def test_the_same_digit_twice_is_two() -> None:
    assert receive(send("777")) == "777"
    # Both ends lost as well.
    assert receive([packet for packet in send("77") if not packet.end]) == "77"


def test_segments_of_one_long_event_are_one_digit() -> None:
    receiver = DTMFReceiver()
    assert receiver.receive(bytes.fromhex("050affff"), 1000) == "5"
    assert receiver.receive(bytes.fromhex("050a00a0"), 1000 + 0xFFFF) is None
    assert receiver.receive(bytes.fromhex("058a0140"), 1000 + 0xFFFF) is None
    assert receiver.receive(bytes.fromhex("050a00a0"), 80000) == "5"


def test_two_events_at_one_time_are_two_digits() -> None:
    receiver = DTMFReceiver()
    assert receiver.receive(bytes.fromhex("010a00a0"), 1000) == "1"
    assert receiver.receive(bytes.fromhex("020a00a0"), 1000) == "2"


def test_a_restarted_clock_does_not_deafen() -> None:
    receiver = DTMFReceiver()
    receiver.receive(bytes.fromhex("018a0320"), 0x70000000)
    assert receiver.receive(bytes.fromhex("028a0320"), 5000) == "2"


@pytest.mark.parametrize("payload", [b"", b"\1", b"\x10\x0a\0\xa0", b"\xff" * 8])
def test_what_is_no_digit_is_not_heard(payload: bytes) -> None:
    assert DTMFReceiver().receive(payload, 0) is None


@pytest.mark.parametrize("digit", ["", "E", "12", "²"])
def test_what_is_no_digit_is_not_sent(digit: str) -> None:
    with pytest.raises(ValueError, match="no DTMF digit"):
        DTMFSender(8000).queue(digit)


def test_the_queue_is_bounded_and_can_be_cleared() -> None:
    sender = DTMFSender(8000)
    assert sender.next_packet(0) is None
    assert all(sender.queue("1") for _ in range(MAX_QUEUE))
    assert not sender.queue("1")
    assert sender.next_packet(0) is not None
    sender.clear()
    ends = 0
    while sender.active:
        packet = sender.next_packet(0)
        ends += bool(packet and packet.end)
    assert ends == 3
