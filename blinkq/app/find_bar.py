"""A line in which to write what to look for, with buttons for the next place and the one before."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from blinkq.app.icons import set_icon
from blinkq.app.widgets import set_level

__all__ = ["FindBar"]


class FindBar(QWidget):
    """``wanted`` with a text and whether to look backwards, to be answered with ``tell``; ``closed`` when the bar goes."""

    wanted = pyqtSignal(str, bool)
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(self.tr("Find"))
        self.edit.setAccessibleName(self.tr("Find"))
        self.label = QLabel(self)
        set_level(self.label, "error")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.label)
        self.buttons = []
        for name, text, slot in (
            ("up", self.tr("Earlier (Enter)"), lambda: self._find(backwards=True)),
            ("down", self.tr("Later (Shift+Enter)"), lambda: self._find(backwards=False)),
            ("close", self.tr("Close (Esc)"), self.close_bar),
        ):  # fmt: skip
            button = QToolButton(self)
            set_icon(button, name)
            button.setToolTip(text)
            button.setAccessibleName(text.partition(" (")[0])
            button.clicked.connect(lambda _checked, slot=slot: slot())
            layout.addWidget(button)
            self.buttons.append(button)
        self.edit.installEventFilter(self)

    def begin(self) -> None:
        """Show the bar, ready to write."""
        self.label.clear()
        self.show()
        self.edit.setFocus()
        self.edit.selectAll()

    def tell(self, found: bool) -> None:
        """Whether there was anything."""
        self.label.setText("" if found or not self.edit.text() else self.tr("Not found"))

    def close_bar(self) -> None:
        """Take the bar away."""
        self.hide()
        self.closed.emit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if watched is self.edit and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                # what was written last is looked for first
                self._find(backwards=not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close_bar()
                return True
        return super().eventFilter(watched, event)

    def _find(self, *, backwards: bool) -> None:
        self.wanted.emit(self.edit.text(), backwards)
