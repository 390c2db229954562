"""The application's own SVG icons, drawn in the colours of the moment.

An icon file says ``currentColor``; what that is, is decided here from a role ("text", "accent", "danger" ...) and the theme. Buttons
and actions that were given an icon by name are drawn again when the theme changes.
"""

from __future__ import annotations

from functools import lru_cache

from PyQt6.QtCore import QByteArray, QRectF, QSize, Qt
from PyQt6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QAbstractButton, QApplication

from blinkq.app.colours import colours
from blinkq.base.resources import resource

__all__ = ["icon", "pixmap", "refresh_icons", "set_icon", "tray_icon"]

_SIZES = (16, 24, 32, 48)
_TRAY_SIZES = (16, 22, 24, 32, 48, 64)
_NAME, _ROLE, _CHECKED = "blinkqIcon", "blinkqIconRole", "blinkqIconChecked"


def set_icon(target: QAbstractButton | QAction, name: str, role: str = "text", checked: str = "on_accent") -> None:
    """Give a button or action the icon ``name`` in the colour of ``role`` (of ``checked`` when it is checked), now and after every
    change of theme."""
    wanted = (name, role, checked)
    if (target.property(_NAME), target.property(_ROLE), target.property(_CHECKED)) == wanted:
        return
    for key, value in zip((_NAME, _ROLE, _CHECKED), wanted, strict=True):
        target.setProperty(key, value)
    target.setIcon(icon(*wanted))


def refresh_icons() -> None:
    """Draw every icon given by ``set_icon`` again, in the colours of the present theme."""
    targets: set[QAbstractButton | QAction] = set()
    for widget in QApplication.allWidgets():
        targets.update(action for action in widget.actions() if action.property(_NAME))
        if isinstance(widget, QAbstractButton) and widget.property(_NAME):
            targets.add(widget)
    for target in targets:
        target.setIcon(icon(target.property(_NAME), target.property(_ROLE), target.property(_CHECKED)))


def icon(name: str, role: str = "text", checked: str = "on_accent") -> QIcon:
    """The icon ``name`` in the present colour of ``role``, paler when disabled, of ``checked`` when checked."""
    result = QIcon()
    scheme = colours()
    for size in _SIZES:
        result.addPixmap(_draw(name, scheme.role(role).name(), size), QIcon.Mode.Normal)
        result.addPixmap(_draw(name, scheme.role("disabled").name(), size), QIcon.Mode.Disabled)
        result.addPixmap(_draw(name, scheme.role(checked).name(), size), QIcon.Mode.Normal, QIcon.State.On)
    return result


def pixmap(name: str, role: str, size: QSize, ratio: float = 1.0) -> QPixmap:
    """The icon ``name`` as a picture of ``size`` for a screen with ``ratio`` pixels a point."""
    result = _draw(name, colours().role(role).name(), round(size.width() * ratio))
    result.setDevicePixelRatio(ratio)
    return result


def tray_icon(name: str) -> QIcon:
    """A coloured icon that is the same in every theme (application and tray)."""
    result = QIcon()
    for size in _TRAY_SIZES:
        result.addPixmap(_draw(name, "#000000", size))
    return result


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text(encoding="utf-8")


def _draw(name: str, colour: str, size: int) -> QPixmap:
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", QColor(colour).name()).encode()))
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture
