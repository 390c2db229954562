"""One mixer with everything that is plugged into its slots; slot 0 is the sound device. Belongs to the clock thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from blinkq.media.control import Event, Level
from blinkq.media.levels import apply_gain
from blinkq.media.mixer import Mixer
from blinkq.voice.devices.device import Block, Loudspeaker, Microphone
from blinkq.voice.devices.null import NullDevice
from blinkq.voice.meter import Meter

__all__ = ["DEVICE_SLOT", "Desk", "Sink", "Source"]

#: The slot of the sound device.
DEVICE_SLOT = 0

#: Ticks between two Level events (five a second) and between a device's last use and its release (five seconds).
_LEVEL_TICKS = 10
_LINGER_TICKS = 250


class Source(Protocol):
    """What speaks into a slot."""

    def pull(self, now: float) -> Block | None:
        """One block at the mixer's rate, or None for silence."""


class Sink(Protocol):
    """What hears a slot."""

    def push(self, block: Block | None, now: float, skipped: int) -> None:
        """Take one block at the mixer's rate, None for silence; ``skipped`` ticks were left out before it."""


class Desk:
    """Mixer number ``number`` at ``rate`` Hz.

    ``emit`` takes Level and ``device_wanted(desk, wanted)`` is told when the device begins to be used and when it was not for a while:
    a microphone is not held open while nobody talks.
    """

    def __init__(
        self, number: int, rate: int, emit: Callable[[Event], None], device_wanted: Callable[[Desk, bool], None]
    ) -> None:
        self.number = number
        self.rate = rate
        self.block = rate // 50
        self.mixer = Mixer(rate)
        self.microphone: Microphone = NullDevice()
        self.loudspeaker: Loudspeaker = NullDevice()
        self._emit = emit
        self._device_wanted = device_wanted
        self._sources: dict[int, Source] = {}
        self._sinks: dict[int, Sink] = {}
        self._wanted = False
        self._unused_ticks = 0
        self._ticks = 0
        self._input_volume = 100
        self._output_volume = 100
        self._input_meter = Meter()
        self._output_meter = Meter()

    # plugging ------------------------------------------------------------------------------------------------------------------

    def plug(self, slot: int, source: Source | None, sink: Sink | None) -> None:
        """Put something into ``slot``; connections made before come to life."""
        if source is not None:
            self._sources[slot] = source
        if sink is not None:
            self._sinks[slot] = sink

    def add_pass_through(self, slot: int) -> None:
        """A slot out of which comes what is connected into it."""
        self.mixer.add_passthrough(slot)

    def unplug(self, slot: int) -> None:
        """Take out what is in ``slot``; its connections are remembered."""
        self._sources.pop(slot, None)
        self._sinks.pop(slot, None)

    def forget(self, slot: int) -> None:
        """Take out what is in ``slot``, and its connections: it will not come back."""
        self.unplug(slot)
        self.mixer.remove_slot(slot)

    def set_volume(self, input_volume: int, output_volume: int, muted: bool) -> None:
        """Volumes of the device in percent."""
        self._input_volume = 0 if muted else max(0, input_volume)
        self._output_volume = max(0, output_volume)

    def set_device(self, microphone: Microphone | None, loudspeaker: Loudspeaker | None) -> list[Microphone | Loudspeaker]:
        """Change the device (None = the null device); returns the old halves, to be closed on another thread."""
        old: list[Microphone | Loudspeaker] = [self.microphone, self.loudspeaker]
        self.microphone = microphone or NullDevice()
        self.loudspeaker = loudspeaker or NullDevice()
        return old

    # running -------------------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether the clock must run for this mixer."""
        return self._wanted or bool(self._sources or self._sinks)

    def tick(self, now: float, skipped: int) -> None:
        """Move one block from everywhere to everywhere."""
        self._watch_use()
        # A file that plays the microphone waits for the first real listener; a connection to an empty slot is none.
        listened = bool(self._sinks) and self.mixer.listeners(DEVICE_SLOT)
        heard = _amplify(self.microphone.read(listened), self._input_volume)
        inputs: dict[int, Block] = {}
        if heard is not None:
            inputs[DEVICE_SLOT] = heard
        for slot, source in self._sources.items():
            block = source.pull(now)
            if block is not None:
                inputs[slot] = block
        outputs = self.mixer.tick(inputs)
        for slot, sink in tuple(self._sinks.items()):
            sink.push(outputs.get(slot), now, skipped)
        played = _amplify(outputs.get(DEVICE_SLOT), self._output_volume)
        self.loudspeaker.write(played)
        self._measure(heard, played)

    def failure(self, now: float) -> str | None:
        """A sentence when the device has stopped working, else None."""
        return self.microphone.failure(now) or self.loudspeaker.failure(now)

    def _watch_use(self) -> None:
        used = bool(self._sources or self._sinks) and any(DEVICE_SLOT in pair for pair in self.mixer.connections)
        self._unused_ticks = 0 if used else self._unused_ticks + 1
        if used and not self._wanted:
            self._wanted = True
            self._device_wanted(self, True)
        elif self._wanted and self._unused_ticks >= _LINGER_TICKS:
            self._wanted = False
            self._device_wanted(self, False)

    def _measure(self, heard: Block | None, played: Block | None) -> None:
        if self.microphone.name is None and self.loudspeaker.name is None:
            return
        self._input_meter.add(heard, self.block)
        self._output_meter.add(played, self.block)
        self._ticks += 1
        if self._ticks >= _LEVEL_TICKS:
            self._ticks = 0
            self._emit(Level(self.number, self._input_meter.read(), self._output_meter.read()))


def _amplify(block: Block | None, percent: int) -> Block | None:
    return None if block is None or percent == 0 else apply_gain(block, percent)
