"""RTP packets (RFC 3550 §5.1): parse and build, and arithmetic on wrapping numbers.

What this is not: statistics (``receiver.py``), play-out (``jitter.py``), control packets (``rtcp.py``) or SRTP
(``voice/``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from blinkq.base.errors import BlinkQError

__all__ = [
    "HEADER_SIZE",
    "MAX_PACKET",
    "RTPError",
    "RTPPacket",
    "is_rtcp",
    "sequence_difference",
    "timestamp_difference",
]

#: Bytes of the fixed header.
HEADER_SIZE = 12
#: Longest datagram looked at: voice packets are far below one Ethernet frame; this leaves room for odd ptimes.
MAX_PACKET = 8192

_VERSION_BITS = 0x80
_HEADER = struct.Struct(">BBHII")


class RTPError(BlinkQError):
    """Bytes that are no RTP or RTCP packet."""


@dataclass(frozen=True, slots=True)
class RTPPacket:
    """One RTP packet; CSRCs and header extensions of received packets are skipped, none are sent."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    @classmethod
    def parse(cls, data: bytes) -> RTPPacket:
        """Return the packet in one datagram. Raises RTPError for anything else (RFC 3550 §5.1, §5.3.1)."""
        size = len(data)
        if not HEADER_SIZE <= size <= MAX_PACKET:
            raise RTPError(f"{size} bytes are no RTP packet")
        flags, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if flags & 0xC0 != _VERSION_BITS:
            raise RTPError(f"RTP version {flags >> 6}")
        start, end = HEADER_SIZE, size
        if flags & 0x3F:
            start, end = _payload_bounds(data, flags)
        return cls(second & 0x7F, sequence, timestamp, ssrc, data[start:end], second > 0x7F)

    def to_bytes(self) -> bytes:
        """Return the datagram. Numbers wrap by themselves: sequence 16 bits, timestamp and SSRC 32 bits."""
        return (
            _HEADER.pack(
                _VERSION_BITS,
                self.payload_type & 0x7F | (0x80 if self.marker else 0),
                self.sequence & 0xFFFF,
                self.timestamp & 0xFFFFFFFF,
                self.ssrc & 0xFFFFFFFF,
            )
            + self.payload
        )


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram on a shared port is RTCP rather than RTP (RFC 5761 §4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def sequence_difference(first: int, second: int) -> int:
    """Return how far ``first`` is after ``second`` in 16-bit sequence numbers, -32768..32767."""
    return ((first - second + 0x8000) & 0xFFFF) - 0x8000


def timestamp_difference(first: int, second: int) -> int:
    """Return how far ``first`` is after ``second`` in 32-bit timestamps, signed."""
    return ((first - second + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def _payload_bounds(data: bytes, flags: int) -> tuple[int, int]:
    """Start and end of the payload of a packet with CSRCs, an extension or padding."""
    end = len(data)
    start = HEADER_SIZE + 4 * (flags & 0x0F)
    if flags & 0x10:
        if start + 4 > end:
            raise RTPError("RTP extension past the end")
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if flags & 0x20:
        padding = data[-1]
        if not padding:
            raise RTPError("RTP padding of 0 bytes")
        end -= padding
    if start > end:
        raise RTPError("RTP header past the end")
    return start, end
