"""What a call has beside its sound, a line for each: how it stands, a way to it, and its end."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QVBoxLayout, QWidget

from blinkq.app.call_media import CallMedium
from blinkq.app.icons import pixmap, set_icon
from blinkq.app.widgets import ElidedLabel

__all__ = ["MediaStrip"]

#: lines for files; what there is beyond them stands in the window of the transfers
_MOST = 5
_PICTURES = {"chat": "chat", "file": "file", "share": "screen-share", "view": "screen"}


class MediaStrip(QWidget):
    """Shows media; nothing is there when there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[int, MediaLine] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self.hide()

    def show_media(self, media: Sequence[CallMedium]) -> None:
        """These are the media now."""
        shown = list(media)[:_MOST]
        keys = [medium.key for medium in shown]
        for key in [key for key in self.lines if key not in keys]:
            line = self.lines.pop(key)
            line.hide()
            line.deleteLater()
        for medium in shown:
            line = self.lines.get(medium.key) or self._new(medium)
            line.show_medium(medium)
        self.setVisible(bool(shown))

    def redraw(self) -> None:
        """The theme is another."""
        for line in self.lines.values():
            line.redraw()

    def _new(self, medium: CallMedium) -> MediaLine:
        line = self.lines[medium.key] = MediaLine(self)
        self._layout.addWidget(line)
        return line


class MediaLine(QWidget):
    """One medium."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.medium: CallMedium | None = None
        self.picture = QLabel()
        self.label = ElidedLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(56, 6)
        self.show_button = QToolButton()
        self.show_button.setText(self.tr("Show"))
        self.end_button = QToolButton()
        for button, name in ((self.show_button, "eye"), (self.end_button, "close")):
            button.setProperty("flat", True)
            button.setProperty("small", True)
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            set_icon(button, name)
        self.show_button.clicked.connect(self._show)
        self.end_button.clicked.connect(self._end)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.picture)
        row.addWidget(self.label, 1)
        for widget in (self.bar, self.show_button, self.end_button):
            row.addWidget(widget)

    def show_medium(self, medium: CallMedium) -> None:
        """Show how it stands now."""
        before, self.medium = self.medium, medium
        self.label.setText(medium.text)
        self.bar.setVisible(medium.fraction is not None)
        self.bar.setValue(round((medium.fraction or 0) * 1000))
        if before is None or (before.running, before.end_text) != (medium.running, medium.end_text):
            self.redraw()
        tip = self.tr("Show the window")
        for button, text in ((self.show_button, tip), (self.end_button, medium.end_text)):
            button.setToolTip(text)
            button.setAccessibleName(f"{text}: {medium.text}")

    def redraw(self) -> None:
        """In the colours of the theme."""
        medium = self.medium
        if medium is not None:
            role = "muted" if not medium.running else "danger" if medium.kind == "share" else "good"
            self.picture.setPixmap(pixmap(_PICTURES[medium.kind], role, QSize(16, 16), self.devicePixelRatioF()))

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            event.accept()  # not the panel's
        self._show()

    def _show(self) -> None:
        if self.medium is not None:
            self.medium.show()

    def _end(self) -> None:
        if self.medium is not None:
            self.medium.end()
