"""Two media processes that talk through ICE: in this process or in their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from support.voice import EVENTS, PCMU

from blinkq.base.clock import SeededEntropy
from blinkq.media import control
from blinkq.media.control import Command, Event, StreamDirection, TransportOpened
from blinkq.media.ice import IceGathering
from blinkq.media.ice_control import IceSucceeded, StartIce
from blinkq.voice.process import MediaProcess

__all__ = ["PATIENCE", "IceParty", "connect"]

PATIENCE = 60.0
PASSWORD = "{}-password-of-this-end".replace("-", "x")


class IceParty:
    """A media process with one stream, number 1 in mixer 1; ``send`` may be that of a real process."""

    def __init__(self, name: str, seed: int = 1) -> None:
        self.name = name
        self.controlling = seed == 1  # the first one offers
        self.replies: dict[int, Event] = {}
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self._sequence = 0
        self.opened: TransportOpened
        self.process = MediaProcess(self.take, SeededEntropy(seed))
        self.process.start()

    @property
    def ufrag(self) -> str:
        return f"ufrag{self.name}"

    @property
    def password(self) -> str:
        return PASSWORD.format(self.name)

    def take(self, event: Event, sequence: int) -> None:
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
            assert self._changed.wait_for(lambda: sequence in self.replies, PATIENCE), f"{self.name}: no answer to {command}"
        return self.replies[sequence]

    def wait(self, condition: Callable[[Event], bool], count: int = 1) -> Event:
        """The ``count``-th event for which ``condition`` holds."""

        def found() -> list[Event]:
            return [event for event in self.events if condition(event)]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, PATIENCE), f"{self.name}: {self.events}"
            return found()[count - 1]

    def wait_for(self, kind: type[Event], count: int = 1) -> Any:
        return self.wait(lambda event: isinstance(event, kind), count)

    def open(self, *addresses: str, input_device: str | None = None, output_device: str | None = None, **ice: Any) -> TransportOpened:
        """Open mixer 1 and the transport on ``addresses``."""
        self.ask(control.OpenMixer(1, input_device, output_device, 48000))
        gathering = IceGathering(self.ufrag, self.password, self.controlling, addresses=addresses, **ice)
        self.opened = self.ask(control.OpenTransport(1, addresses[0], (20000, 39998), ice=gathering))
        assert isinstance(self.opened, TransportOpened), self.opened
        return self.opened

    def check(self, other: IceParty, *, attempt: int = 1, **changes: Any) -> None:
        """Begin the checks with ``other``."""
        fields = {
            "stream": 1, "attempt": attempt, "ufrag": other.ufrag, "password": other.password,
            "candidates": other.opened.candidates,
        }  # fmt: skip
        assert self.ask(StartIce(**{**fields, **changes})) == control.Reply()

    def start(self, other: IceParty, pairs: Any = (), kind: Any = control.StartStream, **changes: Any) -> None:
        """Start the stream on ``pairs``, connected to the mixer's device."""
        command = kind(
            1, 1, 1, other.opened.address, other.opened.rtp_port, other.opened.rtcp_port, StreamDirection.SENDRECV, PCMU, (PCMU,), EVENTS,
            EVENTS, ice_pairs=pairs, **changes,
        )  # fmt: skip
        assert self.ask(command) == control.Reply()
        self.ask(control.Connect(1, 0, 1))
        self.ask(control.Connect(1, 1, 0))

    def stop(self) -> None:
        self.process.stop()


def connect(alice: IceParty, bob: IceParty) -> tuple[IceSucceeded, IceSucceeded]:
    """Alice offers, Bob answers."""
    bob.check(alice)
    alice.check(bob)
    return alice.wait_for(IceSucceeded), bob.wait_for(IceSucceeded)
