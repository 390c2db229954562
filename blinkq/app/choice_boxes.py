"""Check boxes for several things that are offered together: each can be taken or left."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from blinkq.app.peer_request import Choice

__all__ = ["ChoiceBoxes"]


class ChoiceBoxes(QWidget):
    """A box for each choice. ``changed`` when one was ticked or unticked."""

    changed = pyqtSignal()

    def __init__(self, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: list[QCheckBox] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for choice in choices:
            layout.addLayout(self._row(choice))

    @property
    def chosen(self) -> set[int]:
        """The numbers of what is ticked."""
        return {number for number, box in enumerate(self.boxes) if box.isChecked()}

    def _row(self, choice: Choice) -> QHBoxLayout:
        """The words are a label of their own, since those of a box do not wrap."""
        box = QCheckBox()
        box.setChecked(choice.ticked)
        box.setAccessibleName(choice.text)
        box.toggled.connect(self.changed)
        words = _Words(choice.text)
        words.clicked.connect(box.toggle)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        self.boxes.append(box)
        return row


class _Words(QLabel):
    """Belong to a box: a click on them is one on it."""

    clicked = pyqtSignal()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()
