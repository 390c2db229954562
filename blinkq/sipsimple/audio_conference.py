"""AudioConference: audio streams that hear each other and us, mixed here."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from blinkq.base.errors import IllegalStateError
from blinkq.sipsimple.audio_bridge import AudioDevice, RootAudioBridge
from blinkq.sipsimple.runtime import Runtime

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.rtp import AudioStream

__all__ = ["AudioConference"]


class AudioConference:
    """A local conference; its methods may be called from any thread. Raises IllegalStateError while the application is not running.

    ``bridge`` connects the streams' bridges; ``device`` is the conference's own sound device, in the bridge while not on hold; ``streams``
    are those that take part.
    """

    def __init__(self) -> None:
        mixer = Runtime.voice_audio_mixer
        if mixer is None:
            raise IllegalStateError("an audio conference needs a running application")
        self.bridge = RootAudioBridge(mixer)
        self.device = AudioDevice(mixer)
        self.streams: list[AudioStream] = []
        self.on_hold = False
        self._lock = threading.RLock()
        self.bridge.add(self.device)

    def add(self, stream: AudioStream) -> None:
        """Let ``stream`` take part; nothing happens when it does already."""
        with self._lock:
            if stream in self.streams:
                return
            self.streams.append(stream)
            if stream.device in stream.bridge:  # not in the bridge of a stream that has ended
                stream.bridge.remove(stream.device)
            self.bridge.add(stream.bridge)

    def remove(self, stream: AudioStream) -> None:
        """Let ``stream`` be alone with us again. Raises ValueError when it does not take part."""
        with self._lock:
            self.streams.remove(stream)
            self.bridge.remove(stream.bridge)
            stream.bridge.add(stream.device)

    def hold(self) -> None:
        """Leave the others to themselves: they go on hearing each other. Idempotent."""
        with self._lock:
            if not self.on_hold:
                self.bridge.remove(self.device)
                self.on_hold = True

    def unhold(self) -> None:
        """Undo ``hold``. Idempotent."""
        with self._lock:
            if self.on_hold:
                self.bridge.add(self.device)
                self.on_hold = False
