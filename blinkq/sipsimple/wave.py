"""Wave files on a mixer: a player that speaks one, a recorder that writes one. Both can be started and stopped any number of times."""

from __future__ import annotations

import os
import threading

from zope.interface import implementer

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.loop import in_engine
from blinkq.media.control import (
    PlayerEnded,
    PlayerFailed,
    PlayerStarted,
    RecorderEnded,
    RecorderStarted,
    StartPlayer,
    StartRecorder,
    StopPlayer,
    StopRecorder,
)
from blinkq.sipsimple.audio_bridge import IAudioPort, announce_slots
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["WavePlayer", "WaveRecorder"]

log = get_logger("sipsimple.wave")


@implementer(IAudioPort)
class WavePlayer:
    """Plays a WAV file into the mixer.

    :param mixer: the AudioMixer
    :param filename: full path of the file
    :param volume: percent
    :param loop_count: how many times to play, 0 for ever
    :param pause_time: seconds between two plays
    :param initial_play: False waits ``pause_time`` before the first play too

    All of these are attributes; a change counts from the next start. ``initial_delay``, where it is set, is how many seconds to wait before
    the first play, whatever ``initial_play`` says. Posts WavePlayerDidStart, then WavePlayerDidEnd or WavePlayerDidFail
    (``error``: SIPCoreError).
    """

    def __init__(
        self, mixer: AudioMixer, filename: str, volume: int = 100, loop_count: int = 1, pause_time: float = 0, initial_play: bool = True
    ) -> None:
        self.mixer = mixer
        self.filename = filename
        self.volume = volume
        self.loop_count = loop_count
        self.pause_time = pause_time
        self.initial_play = initial_play
        self.initial_delay: float | None = None
        self._lock = threading.RLock()  # held while a command is sent: a stop must not overtake its start
        self._number: int | None = None
        self._slot: int | None = None

    @property
    def consumer_slot(self) -> None:
        return None

    @property
    def producer_slot(self) -> int | None:
        """A slot while the player is active."""
        return self._slot

    @property
    def is_active(self) -> bool:
        """True from ``start()`` to the end of the last play, pauses included."""
        return self._number is not None

    def start(self) -> None:
        """Start to play; nothing happens when the player is active."""
        with self._lock:
            if self._number is not None:
                return
            number, slot = MediaEvents().number(), self.mixer.allocate_slot()
            self._number, self._slot = number, slot
            MediaEvents().add("player", number, lambda event: self._media_event(number, event))
            announce_slots(self, None, None)  # first its connections: nobody misses the beginning
            self.mixer.send(
                StartPlayer(
                    number, self.mixer.number, slot, self.filename, self.volume, self.loop_count, float(self.pause_time),
                    self._first_delay(),
                )
            )  # fmt: skip

    def _first_delay(self) -> float:
        if self.initial_delay is not None:
            return float(self.initial_delay)
        return 0.0 if self.initial_play else float(self.pause_time)

    def stop(self) -> None:
        """Stop at once; nothing happens when the player is not active."""
        number = self._finish(self._number)
        if number is not None:
            self.mixer.send(StopPlayer(number))
            self._ended()

    @in_engine
    def _ended(self) -> None:
        post("WavePlayerDidEnd", self)

    def _media_event(self, number: int, event: object) -> None:
        if isinstance(event, PlayerStarted):
            post("WavePlayerDidStart", self)
        elif isinstance(event, PlayerEnded) and self._finish(number) is not None:
            post("WavePlayerDidEnd", self)
        elif isinstance(event, PlayerFailed) and self._finish(number) is not None:
            post("WavePlayerDidFail", self, error=SIPCoreError(event.error))

    def _finish(self, number: int | None) -> int | None:
        """Become inactive; None when play ``number`` is over already."""
        with self._lock:
            if number is None or self._number != number:
                return None
            slot, self._number, self._slot = self._slot, None, None
        MediaEvents().discard("player", number)
        announce_slots(self, None, slot)
        if slot is not None:
            self.mixer.release_slot(slot)
        return number


@implementer(IAudioPort)
class WaveRecorder:
    """Writes what it hears to a WAV file (16 bit, mono, at the mixer's rate). Started again, it overwrites the file.

    Posts WaveRecorderDidEnd (``filename``) when the file is closed after ``stop()``, WaveRecorderDidFail (``filename``, ``error``: a
    sentence) when it cannot be written or not any more; what was written is kept.
    """

    def __init__(self, mixer: AudioMixer, filename: str) -> None:
        self.mixer = mixer
        self.filename = filename
        self._lock = threading.RLock()  # held while a command is sent: a stop must not overtake its start
        self._number: int | None = None
        self._slot: int | None = None

    @property
    def consumer_slot(self) -> int | None:
        """A slot while the recorder is active."""
        return self._slot

    @property
    def producer_slot(self) -> None:
        return None

    @property
    def is_active(self) -> bool:
        """True while the recorder records."""
        return self._number is not None

    def start(self) -> None:
        """Start to record; nothing happens when it is active. Raises SIPCoreError when the file's folder cannot be made."""
        folder = os.path.dirname(os.path.abspath(self.filename))
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise SIPCoreError(f"The folder {folder} cannot be made: {error.strerror}. Choose another place for recordings.") from error
        with self._lock:
            if self._number is not None:
                return
            number, slot = MediaEvents().number(), self.mixer.allocate_slot()
            self._number, self._slot = number, slot
            MediaEvents().add("recorder", number, lambda event: self._media_event(number, event))
            # first the recorder, then its connections: what is connected is also written
            self.mixer.send(StartRecorder(number, self.mixer.number, slot, self.filename))
        announce_slots(self, None, None)

    def stop(self) -> None:
        """Stop and close the file; nothing happens when it is not active."""
        number = self._finish(self._number)
        if number is not None:
            self.mixer.send(StopRecorder(number))

    def _media_event(self, number: int, event: object) -> None:
        if isinstance(event, RecorderStarted):
            return
        if isinstance(event, RecorderEnded):
            self._finish(number)
            MediaEvents().discard("recorder", number)
            if event.error is None:
                post("WaveRecorderDidEnd", self, filename=event.filename)
            else:
                log.warning("recording to %s ended: %s", event.filename, event.error)
                post("WaveRecorderDidFail", self, filename=event.filename, error=event.error)

    def _finish(self, number: int | None) -> int | None:
        """Become inactive; None when recording ``number`` is over already."""
        with self._lock:
            if number is None or self._number != number:
                return None
            slot, self._number, self._slot = self._slot, None, None
        announce_slots(self, slot, None)
        if slot is not None:
            self.mixer.release_slot(slot)
        return number
