"""One RTP stream: its sockets, keys, both halves of the media and its reports. Belongs to the clock thread."""

from __future__ import annotations

from collections.abc import Callable

from blinkq.base.clock import Clock, Entropy, SystemClock
from blinkq.media.control import (
    DTMFReceived,
    Event,
    RemoteAddressChanged,
    StreamStatistics,
    StreamTimedOut,
)
from blinkq.media.dtmf import DTMFReceiver, DTMFSender
from blinkq.media.rtp import RTPError, RTPPacket, is_rtcp
from blinkq.voice.clock import PERIOD
from blinkq.voice.devices.device import Block
from blinkq.voice.latching import Latch
from blinkq.voice.listener import CodecLoader, Listener
from blinkq.voice.meter import Meter
from blinkq.voice.reporting import Reporter
from blinkq.voice.sender import Sender
from blinkq.voice.setup import StreamSetup
from blinkq.voice.transport import Datagram, Transport

__all__ = ["Stream"]

_TICK_MS = round(PERIOD * 1000)

#: Ticks between two looks at the RTCP socket: a report every few seconds does not deserve fifty; the kernel notes when it came.
_RTCP_TICKS = 5


class Stream:
    """Source and sink of one slot. ``rate`` is the mixer's; ``emit`` takes events; ``load_codec`` loads slow libraries.

    Nothing that comes from the network raises or ends it: bytes that are no RTP, come from strangers or fail authentication are
    dropped.
    """

    def __init__(
        self,
        setup: StreamSetup,
        transport: Transport,
        rate: int,
        entropy: Entropy,
        emit: Callable[[Event], None],
        load_codec: CodecLoader,
        clock: Clock | None = None,
    ) -> None:
        command = setup.command
        self.number = command.stream
        self.mixer = command.mixer
        self.slot = command.slot
        self._transport = transport
        self._rate = rate
        self._emit = emit
        self._clock = clock or SystemClock()
        self._setup = setup
        self._protector = setup.protector
        self._opener = setup.opener
        self._latch = Latch(setup.remote, setup.opener is not None, setup.uses_ice)
        self._rtcp_remote = setup.rtcp_remote
        self._sender = Sender(command.send_format, setup.encoder, command.ptime, rate, command.ssrc, entropy)
        self._listener = Listener(command, rate, load_codec)
        self._reporter = Reporter(self._sender.ssrc, command.cname, entropy)
        self._dtmf_sender = DTMFSender(command.dtmf_send.clock_rate) if command.dtmf_send is not None else None
        self._dtmf_receiver = DTMFReceiver()
        self._sent_meter = Meter()
        self._received_meter = Meter()
        self._reported_packets = 0
        self._next_statistics = 0.0
        self._last_received: float | None = None
        self._timed_out = False
        self._ticks = 0
        transport.select(*setup.bases(transport.address))
        # What came before the stream was started was for somebody else, or is too old to be heard.
        transport.flush()

    def set_rate(self, rate: int) -> None:
        """The mixer's rate, when it is another one than at the start."""
        if rate != self._rate:
            self._rate = rate
            self._listener.set_rate(rate)
            self._sender.set_mixer_rate(rate)

    def update(self, setup: StreamSetup) -> None:
        """Take over new parameters; what is unchanged goes on without a gap (codecs, keys and their counters, address found)."""
        old, new = self._setup.command, setup.command
        if new.local_key != old.local_key:
            self._protector = setup.protector
        if new.remote_key != old.remote_key:
            self._opener = setup.opener
            self._listener.forget_rollover()
        moved = (setup.remote, setup.uses_ice) != (self._setup.remote, self._setup.uses_ice)
        if moved or (new.remote_key is None) != (old.remote_key is None):
            self._latch = Latch(setup.remote, setup.opener is not None, setup.uses_ice)
        if new.ice_pairs != old.ice_pairs:
            self._transport.select(*setup.bases(self._transport.address))
        self._rtcp_remote = setup.rtcp_remote
        if (new.send_format, new.ptime) != (old.send_format, old.ptime):
            self._sender.set_codec(new.send_format, setup.encoder, new.ptime)
        if new.dtmf_send != old.dtmf_send:
            self._dtmf_sender = DTMFSender(new.dtmf_send.clock_rate) if new.dtmf_send is not None else None
        if (new.receive_formats, new.send_format) != (old.receive_formats, old.send_format):
            self._listener.set_formats(new)
        if setup.may_receive != self._setup.may_receive:
            self._listener.reset()
        self._last_received = None
        self._timed_out = False
        self._setup = setup

    # in ------------------------------------------------------------------------------------------------------------------------

    def receive(self, now: float) -> None:
        """Take everything that came since the last tick."""
        if self._last_received is None:
            self._last_received = now
        for datagram in self._transport.receive_rtp(now):
            if is_rtcp(datagram.data):
                self._take_rtcp(datagram)
            else:
                self._take_rtp(datagram, now)
        self._ticks += 1
        if self._ticks % _RTCP_TICKS == 0 or not self._transport.dated:
            for datagram in self._transport.receive_rtcp(now):
                self._take_rtcp(datagram)

    def pull(self, now: float) -> Block | None:
        """What the peer says, one block."""
        if not self._setup.may_receive:
            return None
        block = self._listener.pull(now)
        self._received_meter.add(block, self._rate // 50)
        return block

    def _take_rtp(self, datagram: Datagram, now: float) -> None:
        packet = self._open_rtp(datagram.data)
        if packet is None:
            return
        dtmf = self._setup.command.dtmf_receive
        is_dtmf = dtmf is not None and packet.payload_type == dtmf.payload_type
        if not is_dtmf and not self._listener.knows(packet.payload_type):
            return
        if not self._comes_from_peer(datagram, packet):
            return
        self._last_received = now
        self._timed_out = False
        if not self._listener.count(packet, datagram.arrival, timed=not is_dtmf):
            return
        if is_dtmf:
            self._listener.skip(packet)
            digit = self._dtmf_receiver.receive(packet.payload, packet.timestamp)
            if digit is not None:
                self._emit(DTMFReceived(self.number, digit))
        elif self._setup.may_receive:
            self._listener.put(packet, datagram.arrival)

    def _open_rtp(self, data: bytes) -> RTPPacket | None:
        """The packet in a datagram, or None when it is forged or no RTP."""
        opened = data if self._opener is None else self._opener.open_rtp(data)
        try:
            return None if opened is None else RTPPacket.parse(opened)
        except RTPError:
            return None

    def _comes_from_peer(self, datagram: Datagram, packet: RTPPacket) -> bool:
        before = self._latch.current
        if not self._latch.accept(datagram.address, packet.ssrc, packet.sequence, datagram.arrival):
            return False
        if self._latch.current != before:
            self._emit(RemoteAddressChanged(self.number, *self._latch.current))
            if before[0] == self._rtcp_remote[0]:
                self._follow_rtcp(before)
        return True

    def _follow_rtcp(self, before: tuple[str, int]) -> None:
        """RTP moved: until RTCP shows where it comes from, take the next port (or the same when both share one)."""
        address, port = self._latch.current
        shared = self._rtcp_remote == before
        self._rtcp_remote = (address, port if shared else min(port + 1, 65535))

    def _take_rtcp(self, datagram: Datagram) -> None:
        data: bytes | None = datagram.data
        if self._opener is not None:
            data = self._opener.open_rtcp(datagram.data)
        elif datagram.address[0] not in (self._latch.current[0], self._rtcp_remote[0]):
            data = None
        if data is None:
            return
        wallclock = self._clock.wallclock() - (self._clock.monotonic() - datagram.arrival)
        if self._reporter.receive(data, datagram.arrival, wallclock, self._listener.statistics):
            if not self._setup.uses_ice:
                self._rtcp_remote = datagram.address
            self._sender.set_packet_loss(self._reporter.peer_loss)

    # out -----------------------------------------------------------------------------------------------------------------------

    def push(self, block: Block | None, now: float, skipped: int) -> None:
        """What the peer should hear, one block."""
        if not self._setup.may_send:
            self._sender.pause(_TICK_MS * (1 + skipped))
            return
        if skipped:
            self._sender.pause(_TICK_MS * skipped)
        self._sent_meter.add(block, self._rate // 50)
        if self._push_dtmf():
            return
        for packet in self._sender.push(block):
            self._send_rtp(packet)

    def send_dtmf(self, digit: str, duration: int) -> None:
        """Queue a telephone key, ``duration`` in milliseconds; lost when the peer takes no telephone events."""
        if self._dtmf_sender is not None:
            self._dtmf_sender.queue(digit, duration)

    def _push_dtmf(self) -> bool:
        """Send an event packet in place of audio where there is one."""
        dtmf = self._setup.command.dtmf_send
        if dtmf is None or self._dtmf_sender is None:
            return False
        event = self._dtmf_sender.next_packet(self._sender.timestamp)
        if event is None:
            return False
        self._send_rtp(self._sender.number(dtmf.payload_type, event.payload, event.timestamp, event.marker))
        self._sender.pause(_TICK_MS)
        return True

    def _send_rtp(self, packet: RTPPacket) -> None:
        data: bytes | None = packet.to_bytes()
        if self._protector is not None and data is not None:
            data = self._protector.protect_rtp(data)
        if data is not None:
            self._transport.send_rtp(data, self._latch.current)

    def _send_rtcp(self, *, goodbye: bool = False) -> None:
        if not self._setup.reachable or not self._rtcp_remote[1]:
            return
        sent = None
        if self._sender.packets > self._reported_packets:
            sent = (self._sender.timestamp, self._sender.packets, self._sender.octets)
            self._reported_packets = self._sender.packets
        about = self._listener.statistics.report(self._clock.monotonic())
        data: bytes | None = self._reporter.report(self._clock.wallclock(), sent, about, goodbye=goodbye)
        if self._protector is not None and data is not None:
            data = self._protector.protect_rtcp(data)
        if data is None:
            return
        if self._setup.rtcp_remote == self._setup.remote:
            self._transport.send_rtp(data, self._rtcp_remote)
        else:
            self._transport.send_rtcp(data, self._rtcp_remote)

    # once in a while -------------------------------------------------------------------------------------------------------------

    def look_after(self, now: float) -> None:
        """Reports, statistics and the watch for silence, when their time has come."""
        if self._reporter.due(now):
            self._send_rtcp()
        if now >= self._next_statistics:
            if self._next_statistics:
                self._emit(self._statistics())
            self._next_statistics = now + 1.0
        timeout = self._setup.command.timeout
        watched = timeout > 0 and self._setup.may_receive and not self._timed_out
        if watched and self._last_received is not None and now - self._last_received > timeout:
            self._timed_out = True
            self._emit(StreamTimedOut(self.number))

    def end(self) -> None:
        """Say goodbye to the peer; the last thing done with a stream."""
        self._send_rtcp(goodbye=True)

    def _statistics(self) -> StreamStatistics:
        listener = self._listener
        received = listener.statistics
        round_trip = self._reporter.round_trip
        return StreamStatistics(
            stream=self.number,
            packets_sent=self._sender.packets,
            bytes_sent=self._sender.octets,
            packets_received=received.packets_received,
            bytes_received=received.octets_received,
            packets_lost=received.packets_lost,
            packets_late=listener.packets_late,
            jitter=received.jitter * 1000,
            buffer_delay=listener.buffer_delay * 1000,
            round_trip=None if round_trip is None else round_trip * 1000,
            sent_level=self._sent_meter.read(),
            received_level=self._received_meter.read(),
            codec=self._sender.codec.name,
            srtp_rollover=listener.rollover if self._opener is not None else 0,
        )
