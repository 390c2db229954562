"""The dialog before a screen of ours is shown: which one, or which window, and what the other party may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkq.app.chat_entries import clean_line
from blinkq.app.icons import icon, set_icon
from blinkq.app.widgets import set_level
from blinkq.sipsimple.screens import Monitor, Shareable, Window

__all__ = ["ShareDialog"]


class ShareDialog(QDialog):
    """``accepted`` when something shall be shown: ``what`` and ``control`` say how.

    monitors: all together first, as the middleware tells them; windows: those that can be shown alone
    """

    def __init__(self, title: str, monitors: Sequence[Monitor], windows: Sequence[Window], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        screens = list(monitors) if len(monitors) != 2 else list(monitors[1:])  # one screen is all of them
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
        self.selector.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)  # titles can be long
        for monitor in screens:
            self.selector.addItem(icon("screen"), self._text(monitor), monitor)
        for window in windows:
            self.selector.addItem(_picture(window), self._title(window), window)
        self.selector.setCurrentIndex(min(1, len(screens) - 1))  # the first screen rather than all of them
        if windows:
            self.selector.insertSeparator(len(screens))
        self.selector.setVisible(self.selector.count() > 1)
        self.control_box = QCheckBox(self.tr("%1 may use my mouse and keyboard").replace("%1", title.replace("&", "&&")))
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        set_level(self.hint, "muted")
        self._explain()
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
        for widget in (heading, self.selector, self.control_box, self.hint):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self.cancel_button.setFocus()
        self.selector.currentIndexChanged.connect(self._explain)
        self.share_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)

    @property
    def what(self) -> Shareable:
        """The chosen one."""
        return cast(Shareable, self.selector.currentData())

    @property
    def control(self) -> bool:
        """Whether the other party may use mouse and keyboard."""
        return self.control_box.isChecked()

    def _explain(self) -> None:
        if isinstance(self.what, Window):
            seen = self.tr("Only this window is seen, also where others lie above it; its menus and dialogs are not.")
        else:
            seen = self.tr("Everything on the screen is seen, notifications too.")
        self.hint.setText(f"{seen} {self.tr('A border and a bar are there until you stop.')}")

    def _title(self, window: Window) -> str:
        title = clean_line(window.title or window.application, 60) or self.tr("without a name")
        return (self.tr("Window: %1 (hidden)") if window.hidden else self.tr("Window: %1")).replace("%1", title)

    def _text(self, monitor: Monitor) -> str:
        size = f"{monitor.width} × {monitor.height}"
        return f"{self.tr('All screens') if not monitor.number else self.tr('Screen %1').replace('%1', str(monitor.number))} ({size})"


def _picture(window: Window) -> QIcon:
    if window.icon is None:
        return icon("window")
    shape = window.icon
    image = QImage(shape.data, shape.width, shape.height, shape.width * 4, QImage.Format.Format_ARGB32)
    return QIcon(QPixmap.fromImage(image))  # which copies it
