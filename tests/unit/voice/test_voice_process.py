"""Commands carried out by the media process without pipes: refusals are sentences, repeats are harmless, the end is clean."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.tones import babble
from support.voice import EVENTS, PCMU, RATE, write_wav

from blinkq.base.clock import SeededEntropy
from blinkq.media import control
from blinkq.media.control import (
    Command,
    CommandFailed,
    Event,
    Level,
    MediaReady,
    MixerOpened,
    Reply,
    StreamDirection,
    StreamStatistics,
    TransportOpened,
)
from blinkq.media.wire import FrameReader
from blinkq.voice.outbox import MAX_QUEUED, Outbox
from blinkq.voice.process import MediaProcess

PATIENCE = 60.0


class Engine:
    """The other end: sends commands, collects what comes back."""

    def __init__(self) -> None:
        self.replies: dict[int, Event] = {}
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self._sequence = 0
        self.process = MediaProcess(self._take, SeededEntropy(1))
        self.process.start()

    def _take(self, event: Event, sequence: int) -> None:
        with self._changed:
            if sequence:
                self.replies[sequence] = event
            else:
                self.events.append(event)
            self._changed.notify_all()

    def ask(self, command: Command) -> Any:
        self._sequence += 1
        sequence = self._sequence
        self.process.execute(sequence, command)
        with self._changed:
            assert self._changed.wait_for(lambda: sequence in self.replies, PATIENCE)
        return self.replies[sequence]

    def wait(self, condition: Callable[[Event], bool]) -> Event:
        with self._changed:
            assert self._changed.wait_for(lambda: any(condition(event) for event in self.events), PATIENCE)
        return next(event for event in self.events if condition(event))

    def stream(self, number: int, port: int, mixer: int = 1, **changes: Any) -> control.StartStream:
        fields: dict[str, Any] = {
            "stream": number, "mixer": mixer, "slot": number, "remote_address": "127.0.0.1", "remote_port": port,
            "remote_rtcp_port": port + 1, "direction": StreamDirection.SENDRECV, "send_format": PCMU,
            "receive_formats": (PCMU,), "dtmf_send": EVENTS, "dtmf_receive": EVENTS,
        }  # fmt: skip
        return control.StartStream(**{**fields, **changes})


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.process.stop()


def test_it_reports_for_duty(engine: Engine) -> None:
    assert engine.events == [MediaReady(os.getpid())]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (control.OpenMixer(1, None, None, 44100), "A mixer cannot run at 44100 Hz."),
        (control.SetDevices(4, None, None), "There is no mixer 4."),
        (control.SetVolume(4), "There is no mixer 4."),
        (control.AddSlot(4, 1), "There is no mixer 4."),
        (control.Connect(4, 0, 1), "There is no mixer 4."),
        (control.Disconnect(4, 0, 1), "There is no mixer 4."),
        (control.StartPlayer(1, 4, 1, "x.wav"), "There is no mixer 4."),
        (control.StartRecorder(1, 4, 1, "x.wav"), "There is no mixer 4."),
        (control.OpenTransport(1, "example.org", (1, 2)), "'example.org' is not an IP address."),
        (control.SendDTMF(1, "5"), "Stream 1 is not running."),
        (control.SendDTMF(1, "hash"), "'hash' is not a telephone key."),
        (control.SendDTMF(1, ""), "'' is not a telephone key."),
    ],
)
def test_refusals(engine: Engine, command: Command, error: str) -> None:
    if isinstance(command, control.StartPlayer | control.StartRecorder):
        engine.process.execute(0, command)
        told = engine.wait(lambda event: getattr(event, "error", None) is not None)
        assert getattr(told, "error", None) == error
        return
    reply = engine.ask(command)
    assert isinstance(reply, CommandFailed)
    assert reply.error == error


def test_a_stream_needs_ports_and_a_mixer(engine: Engine) -> None:
    assert engine.ask(engine.stream(1, 4000)) == CommandFailed("Stream 1 has no ports yet.")
    assert isinstance(engine.ask(control.OpenTransport(1, "127.0.0.1", (20000, 39998))), TransportOpened)
    assert engine.ask(engine.stream(1, 4000)) == CommandFailed("There is no mixer 1.")
    refused = engine.ask(control.OpenTransport(1, "127.0.0.1", (20000, 39998)))
    assert refused == CommandFailed("Stream 1 has its ports already.")


def test_ports_can_be_taken_again_at_once(engine: Engine) -> None:
    assert engine.ask(control.OpenMixer(1, None, None)) == MixerOpened(1, None, None)
    opened = engine.ask(control.OpenTransport(1, "127.0.0.1", (20000, 39998)))
    assert engine.ask(engine.stream(1, opened.rtp_port)) == Reply()
    assert engine.ask(control.CloseTransport(1)) == Reply()
    again = engine.ask(control.OpenTransport(1, "127.0.0.1", (20000, 39998), opened.rtp_port))
    assert again == opened


def test_ends_of_what_is_not_there_are_harmless(engine: Engine) -> None:
    for command in (
        control.CloseMixer(9), control.StopStream(9), control.CloseTransport(9), control.StopPlayer(9), control.StopRecorder(9)
    ):  # fmt: skip
        assert engine.ask(command) == Reply()


def test_commands_for_which_nobody_waits_are_answered_only_when_refused(engine: Engine) -> None:
    engine.process.execute(0, control.OpenMixer(1, None, None))
    engine.wait(lambda event: isinstance(event, MixerOpened))
    engine.process.execute(0, control.SetVolume(1, 50, 50, True))
    engine.process.execute(0, control.SetVolume(9))
    engine.wait(lambda event: isinstance(event, CommandFailed))
    assert not [event for event in engine.events if type(event) is Reply]


def test_a_stream_moves_stops_and_starts_again(engine: Engine) -> None:
    engine.ask(control.OpenMixer(1, None, None))
    engine.ask(control.OpenMixer(2, None, None, 16000))
    opened = engine.ask(control.OpenTransport(1, "127.0.0.1", (20000, 39998)))
    assert engine.ask(engine.stream(1, opened.rtp_port)) == Reply()
    moved = engine.stream(1, opened.rtp_port, mixer=2)
    fields = {name: getattr(moved, name) for name in control.StartStream.__dataclass_fields__}
    assert engine.ask(control.UpdateStream(**fields)) == Reply()
    engine.wait(lambda event: isinstance(event, StreamStatistics) and event.packets_sent > 20)
    assert engine.ask(control.SendDTMF(1, "#", 50)) == Reply()
    assert engine.ask(control.StopStream(1)) == Reply()
    assert engine.ask(engine.stream(1, opened.rtp_port, mixer=2)) == Reply()
    assert engine.ask(control.CloseMixer(2)) == Reply()
    assert engine.ask(control.CloseTransport(1)) == Reply()


def test_a_mixer_takes_its_players_and_recorders_along(engine: Engine, tmp_path: Path) -> None:
    speech = write_wav(tmp_path / "speech.wav", babble(1.0, RATE))
    engine.ask(control.OpenMixer(1, None, f"file:{tmp_path / 'heard.wav'}"))
    engine.ask(control.AddSlot(1, 8))
    for command in (
        control.StartPlayer(1, 1, 3, str(speech), loop_count=0), control.StartRecorder(1, 1, 4, str(tmp_path / "r.wav")),
        control.Connect(1, 3, 8), control.Connect(1, 8, 0), control.Connect(1, 8, 4), control.Disconnect(1, 8, 4),
    ):  # fmt: skip
        assert engine.ask(command) == Reply()
    engine.wait(lambda event: isinstance(event, Level) and event.output_level > -60)
    assert engine.ask(control.SetVolume(1, 100, 0)) == Reply()
    engine.events.clear()
    engine.wait(lambda event: isinstance(event, Level) and event.output_level == -96)
    assert engine.ask(control.StartPlayer(1, 1, 3, str(speech))) == Reply()
    engine.wait(lambda event: event == control.PlayerEnded(1, stopped=True))
    engine.ask(control.CloseMixer(1))
    engine.wait(lambda event: isinstance(event, control.RecorderEnded))


def test_devices_are_given_back_while_the_clock_still_runs() -> None:
    engine = Engine()
    engine.ask(control.OpenMixer(1, None, None))
    clock = engine.process._clock
    stop_clock, order = clock.stop, []
    install = engine.process._house.install
    engine.process._house.install = lambda *args: (order.append("devices"), install(*args))[1]  # type: ignore[method-assign]  # to listen
    clock.stop = lambda: (order.append("clock"), stop_clock())[1]  # type: ignore[method-assign]  # to listen
    engine.process.stop()
    assert order == ["devices", "clock"]  # the other way round each mixer would cost a second


def test_events_are_written_as_frames_and_figures_dropped_first() -> None:
    written: list[bytes] = []
    gate = threading.Event()

    def write(data: bytes) -> None:
        gate.wait(PATIENCE)
        written.append(data)

    outbox = Outbox(write)
    outbox.start()
    for number in range(3 * MAX_QUEUED):
        outbox.send(Level(number, 0.0, 0.0))
    outbox.send(Reply(), 77)
    gate.set()
    outbox.close()
    outbox.close()
    envelopes = FrameReader().receive_data(b"".join(written))
    assert len(envelopes) <= 2 * MAX_QUEUED + 3
    assert envelopes[-1] == (77, Reply())


def test_a_closed_pipe_ends_the_outbox() -> None:
    def write(data: bytes) -> None:
        raise BrokenPipeError

    outbox = Outbox(write)
    outbox.start()
    outbox.send(Reply(), 1)
    outbox.close()
