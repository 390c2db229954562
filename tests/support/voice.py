"""Aids for the media process: a worker without a thread, a clock that is set by hand, two streams that talk over loopback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blinkq.base.clock import SeededEntropy
from blinkq.media.control import CodecFormat, CryptoKey, Event, StartStream, StreamDirection, UpdateStream
from blinkq.media.wav import open_reader, open_writer
from blinkq.voice.setup import StreamSetup
from blinkq.voice.stream import Stream
from blinkq.voice.transport import Transport
from blinkq.voice.worker import Worker

PCMU = CodecFormat(0, "PCMU", 8000)
PCMA = CodecFormat(8, "PCMA", 8000)
G722 = CodecFormat(9, "G722", 8000)
OPUS = CodecFormat(96, "opus", 48000, 2, "useinbandfec=1")
EVENTS = CodecFormat(101, "telephone-event", 8000)

RATE = 48000
BLOCK = RATE // 50
TICK = 0.020


class InlineWorker(Worker):
    """Does each job at once in the calling thread, or keeps it until ``run`` when ``held``."""

    def __init__(self, name: str = "inline", poll: Callable[[], None] | None = None) -> None:
        super().__init__(name, poll)
        self.held = False
        self.full = False
        self.jobs: list[Callable[[], None]] = []
        self.poll = poll
        self.polling = False

    def post(self, job: Callable[[], None]) -> bool:
        if self.full:
            return False
        if self.held:
            self.jobs.append(job)
        else:
            job()
        return True

    def run(self) -> None:
        """Do the jobs that were held."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()

    def start_polling(self) -> None:
        self.polling = True

    def stop(self, timeout: float = 3.0) -> None:
        self.run()


class HandClock:
    """A clock that stands until it is set; ``now`` in seconds, far from the real one so that kernel times are not believed."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def wallclock(self) -> float:
        return 1_800_000_000.0 + self.now


class Party:
    """One stream with its transport, driven tick by tick; ``heard`` and ``events`` are what came of it."""

    def __init__(self, number: int, clock: HandClock, address: str = "127.0.0.1") -> None:
        self.number = number
        self.clock = clock
        self.entropy = SeededEntropy(number)
        self.transport = Transport.open(address, (20000, 40000), 0, SeededEntropy(number * 7919))
        self.events: list[Event] = []
        self.heard: list[NDArray[np.int16]] = []
        self.loaded: list[str] = []
        self.command: StartStream | None = None
        self.stream: Stream | None = None

    @property
    def address(self) -> tuple[str, int]:
        return self.transport.address, self.transport.rtp_port

    def start(self, other: Party, codec: CodecFormat = PCMU, **changes: Any) -> Stream:
        """Start towards ``other``; ``changes`` are fields of StartStream."""
        command = StartStream(
            self.number, 1, 1, other.transport.address, other.transport.rtp_port, other.transport.rtcp_port,
            StreamDirection.SENDRECV, codec, (codec,), EVENTS, EVENTS,
        )  # fmt: skip
        self.command = replace(command, **changes)
        setup = StreamSetup.prepare(self.command)
        self.stream = Stream(setup, self.transport, RATE, self.entropy, self.events.append, self.load, self.clock)
        return self.stream

    def update(self, **changes: Any) -> None:
        """Change the running stream."""
        assert self.command is not None
        assert self.stream is not None
        self.command = replace(self.command, **changes)
        fields = {name: getattr(self.command, name) for name in StartStream.__dataclass_fields__}
        self.stream.update(StreamSetup.prepare(UpdateStream(**fields)))

    def load(self, codec: CodecFormat, done: Callable[[], None]) -> None:
        self.loaded.append(codec.name)
        done()

    def tick(self, said: NDArray[np.int16] | None, skipped: int = 0) -> None:
        """Receive, play and send one block."""
        assert self.stream is not None
        now = self.clock.now
        self.stream.receive(now)
        block = self.stream.pull(now)
        self.heard.append(np.zeros(BLOCK, np.int16) if block is None else block)
        self.stream.push(said, now, skipped)
        self.stream.look_after(now)

    def of(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def close(self) -> None:
        self.transport.close()


def run(first: Party, second: Party, ticks: int, said: NDArray[np.int16] | None = None) -> None:
    """Let two parties run; the first one says ``said``, the other is silent."""
    for index in range(ticks):
        block = None if said is None else said[index * BLOCK : (index + 1) * BLOCK]
        first.tick(block if block is not None and len(block) == BLOCK else None)
        second.tick(None)
        first.clock.now += TICK


def key(seed: int, suite: str = "AES_CM_128_HMAC_SHA1_80", length: int = 30) -> CryptoKey:
    return CryptoKey(suite, SeededEntropy(seed).octets(length))


def write_wav(path: Path, samples: NDArray[np.int16], rate: int = RATE) -> Path:
    writer = open_writer(path, rate)
    writer.write(samples)
    writer.close()
    return path


def read_wav(path: Path, rate: int = RATE) -> NDArray[np.int16]:
    reader = open_reader(path, rate)
    samples = reader.read(rate * 600)
    reader.close()
    return samples


def likeness(heard: NDArray[np.int16], said: NDArray[np.int16], rate: int = RATE, piece_length: float = 0.3) -> float:
    """How much of what was said is heard, 0 to 1: the median over pieces (in seconds) of their best correlation at any delay.

    Pieces, because a jitter buffer that shortens one frame shifts all that follows; the last half second is left out.
    """
    length = round(rate * piece_length)
    spectrum_size = 1 << (len(heard) + length).bit_length()
    heard_float = heard.astype(float)
    spectrum = np.fft.rfft(heard_float, spectrum_size)
    energy = np.concatenate(([0.0], np.cumsum(heard_float**2)))
    window = energy[length:] - energy[:-length]
    scores = []
    for start in range(0, len(said) - length - rate // 2, length):
        piece = said[start : start + length].astype(float)
        if np.sqrt(np.mean(piece**2)) < 300:
            continue
        correlation = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, spectrum_size)), spectrum_size)[: len(window)]
        scores.append(float((correlation / np.sqrt(np.maximum(window, 1e6) * np.dot(piece, piece))).max()))
    return float(np.median(scores)) if scores else 0.0
