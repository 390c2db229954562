"""The media process: reads commands, prepares what they ask for, and hands it to the clock thread.

The control thread (the main one) does everything that may fail or take long (sockets, keys, codecs, opening files), so that the clock
thread only puts finished parts in place. Nothing but frames is written to standard output; logs go to standard error as
``LEVEL message`` lines. The process ends with its input.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO

from blinkq.base.clock import Entropy, SystemEntropy
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.media import control
from blinkq.media.codecs.registry import create_decoder
from blinkq.media.control import Command, CommandFailed, Event, MediaReady, Reply
from blinkq.media.ice import IceCandidate, IceGathering
from blinkq.media.ice_control import EndIce, IceFailed, IceSucceeded, RestartIce, StartIce
from blinkq.media.wire import FrameReader, WireError
from blinkq.voice.clock import Clock
from blinkq.voice.devices.device import Loudspeaker, Microphone
from blinkq.voice.devices.keeper import DeviceKeeper
from blinkq.voice.house import House
from blinkq.voice.ice_desk import IceDesk
from blinkq.voice.outbox import Outbox
from blinkq.voice.player import Feed, Player
from blinkq.voice.recorder import Recorder
from blinkq.voice.setup import StreamSetup
from blinkq.voice.stream import Stream
from blinkq.voice.tonefeed import ToneFeed
from blinkq.voice.transport import Transport, TransportError, check_address
from blinkq.voice.wavfeed import WavFeed
from blinkq.voice.worker import Worker

__all__ = ["MediaProcess", "RefusedError", "main"]

#: Seconds between forced hand-overs of the interpreter: the clock thread must not wait 5 ms for the control thread.
_SWITCH_INTERVAL = 0.0005

#: Lowest real-time priority: enough to come before everything that is not real-time, and behind all that the system itself needs.
_REALTIME_PRIORITY = 1

#: Sample rates that a mixer may have; blocks of 20 ms are whole numbers of samples in all of them.
_RATES = (8000, 16000, 32000, 48000)

#: Seconds that other threads wait for the clock thread to let go of a device or of ports; it does so within a tick.
_LET_GO = 1.0

_log = get_logger("voice")


class RefusedError(BlinkQError):
    """A command that cannot be carried out; the message is a sentence for people."""


class MediaProcess:
    """Carries out commands; ``send(event, sequence)`` takes events and replies."""

    def __init__(self, send: Callable[[Event, int], None], entropy: Entropy) -> None:
        self._send = send
        self._entropy = entropy
        self._disk = Worker("disk")
        self._keeper = DeviceKeeper(self._disk, self._install, self._emit)
        self._house = House(self._emit, self._keeper.set_used, self._keeper.device_failed)
        self._ice = IceDesk(self._ice_event)
        self._clock = Clock(self._house.tick, lambda: self._house.busy, on_start=_prioritise)
        self._mixers: dict[int, int] = {}
        self._transports: dict[int, Transport] = {}
        self._closing: list[threading.Event] = []
        self._slots: dict[int, tuple[int, int]] = {}
        self._started: set[int] = set()

    def start(self) -> None:
        """Start the clock and report for duty."""
        self._clock.start()
        self._emit(MediaReady(os.getpid()))

    def stop(self) -> None:
        """Say BYE, close files and devices. Idempotent."""
        self._clock.post(self._house.close)
        self._keeper.stop()  # before the clock, which has to let go of the devices
        self._clock.stop()
        self._ice.stop()
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()
        self._disk.stop()

    def execute(self, sequence: int, command: Command) -> None:
        """Carry out one command; the reply bears ``sequence``. Never raises for what the command asks."""
        try:
            handler = getattr(self, f"_do_{type(command).__name__}")
            reply = handler(sequence, command)
        except (BlinkQError, OSError) as error:
            self._send(CommandFailed(_sentence(error), getattr(error, "errno", None) or 0), sequence)
            return
        if reply is not None and (sequence or type(reply) is not Reply):
            self._send(reply, sequence)

    def _emit(self, event: Event) -> None:
        self._send(event, 0)

    # mixers --------------------------------------------------------------------------------------------------------------------

    def _do_OpenMixer(self, sequence: int, command: control.OpenMixer) -> None:
        if command.sample_rate not in _RATES:
            raise RefusedError(f"a mixer cannot run at {command.sample_rate} Hz")
        rate = self._mixers.setdefault(command.mixer, command.sample_rate)
        self._clock.post(lambda: self._house.open_mixer(command.mixer, rate))
        self._configure(sequence, command.mixer, command.input_device, command.output_device)

    def _do_SetDevices(self, sequence: int, command: control.SetDevices) -> None:
        self._rate(command.mixer)
        self._configure(sequence, command.mixer, command.input_device, command.output_device)

    def _configure(self, sequence: int, mixer: int, input_device: str | None, output_device: str | None) -> None:
        self._keeper.configure(
            mixer, self._rate(mixer), input_device, output_device, lambda reply: self._send(reply, sequence)
        )

    def _do_SetVolume(self, sequence: int, command: control.SetVolume) -> Reply:
        self._with_desk(
            command.mixer, lambda desk: desk.set_volume(command.input_volume, command.output_volume, command.muted)
        )
        return Reply()

    def _do_CloseMixer(self, sequence: int, command: control.CloseMixer) -> Reply:
        if self._mixers.pop(command.mixer, None) is not None:
            self._keeper.close_mixer(command.mixer)
            self._clock.post(lambda: self._house.close_mixer(command.mixer))
        return Reply()

    def _do_AddSlot(self, sequence: int, command: control.AddSlot) -> Reply:
        self._with_desk(command.mixer, lambda desk: desk.add_pass_through(command.slot))
        return Reply()

    def _do_Connect(self, sequence: int, command: control.Connect) -> Reply:
        self._with_desk(command.mixer, lambda desk: desk.mixer.connect(command.source, command.sink))
        return Reply()

    def _do_Disconnect(self, sequence: int, command: control.Disconnect) -> Reply:
        self._with_desk(command.mixer, lambda desk: desk.mixer.disconnect(command.source, command.sink))
        return Reply()

    def _rate(self, mixer: int) -> int:
        if mixer not in self._mixers:
            raise RefusedError(f"there is no mixer {mixer}")
        return self._mixers[mixer]

    def _with_desk(self, mixer: int, function: Callable[[Any], None]) -> None:
        self._rate(mixer)

        def run() -> None:
            desk = self._house.desk(mixer)
            if desk is not None:
                function(desk)

        self._clock.post(run)

    def _install(self, mixer: int, microphone: Microphone | None, loudspeaker: Loudspeaker | None) -> None:
        """Called on the device worker; returns when the clock thread uses the new devices."""
        done = threading.Event()

        def install() -> None:
            self._house.install(mixer, microphone, loudspeaker)
            done.set()

        self._clock.post(install)
        done.wait(_LET_GO)

    # streams -------------------------------------------------------------------------------------------------------------------

    def _do_OpenTransport(self, sequence: int, command: control.OpenTransport) -> Reply | None:
        if command.stream in self._transports:
            raise RefusedError(f"stream {command.stream} has its ports already")
        if command.port:
            # Just these ports may still be held by a stream that the clock thread is about to close.
            for closed in self._closing:
                closed.wait(_LET_GO)
        self._closing = [closed for closed in self._closing if not closed.is_set()]
        if command.ice is not None:
            self._open_for_ice(sequence, command, command.ice)
            return None
        transport = Transport.open(command.address, command.port_range, command.port, self._entropy)
        self._transports[command.stream] = transport
        return control.TransportOpened(command.stream, transport.address, transport.rtp_port, transport.rtcp_port)

    def _open_for_ice(self, sequence: int, command: control.OpenTransport, ice: IceGathering) -> None:
        addresses = ice.addresses or self._ice.local_addresses(check_address(command.address))
        transport = Transport.open_all(addresses, command.port_range, command.port, self._entropy)
        self._transports[command.stream] = transport
        opened = control.TransportOpened(command.stream, transport.address, transport.rtp_port, transport.rtcp_port)

        def done(candidates: tuple[IceCandidate, ...]) -> None:
            self._send(replace(opened, candidates=candidates), sequence)

        self._ice.open(command.stream, transport, ice, done)

    def _do_StartStream(self, sequence: int, command: control.StartStream) -> Reply:
        transport = self._transports.get(command.stream)
        if transport is None:
            raise TransportError(f"stream {command.stream} has no ports yet")
        rate = self._rate(command.mixer)
        setup = StreamSetup.prepare(command)
        self._ice.read_on_clock(command.stream, *setup.bases(transport.address))
        self._slots[command.stream] = (command.mixer, command.slot)
        if command.stream in self._started:
            self._clock.post(lambda: self._update(setup))
            return Reply()
        self._started.add(command.stream)
        stream = Stream(setup, transport, rate, self._entropy, self._emit, self._load_codec)
        self._clock.post(lambda: self._house.add_stream(command.stream, stream))
        return Reply()

    def _load_codec(self, codec: control.CodecFormat, done: Callable[[], None]) -> None:
        """Called on the clock thread: load a codec's library on the disk worker, then go on there."""

        def load() -> None:
            create_decoder(codec)
            self._clock.post(done)

        self._disk.post(load)

    def _do_UpdateStream(self, sequence: int, command: control.UpdateStream) -> Reply:
        return self._do_StartStream(sequence, command)

    def _update(self, setup: StreamSetup) -> None:
        stream = self._house.stream(setup.command.stream)
        if stream is not None:
            stream.update(setup)
            self._house.move_stream(setup.command.stream, setup.command.mixer, setup.command.slot)

    def _do_StopStream(self, sequence: int, command: control.StopStream) -> Reply:
        self._started.discard(command.stream)
        self._clock.post(lambda: _void(self._house.remove_stream(command.stream)))
        self._ice.read_on_clock(command.stream, "", "")
        return Reply()

    def _do_CloseTransport(self, sequence: int, command: control.CloseTransport) -> Reply:
        transport = self._transports.pop(command.stream, None)
        if transport is None:
            return Reply()
        self._started.discard(command.stream)
        mixer, slot = self._slots.pop(command.stream, (0, 0))
        closed = threading.Event()
        self._closing.append(closed)

        def close() -> None:
            self._house.remove_stream(command.stream)
            self._house.forget_slot(mixer, slot)
            transport.close()
            closed.set()

        transport.on_stun = None
        self._ice.end(command.stream, lambda: self._clock.post(close))
        return Reply()

    # ICE -----------------------------------------------------------------------------------------------------------------------

    def _do_StartIce(self, sequence: int, command: StartIce) -> Reply:
        self._ice.start(command)
        return Reply()

    def _do_RestartIce(self, sequence: int, command: RestartIce) -> Reply:
        self._ice.restart(command)
        return Reply()

    def _do_EndIce(self, sequence: int, command: EndIce) -> Reply:
        transport = self._transports.get(command.stream)
        if transport is not None:
            transport.on_stun = None
        self._ice.end(command.stream)
        return Reply()

    def _ice_event(self, event: Event) -> None:
        """Called on the ICE thread."""
        if isinstance(event, IceSucceeded) or (isinstance(event, IceFailed) and event.lost):
            transport = self._transports.get(event.stream)
            if transport is not None:
                # who does not answer any more is not sent to any more (RFC 7675 §5.1), until a restart has found the way again
                transport.may_send = isinstance(event, IceSucceeded)
        self._emit(event)

    # keys of the telephone -----------------------------------------------------------------------------------------------------

    def _do_SendDTMF(self, sequence: int, command: control.SendDTMF) -> Reply:
        if len(command.digit) != 1 or command.digit.upper() not in "0123456789*#ABCD":
            raise RefusedError(f"{command.digit!r} is not a telephone key")
        if command.stream not in self._started:
            raise RefusedError(f"stream {command.stream} is not running")

        def send() -> None:
            stream = self._house.stream(command.stream)
            if stream is not None:
                stream.send_dtmf(command.digit, command.duration)

        self._clock.post(send)
        return Reply()

    # players, recorders, devices -------------------------------------------------------------------------------------------------

    def _do_StartPlayer(self, sequence: int, command: control.StartPlayer) -> Reply:
        # The command is carried out even if the file is bad: the outcome of a player is always an event.
        try:
            feed = self._feed(command)
        except BlinkQError as error:
            self._emit(control.PlayerFailed(command.player, _sentence(error)))
            return Reply()
        player = Player(command, feed, self._emit)
        self._clock.post(lambda: self._house.add_player(player))
        return Reply()

    def _feed(self, command: control.StartPlayer) -> Feed:
        rate = self._rate(command.mixer)
        return ToneFeed(command.tones, rate) if command.tones else WavFeed(command.filename, rate, self._disk)

    def _do_StopPlayer(self, sequence: int, command: control.StopPlayer) -> Reply:
        self._clock.post(lambda: self._house.stop_player(command.player))
        return Reply()

    def _do_StartRecorder(self, sequence: int, command: control.StartRecorder) -> Reply:
        try:
            recorder = Recorder(command, self._rate(command.mixer), self._disk, self._emit)
        except BlinkQError as error:
            self._emit(control.RecorderEnded(command.recorder, command.filename, _sentence(error)))
            return Reply()
        self._clock.post(lambda: self._house.add_recorder(recorder))
        return Reply()

    def _do_StopRecorder(self, sequence: int, command: control.StopRecorder) -> Reply:
        self._clock.post(lambda: self._house.stop_recorder(command.recorder))
        return Reply()

    def _do_ListDevices(self, sequence: int, command: control.ListDevices) -> None:
        self._keeper.list_devices(lambda devices: self._send(devices, sequence))


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _void(_: object) -> None:
    """Drop a result where a function without one is wanted."""


