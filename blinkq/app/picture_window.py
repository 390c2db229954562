"""A picture of a chat in its full size."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QGuiApplication, QImage, QKeySequence, QPixmap, QResizeEvent, QShortcut
from PyQt6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from blinkq.app.file_wording import size_text
from blinkq.app.icons import set_icon
from blinkq.app.picture import Picture, PictureError, decode
from blinkq.app.widgets import set_level
from blinkq.app.worker import Worker

__all__ = ["PictureWindow"]

_SIZE = QSize(820, 640)


class PictureWindow(QDialog):
    """Shows one picture after another: as large as the window, or a pixel for a pixel.

    :param worker: decodes
    :param save: asks where to keep a picture
    """

    def __init__(self, worker: Worker, save: Callable[[Picture], None], parent: QWidget | None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._worker = worker
        self._save = save
        self._picture: Picture | None = None
        self.image = QImage()
        self.label = QLabel(self)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.area = QScrollArea(self)
        self.area.setWidget(self.label)
        self.area.setWidgetResizable(True)
        self.about = QLabel(self)
        set_level(self.about, "muted")
        self.fit_box = QCheckBox(self.tr("&Fit to the window"), self)
        self.fit_box.setChecked(True)
        self.fit_box.toggled.connect(self._draw)
        self.copy_button = QPushButton(self.tr("&Copy"), self)
        self.save_button = QPushButton(self.tr("&Save as…"), self)
        set_icon(self.save_button, "download")
        self.copy_button.clicked.connect(self._copy)
        self.save_button.clicked.connect(self._save_picture)
        QShortcut(QKeySequence.StandardKey.Copy, self).activated.connect(self._copy)
        QShortcut(QKeySequence.StandardKey.Save, self).activated.connect(self._save_picture)
        row = QHBoxLayout()
        row.addWidget(self.about, 1)
        for widget in (self.fit_box, self.copy_button, self.save_button):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addWidget(self.area, 1)
        layout.addLayout(row)
        self.finished.connect(self._let_go)
        self.resize(_SIZE)

    def show_picture(self, picture: Picture, title: str) -> None:
        """Show a picture that came from or went to ``title``."""
        data = picture.data
        if data is None:
            return
        self._picture = picture
        self.image = QImage()
        self.setWindowTitle(self.tr("Picture – %1 – BlinkQ").replace("%1", title))
        self.about.setText(size_text(len(data)))
        self._worker.run(lambda: _whole(data, picture.kind), lambda image: self._decoded(picture, image))
        self._draw()
        self.show()
        self.raise_()
        self.activateWindow()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._draw()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _decoded(self, picture: Picture, image: QImage | None) -> None:
        if picture is not self._picture:
            return  # another one was asked for meanwhile
        if image is None:
            self.label.setText(self.tr("The picture cannot be shown."))
            return
        self.image = image
        self.about.setText(f"{self.about.text()} · {image.width()} × {image.height()}")
        self._draw()

    def _draw(self) -> None:
        for button in (self.copy_button, self.save_button):
            button.setEnabled(not self.image.isNull())
        if self.image.isNull():
            self.label.setText(self.tr("One moment…"))
            return
        ratio, viewport = self.devicePixelRatioF(), self.area.viewport()
        image = self.image
        if self.fit_box.isChecked() and viewport is not None:
            room = QSize(round(viewport.width() * ratio) - 2, round(viewport.height() * ratio) - 2)
            if image.width() > room.width() or image.height() > room.height():
                image = image.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        self.label.setPixmap(pixmap)
        # without it the label would keep the window from getting smaller
        self.label.setMinimumSize(QSize(1, 1) if self.fit_box.isChecked() else pixmap.deviceIndependentSize().toSize())

    def _let_go(self) -> None:
        """Closed: a whole picture is too large to be kept for nobody."""
        self._picture, self.image = None, QImage()
        self.label.clear()

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and not self.image.isNull():
            clipboard.setImage(self.image)

    def _save_picture(self) -> None:
        if self._picture is not None:
            self._save(self._picture)


def _whole(data: bytes, kind: str) -> QImage | None:
    try:
        return decode(data, kind)[0]
    except PictureError:
        return None
