"""MixerPort: a slot of a mixer that passes on what is connected into it."""

from __future__ import annotations

import threading

from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["MixerPort"]


class MixerPort:
    """A junction: what is connected into ``slot`` comes out of it. May be started again after ``stop()``."""

    def __init__(self, mixer: AudioMixer) -> None:
        self.mixer = mixer
        self._lock = threading.Lock()
        self._slot: int | None = None

    @property
    def slot(self) -> int | None:
        """The slot's number while the port is active."""
        return self._slot

    @property
    def is_active(self) -> bool:
        """True between ``start()`` and ``stop()``."""
        return self._slot is not None

    def start(self) -> None:
        """Take a slot. Raises SIPCoreError when the port has one, or none is left."""
        with self._lock:
            if self._slot is not None:
                raise SIPCoreError("the MixerPort is active already")
            self._slot = self.mixer.allocate_slot(pass_through=True)

    def stop(self) -> None:
        """Give the slot back. Idempotent."""
        with self._lock:
            slot, self._slot = self._slot, None
        if slot is not None:
            self.mixer.release_slot(slot)
