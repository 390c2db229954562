"""The widget of another party's desktop: paints what was drawn anew, and takes keys, pointer and wheel."""

from __future__ import annotations

import math
from typing import cast

from PyQt6 import sip
from PyQt6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QImage,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from blinkq.app.desktop_keys import keysym_of, keysym_of_character
from blinkq.app.desktop_viewer import DesktopViewer
from blinkq.rfb.framebuffer import Framebuffer
from blinkq.rfb.messages import CursorChanged

__all__ = ["LOCAL_MODIFIERS", "DesktopView"]

_BUTTONS = {Qt.MouseButton.LeftButton: 1, Qt.MouseButton.MiddleButton: 2, Qt.MouseButton.RightButton: 4}
#: with these three, keys are ours and not the other desktop's
LOCAL_MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
_WHEEL_STEP = 120
_WHEEL_MOST = 10


class DesktopView(QWidget):
    """Shows a DesktopViewer. ``scaled``: the whole picture in the room that there is; else one pixel for one, to be scrolled.
    ``moved`` with the pointer's place in the widget."""

    moved = pyqtSignal(QPoint)

    def __init__(self, viewer: DesktopViewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewer = viewer
        self._screen: Framebuffer | None = None
        self._image = QImage()
        self._scaled = True
        self._grabbing = False
        self._grabbed = False
        self._keys: dict[int, int] = {}  # what is down, by the key's own number: its release may come with another symbol
        self._buttons = 0
        self._place = QPoint()
        self._wheel = QPoint()
        self._cursor: CursorChanged | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        self.setAccessibleName(self.tr("Screen of %1").replace("%1", viewer.title))
        viewer.resized.connect(self._resized)
        viewer.damaged.connect(self._damaged)
        viewer.cursor_changed.connect(self._cursor_changed)
        viewer.changed.connect(self._viewer_changed)
        self._fit()
        self._resized()

    # how it is shown -------------------------------------------------------------------------------------------------------------

    @property
    def scaled(self) -> bool:
        return self._scaled

    @scaled.setter
    def scaled(self, scaled: bool) -> None:
        self._scaled = scaled
        self._fit()

    @property
    def grabbing(self) -> bool:
        """Whether all keys go to the other desktop while the view has the keyboard, those of the window manager too."""
        return self._grabbing

    @grabbing.setter
    def grabbing(self, grabbing: bool) -> None:
        self._grabbing = grabbing
        self._refresh_grab()

    @property
    def picture_size(self) -> QSize:
        """In points of this screen, one pixel for one."""
        return QSize() if self._screen is None else (_size_of(self._screen) / self.devicePixelRatioF()).toSize()

    def sizeHint(self) -> QSize:
        return self.picture_size if self._screen is not None else QSize(640, 400)

    def release_all(self) -> None:
        """Let go of every key and button that is down over there."""
        for keysym in self._keys.values():
            self.viewer.key(keysym, False)
        self._keys.clear()
        if self._buttons:
            self._buttons = 0
            self.viewer.pointer(self._place.x(), self._place.y(), 0)

    def image_place(self, position: QPointF) -> QPoint:
        """The pixel of the picture under a place of the widget; outside of it the nearest one."""
        factor, corner = self._factor, self._corner
        place = (position - corner) / factor
        if self._screen is None:
            return QPoint()
        return QPoint(
            max(0, min(math.floor(place.x()), self._screen.width - 1)), max(0, min(math.floor(place.y()), self._screen.height - 1))
        )

    # events ----------------------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if event is None:
            return
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        ground = QColor("#101214")
        if self._screen is None:
            painter.fillRect(event.rect(), ground)
            return
        factor, corner = self._factor, self._corner
        picture = QRectF(corner, _size_of(self._screen) * factor)
        if not picture.contains(QRectF(event.rect())):
            painter.fillRect(event.rect(), ground)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, abs(factor * self.devicePixelRatioF() - 1) > 1e-6)
        painter.translate(corner)
        painter.scale(factor, factor)
        painter.drawImage(0, 0, self._image)  # only what is in the clip is touched
        painter.end()

    def event(self, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._is_theirs(event):
            event.accept()  # our own shortcuts must not take what is meant for the other desktop
            return True
        return super().event(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        return False if self.viewer.controlling else super().focusNextPrevChild(next)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None or not self.viewer.controlling:
            super().keyPressEvent(event)
            return
        keysym = keysym_of(event)
        if keysym is not None:
            self._keys[_number(event)] = keysym
            self.viewer.key(keysym, True)

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        if event is None or event.isAutoRepeat():
            return
        keysym = self._keys.pop(_number(event), None)
        if keysym is not None:
            self.viewer.key(keysym, False)

    def inputMethodEvent(self, event: QInputMethodEvent | None) -> None:
        if event is None or not self.viewer.controlling:
            return
        for character in event.commitString():
            keysym = keysym_of_character(character)
            self.viewer.key(keysym, True)
            self.viewer.key(keysym, False)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._buttons |= _BUTTONS.get(event.button(), 0)
            self._point(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._buttons &= ~_BUTTONS.get(event.button(), 0)
            self._point(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._point(event.position())
            self.moved.emit(event.position().toPoint())

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None or not self.viewer.controlling:
            super().wheelEvent(event)
            return
        self._wheel += event.angleDelta()
        self._place = self.image_place(event.position())
        for steps, less, more in ((self._wheel.y(), 16, 8), (self._wheel.x(), 64, 32)):
            bit = more if steps > 0 else less
            for _ in range(min(abs(steps) // _WHEEL_STEP, _WHEEL_MOST)):
                self.viewer.pointer(self._place.x(), self._place.y(), self._buttons | bit)
                self.viewer.pointer(self._place.x(), self._place.y(), self._buttons)
        self._wheel = QPoint(_rest(self._wheel.x()), _rest(self._wheel.y()))
        event.accept()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self._refresh_grab()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        self.release_all()
        self._refresh_grab()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    @property
    def _factor(self) -> float:
        """Points of the widget for a pixel of the picture."""
        if self._screen is None:
            return 1.0
        if self._scaled:
            return max(min(self.width() / self._screen.width, self.height() / self._screen.height), 1e-3)
        return 1 / self.devicePixelRatioF()

    @property
    def _corner(self) -> QPointF:
        """Where the picture begins: in the middle of the room."""
        if self._screen is None:
            return QPointF()
        size = _size_of(self._screen) * self._factor
        return QPointF(max(0, round((self.width() - size.width()) / 2)), max(0, round((self.height() - size.height()) / 2)))

    def _is_theirs(self, event: QKeyEvent) -> bool:
        return self.viewer.controlling and event.modifiers() & LOCAL_MODIFIERS != LOCAL_MODIFIERS

    def _fit(self) -> None:
        self.setMinimumSize(QSize(1, 1) if self._scaled else self.picture_size)
        policy = QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)
        self.updateGeometry()
        self.update()
        self._show_cursor()

    def _resized(self) -> None:
        self._screen = screen = self.viewer.screen
        if screen is not None:
            # the picture's own memory: what the core draws there is what is painted
            memory = sip.voidptr(screen.pixels.ctypes.data)
            self._image = QImage(cast(bytes, memory), screen.width, screen.height, screen.width * 4, QImage.Format.Format_RGB32)
        self._fit()

    def _damaged(self, area: QRect) -> None:
        if self._scaled or self.devicePixelRatioF() != 1:
            factor, corner = self._factor, self._corner
            place = QRectF(area.x() * factor, area.y() * factor, area.width() * factor, area.height() * factor).translated(corner)
            self.update(place.adjusted(-2, -2, 2, 2).toAlignedRect())  # its neighbours have a part in smooth edges
        else:
            self.update(area.translated(self._corner.toPoint()))

    def _viewer_changed(self) -> None:
        if not self.viewer.controlling:
            self._keys.clear()
            self._buttons = 0
        self._refresh_grab()
        self._show_cursor()

    def _cursor_changed(self, cursor: CursorChanged) -> None:
        self._cursor = cursor
        self._show_cursor()

    def _show_cursor(self) -> None:
        """The other desktop's own pointer where that is told, else the usual one; a cross where it controls."""
        cursor = self._cursor
        if cursor is None or cursor.pixels is None or not self.viewer.controlling or not cursor.pixels.size:
            self.setCursor(Qt.CursorShape.CrossCursor if self.viewer.controlling else Qt.CursorShape.ArrowCursor)
            return
        height, width = cursor.pixels.shape[:2]
        image = QImage(cursor.pixels.tobytes(), width, height, width * 4, QImage.Format.Format_ARGB32)
        factor = self._factor
        picture = QPixmap.fromImage(image)
        if abs(factor - 1) > 0.05:
            size = QSize(max(round(width * factor), 4), max(round(height * factor), 4))
            picture = picture.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        self.setCursor(QCursor(picture, round(cursor.x * factor), round(cursor.y * factor)))

    def _point(self, position: QPointF) -> None:
        self._place = self.image_place(position)
        self.viewer.pointer(self._place.x(), self._place.y(), self._buttons)

    def _refresh_grab(self) -> None:
        wanted = self._grabbing and self.viewer.controlling and self.hasFocus()
        if wanted != self._grabbed:
            self._grabbed = wanted
            self.grabKeyboard() if wanted else self.releaseKeyboard()


def _number(event: QKeyEvent) -> int:
    return event.nativeScanCode() or event.key() << 32


def _size_of(screen: Framebuffer) -> QSizeF:
    return QSizeF(screen.width, screen.height)


def _rest(angle: int) -> int:
    return int(math.fmod(angle, _WHEEL_STEP))
