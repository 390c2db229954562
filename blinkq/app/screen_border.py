"""A border around a screen that others see. It lies above all windows and takes no clicks."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QRegion
from PyQt6.QtWidgets import QWidget

from blinkq.app.colours import colours
from blinkq.sipsimple.screens import Monitor

__all__ = ["ScreenBorder", "place_of"]

_THICKNESS = 4


class ScreenBorder(QWidget):
    """Shown while it is visible; its inside is cut out, so that no compositor is needed."""

    def __init__(self, monitor: Monitor) -> None:
        kind = Qt.WindowType
        flags = kind.FramelessWindowHint | kind.WindowStaysOnTopHint | kind.Tool | kind.WindowTransparentForInput
        super().__init__(None, flags | kind.WindowDoesNotAcceptFocus | kind.X11BypassWindowManagerHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Border of the shared screen"))
        self.setGeometry(place_of(monitor))
        room = self.rect()
        inside = room.adjusted(_THICKNESS, _THICKNESS, -_THICKNESS, -_THICKNESS)
        self.setMask(QRegion(room).subtracted(QRegion(inside)))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if event is not None:
            painter = QPainter(self)
            painter.fillRect(event.rect(), QColor(colours().danger_ground))
            painter.end()


def place_of(monitor: Monitor) -> QRect:
    """Where a monitor is for Qt, which counts in points; all of them together for number 0."""
    screens = QGuiApplication.screens()
    place = QPoint(monitor.left, monitor.top)
    found = next((screen for screen in screens if monitor.number and screen.geometry().topLeft() == place), None)
    primary = QGuiApplication.primaryScreen()
    if found is not None:
        return found.geometry()
    if primary is None:
        return QRect(monitor.left, monitor.top, monitor.width, monitor.height)
    return primary.geometry() if monitor.number else primary.virtualGeometry()
