"""WAV files as devices: one is spoken as if it were the microphone, one is written as if it were the loudspeaker."""

from __future__ import annotations

from blinkq.voice.devices.device import Block
from blinkq.voice.wavfeed import WavFeed
from blinkq.voice.wavsink import WavSink
from blinkq.voice.worker import Worker

__all__ = ["APPEND", "PREFIX", "FileLoudspeaker", "FileMicrophone"]

#: What a device name begins with that is a file, and one that goes on where it ended (the engine says so after a revival).
PREFIX = "file:"
APPEND = "file+append:"


class FileMicrophone:
    """Speaks a file once, from the moment that somebody listens; silence afterwards. Raises WavError."""

    def __init__(self, filename: str, rate: int, worker: Worker) -> None:
        self.name: str | None = PREFIX + filename
        self._feed = WavFeed(filename, rate, worker)
        self._error_told = False

    def read(self, wanted: bool) -> Block | None:
        return self._feed.next_block() if wanted else None

    def failure(self, now: float) -> str | None:
        if self._feed.error is None or self._error_told:
            return None
        self._error_told = True
        return self._feed.error

    def close(self) -> None:
        self._feed.close()


class FileLoudspeaker:
    """Writes what is played, in real time, as long as the mixer runs. Raises WavError."""

    def __init__(self, filename: str, rate: int, worker: Worker, *, append: bool = False) -> None:
        self.name: str | None = PREFIX + filename
        self._error: str | None = None
        self._sink = WavSink(filename, rate, worker, self._fail, append=append)

    def write(self, block: Block | None) -> None:
        self._sink.write(block)

    def failure(self, now: float) -> str | None:
        return self._error

    def close(self) -> None:
        self._sink.close()

    def _fail(self, error: str) -> None:
        self._error = error
