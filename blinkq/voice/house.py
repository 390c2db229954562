"""Everything that the clock thread owns, and what happens in a tick: receive, mix, send, report.

Methods are called on the clock thread only; other threads post them to the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from blinkq.media.control import Event
from blinkq.voice.desk import DEVICE_SLOT, Desk
from blinkq.voice.devices.device import Loudspeaker, Microphone
from blinkq.voice.player import Player
from blinkq.voice.recorder import Recorder
from blinkq.voice.stream import Stream

__all__ = ["House"]

T = TypeVar("T", Player, Recorder)


class House:
    """Desks, streams, players and recorders by their numbers.

    ``emit`` takes events; ``device_wanted(mixer, wanted)`` and ``device_failed(mixer, error)`` lead to the keeper of the devices.
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        device_wanted: Callable[[int, bool], None],
        device_failed: Callable[[int, str], None],
    ) -> None:
        self._emit = emit
        self._device_wanted = device_wanted
        self._device_failed = device_failed
        self._desks: dict[int, Desk] = {}
        self._streams: dict[int, Stream] = {}
        self._players: dict[int, Player] = {}
        self._recorders: dict[int, Recorder] = {}

    @property
    def busy(self) -> bool:
        """Whether a tick would do anything."""
        return bool(self._streams) or any(desk.busy for desk in self._desks.values())

    def tick(self, now: float, skipped: int) -> None:
        """One tick of all."""
        for stream in self._streams.values():
            stream.receive(now)
        for desk in self._desks.values():
            desk.tick(now, skipped)
            error = desk.failure(now)
            if error is not None:
                desk.set_device(None, None)
                self._device_failed(desk.number, error)
        for stream in self._streams.values():
            stream.look_after(now)
        self._sweep()

    # mixers --------------------------------------------------------------------------------------------------------------------

    def open_mixer(self, number: int, rate: int) -> None:
        """Open a mixer, or take the one that is there (its slots and connections stay)."""
        if number not in self._desks:
            self._desks[number] = Desk(number, rate, self._emit, lambda desk, wanted: self._device_wanted(desk.number, wanted))

    def close_mixer(self, number: int) -> None:
        """Close a mixer with its players and recorders; its streams go on without sound until they are stopped."""
        for player in [player for player in self._players.values() if player.command.mixer == number]:
            player.stop()
        for recorder in [recorder for recorder in self._recorders.values() if recorder.command.mixer == number]:
            recorder.stop()
        self._sweep()
        self._desks.pop(number, None)

    def desk(self, number: int) -> Desk | None:
        """An open mixer, or None."""
        return self._desks.get(number)

    def install(self, number: int, microphone: Microphone | None, loudspeaker: Loudspeaker | None) -> None:
        """Change the devices of a mixer; its old ones are not touched any more when this returns."""
        desk = self._desks.get(number)
        if desk is not None:
            desk.set_device(microphone, loudspeaker)

    # streams -------------------------------------------------------------------------------------------------------------------

    def stream(self, number: int) -> Stream | None:
        """A started stream, or None."""
        return self._streams.get(number)

    def add_stream(self, number: int, stream: Stream) -> None:
        """Let a stream speak and hear from the next tick on."""
        self._streams[number] = stream
        self._plug(stream)

    def move_stream(self, number: int, mixer: int, slot: int) -> None:
        """Let a stream speak into another slot."""
        stream = self._streams[number]
        if (stream.mixer, stream.slot) != (mixer, slot):
            self._unplug(stream)
            stream.mixer, stream.slot = mixer, slot
            self._plug(stream)

    def remove_stream(self, number: int) -> Stream | None:
        """End a stream (RTCP BYE); the transport stays open."""
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._unplug(stream)
            stream.end()
        return stream

    def forget_slot(self, mixer: int, slot: int) -> None:
        """Drop the connections of a slot whose stream will not come back."""
        desk = self._desks.get(mixer)
        if desk is not None and slot != DEVICE_SLOT:
            desk.forget(slot)

    # players and recorders -----------------------------------------------------------------------------------------------------

    def add_player(self, player: Player) -> None:
        """Start a player; another one with its number is stopped first."""
        old = self._players.pop(player.command.player, None)
        if old is not None:
            old.stop()
        desk = self._desks.get(player.command.mixer)
        if desk is not None:
            self._players[player.command.player] = player
            desk.plug(player.command.slot, player, None)

    def stop_player(self, number: int) -> None:
        """Stop a player if there is one; PlayerEnded follows."""
        player = self._players.get(number)
        if player is not None:
            player.stop()
            self._sweep()

    def add_recorder(self, recorder: Recorder) -> None:
        """Start a recorder; another one with its number is stopped first."""
        old = self._recorders.pop(recorder.command.recorder, None)
        if old is not None:
            old.stop()
        desk = self._desks.get(recorder.command.mixer)
        if desk is not None:
            self._recorders[recorder.command.recorder] = recorder
            desk.plug(recorder.command.slot, None, recorder)

    def stop_recorder(self, number: int) -> None:
        """Close a recording if there is one; RecorderEnded follows."""
        recorder = self._recorders.get(number)
        if recorder is not None:
            recorder.stop()
            self._sweep()

    def close(self) -> None:
        """End everything: BYE to the peers, recordings closed."""
        for number in tuple(self._streams):
            self.remove_stream(number)
        for number in tuple(self._desks):
            self.close_mixer(number)

    def _plug(self, stream: Stream) -> None:
        desk = self._desks.get(stream.mixer)
        if desk is not None:
            stream.set_rate(desk.rate)
            desk.plug(stream.slot, stream, stream)

    def _unplug(self, stream: Stream) -> None:
        desk = self._desks.get(stream.mixer)
        if desk is not None:
            desk.unplug(stream.slot)

    def _sweep(self) -> None:
        """Take out players and recorders that have finished."""
        for player in _finished(self._players):
            desk = self._desks.get(player.command.mixer)
            if desk is not None:
                desk.unplug(player.command.slot)
            del self._players[player.command.player]
        for recorder in _finished(self._recorders):
            desk = self._desks.get(recorder.command.mixer)
            if desk is not None:
                desk.unplug(recorder.command.slot)
            del self._recorders[recorder.command.recorder]


def _finished(things: dict[int, T]) -> list[T]:
    return [thing for thing in things.values() if thing.finished]