def main() -> int:
    """Run until the input ends; returns the exit code."""
    commands, events = _take_standard_streams()
    _tune()
    outbox = Outbox(lambda data: _write_all(events, data))
    outbox.start()
    process = MediaProcess(outbox.send, SystemEntropy())
    process.start()
    # What lives by now lives to the end: the collector need not look at it again in the middle of a call.
    gc.freeze()
    gc.enable()
    try:
        _serve(commands, process)
    finally:
        process.stop()
        outbox.close()
    return 0


def _serve(commands: BinaryIO, process: MediaProcess) -> None:
    reader = FrameReader()
    while data := os.read(commands.fileno(), 65536):
        try:
            envelopes = reader.receive_data(data)
        except WireError as error:
            _log.critical("%s", error)
            return
        for sequence, message in envelopes:
            if isinstance(message, Command):
                process.execute(sequence, message)


def _take_standard_streams() -> tuple[BinaryIO, int]:
    """Keep the pipes for frames alone: what a library prints goes to standard error instead."""
    events = os.dup(1)
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    return sys.stdin.buffer, events


def _prioritise() -> None:
    """Called on the clock thread: ask for real-time scheduling, which most systems grant only to a few."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            # Workers that this thread starts must not inherit it.
            policy = os.SCHED_RR | getattr(os, "SCHED_RESET_ON_FORK", 0)
            os.sched_setscheduler(0, policy, os.sched_param(_REALTIME_PRIORITY))


def _tune() -> None:
    """Make pauses rare: quick hand-over between threads, few collections, and priority where the system grants it."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    gc.set_threshold(50_000, 20, 50)
    # A Ctrl-C in the terminal is meant for the engine, which ends us in order.
    with contextlib.suppress(ValueError, OSError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(-11)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
