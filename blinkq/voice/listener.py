"""The receiving half of a stream: RTP packets in, blocks at the mixer's rate out."""

from __future__ import annotations

import numpy as np

from blinkq.media.codecs.codec import CodecError
from blinkq.media.receiver import ReceiverStatistics
from blinkq.media.resample import Resampler
from blinkq.media.rtp import RTPPacket
from blinkq.voice.devices.device import Block
from blinkq.voice.setup import StreamSetup

__all__ = ["Listener"]


class Listener:
    def __init__(self, setup: StreamSetup, rate: int) -> None:
        self._rate = rate
        self.rollover = 0
        self._highest: int | None = None
        self.packets_late = 0
        self.buffer_delay = 0.0
        self.set_formats(setup)
        self.statistics = ReceiverStatistics(setup.command.receive_formats[0].clock_rate)

    def set_formats(self, setup: StreamSetup) -> None:
        self._decoders = setup.decoders
        self._resamplers = {pt: Resampler(d.sample_rate, self._rate) for pt, d in setup.decoders.items()}
        self._pcm = np.zeros(0, np.int16)

    def set_rate(self, rate: int) -> None:
        self._rate = rate
        self._resamplers = {pt: Resampler(d.sample_rate, self._rate) for pt, d in self._decoders.items()}

    def reset(self) -> None:
        self._pcm = self._pcm[:0]

    def forget_rollover(self) -> None:
        self.rollover = 0
        self._highest = None

    def knows(self, pt: int) -> bool:
        return pt in self._decoders

    def count(self, packet: RTPPacket, arrival: float, timed: bool) -> bool:
        return self.statistics.received(packet, arrival, timed=timed)

    def put(self, packet: RTPPacket, arrival: float) -> None:
        try:
            pcm = self._decoders[packet.payload_type].decode(packet.payload)
        except CodecError:
            return
        self._pcm = np.concatenate((self._pcm, self._resamplers[packet.payload_type].process(pcm)))

    def pull(self, now: float) -> Block | None:
        n = self._rate // 50
        if len(self._pcm) < n:
            return None
        out, self._pcm = self._pcm[:n], self._pcm[n:]
        return out
