"""WaveFile and RecordingWaveFile: one file on one slot. Who connects the slot with others hears or is recorded.

WavePlayer and WaveRecorder of ``sipsimple.audio`` are what bridges take.
"""

from __future__ import annotations

import threading

from blinkq.base.catalogue import post
from blinkq.media.control import PlayerEnded, PlayerFailed, RecorderEnded, StartPlayer, StartRecorder, StopPlayer, StopRecorder
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.sip_uri import SIPCoreError
from blinkq.sipsimple.wave_file import check_wave_file

__all__ = ["RecordingWaveFile", "WaveFile"]


class WaveFile:
    """Plays a WAV file once into its slot.

    :param mixer: the AudioMixer
    :param filename: path of the file

    May be started again when it has ended. Posts WaveFileDidFinishPlaying at the end of the file, not after ``stop()``.
    """

    def __init__(self, mixer: AudioMixer, filename: str) -> None:
        self.mixer = mixer
        self.filename = filename
        self._volume = 100
        self._lock = threading.Lock()
        self._number: int | None = None
        self._slot: int | None = None

    @property
    def volume(self) -> int:
        """Percent; 100 leaves the file as it is. A change counts from the next start; ValueError below 0."""
        return self._volume

    @volume.setter
    def volume(self, volume: int) -> None:
        if volume < 0:
            raise ValueError(f"a volume is at least 0, not {volume}")
        self._volume = int(volume)

    @property
    def slot(self) -> int | None:
        """The slot's number while the file is played."""
        return self._slot

    @property
    def is_active(self) -> bool:
        """True while the file is played."""
        return self._number is not None

    def start(self) -> None:
        """Play from the beginning. Raises SIPCoreError while it is played, or when the file cannot be."""
        check_wave_file(self.filename)
        with self._lock:
            if self._number is not None:
                raise SIPCoreError(f"{self.filename} is being played already")
            number, slot = MediaEvents().number(), self.mixer.allocate_slot()
            self._number, self._slot = number, slot
        MediaEvents().add("player", number, lambda event: self._media_event(number, event))
        self.mixer.send(StartPlayer(number, self.mixer.number, slot, self.filename, self._volume))

    def stop(self) -> None:
        """Stop at once. Idempotent."""
        number = self._number
        if number is not None and self._finish(number):
            self.mixer.send(StopPlayer(number))

    def _media_event(self, number: int, event: object) -> None:
        if isinstance(event, PlayerEnded | PlayerFailed) and self._finish(number):
            post("WaveFileDidFinishPlaying", self)

    def _finish(self, number: int) -> bool:
        with self._lock:
            if self._number != number:
                return False
            slot, self._number, self._slot = self._slot, None, None
        MediaEvents().discard("player", number)
        if slot is not None:
            self.mixer.release_slot(slot)
        return True


class RecordingWaveFile:
    """Writes what is connected into its slot to a WAV file; one object makes one recording.

    :param mixer: the AudioMixer
    :param filename: path of the file, which is overwritten
    """

    def __init__(self, mixer: AudioMixer, filename: str) -> None:
        self.mixer = mixer
        self.filename = filename
        self._lock = threading.Lock()
        self._number: int | None = None
        self._slot: int | None = None

    @property
    def slot(self) -> int | None:
        """The slot's number while it records."""
        return self._slot

    @property
    def is_active(self) -> bool:
        """True while it records."""
        return self._slot is not None

    def start(self) -> None:
        """Begin the recording. Raises SIPCoreError the second time."""
        with self._lock:
            if self._number is not None:
                raise SIPCoreError(f"the recording {self.filename} was started before: make another object for another one")
            number, slot = MediaEvents().number(), self.mixer.allocate_slot()
            self._number, self._slot = number, slot
        MediaEvents().add("recorder", number, lambda event: self._media_event(number, event))
        self.mixer.send(StartRecorder(number, self.mixer.number, slot, self.filename))

    def stop(self) -> None:
        """End the recording and close the file. Idempotent."""
        with self._lock:
            number, slot, self._slot = self._number, self._slot, None
        if number is not None and slot is not None:
            self.mixer.send(StopRecorder(number))
            self.mixer.release_slot(slot)

    def _media_event(self, number: int, event: object) -> None:
        if isinstance(event, RecorderEnded):
            MediaEvents().discard("recorder", number)
            with self._lock:
                slot, self._slot = self._slot, None
            if slot is not None:  # the disk is full, for instance: nothing is written any more
                self.mixer.release_slot(slot)
