"""The window of another party's desktop: the picture, what is going on, and how it is looked at."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPoint, QSettings, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
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

from blinkq.app.desktop_key_menu import DesktopKeyMenu
from blinkq.app.desktop_view import DesktopView
from blinkq.app.desktop_viewer import DesktopViewer, ViewStage
from blinkq.app.icons import set_icon
from blinkq.app.media_session import MediaStage
from blinkq.app.widgets import ElidedLabel, set_level

__all__ = ["DesktopWindow"]

_MINIMUM = (480, 320)
_USUAL = (960, 660)
_GEOMETRY = "desktop_window/geometry"
_FULL_KEYS, _GRAB_KEYS = "Ctrl+Alt+Shift+F", "Ctrl+Alt+Shift+G"
#: how long full screen says how it is left (ms)
_HINT = 5000


class DesktopWindow(QWidget):
    """Shows a DesktopViewer. Closing it ends the session, or takes the desktop out of the call that it is part of. ``closed`` then;
    ``again_wanted`` to begin anew after it has ended (offered when ``repeatable``)."""

    closed = pyqtSignal()
    again_wanted = pyqtSignal()

    def __init__(self, viewer: DesktopViewer, settings: QSettings) -> None:
        super().__init__()
        self.viewer = viewer
        self._settings = settings
        self._was_maximized = False
        self.repeatable = False
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
        self.grab_button = self._button("keyboard", self.tr("All keys"), self._grab_tip())
        self.keys_button = self._button("keypad", self.tr("Keys"), self.tr("Send keys that this computer keeps for itself"))
        self.fit_button = self._button("fit", self.tr("Fit"), self.tr("Show the whole screen in the window, or one pixel for one"))
        self.full_button = self._button("full-screen", self.tr("Full screen"), self.tr("Full screen (%1)").replace("%1", _FULL_KEYS))
        self.end_button = QPushButton(self.tr("&End"))
        self.again_button = QPushButton(self.tr("&Connect again"))
        self.hint_label = QLabel(self.tr("Leave full screen: %1, or touch the upper edge").replace("%1", _FULL_KEYS), self)
        self._hint_timer = QTimer(self)
        self._build()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what is going on as it is now."""
        viewer = self.viewer
        shown = viewer.stage is ViewStage.SHOWN
        self.setWindowTitle(self.tr("Screen of %1 – BlinkQ").replace("%1", viewer.title))
        named = viewer.desktop_name not in ("", "BlinkQ")  # what BlinkQ itself says tells nobody anything
        self.title_label.setText(f"{viewer.title} – {viewer.desktop_name}" if named else viewer.title)
        self.pages.setCurrentWidget(self.area if shown else self._message_page)
        self.message_label.setText(self._message())
        set_level(self.message_label, "error" if viewer.failed else "muted")
        for button in (self.control_button, self.fit_button, self.full_button):
            button.setEnabled(shown)
        self.control_button.setChecked(viewer.controlling)
        self.again_button.setVisible(viewer.over and self.repeatable)
        for button in (self.grab_button, self.keys_button):
            button.setEnabled(shown and viewer.controlling)
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
        height = self.full_button.sizeHint().height()  # known once the style sheet is: the layout has asked before
        for button in self.bar.findChildren(QAbstractButton):
            button.setMinimumHeight(height)
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
            self._show_hint(self.isFullScreen())
        if event is not None and event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._tell_clipboard()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place_hint()

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

    def _grab_tip(self) -> str:
        return self.tr("Send keys there that this computer would keep, such as Alt+Tab (%1)").replace("%1", _GRAB_KEYS)

    def _build(self) -> None:
        font = self.title_label.font()
        font.setBold(True)
        self.title_label.setFont(font)
        set_icon(self.end_button, "close")
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(10, 6, 10, 6)
        row.addWidget(self.title_label, 1)
        self.keys_button.setCheckable(False)
        self.keys_button.setMenu(DesktopKeyMenu(self.viewer, self))
        self.keys_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for button in (
            self.control_button, self.grab_button, self.keys_button, self.fit_button, self.full_button, self.end_button,
        ):  # fmt: skip
            row.addWidget(button)
        self.area.setWidget(self.view)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.message_label.setWordWrap(True)
        self.message_label.setTextFormat(Qt.TextFormat.PlainText)
        self.message_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message_label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._message_page = QWidget()
        page = QVBoxLayout(self._message_page)
        page.setContentsMargins(32, 32, 32, 32)
        page.setSpacing(18)
        page.addStretch(1)
        page.addWidget(self.message_label)
        set_icon(self.again_button, "redial", "on_accent")
        self.again_button.setProperty("kind", "primary")
        page.addWidget(self.again_button, 0, Qt.AlignmentFlag.AlignCenter)
        page.addStretch(1)
        self.hint_label.setObjectName("fullScreenHint")
        self.hint_label.setStyleSheet("#fullScreenHint { background: #e0202428; color: white; border-radius: 8px; padding: 10px 18px; }")
        self.hint_label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hint_label.hide()
        self._hint_timer.setSingleShot(True)
        self._hint_timer.setInterval(_HINT)
        self._hint_timer.timeout.connect(self.hint_label.hide)
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
        self.again_button.clicked.connect(self.again_wanted)
        for keys, slot in ((_FULL_KEYS, self._toggle_full), (_GRAB_KEYS, self._toggle_grab)):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

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

    def _show_hint(self, shown: bool) -> None:
        """Whoever has just lost the buttons is told where they are."""
        self.hint_label.setVisible(shown)
        if shown:
            self.hint_label.adjustSize()
            self.hint_label.raise_()
            self._place_hint()
            self._hint_timer.start()
        else:
            self._hint_timer.stop()

    def _place_hint(self) -> None:
        self.hint_label.move((self.width() - self.hint_label.width()) // 2, self.height() // 10)

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
