"""The sending half of a stream: blocks of the mixer in, RTP packets out.

What this is not: sockets and SRTP (``stream.py``), telephone events (``media/dtmf.py`` makes them; they take the place of audio here).
"""

from __future__ import annotations

import numpy as np

from blinkq.base.clock import Entropy
from blinkq.media.codecs.codec import Encoder
from blinkq.media.control import CodecFormat
from blinkq.media.resample import Resampler
from blinkq.media.rtp import RTPPacket
from blinkq.voice.devices.device import Block

__all__ = ["Sender", "usable_ptime"]

#: Highest first sequence number: below half of the range a lost first packet cannot be taken for a rollover (RFC 3711 §3.3.1).
_MAX_FIRST_SEQUENCE = 0x7FFF

#: Payloads of at most this many bytes mean "nothing to send" under Opus DTX (RFC 7587 §3.1.3).
_DTX_BYTES = 2

#: Milliseconds of audio in a packet that all codecs here can make; Opus has no frame of 30 or 50 ms.
_PTIMES = (10, 20, 40, 60)


def usable_ptime(ptime: int) -> int:
    """The longest packet time that is not above ``ptime`` milliseconds (10 ms at least)."""
    return max((value for value in _PTIMES if value <= ptime), default=_PTIMES[0])


class Sender:
    """Cuts, encodes and numbers. ``ssrc`` 0 chooses one."""

    def __init__(self, codec: CodecFormat, encoder: Encoder, ptime: int, mixer_rate: int, ssrc: int, entropy: Entropy) -> None:
        self._entropy = entropy
        self._mixer_rate = mixer_rate
        self.ssrc = ssrc or entropy.integer(1, 0xFFFFFFFF)
        self.packets = 0
        self.octets = 0
        self._sequence = entropy.integer(0, _MAX_FIRST_SEQUENCE)
        self._timestamp = entropy.integer(0, 0xFFFFFFFF)
        self._marker = True
        self.set_codec(codec, encoder, ptime)

    @property
    def timestamp(self) -> int:
        """RTP timestamp of the sample that comes next."""
        return self._timestamp

    @property
    def sequence(self) -> int:
        return self._sequence

    def set_codec(self, codec: CodecFormat, encoder: Encoder, ptime: int) -> None:
        """Encode differently from now on; numbering goes on."""
        self.codec = codec
        self._encoder = encoder
        self._resampler = Resampler(self._mixer_rate, encoder.sample_rate)
        ptime = usable_ptime(ptime)
        self._frame = encoder.sample_rate * ptime // 1000
        self._step = codec.clock_rate * ptime // 1000
        self._clock_rate = codec.clock_rate
        self._waiting = np.zeros(0, np.int16)
        self._silence = np.zeros(self._mixer_rate // 50, np.int16)

    def set_mixer_rate(self, rate: int) -> None:
        """Take blocks of another mixer from now on."""
        self._mixer_rate = rate
        self._resampler = Resampler(rate, self._encoder.sample_rate)
        self._silence = np.zeros(rate // 50, np.int16)

    def set_packet_loss(self, fraction: float) -> None:
        """Tell the encoder what the peer loses, 0 to 1."""
        self._encoder.set_packet_loss(round(fraction * 100))

    def pause(self, milliseconds: int) -> None:
        """Time that passes without a packet: on hold, or ticks that were left out."""
        self._timestamp = (self._timestamp + self._clock_rate * milliseconds // 1000) & 0xFFFFFFFF
        self._waiting = self._waiting[:0]
        self._marker = True

    def push(self, block: Block | None) -> list[RTPPacket]:
        """Take one block (None = silence), return the packets it completes."""
        samples = self._resampler.process(self._silence if block is None else block)
        if len(self._waiting):
            samples = np.concatenate((self._waiting, samples))
        packets: list[RTPPacket] = []
        start = 0
        while len(samples) - start >= self._frame:
            payload = self._encoder.encode(samples[start : start + self._frame])
            start += self._frame
            if len(payload) > _DTX_BYTES:
                packets.append(self.number(self.codec.payload_type, payload, self._timestamp, self._marker))
                self._marker = False
            else:
                self._marker = True
            self._timestamp = (self._timestamp + self._step) & 0xFFFFFFFF
        self._waiting = samples[start:]
        return packets

    def number(self, payload_type: int, payload: bytes, timestamp: int, marker: bool) -> RTPPacket:
        """The next packet of the sequence, with any payload (telephone events have their own timestamps)."""
        packet = RTPPacket(payload_type, self._sequence, timestamp, self.ssrc, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        return packet
