"""Digits as telephone-event packets (RFC 4733): what to send packet by packet, and what was received in spite of loss.

What this is not: tones in the audio (``tones.py``), or the RTP headers' sequence numbers (the sender of the stream
counts those).
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from blinkq.media.rtp import timestamp_difference

__all__ = ["DIGITS", "DTMFReceiver", "DTMFSender", "EventPacket"]

#: The digits by event code (RFC 4733 §3.2).
DIGITS = "0123456789*#ABCD"

#: The last packet of an event is sent this often, so that its end survives loss (RFC 4733 §2.5.1.4).
END_PACKETS = 3
#: Silence between two digits, in seconds: receivers of tones want 50 ms, and gateways make tones of events.
PAUSE = 0.060
#: Tone level in -dBm0; -10 is what telephones send.
VOLUME = 10
#: Shortest and longest digit in milliseconds: below 40 no receiver hears it, above 5000 somebody sat on the key.
MIN_DURATION, MAX_DURATION = 40, 5000
#: Digits waiting to be sent: more than any number anybody dials; a script gone wild is cut here.
MAX_QUEUE = 256

_EVENT = struct.Struct(">BBH")
_END = 0x80


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One telephone-event payload, with the marker bit and the timestamp its RTP header must have."""

    payload: bytes
    timestamp: int
    marker: bool
    end: bool


class DTMFSender:
    """Turns queued digits into packets, one for each packet time; while it gives packets no audio is to be sent."""

    def __init__(self, clock_rate: int, *, ptime: int = 20) -> None:
        """``clock_rate`` of the stream in Hz, ``ptime`` in milliseconds between two calls of ``next_packet``."""
        self._clock_rate = clock_rate
        self._step = clock_rate * ptime // 1000
        self._queue: deque[tuple[str, int]] = deque()
        self._digit: str | None = None
        self._start = 0
        self._elapsed = 0
        self._duration = 0
        self._ends_left = 0
        self._pause = 0

    @property
    def active(self) -> bool:
        """Whether a digit is being sent or waits."""
        return self._digit is not None or bool(self._queue)

    def queue(self, digit: str, duration: int = 100) -> bool:
        """Queue one digit for ``duration`` milliseconds (bounded to 40..5000). Returns False when too many wait.

        Raises ValueError for what is no digit.
        """
        digit = digit.upper()
        if len(digit) != 1 or digit not in DIGITS:
            raise ValueError(f"{digit!r} is no DTMF digit")
        if len(self._queue) >= MAX_QUEUE:
            return False
        self._queue.append((digit, max(MIN_DURATION, min(MAX_DURATION, duration))))
        return True

    def clear(self) -> None:
        """Forget the digits that wait; the one being sent ends properly."""
        self._queue.clear()

    def next_packet(self, timestamp: int) -> EventPacket | None:
        """Return the packet to send at stream time ``timestamp`` in place of audio, or None when audio is to be
        sent."""
        if self._digit is None:
            if self._pause > 0:
                self._pause -= self._step
                return None
            if not self._queue:
                return None
            self._begin(timestamp)
        marker = self._elapsed == 0
        self._elapsed = min(self._elapsed + self._step, self._duration)
        ending = self._elapsed >= self._duration
        assert self._digit is not None
        payload = _EVENT.pack(DIGITS.index(self._digit), VOLUME | (_END if ending else 0), self._elapsed)
        packet = EventPacket(payload, self._start, marker, ending)
        if ending:
            self._ends_left -= 1
            if not self._ends_left:
                self._digit = None
                self._pause = round(PAUSE * self._clock_rate)
        return packet

    def _begin(self, timestamp: int) -> None:
        self._digit, duration = self._queue.popleft()
        self._start = timestamp & 0xFFFFFFFF
        self._elapsed = 0
        # The field has 16 bits; at 48 kHz that is 1.3 s, and a digit is not worth segments (RFC 4733 §2.5.1.3).
        self._duration = min(0xFFFF, duration * self._clock_rate // 1000)
        self._ends_left = END_PACKETS


class DTMFReceiver:
    """Finds each digit once, however many of its packets are lost, doubled or late."""

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._event = -1
        self._duration = 0
        self._ended = False

    def receive(self, payload: bytes, timestamp: int) -> str | None:
        """Take one telephone-event payload with its RTP timestamp; return the digit when a new one begins, else None.

        Events other than digits, and payloads that are none, give None.
        """
        if len(payload) < _EVENT.size:
            return None
        event, flags, duration = _EVENT.unpack_from(payload)
        if event >= len(DIGITS):
            return None
        ended = bool(flags & _END)
        if self._timestamp is not None:
            since = timestamp_difference(timestamp, self._timestamp)
            if since == 0 and event == self._event:
                self._duration = max(self._duration, duration)
                self._ended = self._ended or ended
                return None
            # A packet of an earlier event came late; a whole minute back is a restarted clock instead.
            if -48000 * 60 < since < 0:
                return None
            if event == self._event and not self._ended and 0 < since == self._duration:
                # A segment of the same long event (RFC 4733 §2.5.1.3).
                self._timestamp, self._duration, self._ended = timestamp, duration, ended
                return None
        self._timestamp, self._event, self._duration, self._ended = timestamp, event, duration, ended
        return DIGITS[event]
