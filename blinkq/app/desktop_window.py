"""The window of another party's desktop: the picture, what is going on, and how it is looked at."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPoint, QSettings, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from blinkq.app.desktop_view import DesktopView
from blinkq.app.desktop_viewer import DesktopViewer, ViewStage
from blinkq.app.icons import set_icon
from blinkq.app.media_session import MediaStage
from blinkq.app.widgets import ElidedLabel, set_level

__all__ = ["DesktopWindow"]

_MINIMUM = (480, 320)
_USUAL = (960, 660)
_GEOMETRY = "desktop_window/geometry"


class DesktopWindow(QWidget):
    """Shows a DesktopViewer. Closing it ends the session, or takes the desktop out of the call that it is part of. ``closed`` then."""

    closed = pyqtSignal()

    def __init__(self, viewer: DesktopViewer, settings: QSettings) -> None:
        super().__init__()
        self.viewer = viewer
        self._settings = settings
        self._was_maximized = False
        self._echo: str | None = None
        self.setMinimumSize(*_MINIMUM)
        self.resize(*_USUAL)
        geometry = settings.value(_GEOMETRY)
        if geometry is not None:
            self.restoreGeometry(geometry)
        self.view = DesktopView(viewer)
        self.bar = QFrame()
        self.area = QScrollArea()
        self.pages = QStackedWidget()
        self.message_label = QLabel()
        self.title_label = ElidedLabel()
        self.control_button = self._button("pointer", self.tr("Control"), self.tr("Work there with your mouse and keyboard"))
        self.grab_button = self._button("keyboard", self.tr("All keys"), self.tr("Send keys there that this computer would keep"))
        self.fit_button = self._button("fit", self.tr("Fit"), self.tr("Show the whole screen in the window, or one pixel for one"))
        self.full_button = self._button("full-screen", self.tr("Full screen"), self.tr("Full screen (Ctrl+Alt+Shift+F)"))
        self.end_button = QPushButton(self.tr("&End"))
        self._build()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what is going on as it is now."""
        viewer = self.viewer
        shown = viewer.stage is ViewStage.SHOWN
        self.setWindowTitle(self.tr("Screen of %1 – BlinkQ").replace("%1", viewer.title))
        self.title_label.setText(f"{viewer.title} – {viewer.desktop_name}" if viewer.desktop_name else viewer.title)
        self.pages.setCurrentWidget(self.area if shown else self._message_page)
        self.message_label.setText(self._message())
        set_level(self.message_label, "error" if viewer.failed else "muted")
        for button in (self.control_button, self.fit_button, self.full_button):
            button.setEnabled(shown)
        self.control_button.setChecked(viewer.controlling)
        self.grab_button.setEnabled(shown and viewer.controlling)
        self.grab_button.setChecked(self.view.grabbing)
        self.fit_button.setChecked(self.view.scaled)
        self.full_button.setChecked(self.isFullScreen())
        self.end_button.setText(self.tr("&Close") if viewer.over else self.tr("&End"))
        if viewer.over and self.isFullScreen():
            self._toggle_full()

    def come_to_front(self) -> None:
        """Show the window above the others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    # events ----------------------------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if not self.isFullScreen():
            self._settings.setValue(_GEOMETRY, self.saveGeometry())
        self._set_control(False)
        self.viewer.end()
        super().closeEvent(event)
        self.closed.emit()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._refresh_pause()

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._refresh_pause()

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.WindowStateChange and hasattr(self, "end_button"):
            self._refresh_pause()
            self.bar.setVisible(not self.isFullScreen())
            self.full_button.setChecked(self.isFullScreen())
        if event is not None and event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._tell_clipboard()

    # setting up ------------------------------------------------------------------------------------------------------------------

    def _button(self, icon: str, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(button, icon)
        return button

    def _build(self) -> None:
        font = self.title_label.font()
        font.setBold(True)
        self.title_label.setFont(font)
        set_icon(self.end_button, "close")
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(10, 6, 10, 6)
        row.addWidget(self.title_label, 1)
        for button in (self.control_button, self.grab_button, self.fit_button, self.full_button, self.end_button):
            row.addWidget(button)
        self.area.setWidget(self.view)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.message_label.setWordWrap(True)
        self.message_label.setTextFormat(Qt.TextFormat.PlainText)
        self.message_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message_label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._message_page = QWidget()
        page = QVBoxLayout(self._message_page)
        page.setContentsMargins(32, 32, 32, 32)
        page.addWidget(self.message_label)
        self.pages.addWidget(self._message_page)
        self.pages.addWidget(self.area)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.pages, 1)

    def _connect(self) -> None:
        viewer = self.viewer
        viewer.changed.connect(self._changed)
        viewer.clipboard_received.connect(self._take_clipboard)
        viewer.password_wanted.connect(self._ask_password)
        self.view.moved.connect(self._pointer_moved)
        self.control_button.clicked.connect(self._set_control)
        self.grab_button.clicked.connect(self._set_grab)
        self.fit_button.clicked.connect(self._set_scaled)
        self.full_button.clicked.connect(self._toggle_full)
        self.end_button.clicked.connect(self.close)
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.dataChanged.connect(self._tell_clipboard)
        for keys, slot in (("F", self._toggle_full), ("G", self._toggle_grab)):
            QShortcut(QKeySequence(f"Ctrl+Alt+Shift+{keys}"), self).activated.connect(slot)

    # commands --------------------------------------------------------------------------------------------------------------------

    def _set_control(self, wanted: bool) -> None:
        if not wanted:
            self.view.release_all()
        self.viewer.controlling = wanted and self.viewer.stage is ViewStage.SHOWN
        if self.viewer.controlling:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
            self._tell_clipboard()
        self.refresh()

    def _set_grab(self, wanted: bool) -> None:
        self.view.grabbing = wanted
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.refresh()

    def _toggle_grab(self) -> None:
        if self.grab_button.isEnabled():
            self._set_grab(not self.view.grabbing)

    def _set_scaled(self, scaled: bool) -> None:
        self.view.scaled = scaled
        self.refresh()

    def _toggle_full(self) -> None:
        if self.isFullScreen():
            self.showMaximized() if self._was_maximized else self.showNormal()
        elif self.viewer.stage is ViewStage.SHOWN:
            self._was_maximized = self.isMaximized()
            self._settings.setValue(_GEOMETRY, self.saveGeometry())
            self.showFullScreen()
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.full_button.setChecked(self.isFullScreen())

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        first = self.viewer.stage is ViewStage.SHOWN and self.pages.currentWidget() is not self.area
        self.refresh()
        if first:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _message(self) -> str:
        viewer = self.viewer
        if viewer.stage is ViewStage.OVER:
            return viewer.reason
        if viewer.stage is ViewStage.WAITING:
            return self.tr("Connected. Waiting for the picture…")
        texts = {
            MediaStage.LOOKING_UP: self.tr("Looking up the server…"),
            MediaStage.RINGING: self.tr("Waiting for %1 to agree…"),
        }
        return texts.get(viewer.link.stage, self.tr("Connecting to %1…")).replace("%1", viewer.title)

    def _pointer_moved(self, place: QPoint) -> None:
        """In full screen the bar comes when the pointer touches the upper edge, and goes when it leaves."""
        if self.isFullScreen():
            y = self.view.mapTo(self, place).y()
            if y <= 1:
                self.bar.show()
            elif y > self.bar.height() + 8:
                self.bar.hide()

    def _refresh_pause(self) -> None:
        self.viewer.pause(not self.isVisible() or self.isMinimized())

    def _ask_password(self) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self.windowTitle())
        dialog.setLabelText(self.tr("The desktop asks for a password:"))
        dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
        dialog.textValueSelected.connect(self.viewer.password)
        dialog.rejected.connect(self.viewer.end)
        self.viewer.finished.connect(dialog.close)
        dialog.open()

    # clipboard -------------------------------------------------------------------------------------------------------------------

    def _take_clipboard(self, text: str) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.isActiveWindow():
            self._echo = text
            clipboard.setText(text)

    def _tell_clipboard(self) -> None:
        """Only while the person works over there: what is copied in between for something else is nobody's affair."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is None or not self.viewer.controlling or not self.isActiveWindow():
            return
        text = clipboard.text()
        if text and text != self._echo:
            self._echo = text
            self.viewer.cut_text(text)
