"""Where a message is written: Enter sends, Shift+Enter begins a line; as high as its text, up to six lines."""

from __future__ import annotations

from PyQt6.QtCore import QMimeData, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import QPlainTextEdit, QWidget

__all__ = ["MessageEdit"]

_LINES = 6


class MessageEdit(QPlainTextEdit):
    """``submitted`` when Enter was pressed; ``media_pasted`` with files or a picture from the clipboard."""

    submitted = pyqtSignal()
    media_pasted = pyqtSignal(QMimeData)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # what is dropped is the affair of the whole page
        self.textChanged.connect(self.fit)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.submitted.emit()
        elif enter:
            self.textCursor().insertText("\n")
            self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.fit()

    def canInsertFromMimeData(self, source: QMimeData | None) -> bool:
        return source is not None and (source.hasText() or source.hasUrls() or source.hasImage())

    def insertFromMimeData(self, source: QMimeData | None) -> None:
        if source is None:
            return
        if (source.hasImage() and not source.hasText()) or any(url.isLocalFile() for url in source.urls()):
            self.media_pasted.emit(source)
        else:
            super().insertFromMimeData(source)

    def fit(self) -> None:
        """Make it as high as its text."""
        document = self.document()
        layout = document.documentLayout() if document is not None else None
        if document is None or layout is None:
            return
        lines = min(max(int(layout.documentSize().height()), 1), _LINES)
        frame = self.height() - self.contentsRect().height()
        height = lines * self.fontMetrics().lineSpacing() + int(document.documentMargin() * 2) + max(frame, 6) + 2
        if height != self.minimumHeight():
            self.setFixedHeight(height)
        scroll = Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines == _LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if scroll != self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(scroll)
