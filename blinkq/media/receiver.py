"""What arrived from one RTP source: sequence, loss and jitter bookkeeping (RFC 3550 A.1, A.3, A.8) for RTCP and
statistics.

What this is not: a jitter buffer; packets are only counted here.
"""

from __future__ import annotations

from blinkq.media.rtcp import ReportBlock, ntp_middle
from blinkq.media.rtp import RTPPacket, sequence_difference, timestamp_difference

__all__ = ["ReceiverStatistics"]

#: A jump forward of up to this many packets is a gap, further is a restart (RFC 3550 A.1).
MAX_DROPOUT = 3000
#: Packets up to this far back are reordered or duplicates, further back is a restart (RFC 3550 A.1).
MAX_MISORDER = 100


class ReceiverStatistics:
    """Counts the packets of one RTP session's remote source; a new SSRC or a restarted sequence starts a new count
    for RTCP.

    No probation (A.1 demands two packets in sequence first): the address is authenticated by signalling, and the
    first packet of a call carries speech. ``packets_received``, ``octets_received`` and ``packets_lost`` go on across
    restarts.
    """

    _received: int
    _received_prior: int
    _expected_prior: int
    _jitter: float

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.ssrc: int | None = None
        self.packets_received = 0
        self.octets_received = 0
        self._lost_before = 0
        self._last_sr = 0
        self._last_sr_arrival = 0.0
        self._start(0)

    @property
    def packets_lost(self) -> int:
        """Packets that never came, over all sources; a duplicate can hide a loss, never make it negative."""
        return self._lost_before + max(0, self._lost)

    @property
    def jitter(self) -> float:
        """Interarrival jitter in seconds (RFC 3550 §6.4.1)."""
        return self._jitter / self.clock_rate

    def received(self, packet: RTPPacket, arrival: float, *, timed: bool = True) -> bool:
        """Count one packet; ``arrival`` in seconds of the monotonic clock.

        ``timed`` is False for packets whose timestamp does not tell when they were sent (telephone-event). Returns
        False for a packet far out of sequence, which should not be played.
        """
        if packet.ssrc != self.ssrc:
            self._lost_before = self.packets_lost
            self.ssrc = packet.ssrc
            self._last_sr = 0
            self._start(packet.sequence)
        if not self._follow(packet.sequence):
            return False
        self._received += 1
        self.packets_received += 1
        self.octets_received += len(packet.payload)
        if timed:
            self._measure(packet.timestamp, arrival)
        return True

    def sender_report(self, ntp: int, arrival: float) -> None:
        """Note the time of a sender report of this source, for the peer's round-trip measurement."""
        self._last_sr = ntp_middle(ntp)
        self._last_sr_arrival = arrival

    def report(self, now: float) -> ReportBlock | None:
        """Return the block about this source for the next report, or None before its first packet; starts a new loss
        interval."""
        if self.ssrc is None:
            return None
        expected = self._expected
        interval = expected - self._expected_prior
        lost = interval - (self._received - self._received_prior)
        self._expected_prior = expected
        self._received_prior = self._received
        fraction = min(255, (lost << 8) // interval) if interval > 0 and lost > 0 else 0
        since = round((now - self._last_sr_arrival) * 65536) if self._last_sr else 0
        highest = self._cycles + self._highest
        return ReportBlock(self.ssrc, fraction, self._lost, highest, int(self._jitter), self._last_sr, since)

    @property
    def _expected(self) -> int:
        return self._cycles + self._highest - self._base + 1

    @property
    def _lost(self) -> int:
        return self._expected - self._received if self.ssrc is not None else 0

    def _start(self, sequence: int) -> None:
        self._base = sequence
        self._highest = (sequence - 1) & 0xFFFF
        # The first packet moves on from sequence - 1; when that wraps, the cycle it counts is taken back here.
        self._cycles = -0x10000 if sequence == 0 else 0
        self._bad: int | None = None
        self._received = 0
        self._received_prior = 0
        self._expected_prior = 0
        self._jitter = 0.0
        self._last_timestamp: int | None = None
        self._last_arrival = 0.0

    def _follow(self, sequence: int) -> bool:
        """Take a sequence number into account (A.1 update_seq); False = far out of order, wait for a second one."""
        delta = sequence_difference(sequence, self._highest)
        if 0 < delta < MAX_DROPOUT:
            if sequence < self._highest:
                self._cycles += 0x10000
            self._highest = sequence
        elif not -MAX_MISORDER < delta <= 0:
            if sequence != self._bad:
                self._bad = (sequence + 1) & 0xFFFF
                return False
            # Two in sequence: the other side restarted without telling us.
            self._lost_before = self.packets_lost
            self._start(sequence)
            return self._follow(sequence)
        self._bad = None
        return True

    def _measure(self, timestamp: int, arrival: float) -> None:
        if self._last_timestamp is not None:
            sent = timestamp_difference(timestamp, self._last_timestamp)
            deviation = abs((arrival - self._last_arrival) * self.clock_rate - sent)
            # A jump of seconds is a new time base, not jitter.
            if deviation < 5 * self.clock_rate:
                self._jitter += (deviation - self._jitter) / 16
        self._last_timestamp = timestamp
        self._last_arrival = arrival
