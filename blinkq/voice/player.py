"""A WAV file, or tones, played into a slot: so many times, with a delay before and pauses between. Belongs to the clock thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from blinkq.media.control import Event, PlayerEnded, PlayerFailed, PlayerStarted, StartPlayer
from blinkq.media.levels import apply_gain
from blinkq.voice.clock import PERIOD
from blinkq.voice.devices.device import Block

__all__ = ["Feed", "Player"]


class Feed(Protocol):
    """Where a player takes its sound from."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come in this pass."""

    @property
    def error(self) -> str | None:
        """What is wrong, once it has ended."""

    def next_block(self) -> Block | None:
        """The next block; None at the end, or when there is none yet."""

    def rewind(self) -> None:
        """Begin another pass."""

    def close(self) -> None:
        """Give everything back. Idempotent."""


class Player:
    """Source of one slot. Posts PlayerStarted with its first sound and then PlayerEnded or PlayerFailed, once."""

    def __init__(self, command: StartPlayer, feed: Feed, emit: Callable[[Event], None]) -> None:
        self.command = command
        self._feed = feed
        self._emit = emit
        self._wait = round(max(0.0, command.initial_delay) / PERIOD)
        self._pause = round(max(0.0, command.pause_time) / PERIOD)
        self._volume = max(0, command.volume)
        self._passes = 0
        self._started = False
        self.finished = False

    def pull(self, now: float) -> Block | None:
        """The next block of the file, or None while it pauses or when it has ended."""
        if self.finished:
            return None
        if not self._started:
            self._started = True
            self._emit(PlayerStarted(self.command.player))
        if self._wait > 0:
            self._wait -= 1
            return None
        block = self._feed.next_block()
        if block is None and self._feed.ended:
            return self._finish_pass(now)
        return None if block is None else apply_gain(block, self._volume)

    def stop(self) -> None:
        """End before the end. Idempotent."""
        self._end(PlayerEnded(self.command.player, stopped=True))

    def _finish_pass(self, now: float) -> Block | None:
        self._passes += 1
        if self._feed.error is not None:
            self._end(PlayerFailed(self.command.player, self._feed.error))
        elif self.command.loop_count and self._passes >= self.command.loop_count:
            self._end(PlayerEnded(self.command.player, stopped=False))
        else:
            self._wait = self._pause
            self._feed.rewind()
        return None

    def _end(self, event: Event) -> None:
        if not self.finished:
            self.finished = True
            self._feed.close()
            self._emit(event)
