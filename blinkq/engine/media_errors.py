"""Errors and events of the link to the media process.

    BlinkQError
    └── MediaError      the media process refused a command, or cannot be reached
"""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.base.errors import BlinkQError

__all__ = ["MediaError", "MediaProcessDied", "MediaProcessFailed", "MediaProcessRevived"]


class MediaError(BlinkQError):
    """The media process refused a command or cannot be reached; the message is a sentence for people.

    ``errno`` is the operating system's error number where there is one, else 0.
    """

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.errno = number


@dataclass(frozen=True, slots=True)
class MediaProcessDied:
    """The media process ended by itself; a new one is being started."""

    pid: int
    error: str


@dataclass(frozen=True, slots=True)
class MediaProcessRevived:
    """A new media process does what the old one did, after ``downtime`` seconds.

    ``rollovers`` are (stream, count) of the streams whose SRTP packets cannot be opened any more, because the new process does not know
    the peer's rollover counter (RFC 3711 §3.3.1): their session should agree on new keys. ``failures`` are sentences about what could
    not be restored.
    """

    pid: int
    downtime: float
    rollovers: tuple[tuple[int, int], ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MediaProcessFailed:
    """The media process keeps dying and is not started again by itself; ``MediaLink.start`` may be tried later."""

    error: str
