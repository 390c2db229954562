"""RTCP packets (RFC 3550 §6): sender and receiver reports, CNAME and BYE, in compound packets; parse and build.

What this is not: when to send them, or the numbers inside (``receiver.py`` counts, ``voice/`` keeps time).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from blinkq.media.rtp import MAX_PACKET, RTPError

__all__ = [
    "Goodbye",
    "RTCPPacket",
    "ReceiverReport",
    "ReportBlock",
    "SenderReport",
    "SourceDescription",
    "build_compound",
    "ntp_middle",
    "ntp_timestamp",
    "parse_compound",
    "round_trip",
]

#: Seconds from the NTP epoch (1900) to the Unix epoch.
_NTP_OFFSET = 2208988800
_SR, _RR, _SDES, _BYE = 200, 201, 202, 203
_CNAME = 1
_HEADER = struct.Struct(">BBH")
_SENDER = struct.Struct(">IQIII")
_WORD = struct.Struct(">I")
_BLOCK = struct.Struct(">IIIIII")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """Reception report about one source (RFC 3550 §6.4.1): loss fraction in 1/256, times in RTP clock units or
    1/65536 s."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_sr: int = 0
    delay_since_last_sr: int = 0

    def to_bytes(self) -> bytes:
        lost = max(-0x800000, min(0x7FFFFF, self.packets_lost)) & 0xFFFFFF
        return _BLOCK.pack(
            self.ssrc,
            (self.fraction_lost & 0xFF) << 24 | lost,
            self.highest_sequence & 0xFFFFFFFF,
            self.jitter & 0xFFFFFFFF,
            self.last_sr & 0xFFFFFFFF,
            self.delay_since_last_sr & 0xFFFFFFFF,
        )


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a source sent so far; ``ntp`` is a 64-bit NTP timestamp (see ``ntp_timestamp``)."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: tuple[ReportBlock, ...] = ()

    def to_bytes(self) -> bytes:
        body = _SENDER.pack(
            self.ssrc,
            self.ntp & 0xFFFFFFFFFFFFFFFF,
            self.rtp_timestamp & 0xFFFFFFFF,
            self.packet_count & 0xFFFFFFFF,
            self.octet_count & 0xFFFFFFFF,
        )
        return _packet(_SR, len(self.reports), body + b"".join(block.to_bytes() for block in self.reports))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """What somebody who does not send heard."""

    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    def to_bytes(self) -> bytes:
        body = _WORD.pack(self.ssrc) + b"".join(block.to_bytes() for block in self.reports)
        return _packet(_RR, len(self.reports), body)


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """The canonical name of a source; other SDES items are skipped."""

    ssrc: int
    cname: str

    def to_bytes(self) -> bytes:
        name = self.cname.encode()[:255]
        item = bytes((_CNAME, len(name))) + name
        # At least one null ends the list, and the chunk fills whole words (§6.5).
        return _packet(_SDES, 1, _WORD.pack(self.ssrc) + item + b"\0" * (4 - len(item) % 4))


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Sources that leave."""

    ssrcs: tuple[int, ...]
    reason: str = ""

    def to_bytes(self) -> bytes:
        body = b"".join(_WORD.pack(ssrc) for ssrc in self.ssrcs)
        if self.reason:
            text = self.reason.encode()[:255]
            body += bytes((len(text),)) + text
            body += b"\0" * (-len(body) % 4)
        return _packet(_BYE, len(self.ssrcs), body)


RTCPPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye


def parse_compound(data: bytes) -> list[RTCPPacket]:
    """Return the packets of one RTCP datagram; unknown types are skipped. Raises RTPError when it is none.

    Reduced-size packets (RFC 5506) are taken too: nothing is demanded of the first packet.
    """
    if len(data) > MAX_PACKET:
        raise RTPError(f"{len(data)} bytes of RTCP")
    packets: list[RTCPPacket] = []
    offset = 0
    while offset < len(data):
        if offset + 4 > len(data):
            raise RTPError("RTCP header past the end")
        flags, kind, words = _HEADER.unpack_from(data, offset)
        end = offset + 4 + 4 * words
        if flags >> 6 != 2:
            raise RTPError(f"RTCP version {flags >> 6}")
        if end > len(data):
            raise RTPError("RTCP packet past the end")
        body = data[offset + 4 : end]
        if flags & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                raise RTPError("bad RTCP padding")
            body = body[: -body[-1]]
        packets += _parse_body(kind, flags & 0x1F, body)
        offset = end
    if not offset:
        raise RTPError("empty RTCP packet")
    return packets


def build_compound(packets: Iterable[RTCPPacket]) -> bytes:
    """Return one datagram; the caller puts a report first and adds the CNAME (RFC 3550 §6.1)."""
    return b"".join(packet.to_bytes() for packet in packets)


def ntp_timestamp(wallclock: float) -> int:
    """Return the 64-bit NTP timestamp of ``wallclock`` seconds since 1970."""
    seconds = int(wallclock // 1)
    return (((seconds + _NTP_OFFSET) & 0xFFFFFFFF) << 32) | int((wallclock - seconds) * (1 << 32))


def ntp_middle(ntp: int) -> int:
    """Return the middle 32 bits of an NTP timestamp, in 1/65536 s (the LSR field)."""
    return (ntp >> 16) & 0xFFFFFFFF


def round_trip(block: ReportBlock, ntp_now: int) -> float | None:
    """Return the round-trip time in seconds a report about us tells at ``ntp_now``, or None (RFC 3550 §6.4.1).

    A peer that answers before it got our report, or whose clock jumped, gives no value instead of a negative one.
    """
    if not block.last_sr:
        return None
    delay = (ntp_middle(ntp_now) - block.last_sr - block.delay_since_last_sr) & 0xFFFFFFFF
    # Over half a minute is a wrapped negative or nonsense.
    return None if delay > 30 << 16 else delay / 65536


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _parse_body(kind: int, count: int, body: bytes) -> list[RTCPPacket]:
    if kind == _SR:
        if len(body) < _SENDER.size:
            raise RTPError("short sender report")
        ssrc, ntp, timestamp, packets, octets = _SENDER.unpack_from(body)
        return [SenderReport(ssrc, ntp, timestamp, packets, octets, _parse_blocks(count, body, _SENDER.size))]
    if kind == _RR:
        if len(body) < _WORD.size:
            raise RTPError("short receiver report")
        (ssrc,) = _WORD.unpack_from(body)
        return [ReceiverReport(ssrc, _parse_blocks(count, body, _WORD.size))]
    if kind == _SDES:
        return list(_parse_descriptions(count, body))
    if kind == _BYE:
        return [_parse_goodbye(count, body)]
    return []


def _parse_blocks(count: int, body: bytes, offset: int) -> tuple[ReportBlock, ...]:
    if offset + count * _BLOCK.size > len(body):
        raise RTPError("RTCP report block past the end")
    blocks = []
    for index in range(count):
        ssrc, loss, *rest = _BLOCK.unpack_from(body, offset + index * _BLOCK.size)
        lost = loss & 0xFFFFFF
        blocks.append(ReportBlock(ssrc, loss >> 24, lost - 0x1000000 if lost & 0x800000 else lost, *rest))
    return tuple(blocks)


def _parse_descriptions(count: int, body: bytes) -> Iterable[SourceDescription]:
    offset = 0
    for _ in range(count):
        if offset + 4 > len(body):
            raise RTPError("SDES chunk past the end")
        (ssrc,) = _WORD.unpack_from(body, offset)
        offset += 4
        while offset < len(body) and body[offset]:
            if offset + 2 > len(body) or offset + 2 + body[offset + 1] > len(body):
                raise RTPError("SDES item past the end")
            end = offset + 2 + body[offset + 1]
            if body[offset] == _CNAME:
                yield SourceDescription(ssrc, body[offset + 2 : end].decode(errors="replace"))
            offset = end
        # The null that ends the list, then padding to a whole word.
        offset += 4 - offset % 4


def _parse_goodbye(count: int, body: bytes) -> Goodbye:
    if 4 * count > len(body):
        raise RTPError("BYE past the end")
    ssrcs = struct.unpack_from(f">{count}I", body)
    reason = body[4 * count + 1 : 4 * count + 1 + body[4 * count]] if len(body) > 4 * count else b""
    return Goodbye(ssrcs, reason.decode(errors="replace"))
