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
from blinkq.media.ice import IceCandidate, IceCheck
from blinkq.media.ice_control import IceFailed, IceSucceeded, StartIce

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
        self.candidates: dict[int, tuple[IceCandidate, ...]] = {}
        self.running = False
        self.reflexive: str | None = None  # what a STUN server says of us
        self.ice = "selected"  # how the next checks go: "selected", "failed", or "" for not yet

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
            return TransportOpened(command.stream, command.address, port, port + 1, self._candidates(command, port))
        if isinstance(command, OpenMixer | SetDevices):
            return MixerOpened(command.mixer, command.input_device, command.output_device)
        return Reply()

    def _candidates(self, command: OpenTransport, port: int) -> tuple[IceCandidate, ...]:
        if command.ice is None:
            return ()
        found = [IceCandidate("1", number, 2130706432 - number, command.address, port + number - 1, "host") for number in (1, 2)]
        if self.reflexive is not None and command.ice.stun_server is not None:
            found += [
                IceCandidate(
                    "2", known.component, known.priority - 400000000, self.reflexive, known.port + 1000, "srflx", known.address, known.port
                )
                for known in found
            ]  # fmt: skip
        self.candidates[command.stream] = tuple(found)
        return tuple(found)

    def select(self, command: StartIce, *, reflexive: bool = False) -> IceSucceeded:
        """What the media process says when the checks went well: the first candidates of each side were selected."""
        pairs = []
        for number in (1, 2):
            wanted = "srflx" if reflexive else "host"
            ours = next(known for known in self.candidates[command.stream] if (known.component, known.type) == (number, wanted))
            theirs = next((known for known in command.candidates if known.component == number), None)
            if theirs is not None:
                pairs.append(IceCheck(ours, theirs, "succeeded", True))
        return IceSucceeded(command.stream, command.attempt, 0.05, tuple(pairs), tuple(pairs))

    def _react(self, command: Command) -> None:
        event: Event | None = None
        if isinstance(command, StartIce) and self.ice:
            event = self.select(command) if self.ice == "selected" else IceFailed(command.stream, command.attempt, "No way.")
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
