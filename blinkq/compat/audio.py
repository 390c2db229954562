"""``sipsimple.audio`` with what its newer versions added: players that can be waited for."""

from __future__ import annotations

import concurrent.futures

from blinkq.base.notification import Notification, NotificationCenter
from blinkq.compat.green import GreenResult
from blinkq.sipsimple import audio
from blinkq.sipsimple.audio import AudioBridge, AudioConference, AudioDevice, IAudioPort, RootAudioBridge, WaveRecorder
from blinkq.sipsimple.audio_mixer import AudioMixer

__all__ = [
    "AudioBridge", "AudioConference", "AudioDevice", "IAudioPort", "RootAudioBridge", "WavePlayer", "WavePlayerError", "WaveRecorder",
]  # fmt: skip


class WavePlayerError(Exception):
    """The player is playing already, or the file cannot be played."""


class WavePlayer(audio.WavePlayer):
    """As ``blinkq.sipsimple.audio.WavePlayer``, with ``play()``.

    :param initial_play: True or False as there; a number of seconds is ``initial_delay``, which newer versions of the SDK have in its place
    :param initial_delay: seconds before the first play
    """

    def __init__(
        self, mixer: AudioMixer, filename: str, volume: int = 100, loop_count: int = 1, pause_time: float = 0,
        initial_play: bool | float = True, initial_delay: float | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(initial_play, bool):
            initial_delay, initial_play = initial_play, True
        super().__init__(mixer, filename, volume, loop_count, pause_time, initial_play)
        self.initial_delay = initial_delay

    def play(self) -> GreenResult:
        """Start, and return an object whose ``wait()`` lasts as long as the file is played; it raises WavePlayerError."""
        future: concurrent.futures.Future[None] = concurrent.futures.Future()
        if self.is_active:
            future.set_exception(WavePlayerError("already playing"))
        else:
            _End(self, future)
            self.start()
        return GreenResult(future)


class _End:
    """Waits for the end of one play."""

    def __init__(self, player: WavePlayer, future: concurrent.futures.Future[None]) -> None:
        self.future = future
        NotificationCenter().add_observer(self, sender=player)

    def handle_notification(self, notification: Notification) -> None:
        if notification.name == "WavePlayerDidEnd":
            self._done(None)
        elif notification.name == "WavePlayerDidFail":
            self._done(WavePlayerError(str(notification.data.error)))

    def _done(self, error: Exception | None) -> None:
        NotificationCenter().purge_observer(self)
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)
