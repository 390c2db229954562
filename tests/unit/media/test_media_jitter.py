"""The jitter buffer under virtual time: what the network does to packets, and what is heard of them.

``Ear`` pulls 20 ms at a time as the media clock does, and notes what it got: a packet's number, "?" for concealment, "-" for silence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blinkq.media.jitter import MAX_DELAY, Frame, JitterBuffer, Missing, Stretch
from blinkq.media.rtp import RTPPacket

CLOCK = 8000
STEP = 160
#: The first packet's numbers are near their ends, so that every scenario wraps.
SEQUENCE, TIMESTAMP = 0xFFF0, 0xFFFFF000


def packet(number: int, *, ssrc: int = 1, sequence: int | None = None, timestamp: int | None = None) -> RTPPacket:
    """The ``number``-th packet of a steady talker; its payload is its number."""
    return RTPPacket(
        0,
        (SEQUENCE + number if sequence is None else sequence) & 0xFFFF,
        (TIMESTAMP + number * STEP if timestamp is None else timestamp) & 0xFFFFFFFF,
        ssrc,
        str(number).encode(),
    )


class Ear:
    """A buffer, a network and a clock."""

    def __init__(self) -> None:
        self.buffer = JitterBuffer(CLOCK)
        self.arrivals: list[tuple[float, RTPPacket]] = []
        self.heard: list[int | str] = []
        self.delays: list[float] = []
        self.stretches = 0
        self.ticks = 0
        self._surplus = 0.0

    def talk(self, numbers: range, delay: Callable[[int], float | None] = lambda number: 0.0) -> None:
        """Let packets be sent every 20 ms; ``delay`` is what the network adds, None = lost."""
        for number in numbers:
            late = delay(number)
            if late is not None:
                self.arrivals.append((number * 0.02 + late, packet(number)))

    def listen(self, seconds: float) -> None:
        """Run the clock; ticks fall 7 ms after the packets of a network without jitter."""
        self.arrivals.sort(key=lambda arrival: arrival[0])
        for _ in range(round(seconds * 50)):
            now = self.ticks * 0.02 + 0.007
            self.ticks += 1
            while self.arrivals and self.arrivals[0][0] <= now:
                self.buffer.put(self.arrivals[0][1], self.arrivals.pop(0)[0])
            self._hear(now)

    def _hear(self, now: float) -> None:
        """Fill 20 ms; stretching takes or gives half a frame."""
        while self._surplus < 0.02 - 1e-9:
            item = self.buffer.get(now)
            if item is None:
                self.heard.append("-")
                self._surplus = 0.02
            elif isinstance(item, Missing):
                self.heard.append("?")
                self._surplus += item.duration / CLOCK
            else:
                self.heard.append(int(item.packet.payload))
                self.delays.append(self.buffer.delay)
                self._surplus += 0.02 + {Stretch.NONE: 0, Stretch.SHORTEN: -0.01, Stretch.LENGTHEN: 0.01}[item.stretch]
                self.stretches += item.stretch is not Stretch.NONE
        self._surplus -= 0.02

    @property
    def numbers(self) -> list[int]:
        return [item for item in self.heard if isinstance(item, int)]

    @property
    def sound(self) -> list[int | str]:
        """What was heard without the silence before and after."""
        text = list(self.heard)
        while text and text[0] == "-":
            text.pop(0)
        while text and text[-1] in ("-", "?"):
            text.pop()
        return text


def test_a_steady_network_plays_every_packet_once_in_order_with_little_delay() -> None:
    ear = Ear()
    ear.talk(range(500))
    ear.listen(12)
    assert ear.sound == list(range(500))
    assert ear.delays[0] <= 0.05
    assert ear.delays[-1] <= 0.033
    assert ear.buffer.packets_lost == ear.buffer.packets_late == ear.buffer.packets_duplicated == 0


@pytest.mark.parametrize("spread", [0.01, 0.03, 0.06, 0.1])
def test_jitter_within_reason_costs_delay_and_no_packets(spread: float) -> None:
    chance = np.random.default_rng(round(spread * 1000))
    ear = Ear()
    ear.talk(range(1000), lambda number: float(chance.uniform(0, spread)))
    ear.listen(21)
    assert ear.numbers == sorted(ear.numbers)
    assert len(ear.numbers) >= 980
    assert ear.sound.count("?") <= 20
    # The target covers the jitter and no more.
    assert spread * 0.8 < ear.buffer.target < spread + 0.025
    assert ear.delays[-1] < spread + 0.045


def test_extreme_jitter_is_bounded() -> None:
    chance = np.random.default_rng(1)
    ear = Ear()
    ear.talk(range(1000), lambda number: float(chance.exponential(0.1)))
    ear.listen(21)
    assert ear.buffer.target == MAX_DELAY
    assert max(ear.delays) < MAX_DELAY + 0.15
    assert ear.numbers == sorted(ear.numbers)
    assert len(ear.numbers) > 800


def test_reordered_packets_are_put_right() -> None:
    ear = Ear()
    ear.talk(range(300), lambda number: 0.025 if number % 10 == 3 else 0.0)
    ear.listen(7)
    assert ear.numbers == list(range(300))
    assert ear.sound.count("?") <= 1


def test_duplicates_are_heard_once() -> None:
    ear = Ear()
    ear.talk(range(100))
    ear.talk(range(100), lambda number: 0.001)
    # Some come long after they were played.
    ear.talk(range(50), lambda number: 0.3)
    ear.listen(4)
    assert ear.sound == list(range(100))
    assert ear.buffer.packets_duplicated == 150
    assert ear.buffer.packets_late == 0


def test_a_lost_packet_is_concealed_for_just_its_length_with_the_one_after_it_at_hand() -> None:
    ear = Ear()
    ear.talk(range(100), lambda number: None if number in (30, 60, 61) else 0.0)
    ear.listen(3)
    assert ear.sound == [*range(30), "?", *range(31, 60), "?", "?", *range(62, 100)]
    assert ear.buffer.packets_lost == 3
    buffer = JitterBuffer(CLOCK)
    for number in (0, 1, 3, 4):
        buffer.put(packet(number), number * 0.02)
    items = [buffer.get(0.1 + index * 0.02) for index in range(5)]
    assert items[2] == Missing(STEP, packet(3))
    assert [item.packet for item in items if isinstance(item, Frame)] == [packet(0), packet(1), packet(3), packet(4)]


def test_random_loss_keeps_time() -> None:
    chance = np.random.default_rng(4)
    lost = {number for number in range(1, 999) if chance.random() < 0.1}
    ear = Ear()
    ear.talk(range(1000), lambda number: None if number in lost else 0.0)
    ear.listen(22)
    assert ear.numbers == [number for number in range(1000) if number not in lost]
    assert ear.buffer.packets_lost == len(lost)
    assert ear.heard.count("?") == pytest.approx(len(lost), abs=12)
    assert ear.delays[-1] < 0.05


def test_a_late_packet_is_told_from_a_lost_one_and_raises_the_target() -> None:
    ear = Ear()
    ear.talk(range(200), lambda number: 0.09 if number % 20 == 10 else 0.0)
    ear.listen(6)
    assert ear.buffer.packets_late >= 1
    assert ear.numbers == sorted(ear.numbers)
    # After the first ones nothing is lost any more.
    assert ear.numbers[-100:] == list(range(100, 200))
    assert ear.buffer.target > 0.09


def test_after_a_spike_the_delay_comes_back() -> None:
    ear = Ear()
    ear.talk(range(1500), lambda number: max(0.0, (265 - number) * 0.02) if 250 <= number < 265 else 0.0)
    ear.listen(31)
    assert max(ear.delays) > 0.15
    assert ear.delays[-1] < 0.04
    assert ear.stretches > 5
    assert ear.numbers[-1000:] == list(range(500, 1500))


def test_a_stall_of_seconds_is_not_replayed_whole() -> None:
    ear = Ear()
    ear.talk(range(1000), lambda number: max(0.0, (400 - number) * 0.02) if 250 <= number < 400 else 0.0)
    ear.listen(21)
    assert ear.numbers == sorted(ear.numbers)
    # What lies further back than the longest delay is left out; from then on every packet is heard.
    assert ear.numbers[-600:] == list(range(400, 1000))
    position = ear.heard.index(400)
    assert position < 400 + 20
    assert "-" in ear.heard[260:400]


def test_packets_pile_up_no_further_than_the_longest_delay() -> None:
    buffer = JitterBuffer(CLOCK)
    for number in range(5000):
        buffer.put(packet(number), number * 0.02)
    items = [buffer.get(100.0 + index * 0.02) for index in range(100)]
    assert sum(isinstance(item, Frame) for item in items) <= (MAX_DELAY + 0.12) / 0.02


@pytest.mark.parametrize("drift", [2e-4, -2e-4])
def test_a_sender_whose_clock_is_fast_or_slow_is_followed(drift: float) -> None:
    ear = Ear()
    ear.talk(range(6000), lambda number: number * 0.02 * drift)
    ear.listen(121)
    assert ear.numbers == list(range(6000))
    assert 0.0 < ear.delays[-1] < 0.05
    assert ear.stretches >= 1


@pytest.mark.parametrize("before", [0.0, 0.15])
def test_a_change_of_the_path_is_followed(before: float) -> None:
    ear = Ear()
    ear.talk(range(1500), lambda number: before if number < 300 else 0.15 - before)
    ear.listen(32)
    assert ear.numbers[-1100:] == list(range(400, 1500))
    assert ear.delays[-1] < 0.05


def test_silence_of_the_sender_stays_silence_of_the_same_length() -> None:
    ear = Ear()
    # Sequence numbers go on without a gap, timestamps skip 20 frames (DTX).
    spoken = [*range(100), *range(120, 200)]
    for sequence, number in enumerate(spoken):
        ear.arrivals.append((number * 0.02, packet(number, sequence=SEQUENCE + sequence)))
    ear.listen(5)
    assert ear.numbers == spoken
    assert ear.buffer.packets_lost == 0
    between = ear.heard[ear.heard.index(99) + 1 : ear.heard.index(120)]
    assert 18 <= len(between) <= 22
    assert between.count("?") <= 5
    assert between[-1] == "-"


def test_a_short_pause_of_the_sender_is_kept_too() -> None:
    ear = Ear()
    spoken = [*range(50), *range(52, 100)]
    for sequence, number in enumerate(spoken):
        ear.arrivals.append((number * 0.02, packet(number, sequence=SEQUENCE + sequence)))
    ear.listen(3)
    assert ear.numbers == spoken
    assert 1 <= ear.heard.index(52) - ear.heard.index(49) - 1 <= 2


def test_other_frame_lengths_are_learnt() -> None:
    for frame in (80, 240, 480, 960):
        lost = JitterBuffer(CLOCK)
        got = []
        now = 0.0
        for number in range(30):
            if number != 12:
                lost.put(packet(number, timestamp=number * frame), number * frame / CLOCK)
            got.append(lost.get(now + 0.1))
            now += frame / CLOCK
        missing = [item for item in got if isinstance(item, Missing)]
        assert {item.duration for item in missing} == {frame}


def test_a_new_source_is_heard_at_once() -> None:
    ear = Ear()
    ear.talk(range(100))
    for number in range(100, 200):
        ear.arrivals.append((number * 0.02, packet(number, ssrc=2, sequence=number * 7 % 3 + number, timestamp=number * STEP)))
    ear.arrivals = [
        (when, RTPPacket(0, (p.sequence if p.ssrc == 1 else 4000 + int(p.payload)), p.timestamp, p.ssrc, p.payload))
        for when, p in ear.arrivals
    ]
    ear.listen(5)
    assert set(range(100, 200)) <= set(ear.numbers)
    assert len(ear.numbers) >= 196


@pytest.mark.parametrize("jump", [20000, -20000, -60, 3500])
def test_a_sender_that_starts_its_numbers_again_is_heard_again(jump: int) -> None:
    ear = Ear()
    ear.talk(range(100))
    for number in range(100, 300):
        ear.arrivals.append((number * 0.02, packet(number, sequence=SEQUENCE + number + jump, timestamp=number * STEP + 77)))
    ear.listen(7)
    assert ear.numbers == sorted(ear.numbers)
    assert set(range(110, 300)) <= set(ear.numbers)


@pytest.mark.parametrize("jump", [1 << 30, -(1 << 30), 80000, -80000])
def test_a_sender_that_jumps_in_time_is_heard_on(jump: int) -> None:
    ear = Ear()
    ear.talk(range(100))
    for number in range(100, 300):
        ear.arrivals.append((number * 0.02, packet(number, timestamp=TIMESTAMP + number * STEP + jump)))
    ear.listen(7)
    assert set(range(100, 300)) <= set(ear.numbers)
    assert ear.delays[-1] < 0.06


def test_a_few_late_packets_in_an_empty_buffer_mean_that_the_numbers_began_again() -> None:
    buffer = JitterBuffer(CLOCK)
    buffer.put(packet(50), 1.0)
    assert isinstance(buffer.get(1.05), Frame)
    taken = [buffer.put(packet(number, timestamp=TIMESTAMP + (number + 52) * STEP), 1.1 + number * 0.02) for number in range(6)]
    assert taken == [False] * 4 + [True] * 2


def test_one_stray_packet_far_off_is_ignored() -> None:
    ear = Ear()
    ear.talk(range(100))
    ear.arrivals.append((1.001, packet(0, sequence=SEQUENCE + 30000)))
    ear.listen(3)
    assert ear.sound == list(range(100))


def test_packets_that_are_no_audio_leave_no_gap() -> None:
    buffer = JitterBuffer(CLOCK)
    for number in range(40):
        event = 10 <= number < 13
        (buffer.skip if event else buffer.put)(packet(number), *(() if event else (number * 0.02,)))  # type: ignore[operator]
    buffer.skip(packet(11))
    heard = []
    for tick in range(40, 80):
        item = buffer.get(tick * 0.02 - 0.7)
        heard.append(item)
    assert buffer.packets_lost == 0
    assert not any(isinstance(item, Missing) and item.following for item in heard)


def test_events_before_and_between_talk_do_not_hold_it_up() -> None:
    buffer = JitterBuffer(CLOCK)
    buffer.skip(packet(0))
    assert buffer.get(0.0) is None
    buffer.put(packet(1), 0.02)
    buffer.skip(packet(2))
    buffer.skip(packet(4))
    buffer.put(packet(5), 0.10)
    played = [item for tick in range(20) if isinstance(item := buffer.get(0.06 + tick * 0.02), Frame)]
    assert [item.packet for item in played] == [packet(1), packet(5)]
    assert buffer.packets_lost == 1


def test_restart_forgets_everything_but_the_counters() -> None:
    ear = Ear()
    ear.talk(range(50), lambda number: None if number == 20 else 0.0)
    ear.listen(1)
    lost = ear.buffer.packets_lost
    ear.buffer.restart(48000)
    assert ear.buffer.get(10.0) is None
    assert ear.buffer.packets_lost == lost == 1
    assert ear.buffer.clock_rate == 48000


def test_a_tick_that_comes_late_changes_nothing() -> None:
    ear = Ear()
    ear.talk(range(300))
    ear.listen(2)
    # Five ticks at once after a stall of the process: packets came in time, the clock only asks late.
    now = ear.ticks * 0.02 + 0.107
    for when, late in [entry for entry in ear.arrivals if entry[0] <= now]:
        ear.buffer.put(late, when)
    ear.arrivals = [entry for entry in ear.arrivals if entry[0] > now]
    for _ in range(6):
        ear._hear(now)
    ear.ticks += 6
    ear.listen(5)
    assert ear.numbers == list(range(300))
    assert ear.heard.count("?") <= 6
