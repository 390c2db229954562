"""The small bar that is there while somebody sees our screen: who, what they may do, and Stop."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QKeySequence, QMouseEvent, QShortcut
from PyQt6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkq.app.icons import pixmap, set_icon
from blinkq.app.media_session import MediaStage
from blinkq.app.screen_border import ScreenBorder, around, place_of, screen_at
from blinkq.app.screen_share import ScreenShare
from blinkq.sipsimple.screens import Monitor

__all__ = ["STOP_KEYS", "ShareBar"]

#: end all sharing while a window of ours has the keyboard
STOP_KEYS = "Ctrl+Alt+Shift+Q"


class ShareBar(QWidget):
    """Shows a ScreenShare and gives its commands; the border around the screen comes and goes with it. Can be moved with the mouse.
    ``stop_wanted`` when the keys to stop all sharing were pressed."""

    stop_wanted = pyqtSignal()

    def __init__(self, share: ScreenShare, offset: int = 0) -> None:
        kind = Qt.WindowType
        super().__init__(None, kind.Tool | kind.FramelessWindowHint | kind.WindowStaysOnTopHint)
        self.share = share
        self._held: QPoint | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(self.tr("Shared screen – BlinkQ"))
        self.border = ScreenBorder(self._border_place())
        self.frame = QFrame()
        self.picture = QLabel()
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.control_box = QCheckBox(self.tr("May use mouse and keyboard"))
        self.control_box.setHidden(not share.operable)
        self.stop_button = QPushButton(self.tr("Stop"))
        self.stop_button.setAccessibleName(self.tr("Stop sharing the screen"))
        self.stop_button.setToolTip(self.tr("Stop sharing the screen (%1)").replace("%1", STOP_KEYS))
        self.stop_button.setProperty("kind", "danger")
        set_icon(self.stop_button, "close", "on_accent")
        self._build()
        self.control_box.toggled.connect(self._allow)
        self.stop_button.clicked.connect(share.stop)
        stop = QShortcut(QKeySequence(STOP_KEYS), self)
        stop.setContext(Qt.ShortcutContext.ApplicationShortcut)
        stop.activated.connect(self.stop_wanted)
        stop.activatedAmbiguously.connect(self.stop_wanted)  # several bars
        share.changed.connect(self.refresh)
        self.refresh()
        self._place(self._screen(), offset)

    def refresh(self) -> None:
        """Show who sees what as it is now."""
        share = self.share
        if share.seen and not share.place.shown:
            text = self.tr("%1 sees the last picture of “%2”, which is hidden now.")
        elif share.seen:
            text = self.tr("%1 sees the window “%2”.") if share.window else self.tr("%1 sees your screen.")
        elif share.link.stage is MediaStage.RINGING:
            text = self.tr("Waiting for %1 to look at your window…") if share.window else self.tr("Waiting for %1 to look at your screen…")
        else:
            text = self.tr("Showing the window “%2” to %1…") if share.window else self.tr("Showing your screen to %1…")
        text = text.replace("%1", share.title).replace("%2", share.window)
        moved = text != self.label.text()
        self.label.setText(text)
        self.setAccessibleName(self.label.text())
        self.picture.setPixmap(pixmap("screen-share", "danger" if share.seen else "muted", QSize(20, 20), self.devicePixelRatioF()))
        self.control_box.setChecked(share.control)
        self.border.follow(self._border_place())
        self.border.setVisible(share.seen and share.place.shown and share.place.width > 0)
        self.raise_()
        if moved:
            self._fit()

    def come_to_front(self) -> None:
        """Show the bar above the others."""
        self.show()
        self.raise_()

    def retire(self) -> None:
        """The sharing is over: go."""
        self.share.changed.disconnect(self.refresh)
        self.border.close()
        self.border.deleteLater()
        self.hide()
        self.deleteLater()

    # events ----------------------------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Without the bar nobody would know that the screen is seen."""
        self.share.stop()
        if event is not None:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._held = event.globalPosition().toPoint() - self.pos()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and self._held is not None:
            self.move(event.globalPosition().toPoint() - self._held)

    def mouseReleaseEvent(self, _event: QMouseEvent | None) -> None:
        self._held = None

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.frame.setProperty("notice", True)
        self.frame.setStyleSheet('QFrame[notice="true"] { border-radius: 0; }')  # there is no window behind its corners
        row = QHBoxLayout(self.frame)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(12)
        for widget in (self.picture, self.label, self.control_box, self.stop_button):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.frame)

    def _fit(self) -> None:
        """As wide as its words, and in the middle of where it was."""
        middle = self.geometry().center().x()
        for layout in (self.frame.layout(), self.layout()):
            if layout is not None:
                layout.activate()
        self.adjustSize()
        self.move(middle - self.width() // 2, self.y())

    def _place(self, screen: QRect, offset: int) -> None:
        self.adjustSize()
        self.move(screen.center().x() - self.width() // 2, screen.top() + 8 + offset * (self.height() + 6))

    def _border_place(self) -> QRect:
        what = self.share.what
        return place_of(what) if isinstance(what, Monitor) else around(self.share.place)

    def _screen(self) -> QRect:
        """Where the bar is to be."""
        if isinstance(self.share.what, Monitor):
            return place_of(self.share.what)
        screen = screen_at(self.share.place)
        return self._border_place() if screen is None else screen.geometry()

    def _allow(self, allowed: bool) -> None:
        self.share.control = allowed
