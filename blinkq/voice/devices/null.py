"""The null device: silence in, nothing out. Time is kept by the clock thread, so calls go on as with a sound card."""

from __future__ import annotations

from blinkq.voice.devices.device import Block

__all__ = ["NullDevice"]


class NullDevice:
    """Microphone and loudspeaker of a machine without either."""

    name: str | None = None

    def read(self, wanted: bool) -> Block | None:
        return None

    def write(self, block: Block | None) -> None:
        return None

    def failure(self, now: float) -> str | None:
        return None

    def close(self) -> None:
        return None
