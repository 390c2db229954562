"""The dialog before a screen of ours is shown: which one, or which window, and what the other party may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkq.app.chat_entries import clean_line
from blinkq.app.icons import icon, set_icon
from blinkq.app.screen_capture import ScreenCapture
from blinkq.app.widgets import set_level
from blinkq.sipsimple.screens import Monitor, Shareable, Window

__all__ = ["ShareDialog", "Taker"]


@dataclass(frozen=True)
class Taker:
    """Something that Qt can take pictures of. title: for people; begin: makes what takes them; asked: whether the desktop asks first."""

    title: str
    begin: Callable[[], ScreenCapture]
    asked: bool = False


class ShareDialog(QDialog):
    """``accepted`` when something shall be shown: ``what`` and ``control`` say how.

    monitors: all together first, as the middleware tells them; windows: those that can be shown alone; takers: what Qt can take pictures
    of. Of these ``capture`` has taken the first one when the dialog is accepted, and is the receiver's to stop.
    """

    def __init__(
        self, title: str, monitors: Sequence[Monitor], windows: Sequence[Window], takers: Sequence[Taker] = (),
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.capture: ScreenCapture | None = None
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
        for taker in takers:
            self.selector.addItem(icon("window"), taker.title, taker)
        self.selector.setCurrentIndex(min(1, max(0, len(screens) - 1)))  # the first screen rather than all of them
        if screens and (windows or takers):
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
        self.share_button.clicked.connect(self._share)
        self.cancel_button.clicked.connect(self.reject)

    @property
    def what(self) -> Shareable:
        """The chosen one."""
        return self.capture.feed if self.capture is not None else cast(Shareable, self.selector.currentData())

    @property
    def control(self) -> bool:
        """Whether the other party may use mouse and keyboard."""
        return self.control_box.isChecked() and self.control_box.isEnabled()

    def reject(self) -> None:
        if self.capture is not None:
            self.capture.stop()
        super().reject()

    def _share(self) -> None:
        chosen = self.selector.currentData()
        if not isinstance(chosen, Taker):
            self.accept()
            return
        self.selector.setEnabled(False)
        self.share_button.setEnabled(False)
        if chosen.asked:
            self.hint.setText(self.tr("Choose what to show in the question of your desktop. Nothing is seen before that."))
        self.capture = chosen.begin()
        self.capture.setParent(self)
        self.capture.ready.connect(self.accept)
        self.capture.failed.connect(self._failed)
        self.capture.start()

    def _failed(self, reason: str) -> None:
        """It can be tried again."""
        if self.capture is not None:
            self.capture.stop()
            self.capture.deleteLater()
            self.capture = None
        self.selector.setEnabled(True)
        self.share_button.setEnabled(True)
        self.hint.setText(reason)

    def _explain(self) -> None:
        chosen = self.selector.currentData()
        self.control_box.setEnabled(not isinstance(chosen, Taker))
        if isinstance(chosen, Taker) and chosen.asked:
            seen = self.tr("Your desktop asks next which screen to show. Others can see it then, but not use mouse and keyboard.")
            self.hint.setText(seen)
            return
        if isinstance(chosen, Window | Taker):
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
