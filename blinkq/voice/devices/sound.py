"""Sound hardware through miniaudio: a duplex stream where both halves are wanted, capture or playback alone otherwise.

miniaudio's traps, met here: callbacks are generators that die with their first exception; a device that is pulled out just stops
calling back, without an error (hence the watchdog); its contexts are never closed by the package; blocks shorter than 20 ms make it slip.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import miniaudio
import numpy as np

from blinkq.base.clock import monotonic
from blinkq.base.errors import BlinkQError
from blinkq.voice.devices.device import Block
from blinkq.voice.devices.ring import CaptureRing, PlaybackRing

__all__ = ["SoundDevice", "SoundError"]

#: Length of a device period in milliseconds; Python cannot keep shorter ones without slips.
PERIOD_MS = 20

#: Seconds without a callback after which a device counts as gone. A sound server that slept needs up to 2 s for the first one, and its
#: device may pause as long once more right after.
FIRST_CALLBACK = 4.0
NEXT_CALLBACK = 3.0


class SoundError(BlinkQError):
    """A sound device could not be opened; the message is a sentence for people."""


class SoundDevice:
    """An opened device, with ``microphone`` and ``loudspeaker`` as far as they were asked for.

    ``capture_id`` and ``playback_id`` are miniaudio's device ids, or None for the system default; ``capture`` and ``playback`` say
    which halves are wanted. Raises SoundError. Opening and closing block: never do either on the clock thread.
    """

    def __init__(
        self,
        rate: int,
        block: int,
        *,
        capture: bool,
        playback: bool,
        capture_id: Any = None,
        playback_id: Any = None,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._opened = monotonic()
        self._called: float | None = None
        self._closed = False
        self._capture_ring = CaptureRing(rate, block)
        self._playback_ring = PlaybackRing(rate, block)
        self._silence = np.zeros(block, np.int16)
        self._stream: Any = None
        try:
            self._stream = _open_stream(rate, capture, playback, capture_id, playback_id)
            callback = self._callback(capture, playback)
            next(callback)
            self._stream.start(callback)
        except miniaudio.MiniaudioError as error:
            self.close()
            raise SoundError(f"the sound device cannot be opened: {error.args[0] if error.args else error}") from error
        self.microphone = _SoundMicrophone(self) if capture else None
        self.loudspeaker = _SoundLoudspeaker(self) if playback else None

    def read(self) -> Block | None:
        return self._capture_ring.pull(self._monotonic())

    def write(self, block: Block | None) -> None:
        self._playback_ring.push(self._silence if block is None else block, self._monotonic())

    def failure(self, now: float) -> str | None:
        """A sentence when the device has not called back for too long, else None."""
        if self._called is None:
            return "the sound device does not start" if now - self._opened > FIRST_CALLBACK else None
        return "the sound device stopped" if now - self._called > NEXT_CALLBACK else None

    def close(self) -> None:
        """Stop and release the device. Idempotent; blocks."""
        if not self._closed and self._stream is not None:
            _release(self._stream)
        self._closed = True

    def _callback(self, capture: bool, playback: bool) -> Generator[bytes, Any, None]:
        if capture and playback:
            return self._duplex_callback()
        return self._capture_callback() if capture else self._playback_callback()

    def _duplex_callback(self) -> Generator[bytes, bytes, None]:
        out = b""
        while True:
            heard = yield out
            self._called = now = self._monotonic()
            samples = np.frombuffer(heard, np.int16)
            self._capture_ring.push(samples, now)
            out = self._playback_ring.pull(len(samples), now).tobytes()

    def _capture_callback(self) -> Generator[bytes, bytes, None]:
        while True:
            heard = yield b""
            self._called = now = self._monotonic()
            self._capture_ring.push(np.frombuffer(heard, np.int16), now)

    def _playback_callback(self) -> Generator[bytes, int, None]:
        out = b""
        while True:
            count = yield out
            self._called = now = self._monotonic()
            out = self._playback_ring.pull(count, now).tobytes()


class _SoundMicrophone:
    name: str | None = None

    def __init__(self, device: SoundDevice) -> None:
        self._device = device

    def read(self, wanted: bool) -> Block | None:
        return self._device.read()

    def failure(self, now: float) -> str | None:
        return self._device.failure(now)

    def close(self) -> None:
        self._device.close()


class _SoundLoudspeaker:
    name: str | None = None

    def __init__(self, device: SoundDevice) -> None:
        self._device = device

    def write(self, block: Block | None) -> None:
        self._device.write(block)

    def failure(self, now: float) -> str | None:
        return self._device.failure(now)

    def close(self) -> None:
        self._device.close()


def _open_stream(rate: int, capture: bool, playback: bool, capture_id: Any, playback_id: Any) -> Any:
    common = {"sample_rate": rate, "buffersize_msec": PERIOD_MS, "app_name": "BlinkQ"}
    if capture and playback:
        return _construct(
            miniaudio.DuplexStream,
            playback_format=miniaudio.SampleFormat.SIGNED16,
            playback_channels=1,
            capture_format=miniaudio.SampleFormat.SIGNED16,
            capture_channels=1,
            playback_device_id=playback_id,
            capture_device_id=capture_id,
            **common,
        )
    if capture:
        return _construct(miniaudio.CaptureDevice, miniaudio.SampleFormat.SIGNED16, 1, device_id=capture_id, **common)
    return _construct(miniaudio.PlaybackDevice, miniaudio.SampleFormat.SIGNED16, 1, device_id=playback_id, **common)


def _construct(kind: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a stream; where that fails, release what the package leaves behind, for it will be tried again every few seconds."""
    stream = kind.__new__(kind)
    try:
        stream.__init__(*args, **kwargs)
    except miniaudio.MiniaudioError:
        _release(stream)
        raise
    return stream


def _release(stream: Any) -> None:
    """Close a stream and its context; the package never closes contexts, and with them connections to the sound server."""
    context = getattr(stream, "_context", None)
    stream.close()
    if context is not None:
        miniaudio.lib.ma_context_uninit(context)
