"""The receiving half of a stream: counts what comes, follows the rollover of SRTP, and plays through ``media/playout.py``."""

from __future__ import annotations

from collections.abc import Callable

from blinkq.media.control import CodecFormat, StartStream
from blinkq.media.playout import Playout
from blinkq.media.receiver import ReceiverStatistics
from blinkq.media.rtp import RTPPacket, sequence_difference
from blinkq.voice.devices.device import Block

__all__ = ["CodecLoader", "Listener", "is_heavy"]

#: Codecs whose library takes a fifth of a second and 17 MB: loaded only when the peer really sends them, and never on the clock thread.
_HEAVY = frozenset({"g722"})

#: ``loader(format, done)`` loads the library of a codec on another thread and has ``done`` run on the clock thread then.
CodecLoader = Callable[[CodecFormat, Callable[[], None]], None]


def is_heavy(codec: CodecFormat) -> bool:
    """Whether loading the codec's library takes so long that it is put off until it is needed."""
    return codec.name.lower() in _HEAVY


class Listener:
    """Blocks at ``rate`` Hz of what the peer says in one of the formats of ``command``."""

    def __init__(self, command: StartStream, rate: int, load: CodecLoader) -> None:
        self._rate = rate
        self._load = load
        self._formats: dict[int, CodecFormat] = {}
        self._loaded: set[str] = set()
        self._loading: set[str] = set()
        self.rollover = 0
        self._highest: tuple[int, int] | None = None
        self._late_before = 0
        first = command.receive_formats[0] if command.receive_formats else command.send_format
        self.statistics = ReceiverStatistics(first.clock_rate)
        self._playout = Playout(rate, ())
        self.set_formats(command)

    @property
    def packets_late(self) -> int:
        """Packets that came when their time was over."""
        return self._late_before + self._playout.jitter.packets_late

    @property
    def buffer_delay(self) -> float:
        """Delay of the jitter buffer in seconds."""
        return self._playout.jitter.delay

    def set_formats(self, command: StartStream) -> None:
        """What the peer may send from now on; what is unchanged plays on."""
        self._formats = {codec.payload_type: codec for codec in command.receive_formats}
        # What we send with, the peer will most likely send too; its library was loaded when the encoder was made.
        self._loaded.add(command.send_format.name.lower())
        self._activate()

    def set_rate(self, rate: int) -> None:
        """Blocks of another rate from now on; what waits in the buffer is lost."""
        self._rate = rate
        self._late_before += self._playout.jitter.packets_late
        self._playout = Playout(rate, ())
        self._activate()

    def reset(self) -> None:
        """Forget what waits: the stream was or will be held."""
        self._playout.jitter.restart(self._playout.jitter.clock_rate)

    def forget_rollover(self) -> None:
        """The peer has a new key: its rollover counter begins again."""
        self.rollover = 0
        self._highest = None

    def knows(self, payload_type: int) -> bool:
        """Whether the peer may send this payload type."""
        return payload_type in self._formats

    def count(self, packet: RTPPacket, arrival: float, *, timed: bool) -> bool:
        """Take a packet into the figures; False when it is far out of sequence and should not be heard."""
        codec = self._formats.get(packet.payload_type)
        if codec is not None:
            self.statistics.clock_rate = codec.clock_rate
        self._follow_rollover(packet)
        return self.statistics.received(packet, arrival, timed=timed)

    def put(self, packet: RTPPacket, arrival: float) -> None:
        """Take an audio packet."""
        codec = self._formats[packet.payload_type]
        name = codec.name.lower()
        if is_heavy(codec) and name not in self._loaded:
            if name not in self._loading:
                self._loading.add(name)
                self._load(codec, lambda: self._take_loaded(name))
            self._playout.skip(packet)
            return
        self._playout.put(packet, arrival)

    def skip(self, packet: RTPPacket) -> None:
        """Note a packet that is no audio, so that it is not missed."""
        self._playout.skip(packet)

    def pull(self, now: float) -> Block | None:
        """The next block, None for silence."""
        return self._playout.read(now)

    def _take_loaded(self, name: str) -> None:
        self._loading.discard(name)
        self._loaded.add(name)
        self._activate()

    def _activate(self) -> None:
        usable = [codec for codec in self._formats.values() if not is_heavy(codec) or codec.name.lower() in self._loaded]
        self._playout.set_formats(usable)

    def _follow_rollover(self, packet: RTPPacket) -> None:
        if self._highest is None or self._highest[0] != packet.ssrc:
            self._highest = (packet.ssrc, packet.sequence)
            self.rollover = 0
            return
        highest = self._highest[1]
        if sequence_difference(packet.sequence, highest) > 0:
            if packet.sequence < highest:
                self.rollover += 1
            self._highest = (packet.ssrc, packet.sequence)
