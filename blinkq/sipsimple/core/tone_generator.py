"""ToneGenerator: pairs of sines on a slot of a mixer, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from blinkq.base.catalogue import post
from blinkq.media.control import PlayerEnded, PlayerFailed, StartPlayer, StopPlayer
from blinkq.media.tones import dtmf_frequencies
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.core.mixer_port import MixerPort
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["ToneGenerator"]

_MAX_MILLISECONDS = 60_000  # of one call of play_tones: the media process holds the sound in memory
_DIGIT = 150  # milliseconds of one key, and of the silence behind it
_PAUSE = 50


class ToneGenerator:
    """Plays tones into its slot. Tones asked for while others are played follow them.

    Posts ToneGeneratorDidFinishPlaying when there are no more.
    """

    def __init__(self, mixer: AudioMixer) -> None:
        self.mixer = mixer
        self._port = MixerPort(mixer)
        self._volume = 100
        self._lock = threading.Lock()
        self._waiting: list[tuple[tuple[float, float, float], ...]] = []
        self._playing: tuple[int, int] | None = None  # number and slot of the player

    @property
    def volume(self) -> int:
        """Percent; a change counts from the next tones. ValueError below 0."""
        return self._volume

    @volume.setter
    def volume(self, volume: int) -> None:
        if volume < 0:
            raise ValueError(f"a volume is at least 0, not {volume}")
        self._volume = int(volume)

    @property
    def slot(self) -> int | None:
        """The slot's number while the generator is active."""
        return self._port.slot

    @property
    def is_active(self) -> bool:
        """True between ``start()`` and ``stop()``."""
        return self._port.is_active

    @property
    def is_busy(self) -> bool:
        """True while tones are played."""
        return self._playing is not None

    def start(self) -> None:
        """Take a slot. Raises SIPCoreError when the generator is active."""
        self._port.start()

    def stop(self) -> None:
        """Stop the tones, drop those that wait, give the slot back. Idempotent."""
        with self._lock:
            playing, self._playing = self._playing, None
            self._waiting.clear()
        if playing is not None:
            self._release(playing)
            self.mixer.send(StopPlayer(playing[0]))
        self._port.stop()

    def play_tones(self, tones: Iterable[tuple[float, float, float]]) -> None:
        """Play each (Hz, Hz, milliseconds); 0 Hz is silence.

        Raises SIPCoreError when the generator is not active, ValueError for negative numbers and for more than a minute.
        """
        wanted = tuple((float(first), float(second), milliseconds / 1000) for first, second, milliseconds in tones)
        if any(number < 0 for one in wanted for number in one):
            raise ValueError("frequencies and durations are at least 0")
        if sum(seconds for _, _, seconds in wanted) * 1000 > _MAX_MILLISECONDS:
            raise ValueError("tones of at most one minute can be played at a time")
        if not self.is_active:
            raise SIPCoreError("the ToneGenerator is not active")
        if wanted:
            with self._lock:
                self._waiting.append(wanted)
            self._play_next()

    def play_dtmf(self, digit: str) -> None:
        """Play the tones of a key (0-9 * # A-D). Raises ValueError for another, SIPCoreError as ``play_tones``."""
        first, second = dtmf_frequencies(digit)
        self.play_tones([(first, second, _DIGIT), (0, 0, _PAUSE)])

    def _play_next(self) -> bool:
        """Begin with what has waited longest, unless something is played; False when nothing is left to do."""
        with self._lock:
            target = self._port.slot
            if self._playing is not None or not self._waiting or target is None:
                return self._playing is not None
            tones = self._waiting.pop(0)
            number, slot = MediaEvents().number(), self.mixer.allocate_slot()
            self._playing = number, slot
        MediaEvents().add("player", number, lambda event: self._media_event(number, event))
        self.mixer.connect_slots(slot, target)
        self.mixer.send(StartPlayer(number, self.mixer.number, slot, "", self._volume, tones=tones))
        return True

    def _media_event(self, number: int, event: object) -> None:
        if not isinstance(event, PlayerEnded | PlayerFailed):
            return
        with self._lock:
            if self._playing is None or self._playing[0] != number:
                return
            playing, self._playing = self._playing, None
        self._release(playing)
        if not self._play_next():
            post("ToneGeneratorDidFinishPlaying", self)

    def _release(self, playing: tuple[int, int]) -> None:
        MediaEvents().discard("player", playing[0])
        self.mixer.release_slot(playing[1])
