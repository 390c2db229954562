"""What a slot hears, written to a WAV file. Belongs to the clock thread; the disk worker does the writing."""

from __future__ import annotations

from collections.abc import Callable

from blinkq.media.control import Event, RecorderEnded, RecorderStarted, StartRecorder
from blinkq.voice.devices.device import Block
from blinkq.voice.wavsink import WavSink
from blinkq.voice.worker import Worker

__all__ = ["Recorder"]

#: Ticks of silence put in for time that was left out; a computer that slept all night makes no recording of the night.
_MAX_GAP = 500


class Recorder:
    """Sink of one slot. Posts RecorderStarted, and RecorderEnded once when the file is closed. Raises WavError when it cannot be made."""

    def __init__(self, command: StartRecorder, rate: int, worker: Worker, emit: Callable[[Event], None]) -> None:
        self.command = command
        self._emit = emit
        self._error: str | None = None
        self.finished = False
        self._sink = WavSink(command.filename, rate, worker, self._fail, append=command.append)
        emit(RecorderStarted(command.recorder, command.filename))

    def push(self, block: Block | None, now: float, skipped: int) -> None:
        """Write one block, silence where it is None, and silence for the ``skipped`` ticks before it."""
        if self._error is not None:
            self.stop()
        for _ in range(min(skipped, _MAX_GAP) if not self.finished else 0):
            # Time that passed counts, or the recording would run fast against the clock on the wall.
            self._sink.write(None)
        self._sink.write(block)

    def stop(self) -> None:
        """Write what is left and close the file. Idempotent."""
        if not self.finished:
            self.finished = True
            self._sink.close(self._closed)

    def _fail(self, error: str) -> None:
        self._error = error

    def _closed(self) -> None:
        self._emit(RecorderEnded(self.command.recorder, self.command.filename, self._error))
