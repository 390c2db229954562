"""A media process that only remembers what it was told, answers as the real one does, and can be told to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from blinkq.engine.media_errors import MediaError
from blinkq.media.control import (
    Command,
    Event,
    MixerOpened,
    OpenMixer,
    OpenTransport,
    PlayerEnded,
    PlayerStarted,
    RecorderEnded,
    RecorderStarted,
    Reply,
    SetDevices,
    StartPlayer,
    StartRecorder,
    StopPlayer,
    StopRecorder,
    TransportOpened,
)

__all__ = ["FakeMedia"]

C = TypeVar("C", bound=Command)


class FakeMedia:
    """In the place of MediaLink.

    ``commands`` is all it was told. ``refuse`` gives the sentence with which a command is refused, or None. ``latency`` is how long
    an answer takes, in seconds.
    """

    def __init__(self, on_event: Callable[[Any], None]) -> None:
        self.on_event = on_event
        self.commands: list[Command] = []
        self.refuse: Callable[[Command], str | None] = lambda command: None
        self.latency = 0.002
        self.next_port = 50000
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def send(self, command: Command) -> None:
        assert self.running
        self.commands.append(command)
        self._react(command)

    async def request(self, command: Command) -> Reply:
        assert self.running
        self.commands.append(command)
        await asyncio.sleep(self.latency)
        error = self.refuse(command)
        if error is not None:
            raise MediaError(error)
        self._react(command)
        return self._reply(command)

    def emit(self, event: Event) -> None:
        """Report something of its own accord."""
        self.on_event(event)

    def all(self, kind: type[C]) -> list[C]:
        """The commands of just that class."""
        return [command for command in self.commands if type(command) is kind]

    def last(self, kind: type[C]) -> C:
        return self.all(kind)[-1]

    def _reply(self, command: Command) -> Reply:
        if isinstance(command, OpenTransport):
            port, self.next_port = self.next_port, self.next_port + 2
            return TransportOpened(command.stream, command.address, port, port + 1)
        if isinstance(command, OpenMixer | SetDevices):
            return MixerOpened(command.mixer, command.input_device, command.output_device)
        return Reply()

    def _react(self, command: Command) -> None:
        event: Event | None = None
        if isinstance(command, StartPlayer):
            event = PlayerStarted(command.player)
        elif isinstance(command, StopPlayer):
            event = PlayerEnded(command.player, stopped=True)
        elif isinstance(command, StartRecorder):
            event = RecorderStarted(command.recorder, command.filename)
        elif isinstance(command, StopRecorder):
            started = next(known for known in self.all(StartRecorder) if known.recorder == command.recorder)
            event = RecorderEnded(command.recorder, started.filename)
        if event is not None:
            asyncio.get_running_loop().call_soon(self.on_event, event)
