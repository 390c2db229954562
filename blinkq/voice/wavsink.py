"""Blocks from the clock thread into a WAV file, written by the disk worker."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blinkq.media.wav import WavError, WavWriter, open_writer
from blinkq.voice.devices.device import Block
from blinkq.voice.worker import Worker

__all__ = ["WavSink"]

#: Ticks collected before they go to the disk: half a second, the most that a crash can lose.
_BATCH = 25

#: Batches that may wait for a disk that hangs (half a minute); then the recording ends with an error.
_MAX_WAITING = 60


class WavSink:
    """Writes one file at ``rate`` Hz. The constructor opens it in the calling thread and raises WavError.

    ``on_error`` is called on the disk worker, at most once, with a sentence; what was written by then is kept.
    """

    def __init__(
        self, filename: str, rate: int, worker: Worker, on_error: Callable[[str], None], *, append: bool = False
    ) -> None:
        self._writer: WavWriter = open_writer(filename, rate, append=append)
        self._filename = filename
        self._worker = worker
        self._on_error = on_error
        self._silence = np.zeros(rate // 50, np.int16)
        self._batch: list[Block] = []
        self._waiting = 0
        self._failed = False
        self._closed = False

    def write(self, block: Block | None) -> None:
        """Take one block, None for silence; clock thread."""
        if self._failed or self._closed:
            return
        self._batch.append(self._silence if block is None else block)
        if len(self._batch) >= _BATCH:
            self._send_batch()

    def close(self, on_closed: Callable[[], None] | None = None) -> None:
        """Write the rest and close the file, then call ``on_closed`` on the disk worker; clock thread. Idempotent."""
        if self._closed:
            return
        self._send_batch()
        self._closed = True

        def finish() -> None:
            try:
                self._writer.close()
            except WavError as error:
                self._fail(str(error))
            if on_closed is not None:
                on_closed()

        self._worker.post(finish)

    def _send_batch(self) -> None:
        if not self._batch:
            return
        samples = np.concatenate(self._batch)
        self._batch = []
        if self._waiting >= _MAX_WAITING or not self._worker.post(lambda: self._write_batch(samples)):
            self._fail(f"The recording {self._filename} was stopped: the disk is too slow.")
            return
        self._waiting += 1

    def _write_batch(self, samples: Block) -> None:
        self._waiting -= 1
        if self._failed:
            return
        try:
            self._writer.write(samples)
            self._writer.flush()
        except WavError as error:
            self._fail(str(error))

    def _fail(self, error: str) -> None:
        if not self._failed:
            self._failed = True
            self._on_error(error)
