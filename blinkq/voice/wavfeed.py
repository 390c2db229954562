"""Samples of a WAV file for the clock thread, read ahead by the disk worker so that a slow disk is not heard."""

from __future__ import annotations

from collections import deque

from blinkq.media.wav import WavError, WavReader, open_reader
from blinkq.voice.devices.device import Block
from blinkq.voice.worker import Worker

__all__ = ["WavFeed"]

#: Ticks of sound read at once and held at most: two seconds ahead cover a disk that has to wake up.
_CHUNK = 50
_AHEAD = 100


class WavFeed:
    """Blocks of one pass through a file; ``rewind`` begins another.

    The constructor opens the file and reads the first blocks in the calling thread, so that a bad file is known at once (raises
    WavError) and the sound starts without delay. ``next_block`` belongs to the clock thread.
    """

    def __init__(self, filename: str, rate: int, worker: Worker) -> None:
        self._block = rate // 50
        self._worker = worker
        self._blocks: deque[Block] = deque()
        self._reader: WavReader = open_reader(filename, rate)
        self._reading = False
        self._ended = False
        self._rewind = False
        self._closed = False
        self.error: str | None = None
        try:
            self._fill()
        except WavError:
            self._reader.close()
            raise

    @property
    def ended(self) -> bool:
        """Whether nothing more will come in this pass (the end, or ``error`` says what is wrong)."""
        return self._ended and not self._blocks

    def next_block(self) -> Block | None:
        """The next block, filled up with silence at the end; None at the end, or when the disk is too slow."""
        block = self._blocks.popleft() if self._blocks else None
        if not self._ended and not self._reading and len(self._blocks) <= _AHEAD - _CHUNK:
            self._reading = True
            if not self._worker.post(self._read_chunk):
                self._reading = False
        return block

    def rewind(self) -> None:
        """Begin again; to be called only when ``ended``."""
        self._ended = False
        self._reading = True
        self._rewind = True
        if not self._worker.post(self._read_chunk):
            self._reading = False

    def close(self) -> None:
        """Close the file; any thread. Idempotent."""
        self._closed = True
        if not self._worker.post(self._reader.close):
            self._reader.close()

    def _read_chunk(self) -> None:
        """Read ahead; on the disk worker."""
        try:
            if self._closed:
                return
            if self._rewind:
                self._rewind = False
                self._reader.rewind()
            self._fill()
        except (WavError, OSError, ValueError) as error:
            self.error = str(error)
            self._ended = True
        finally:
            self._reading = False

    def _fill(self) -> None:
        samples = self._reader.read(self._block * _CHUNK)
        for start in range(0, len(samples), self._block):
            block = samples[start : start + self._block]
            if len(block) < self._block:
                padded = samples[:0].copy()
                padded.resize(self._block)
                padded[: len(block)] = block
                block = padded
            self._blocks.append(block)
        if len(samples) < self._block * _CHUNK:
            self._ended = True
