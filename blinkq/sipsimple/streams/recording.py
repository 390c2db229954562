"""Recording: one recording of an audio stream to a WAV file, both directions mixed."""

from __future__ import annotations

import datetime
import os
import re
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.wave import WaveRecorder

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.rtp import AudioStream

__all__ = ["Recording", "recording_path"]

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


class Recording(NotificationHandler):
    """Records ``stream`` to ``filename`` from construction until ``stop()``; posts the stream's recording notifications.

    Raises SIPCoreError when the folder of the file cannot be made.
    """

    def __init__(self, stream: AudioStream, filename: str) -> None:
        self._stream = stream
        self.filename = filename
        self.recorder = WaveRecorder(stream.mixer, filename)
        self.active = True
        post("AudioStreamWillStartRecordingAudio", stream, filename=filename)
        NotificationCenter().add_observer(self, sender=self.recorder)
        try:
            self.recorder.start()
        except Exception:
            self._forget()
            raise
        post("AudioStreamDidStartRecordingAudio", stream, filename=filename)

    def stop(self) -> None:
        """Close the file; AudioStreamDidStopRecordingAudio follows when that is done. Idempotent."""
        if self.active:
            self.active = False
            post("AudioStreamWillStopRecordingAudio", self._stream, filename=self.filename)
            self.recorder.stop()

    def _NH_WaveRecorderDidEnd(self, notification: Notification) -> None:
        self._forget()
        post("AudioStreamDidStopRecordingAudio", self._stream, filename=self.filename)

    def _NH_WaveRecorderDidFail(self, notification: Notification) -> None:
        self._forget()
        post("AudioStreamDidStopRecordingAudio", self._stream, filename=self.filename, reason=notification.data.error)

    def _forget(self) -> None:
        self.active = False
        NotificationCenter().discard_observer(self, sender=self.recorder)
