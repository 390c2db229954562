"""A border around a screen or a window that others see. It lies above all windows and takes no clicks."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent, QRegion, QScreen
from PyQt6.QtWidgets import QWidget

from blinkq.app.colours import colours
from blinkq.sipsimple.screens import Monitor, Place

__all__ = ["ScreenBorder", "around", "frames", "place_of", "screen_at"]

_THICKNESS = 4


class ScreenBorder(QWidget):
    """Shown while it is visible; its inside is cut out, so that no compositor is needed."""

    def __init__(self, place: QRect) -> None:
        kind = Qt.WindowType
        flags = kind.FramelessWindowHint | kind.WindowStaysOnTopHint | kind.Tool | kind.WindowTransparentForInput
        super().__init__(None, flags | kind.WindowDoesNotAcceptFocus | kind.X11BypassWindowManagerHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Border of the shared screen"))
        self.follow(place)

    def follow(self, place: QRect) -> None:
        """Be there, along the inside of its edges."""
        if place == self.geometry() and not self.mask().isEmpty():
            return
        self.setGeometry(place)
        self.setMask(frames(place, [screen.geometry() for screen in QGuiApplication.screens()]).translated(-place.topLeft()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if event is not None:
            painter = QPainter(self)
            painter.fillRect(event.rect(), QColor(colours().danger_ground))
            painter.end()


def frames(place: QRect, screens: Sequence[QRect]) -> QRegion:
    """What is painted of ``place``: its edges; those of each screen where there are several in it, since they may differ in size."""
    inner = [screen for screen in screens if place.contains(screen)]
    painted = QRegion()
    for room in inner if len(inner) > 1 else [place]:
        painted += QRegion(room) - QRegion(room.adjusted(_THICKNESS, _THICKNESS, -_THICKNESS, -_THICKNESS))
    return painted


def around(place: Place) -> QRect:
    """What a window's border needs, for Qt, which counts in points: the border covers nothing of the window."""
    screen = screen_at(place)
    if screen is None:
        return QRect(place.left, place.top, place.width, place.height)
    corner, ratio = screen.geometry().topLeft(), screen.devicePixelRatio()
    left, top = corner.x() + round((place.left - corner.x()) / ratio), corner.y() + round((place.top - corner.y()) / ratio)
    room = QRect(left, top, round(place.width / ratio), round(place.height / ratio))
    return room.adjusted(-_THICKNESS, -_THICKNESS, _THICKNESS, _THICKNESS)


def screen_at(place: Place) -> QScreen | None:
    """The screen on which the middle of a window is, else the first; None where there is none."""
    middle = QPoint(place.left + place.width // 2, place.top + place.height // 2)
    for screen in QGuiApplication.screens():
        room = QRect(screen.geometry().topLeft(), screen.geometry().size() * screen.devicePixelRatio())
        if room.contains(middle):
            return screen
    return QGuiApplication.primaryScreen()


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
