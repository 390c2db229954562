"""Pictures that the application takes itself: where only it can, as under Wayland."""

from __future__ import annotations

import threading
from collections.abc import Callable

from blinkq.engine.screen.source import ScreenError
from blinkq.rfb.pixel_format import Pixels

__all__ = ["ScreenFeed"]

#: Seconds for which a viewer waits for the first picture.
PATIENCE = 30.0


class ScreenFeed:
    """A ScreenSource of one viewer. The application calls ``show`` and ``fail`` from any thread.

    title: what is shown, for people
    """

    def __init__(self, title: str = "") -> None:
        self.title = title
        self._lock = threading.Condition()
        self._picture: Callable[[], Pixels] | None = None
        self._reason: str | None = None

    def show(self, picture: Callable[[], Pixels]) -> None:
        """It looks so now; ``picture`` is called in the viewer's thread, unless another one comes first. It may raise ScreenError."""
        with self._lock:
            self._picture = picture
            self._lock.notify_all()

    def fail(self, reason: str) -> None:
        """There will be no more pictures. reason: a sentence"""
        with self._lock:
            self._reason = reason
            self._lock.notify_all()

    def place(self) -> None:
        """Nobody knows. Raises ScreenError after ``fail``."""
        if self._reason is not None:
            raise ScreenError(self._reason)

    def wait(self) -> None:
        """Until there is a picture. Raises ScreenError after ``fail``, and when none comes."""
        with self._lock:
            self._lock.wait_for(lambda: self._picture is not None or self._reason is not None, PATIENCE)
            if self._picture is None:
                raise ScreenError(self._reason or "The screen cannot be read: there is no picture of it.")

    def grab(self) -> Pixels | None:
        self.place()
        with self._lock:
            picture, self._picture = self._picture, None
        return None if picture is None else picture()

    def close(self) -> None:
        """The application ends what it takes pictures with."""
