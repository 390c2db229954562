"""The short sound of a new message."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QSettings, QTimer

from blinkq.app.middleware import Middleware, SoundLike
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.base.resources import resource

__all__ = ["PAUSE", "MessageAlert"]

log = get_logger("app.message_alert")

#: ms after a sound in which there is no other: a talkative party is told of once
PAUSE = 3000
_SETTING = "messages/sound"


class MessageAlert(QObject):
    """Plays it, unless the user wants none or everything is silent.

    :param settings: where the user's will is kept
    """

    def __init__(self, middleware: Middleware, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._settings = settings
        self._sound: SoundLike | None = None
        self.pause = QTimer(self)
        self.pause.setSingleShot(True)
        self.pause.setInterval(PAUSE)

    @property
    def enabled(self) -> bool:
        """Whether there is a sound at all."""
        return str(self._settings.value(_SETTING, "true")).lower() != "false"

    def enable(self, enabled: bool) -> None:
        """Let there be a sound, or none."""
        self._settings.setValue(_SETTING, "true" if enabled else "false")

    def play(self) -> None:
        """A message has come that nobody is looking at."""
        if not self.enabled or self._middleware.silent() or self.pause.isActive():
            return
        self.pause.start()
        try:
            self.close()  # what played to its end has to be ended, too
            self._sound = self._middleware.sound(resource("sounds", "message.wav"), alert=True, loop=False)
            self._sound.start()
        except (BlinkQError, RuntimeError, OSError) as error:  # the message is more important than its sound
            log.warning("the sound of a message could not be played: %s", error)

    def close(self) -> None:
        """End the sound. Idempotent."""
        sound, self._sound = self._sound, None
        if sound is not None:
            sound.stop()
