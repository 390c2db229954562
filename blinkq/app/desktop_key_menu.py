"""Combinations of keys that a computer keeps for itself, to be sent to another party's desktop from a menu."""

from __future__ import annotations

from PyQt6.QtWidgets import QMenu, QWidget

from blinkq.app.desktop_viewer import DesktopViewer
from blinkq.app.widgets import fill_menu

__all__ = ["DesktopKeyMenu"]

_CONTROL, _ALT, _SUPER, _TAB = 0xFFE3, 0xFFE9, 0xFFEB, 0xFF09
_DELETE, _ESCAPE, _PRINT, _F1 = 0xFFFF, 0xFF1B, 0xFF61, 0xFFBE


class DesktopKeyMenu(QMenu):
    """Presses and releases keys over there, when controlling."""

    def __init__(self, viewer: DesktopViewer, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer = viewer
        for name, keys in (
            (self.tr("Ctrl+Alt+&Del"), (_CONTROL, _ALT, _DELETE)), (self.tr("&Alt+Tab"), (_ALT, _TAB)),
            (self.tr("Alt+F&4"), (_ALT, _F1 + 3)), (self.tr("Ctrl+&Esc"), (_CONTROL, _ESCAPE)),
            (self.tr("&Super (Windows key)"), (_SUPER,)), (self.tr("&Print screen"), (_PRINT,)),
        ):  # fmt: skip
            fill_menu(self, (name, lambda keys=keys: self.send(*keys)))  # type: ignore[misc]  # mypy cannot infer lambdas with defaults
        self.addSeparator()
        for number in range(1, 8):
            keys = (_CONTROL, _ALT, _F1 + number - 1)
            fill_menu(self, (f"Ctrl+Alt+F{number}", lambda keys=keys: self.send(*keys)))  # type: ignore[misc]  # as above

    def send(self, *keysyms: int) -> None:
        """Press these in order, and release them in the opposite one."""
        for keysym in keysyms:
            self._viewer.key(keysym, True)
        for keysym in reversed(keysyms):
            self._viewer.key(keysym, False)
