"""When RTCP is sent and what is in it (RFC 3550 §6): reports about every five seconds, the CNAME, BYE at the end."""

from __future__ import annotations

from blinkq.base.clock import Entropy
from blinkq.media.receiver import ReceiverStatistics
from blinkq.media.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_compound,
    ntp_timestamp,
    parse_compound,
    round_trip,
)
from blinkq.media.rtp import RTPError

__all__ = ["INTERVAL", "Reporter"]

#: Mean seconds between reports (RFC 3550 §6.2: five; with two parties the bandwidth never asks for more).
INTERVAL = 5.0

#: Reports of one datagram that are looked at; a call has one.
_MAX_PACKETS = 32


class Reporter:
    """The RTCP side of one stream with synchronisation source ``ssrc``."""

    def __init__(self, ssrc: int, cname: str, entropy: Entropy) -> None:
        self.ssrc = ssrc
        self._cname = cname or f"blinkq-{entropy.token(6)}"
        self._entropy = entropy
        self._due: float | None = None
        self.round_trip: float | None = None
        self.peer_loss = 0.0

    def due(self, now: float) -> bool:
        """Whether a report should be sent; intervals vary by half, so that parties do not fall into step (§6.3.1)."""
        if self._due is None:
            # Half the interval before the first one (§6.2).
            self._due = now + INTERVAL / 2 * self._entropy.uniform(0.5, 1.5)
        if now < self._due:
            return False
        self._due = now + INTERVAL * self._entropy.uniform(0.5, 1.5)
        return True

    def report(
        self, wallclock: float, sent: tuple[int, int, int] | None, about_peer: ReportBlock | None, *, goodbye: bool = False
    ) -> bytes:
        """A compound packet. ``sent`` is (RTP timestamp now, packets, payload octets) when something was sent since the last
        report, else None; ``wallclock`` in seconds since 1970."""
        blocks = (about_peer,) if about_peer is not None else ()
        first: SenderReport | ReceiverReport
        if sent is not None:
            timestamp, packets, octets = sent
            first = SenderReport(self.ssrc, ntp_timestamp(wallclock), timestamp, packets, octets, blocks)
        else:
            first = ReceiverReport(self.ssrc, blocks)
        description = SourceDescription(self.ssrc, self._cname)
        return build_compound((first, description, Goodbye((self.ssrc,))) if goodbye else (first, description))

    def receive(self, data: bytes, arrival: float, arrival_wallclock: float, receiver: ReceiverStatistics) -> bool:
        """Take the peer's RTCP; False when the bytes are none."""
        try:
            packets = parse_compound(data)
        except RTPError:
            return False
        for packet in packets[:_MAX_PACKETS]:
            if isinstance(packet, SenderReport) and packet.ssrc == receiver.ssrc:
                receiver.sender_report(packet.ntp, arrival)
            if isinstance(packet, SenderReport | ReceiverReport):
                for block in packet.reports:
                    self._take_block(block, arrival_wallclock)
        return True

    def _take_block(self, block: ReportBlock, arrival_wallclock: float) -> None:
        if block.ssrc != self.ssrc:
            return
        self.peer_loss = block.fraction_lost / 256
        measured = round_trip(block, ntp_timestamp(arrival_wallclock))
        if measured is not None:
            self.round_trip = measured
