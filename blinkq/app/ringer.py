"""What is heard around calls: ringing, ring-back, busy.

One place decides from the calls what should sound, and starts or stops it: no sound can be left behind by a call that went away.
"""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer

from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.middleware import Middleware, SoundLike
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.resources import resource

__all__ = ["Ringer"]

log = get_logger("app.ringer")

#: how long the busy tone sounds after a call failed (ms)
BUSY_DURATION = 3000


class Ringer(QObject):
    """Plays what the calls ask for. ``silence`` stops the ringing of one call."""

    def __init__(self, middleware: Middleware, calls: CallList, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._calls = calls
        self._silenced: set[int] = set()
        self._sounds: dict[str, SoundLike] = {}
        self._playing: set[str] = set()
        self._busy = QTimer(self)
        self._busy.setSingleShot(True)
        self._busy.setInterval(BUSY_DURATION)
        self._busy.timeout.connect(self.update)
        calls.changed.connect(self.update)
        calls.added.connect(self._added)
        calls.removed.connect(lambda call: self._silenced.discard(id(call)))

    @property
    def playing(self) -> set[str]:
        """Names of the sounds that are being played."""
        return set(self._playing)

    def silence(self, call: Call) -> None:
        """Stop ringing for ``call``."""
        self._silenced.add(id(call))
        self.update()

    def close(self) -> None:
        """Stop every sound. Idempotent."""
        self._busy.stop()
        self._play(set())

    def update(self) -> None:
        """Start what should sound, stop what should not."""
        wanted: set[str] = set()
        talking = any(call.stage is CallStage.TALKING for call in self._calls.calls)
        ringing = any(id(call) not in self._silenced for call in self._calls.incoming)
        if ringing and not self._middleware.silent():
            # in a call a full ring tone would drown the voice: knock softly on the loudspeaker of the call instead
            wanted.add("waiting" if talking else "ring")
        if any(call.stage is CallStage.RINGING for call in self._calls.calls):
            wanted.add("ring-back")
        elif self._busy.isActive() and not talking:
            wanted.add("busy")
        self._play(wanted)

    def _added(self, call: Call) -> None:
        call.finished.connect(lambda: self._finished(call))

    def _finished(self, call: Call) -> None:
        if call.stage is CallStage.FAILED and not call.incoming:
            self._busy.start()
        self.update()

    def _play(self, wanted: set[str]) -> None:
        for name in self._playing - wanted:
            self._attempt(name, start=False)
        for name in wanted - self._playing:
            self._attempt(name, start=True)
        self._playing = set(wanted)

    def _attempt(self, name: str, *, start: bool) -> None:
        try:
            sound = self._sounds.get(name) or self._make(name)
            self._sounds[name] = sound
            sound.start() if start else sound.stop()
        except (BlinkQError, RuntimeError, OSError) as error:
            # a tone that cannot be played must not disturb the call it belongs to
            log.warning("the sound %r could not be %s: %s", name, "started" if start else "stopped", error)

    def _make(self, name: str) -> SoundLike:
        file, alert, pause = {
            "ring": ("ring_inbound.wav", True, 1.0),
            "waiting": ("ring_outbound.wav", False, 6.0),
            "ring-back": ("ring_outbound.wav", False, 0.0),
            "busy": ("busy_tone.wav", False, 0.0),
        }[name]
        return self._middleware.sound(resource("sounds", file), alert=alert, loop=True, pause=pause)
