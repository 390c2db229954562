"""Recording: one recording of an audio stream to a WAV file, both directions mixed."""

from __future__ import annotations

import datetime
import os
import re
import threading
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.wave import WaveRecorder

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.rtp import AudioStream

__all__ = ["Recording", "StreamRecorder", "recording_path"]

_UNSAFE = re.compile(r"[^\w.@+-]+")  # the peer chooses its address: no separators, no control characters in a file name


def recording_path(stream: AudioStream, filename: str | None, wallclock: float) -> str:
    """The full path for a recording: ``filename``, or a name of time, peer and direction; in the account's folder if it is not absolute."""
    session = stream.session
    if filename is None:
        time = datetime.datetime.fromtimestamp(wallclock).strftime("%Y%m%d-%H%M%S")
        uri = session.remote_identity.uri if session is not None and session.remote_identity is not None else None
        peer = f"{uri.user or 'unknown'}@{uri.host}" if uri is not None else "unknown"
        direction = session.direction if session is not None else None
        filename = f"{time}-{_UNSAFE.sub('_', peer)[:80]}-{direction or 'call'}.wav"
    account = str(getattr(stream.account, "id", "") or "calls")
    return os.path.abspath(os.path.join(str(SIPSimpleSettings().audio.directory), _UNSAFE.sub("_", account), filename))


class StreamRecorder:
    """The recordings of one stream, one at a time. Methods may be called from any thread, ``close`` by the stream at its end."""

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self._current: Recording | None = None
        self._closed = False

    @property
    def current(self) -> Recording | None:
        """The recording that is being made."""
        recording = self._current
        return recording if recording is not None and recording.active else None

    def start(self, filename: str | None) -> Recording:
        """Begin one. Raises IllegalStateError when there is one or the stream has ended, SIPCoreError when its folder cannot be made."""
        with self._lock:
            if self._closed:
                raise IllegalStateError("a stream can only be recorded while it is started")
            if self.current is not None:
                raise IllegalStateError("the stream is being recorded already")
            path = recording_path(self._stream, filename, Runtime.current().clock.wallclock())
            self._current = recording = Recording(self._stream, path)
        recording.start()
        return recording

    def stop(self) -> None:
        """End it; raises IllegalStateError when there is none."""
        with self._lock:
            recording, self._current = self._current, None
        if recording is None or not recording.stop():
            raise IllegalStateError("the stream is not being recorded")

    def close(self) -> None:
        """End it if there is one, and begin no more. Idempotent."""
        with self._lock:
            self._closed = True
            recording, self._current = self._current, None
        if recording is not None:
            recording.stop()


class Recording(NotificationHandler):
    """Records ``stream`` to ``filename`` from ``start()`` until ``stop()``; posts the stream's recording notifications."""

    def __init__(self, stream: AudioStream, filename: str) -> None:
        self._stream = stream
        self._lock = threading.RLock()
        self.filename = filename
        self.recorder = WaveRecorder(stream.mixer, filename)
        self.active = True

    def start(self) -> None:
        """Begin, unless ``stop`` came first. Raises SIPCoreError when the folder of the file cannot be made."""
        with self._lock:  # whoever stops it meanwhile waits, or there would be a start after the stop
            if not self.active:
                return
            post("AudioStreamWillStartRecordingAudio", self._stream, filename=self.filename)
            NotificationCenter().add_observer(self, sender=self.recorder)
            try:
                self.recorder.start()
            except Exception:
                self._forget()
                raise
            post("AudioStreamDidStartRecordingAudio", self._stream, filename=self.filename)

    def stop(self) -> bool:
        """Close the file; AudioStreamDidStopRecordingAudio follows when that is done. False when it was over already."""
        with self._lock:
            if not self.active:
                return False
            self.active = False
            if self.recorder.is_active:
                post("AudioStreamWillStopRecordingAudio", self._stream, filename=self.filename)
                self.recorder.stop()
        return True

    def _NH_WaveRecorderDidEnd(self, notification: Notification) -> None:
        self._forget()
        post("AudioStreamDidStopRecordingAudio", self._stream, filename=self.filename)

    def _NH_WaveRecorderDidFail(self, notification: Notification) -> None:
        self._forget()
        post("AudioStreamDidStopRecordingAudio", self._stream, filename=self.filename, reason=notification.data.error)

    def _forget(self) -> None:
        self.active = False
        NotificationCenter().discard_observer(self, sender=self.recorder)
