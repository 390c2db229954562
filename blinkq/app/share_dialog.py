"""The dialog before a screen of ours is shown: which one, and what the other party may do."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkq.app.icons import set_icon
from blinkq.app.widgets import set_level
from blinkq.sipsimple.screens import Monitor

__all__ = ["ShareDialog"]


class ShareDialog(QDialog):
    """``accepted`` when the screen shall be shown: ``monitor`` and ``control`` say how.

    monitors: all together first, as the middleware tells them
    """

    def __init__(self, title: str, monitors: Sequence[Monitor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._monitors = list(monitors) if len(monitors) != 2 else list(monitors[1:])  # one screen is all of them
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Share your screen – BlinkQ"))
        self.setMinimumWidth(400)
        heading = QLabel(self.tr("Show your screen to %1").replace("%1", title))
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setWordWrap(True)
        font = heading.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        heading.setFont(font)
        self.selector = QComboBox()
        self.selector.setAccessibleName(self.tr("Screen"))
        for monitor in self._monitors:
            self.selector.addItem(self._text(monitor))
        self.selector.setCurrentIndex(min(1, len(self._monitors) - 1))  # the first screen rather than all of them
        self.selector.setVisible(len(self._monitors) > 1)
        self.control_box = QCheckBox(self.tr("%1 may use my mouse and keyboard").replace("%1", title.replace("&", "&&")))
        hint = QLabel(self.tr("Everything on the screen is seen, notifications too. A border and a bar are there until you stop."))
        hint.setWordWrap(True)
        set_level(hint, "muted")
        self.share_button = QPushButton(self.tr("&Share"))
        self.share_button.setProperty("kind", "primary")
        self.share_button.setAutoDefault(False)
        set_icon(self.share_button, "screen-share", "on_accent")
        self.cancel_button = QPushButton(self.tr("&Cancel"))
        self.cancel_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.share_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 18)
        layout.setSpacing(12)
        for widget in (heading, self.selector, self.control_box, hint):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self.cancel_button.setFocus()
        self.share_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)

    @property
    def monitor(self) -> Monitor:
        """The chosen one."""
        return self._monitors[max(self.selector.currentIndex(), 0)]

    @property
    def control(self) -> bool:
        """Whether the other party may use mouse and keyboard."""
        return self.control_box.isChecked()

    def _text(self, monitor: Monitor) -> str:
        size = f"{monitor.width} × {monitor.height}"
        return f"{self.tr('All screens') if not monitor.number else self.tr('Screen %1').replace('%1', str(monitor.number))} ({size})"
