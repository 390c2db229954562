"""The two faces of a device, as the clock thread sees them. A block is one tick of int16 samples at the mixer's rate."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Loudspeaker", "Microphone"]

Block = NDArray[np.int16]


class Microphone(Protocol):
    """What speaks into a mixer."""

    name: str | None

    def read(self, wanted: bool) -> Block | None:
        """One block, or None for silence. ``wanted`` is false while nobody listens: hardware goes on, a file waits."""

    def failure(self, now: float) -> str | None:
        """A sentence when the device has stopped working, else None."""

    def close(self) -> None:
        """Let go of the device; may block, so it is called off the clock thread. Idempotent."""


class Loudspeaker(Protocol):
    """What a mixer speaks to."""

    name: str | None

    def write(self, block: Block | None) -> None:
        """Take one block, or None for silence."""

    def failure(self, now: float) -> str | None:
        """A sentence when the device has stopped working, else None."""

    def close(self) -> None:
        """Let go of the device; may block, so it is called off the clock thread. Idempotent."""
