"""Pictures of a screen or a window through Qt, where the middleware cannot take them.

Under Wayland no program sees the screen. The desktop's portal asks the person which one to show, in a dialog of its own, and hands its
pictures over through PipeWire, which QtMultimedia knows. Under Windows and macOS the pictures of one window come the same way.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QImage

from blinkq.app.chat_entries import clean_line
from blinkq.rfb.pixel_format import Pixels
from blinkq.sipsimple.screens import ScreenError, ScreenFeed

if TYPE_CHECKING:
    from PyQt6.QtMultimedia import QCapturableWindow, QVideoFrame

__all__ = ["ScreenCapture", "capturable_windows", "through_portal"]


def through_portal() -> bool:
    """Whether the desktop itself asks what may be seen."""
    return QGuiApplication.platformName().startswith("wayland")


def capturable_windows() -> list[QCapturableWindow]:
    """Windows that can be seen alone by these means; none where the middleware has better ones."""
    if platform.system() not in ("Windows", "Darwin"):
        return []
    from PyQt6.QtMultimedia import QWindowCapture  # as below

    return [window for window in QWindowCapture.capturableWindows() if window.isValid() and window.description()]


class ScreenCapture(QObject):
    """Fills ``feed``, of a window or, without one, of the screen that the person chooses. ``ready`` once, with the first picture;
    ``failed`` with a sentence when there is none, or none any more."""

    ready = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(self, window: QCapturableWindow | None = None, parent: QObject | None = None) -> None:
        # imported here: it brings FFmpeg's libraries along, which nobody needs who does not share like this
        from PyQt6.QtMultimedia import QMediaCaptureSession, QScreenCapture, QVideoSink, QWindowCapture

        super().__init__(parent)
        self.feed = ScreenFeed("" if window is None else clean_line(window.description()))
        self._ready = False
        self._sink = QVideoSink(self)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoSink(self._sink)
        self._capture: QScreenCapture | QWindowCapture
        if window is None:
            self._capture = QScreenCapture(self)
            self._capture.setScreen(QGuiApplication.primaryScreen())
            self._session.setScreenCapture(self._capture)
        else:
            self._capture = QWindowCapture(self)
            self._capture.setWindow(window)
            self._session.setWindowCapture(self._capture)
        self._sink.videoFrameChanged.connect(self._take)
        self._capture.errorOccurred.connect(self._fail)

    def start(self) -> None:
        """Ask the desktop."""
        self._capture.start()

    def stop(self) -> None:
        """No more pictures. Idempotent."""
        self._capture.stop()

    def _take(self, frame: QVideoFrame) -> None:
        if frame.isValid():
            self.feed.show(lambda: pixels_of(frame))
            if not self._ready:
                self._ready = True
                self.ready.emit()

    def _fail(self, _kind: object, text: str) -> None:
        reason = self.tr("BlinkQ cannot share this screen: %1").replace("%1", clean_line(text) or self.tr("the desktop says no"))
        self.feed.fail(reason)
        self.failed.emit(reason)


def pixels_of(frame: QVideoFrame) -> Pixels:
    """Rows from above of blue, green, red and 255. Raises ScreenError. From any thread."""
    from PyQt6.QtMultimedia import QVideoFrame, QVideoFrameFormat

    kinds = QVideoFrameFormat.PixelFormat
    kind, copy = frame.pixelFormat(), QVideoFrame(frame)
    turned = kind in (kinds.Format_RGBX8888, kinds.Format_RGBA8888)
    plain = turned or kind in (kinds.Format_BGRX8888, kinds.Format_BGRA8888, kinds.Format_BGRA8888_Premultiplied)
    if plain and copy.map(QVideoFrame.MapMode.ReadOnly):  # as desktops have it: nothing has to be worked out
        try:
            bits = copy.bits(0)
            data = b"" if bits is None else bits.asstring(copy.mappedBytes(0))
            pixels = _cut(data, frame.width(), frame.height(), copy.bytesPerLine(0))
        finally:
            copy.unmap()
        if turned:
            pixels[..., :3] = pixels[..., 2::-1]
        return pixels
    image = frame.toImage().convertToFormat(QImage.Format.Format_RGB32) if frame.isValid() else QImage()
    found = image.constBits()
    data = b"" if found is None else found.asstring(image.sizeInBytes())
    return _cut(data, image.width(), image.height(), image.bytesPerLine())


def _cut(data: bytes, width: int, height: int, line: int) -> Pixels:
    if not (width and height and len(data) >= line * (height - 1) + width * 4):
        raise ScreenError("The screen cannot be read: its picture is of a kind that BlinkQ does not know.")
    rows = np.frombuffer(data.ljust(line * height, b"\0"), np.uint8)[: line * height].reshape(height, line)
    pixels = rows[:, : width * 4].reshape(height, width, 4).copy()
    pixels[..., 3] = 255
    return pixels
