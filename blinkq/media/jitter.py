"""The jitter buffer: packets go in as they arrive, frames come out when they are to be heard.

Every packet's transit time (arrival minus timestamp) is compared with the fastest one of the last seconds. The
*target* is the delay behind that fastest path at which nearly all packets are there in time; the *delay* is the one
at which we really play. Where they differ the frames carry a wish to be shortened or lengthened; a gap that is still
within the target is waited for, a later one is lost.

Times are seconds of the monotonic clock and always arguments. What this is not: decoding, time stretching or mixing
(``playout.py``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from blinkq.media.receiver import MAX_DROPOUT, MAX_MISORDER
from blinkq.media.rtp import RTPPacket, sequence_difference, timestamp_difference

__all__ = ["Frame", "JitterBuffer", "Missing", "Stretch"]

#: Bounds of the target delay in seconds: one packet, and what still allows a conversation.
MIN_DELAY, MAX_DELAY = 0.020, 0.200
#: Target until something is known about the network.
START_DELAY = 0.040
#: Added to the delay that was needed, for the unevenness of our own clock.
MARGIN = 0.010
#: Packets whose transit is remembered (8 s of 20 ms), and the part of them that the target covers.
WINDOW, COVERED = 400, 0.98
#: Packets between two computations of the target.
_LEARN_EVERY = 8
#: Audio held beyond the longest delay before the oldest is thrown away, in seconds.
_SLACK = 0.100
#: A transit that changes by more than this from one packet to the next is a new time base at the sender, not jitter.
_TIME_JUMP = 1.0
#: Frames concealed in an empty buffer before it falls silent and waits anew: as long as the fade of the concealment.
_MAX_UNDERRUN = 5
#: Late packets in a row, with nothing else there, that tell of a restarted sequence.
_MAX_LATE_RUN = 5
#: Frame lengths believed, in seconds.
_MIN_FRAME, _MAX_FRAME = 0.005, 0.120
#: Off target by up to this many seconds is well enough.
_TOLERANCE = 0.012
#: Frames the delay must be off target before one is stretched: half a second when it hardly matters, soon when more
#: than the second value (seconds) is at stake, at once beyond the third.
_PATIENCE, _HASTE_ABOVE, _AT_ONCE_ABOVE = 25, 0.030, 0.060
_HASTE = 3


class Stretch(Enum):
    """What would bring the delay nearer to the target."""

    NONE = auto()
    SHORTEN = auto()
    LENGTHEN = auto()


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet to be decoded and heard now."""

    packet: RTPPacket
    stretch: Stretch = Stretch.NONE


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of ``duration`` RTP clock units to be concealed; ``following`` is the packet right after it, if it is
    here."""

    duration: int
    following: RTPPacket | None = None


class JitterBuffer:
    """One source's packets on their way to the ear."""

    def __init__(self, clock_rate: int, *, min_delay: float = MIN_DELAY, max_delay: float = MAX_DELAY) -> None:
        """``clock_rate`` of the RTP timestamps in Hz; delays in seconds bound the target."""
        self.min_delay = min_delay
        self.max_delay = max_delay
        self.packets_late = 0
        self.packets_lost = 0
        self.packets_duplicated = 0
        self._ssrc: int | None = None
        self.restart(clock_rate)

    @property
    def target(self) -> float:
        """The delay wanted now, in seconds."""
        return self._target

    @property
    def delay(self) -> float:
        """The delay at which the last frame was played, in seconds behind the fastest packets."""
        return self._delay

    def restart(self, clock_rate: int) -> None:
        """Forget all packets and what is known of time; the next packet begins anew. Counters stay."""
        self.clock_rate = clock_rate
        self._packets: dict[int, RTPPacket | None] = {}
        self._times: dict[int, int] = {}
        self._transits: deque[float] = deque(maxlen=WINDOW)
        self._learnt = 0
        self._base = 0.0
        self._last_transit: float | None = None
        self._target = min(self.max_delay, max(self.min_delay, START_DELAY))
        self._delay = 0.0
        self._highest: int | None = None
        self._highest_time = 0
        self._suspect: int | None = None
        self._late_run = 0
        self._next: int | None = None
        self._played: dict[int, int] = {}
        self._play_time = 0
        self._playing = False
        self._frame = clock_rate // 50
        self._debt = 0
        self._underruns = 0
        self._off_target = 0

    def put(self, packet: RTPPacket, arrival: float) -> bool:
        """Take a packet; False when it is a duplicate, too late, or far out of sequence."""
        index = self._locate(packet)
        if index is None:
            return False
        time = self._highest_time + timestamp_difference(packet.timestamp, self._highest_time & 0xFFFFFFFF)
        if index in self._packets or self._played.get(index) == time:
            self.packets_duplicated += 1
            return False
        transit = arrival - time / self.clock_rate
        if self._last_transit is not None and abs(transit - self._last_transit) > _TIME_JUMP:
            self._begin(packet)
            index, time = packet.sequence, packet.timestamp
            transit = arrival - time / self.clock_rate
        late = self._next is not None and index < self._next
        self._learn(transit, late)
        if late:
            return self._take_late(packet, arrival)
        self._late_run = 0
        self._advance(index, time)
        self._packets[index] = packet
        self._times[index] = time
        self._trim()
        return True

    def skip(self, packet: RTPPacket) -> None:
        """Note that a packet came which is not to be heard (telephone-event, comfort noise), so that it is not
        missed."""
        index = self._locate(packet)
        if index is None or index in self._packets or (self._next is not None and index < self._next):
            return
        # The newest position stays that of the last audio: frame lengths are learnt from neighbours of the same kind.
        self._packets[index] = None

    def get(self, now: float) -> Frame | Missing | None:
        """Return what is to be heard next, or None for silence. To be called whenever the ear runs out of sound.

        ``now`` is the time of asking, not of hearing: what has not arrived by now cannot be given, however long the
        ear still has something to play.
        """
        if not self._playing and not self._start(now):
            return None
        assert self._next is not None
        while self._next in self._packets and self._packets[self._next] is None:
            del self._packets[self._next]
            self._next += 1
        packet = self._packets.get(self._next)
        if packet is not None:
            return self._play(packet, now)
        if self._packets:
            return self._gap(now)
        return self._underrun()

    # arrival
    # ------------------------------------------------------------------------------------------------------------

    def _locate(self, packet: RTPPacket) -> int | None:
        """The packet's sequence number without wrapping, or None when it must not be used (yet)."""
        if packet.ssrc != self._ssrc or self._highest is None:
            self._begin(packet)
            return packet.sequence
        jump = sequence_difference(packet.sequence, self._highest & 0xFFFF)
        if -MAX_MISORDER < jump < MAX_DROPOUT:
            self._suspect = None
            return self._highest + jump
        if packet.sequence != self._suspect:
            self._suspect = (packet.sequence + 1) & 0xFFFF
            return None
        # Two in sequence out of nowhere: the sender started again (RFC 3550 A.1).
        self._begin(packet)
        return packet.sequence

    def _begin(self, packet: RTPPacket) -> None:
        self.restart(self.clock_rate)
        self._ssrc = packet.ssrc
        self._highest = packet.sequence
        self._highest_time = packet.timestamp

    def _take_late(self, packet: RTPPacket, arrival: float) -> bool:
        self.packets_late += 1
        self._late_run += 1
        if self._late_run < _MAX_LATE_RUN or self._packets:
            return False
        self._begin(packet)
        return self.put(packet, arrival)

    def _advance(self, index: int, time: int) -> None:
        """Move the newest position on, and learn the frame length from two neighbours."""
        assert self._highest is not None
        step = time - self._highest_time
        if index == self._highest + 1 and _MIN_FRAME <= step / self.clock_rate <= _MAX_FRAME:
            self._frame = step
        if index > self._highest:
            self._highest, self._highest_time = index, time

    def _learn(self, transit: float, late: bool) -> None:
        self._last_transit = transit
        if not self._transits or transit < self._base:
            self._base = transit
        self._transits.append(transit)
        self._learnt += 1
        if late or self._learnt % _LEARN_EVERY == 0:
            ordered = sorted(self._transits)
            self._base = ordered[0]
            needed = ordered[min(len(ordered) - 1, int(len(ordered) * COVERED))] - self._base
            self._target = min(self.max_delay, max(self.min_delay, needed + MARGIN))

    def _trim(self) -> None:
        """Throw the oldest away when more is here than may ever be waited for: after a stall nobody wants to hear it
        all."""
        limit = (self.max_delay + _SLACK) * self.clock_rate
        while len(self._times) > 1 and self._highest_time - self._times[oldest := min(self._times)] > limit:
            for index in [index for index in self._packets if index <= oldest]:
                del self._packets[index]
            del self._times[oldest]
            self._next = oldest + 1
            self._play_time = self._times[min(self._times)]
            self._debt = 0

    # play-out
    # -----------------------------------------------------------------------------------------------------------

    def _start(self, now: float) -> bool:
        """Begin to play when the oldest packet is due."""
        if not self._times:
            return False
        first = min(self._times)
        if not self._is_due(self._times[first], now):
            return False
        if self._next is not None:
            self._count_lost(first)
        for index in [index for index in self._packets if index < first]:
            del self._packets[index]
        self._next = first
        self._play_time = self._times[first]
        self._playing = True
        self._debt = self._underruns = self._off_target = 0
        return True

    def _is_due(self, time: int, now: float) -> bool:
        """Whether a frame is to be heard at ``now``, to the nearest half of a tick."""
        return now + 0.010 >= time / self.clock_rate + self._base + self._target

    def _play(self, packet: RTPPacket, now: float) -> Frame | None:
        assert self._next is not None
        time = self._times[self._next]
        gap = time - self._play_time - self._debt
        if gap > self._frame // 2 and not self._is_due(time, now):
            # The sender was silent (DTX) or jumped on in time: what it sent is not due before.
            return None
        del self._packets[self._next], self._times[self._next]
        self._done(self._next, time)
        self._play_time = time + self._frame
        self._debt = self._underruns = 0
        self._delay = now - time / self.clock_rate - self._base
        return Frame(packet, self._wish())

    def _gap(self, now: float) -> Frame | Missing | None:
        """The next packet is not here but a later one is: wait for it, or give it up."""
        assert self._next is not None
        first = min(self._packets)
        delay = now - self._play_time / self.clock_rate - self._base
        frame = self._frame
        if delay + frame / self.clock_rate < self._target and self._debt < 2 * frame:
            self._debt += frame
            return Missing(frame)
        following = self._packets[first] if first == self._next + 1 else None
        self._count_lost(self._next + 1)
        self._next += 1
        self._play_time += frame
        if self._debt >= frame:
            # It was concealed already while it was waited for.
            self._debt -= frame
            return self.get(now)
        return Missing(frame, following)

    def _underrun(self) -> Missing | None:
        """Nothing is here: go on for a moment, then fall silent. Play-out stands still, so the delay grows if this
        was mere lateness."""
        self._underruns += 1
        if self._underruns > _MAX_UNDERRUN:
            self._playing = False
            return None
        self._debt += self._frame
        return Missing(self._frame)

    def _count_lost(self, until: int) -> None:
        assert self._next is not None
        self.packets_lost += sum(1 for index in range(self._next, until) if index not in self._packets)

    def _done(self, index: int, time: int) -> None:
        self._next = index + 1
        self._played[index] = time
        if len(self._played) > 2 * MAX_MISORDER:
            self._played = {old: when for old, when in self._played.items() if old > index - MAX_MISORDER}

    def _wish(self) -> Stretch:
        """Compare delay and target; wishes come rarely enough to stay unheard."""
        excess = self._delay - self._target
        if abs(excess) <= _TOLERANCE:
            self._off_target = 0
            return Stretch.NONE
        self._off_target += 1
        patience = _HASTE if excess < 0 or excess > _HASTE_ABOVE else _PATIENCE
        if self._off_target < patience and excess < _AT_ONCE_ABOVE:
            return Stretch.NONE
        self._off_target = 0
        return Stretch.SHORTEN if excess > 0 else Stretch.LENGTHEN
