"""The window of the file transfers: a row for each, the latest first."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QEvent, QSettings, QSize, Qt
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from blinkq.app.file_transfer import FileTransfer, TransferStage
from blinkq.app.file_transfer_list import FileTransferList, SendError
from blinkq.app.file_wording import level_of, status_text
from blinkq.app.form_loader import load_form
from blinkq.app.icons import pixmap, set_icon
from blinkq.app.opening import open_file, show_in_folder
from blinkq.app.widgets import ElidedLabel, set_level

__all__ = ["FileTransferRow", "FileTransferRowForm", "FileTransfersWindow"]

_MINIMUM = (360, 260)
_USUAL = (480, 460)


class FileTransferRowForm(Protocol):
    """Widgets of file_transfer_row.ui."""

    pictureLabel: QLabel
    nameLabel: ElidedLabel
    whoLabel: ElidedLabel
    removeButton: QToolButton
    progressBar: QProgressBar
    statusLabel: QLabel
    openButton: QPushButton
    folderButton: QToolButton
    retryButton: QPushButton
    cancelButton: QPushButton

    def setupUi(self, widget: QWidget) -> None: ...


class FileTransferRow(QFrame):
    """Shows a FileTransfer and gives its commands."""

    def __init__(self, transfer: FileTransfer, files: FileTransferList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transfer = transfer
        self._files = files
        self.ui: FileTransferRowForm = load_form("file_transfer_row")
        self.ui.setupUi(self)
        ui = self.ui
        font = ui.nameLabel.font()
        font.setBold(True)
        ui.nameLabel.setFont(font)
        ui.progressBar.setRange(0, 1000)
        ui.progressBar.setMaximumHeight(8)
        set_icon(ui.removeButton, "close")
        set_icon(ui.folderButton, "folder")
        set_icon(ui.retryButton, "redial", "on_accent")
        ui.openButton.clicked.connect(lambda: open_file(self, transfer))
        ui.folderButton.clicked.connect(lambda: show_in_folder(transfer))
        ui.retryButton.clicked.connect(self._retry)
        ui.cancelButton.clicked.connect(transfer.cancel)
        ui.removeButton.clicked.connect(lambda: files.remove(transfer))
        transfer.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the transfer as it is now."""
        transfer, ui = self.transfer, self.ui
        done = transfer.stage is TransferStage.DONE
        ui.nameLabel.setText(transfer.name)
        who = self.tr("from %1") if transfer.incoming else self.tr("to %1")
        known = f" ({transfer.peer})" if transfer.title != transfer.peer else ""
        ui.whoLabel.setText(who.replace("%1", transfer.title) + known)
        ui.statusLabel.setText(status_text(transfer))
        set_level(ui.statusLabel, level_of(transfer))
        ui.progressBar.setVisible(not transfer.over)
        hashing = transfer.stage is TransferStage.HASHING
        ui.progressBar.setValue(round((transfer.hashed if hashing else transfer.fraction) * 1000))
        ui.removeButton.setVisible(transfer.over)
        ui.openButton.setVisible(done)
        ui.folderButton.setVisible(done)
        ui.retryButton.setVisible(transfer.retryable)
        ui.cancelButton.setVisible(not transfer.over)
        self._refresh_picture()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "transfer"):
            self._refresh_picture()

    def _refresh_picture(self) -> None:
        role = "good" if self.transfer.stage is TransferStage.DONE else "danger" if self.transfer.stage is TransferStage.FAILED else "muted"
        name = "download" if self.transfer.incoming else "upload"
        self.ui.pictureLabel.setPixmap(pixmap(name, role, QSize(18, 18), self.devicePixelRatioF()))

    def _retry(self) -> None:
        try:
            self._files.retry(self.transfer)
        except SendError as error:
            self.ui.statusLabel.setText(str(error))
            set_level(self.ui.statusLabel, "error")


class FileTransfersWindow(QWidget):
    """Shows the transfers of a FileTransferList."""

    def __init__(self, files: FileTransferList, settings: QSettings) -> None:
        super().__init__()
        self.rows: dict[int, FileTransferRow] = {}
        self._files = files
        self._settings = settings
        self.setWindowTitle(self.tr("File transfers – BlinkQ"))
        self.setMinimumSize(*_MINIMUM)
        self.resize(*_USUAL)
        geometry = settings.value("file_transfers_window/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        self._contents = QWidget()
        self._rows_layout = QVBoxLayout(self._contents)
        self._rows_layout.setContentsMargins(0, 0, 4, 0)
        self._rows_layout.setSpacing(8)
        self._rows_layout.addStretch(1)
        self.empty_label = QLabel(
            self.tr("No files yet. Drop files on a contact, a call or a chat, or choose Send files… from a contact's menu.")
        )
        self.empty_label.setWordWrap(True)
        self.empty_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_label.setContentsMargins(24, 0, 24, 0)
        set_level(self.empty_label, "muted")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._contents)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clear_button = QPushButton(self.tr("Clear &list"))
        self.clear_button.setAccessibleName(self.tr("Clear the list"))
        self.clear_button.setToolTip(self.tr("Take everything that is over off the list; the files stay"))
        self.clear_button.clicked.connect(files.clear)
        self.total_label = QLabel()
        set_level(self.total_label, "muted")
        foot = QHBoxLayout()
        foot.addWidget(self.total_label, 1)
        foot.addWidget(self.clear_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty_label)
        self._pages.addWidget(area)
        layout.addWidget(self._pages, 1)
        layout.addLayout(foot)
        files.added.connect(self._added)
        files.removed.connect(self._removed)
        files.changed.connect(self.refresh)
        for transfer in files.transfers:
            self._added(transfer)
        self.refresh()

    def come_to_front(self) -> None:
        """Show the window above the others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def refresh(self) -> None:
        """Show how many there are."""
        total, live = len(self._files.transfers), len(self._files.live)
        self._pages.setCurrentIndex(1 if total else 0)
        self.clear_button.setEnabled(total > live)
        text = self.tr("%1 in all, %2 under way").replace("%1", str(total)).replace("%2", str(live))
        self.total_label.setText(text if total else "")

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._settings.setValue("file_transfers_window/geometry", self.saveGeometry())
        super().closeEvent(event)  # the transfers go on: the window is only hidden

    def _added(self, transfer: FileTransfer) -> None:
        row = FileTransferRow(transfer, self._files, self._contents)
        self.rows[id(transfer)] = row
        self._rows_layout.insertWidget(0, row)

    def _removed(self, transfer: FileTransfer) -> None:
        row = self.rows.pop(id(transfer), None)
        if row is not None:
            transfer.changed.disconnect(row.refresh)
            row.hide()
            row.deleteLater()
