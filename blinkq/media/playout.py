"""The receiving half of an audio stream: RTP packets in, blocks of sound at the mixer's rate out, one for each tick.

Joins the jitter buffer, the decoders, concealment, time stretching and resampling. What this is not: sockets and SRTP
(``voice/``), or statistics for RTCP (``receiver.py``).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from blinkq.media.codecs.codec import CodecError, Decoder, Samples
from blinkq.media.codecs.registry import create_decoder, find
from blinkq.media.control import CodecFormat
from blinkq.media.jitter import Frame, JitterBuffer, Missing, Stretch
from blinkq.media.resample import Resampler
from blinkq.media.rtp import RTPPacket
from blinkq.media.timescale import lengthen, shorten

__all__ = ["Playout"]

#: Steps of the jitter buffer in one block at most: packets of 2.5 ms, or that many unreadable ones in a row.
_MAX_STEPS = 16
#: Length of one block in seconds.
_BLOCK = 0.020


class Playout:
    """Plays one stream. Payload types may change from packet to packet."""

    def __init__(self, sample_rate: int, formats: Iterable[CodecFormat]) -> None:
        """``sample_rate`` in Hz of the blocks wanted; ``formats`` are all the peer may send (audio only).

        Raises CodecError when one of them cannot be decoded here.
        """
        self.packets_unreadable = 0
        self._sample_rate = sample_rate
        self._block = round(sample_rate * _BLOCK)
        self._formats: dict[int, CodecFormat] = {}
        self._decoders: dict[int, Decoder] = {}
        self._current: int | None = None
        self._resampler: Resampler | None = None
        self._waiting: Samples = np.zeros(0, np.int16)
        self.set_formats(formats)
        first = next(iter(self._formats.values()), None)
        self.jitter = JitterBuffer(first.clock_rate if first else 8000)

    @property
    def codec(self) -> CodecFormat | None:
        """The format heard last, or None before the first packet."""
        return None if self._current is None else self._formats.get(self._current)

    def set_formats(self, formats: Iterable[CodecFormat]) -> None:
        """Take these formats from now on; decoders of unchanged ones go on. Raises CodecError, and changes nothing
        then."""
        wanted = {format.payload_type: format for format in formats}
        for format in wanted.values():
            info = find(format.name)
            if info is None or not info.is_available():
                raise CodecError(f"The codec {format.name} cannot be decoded here.")
        # The decoders themselves are made when their first packet comes: most of what a peer may send it never does.
        self._decoders = {
            number: decoder for number, decoder in self._decoders.items() if wanted.get(number) == self._formats[number]
        }
        self._formats = wanted
        if self._current not in self._decoders:
            self._current = None

    def put(self, packet: RTPPacket, arrival: float) -> bool:
        """Take an audio packet that came at ``arrival``; False when it will not be heard."""
        format = self._formats.get(packet.payload_type)
        if format is None:
            self.jitter.skip(packet)
            return False
        if format.clock_rate != self.jitter.clock_rate:
            # Timestamps of another clock cannot be compared with what is waiting.
            self.jitter.restart(format.clock_rate)
        return self.jitter.put(packet, arrival)

    def skip(self, packet: RTPPacket) -> None:
        """Note a packet of the same sequence that is no audio (telephone-event)."""
        self.jitter.skip(packet)

    def read(self, now: float) -> Samples | None:
        """Return the next block, asked for at ``now``; None is silence."""
        for _ in range(_MAX_STEPS):
            if len(self._waiting) >= self._block:
                break
            item = self.jitter.get(now)
            if item is None:
                break
            self._waiting = np.concatenate((self._waiting, self._sound(item)))
        if not len(self._waiting):
            return None
        if len(self._waiting) < self._block:
            self._waiting = np.concatenate((self._waiting, np.zeros(self._block - len(self._waiting), np.int16)))
        block, self._waiting = self._waiting[: self._block], self._waiting[self._block :]
        return block

    def _sound(self, item: Frame | Missing) -> Samples:
        """The sound of one answer of the jitter buffer at the mixer's rate."""
        samples = self._decode(item) if isinstance(item, Frame) else self._conceal(item.duration, item.following)
        return samples if self._resampler is None else self._resampler.process(samples)

    def _decode(self, frame: Frame) -> Samples:
        number = frame.packet.payload_type
        format = self._formats.get(number)
        if format is None:
            # Taken away while the packet waited.
            return np.zeros(0, np.int16)
        try:
            decoder = self._decoders.get(number) or create_decoder(format)
            self._decoders[number] = decoder
            if number != self._current:
                self._switch(number, decoder)
            samples = decoder.decode(frame.packet.payload)
        except CodecError:
            self.packets_unreadable += 1
            return self._conceal(self.jitter.clock_rate // 50, None)
        if frame.stretch is Stretch.SHORTEN:
            return shorten(samples, decoder.sample_rate)
        if frame.stretch is Stretch.LENGTHEN:
            return lengthen(samples, decoder.sample_rate)
        return samples

    def _conceal(self, duration: int, following: RTPPacket | None) -> Samples:
        if self._current is None:
            return np.zeros(0, np.int16)
        decoder = self._decoders[self._current]
        payload = following.payload if following and following.payload_type == self._current else None
        return decoder.conceal(duration * decoder.sample_rate // self.jitter.clock_rate, payload)

    def _switch(self, number: int, decoder: Decoder) -> None:
        self._current = number
        if decoder.sample_rate == self._sample_rate:
            self._resampler = None
        elif self._resampler is None or self._resampler.input_rate != decoder.sample_rate:
            self._resampler = Resampler(decoder.sample_rate, self._sample_rate)
