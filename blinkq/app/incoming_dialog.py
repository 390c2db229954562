"""The dialog of an incoming call: who calls which account, and Answer, Busy or Reject.

It stays on top but does not take the keyboard: whoever is typing elsewhere must not answer by accident.
"""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QDialog, QLabel, QPushButton, QWidget

from blinkq.app.call import Call, CallStage
from blinkq.app.form_loader import load_form
from blinkq.app.icons import pixmap, set_icon

__all__ = ["IncomingDialog", "IncomingDialogForm"]


class IncomingDialogForm(Protocol):
    """Widgets of incoming_dialog.ui."""

    pictureLabel: QLabel
    titleLabel: QLabel
    addressLabel: QLabel
    accountLabel: QLabel
    answerButton: QPushButton
    busyButton: QPushButton
    rejectButton: QPushButton

    def setupUi(self, widget: QWidget) -> None: ...


class IncomingDialog(QDialog):
    """Asks what to do with a call. Goes by itself when the call no longer rings; ``silenced`` when it was closed without an answer."""

    silenced = pyqtSignal(Call)

    def __init__(self, call: Call, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.call = call
        self.ui: IncomingDialogForm = load_form("incoming_dialog")
        self.ui.setupUi(self)
        kind = Qt.WindowType
        # a title and a close button: there is nothing to be made smaller or larger
        self.setWindowFlags(
            kind.Dialog | kind.WindowStaysOnTopHint | kind.CustomizeWindowHint | kind.WindowTitleHint | kind.WindowCloseButtonHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._show_caller()
        ui = self.ui
        for button, name, role in (
            (ui.answerButton, "call", "on_accent"), (ui.busyButton, "busy", "text"), (ui.rejectButton, "hang-up", "on_accent"),
        ):  # fmt: skip
            set_icon(button, name, role)
            button.setMinimumHeight(34)
        self.ui.answerButton.clicked.connect(call.answer)
        self.ui.busyButton.clicked.connect(call.busy)
        self.ui.rejectButton.clicked.connect(call.reject)
        self.ui.answerButton.setFocus()
        call.changed.connect(self._call_changed)

    def done(self, result: int) -> None:
        """Esc or the window's close button: stop ringing here, leave the call waiting (another device may take it)."""
        self.call.changed.disconnect(self._call_changed)
        if self.call.stage is CallStage.INCOMING:
            self.silenced.emit(self.call)
        super().done(result)

    def _call_changed(self) -> None:
        if self.call.stage is not CallStage.INCOMING:
            self.done(0)

    def _show_caller(self) -> None:
        call, ui = self.call, self.ui
        font = ui.titleLabel.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        ui.titleLabel.setFont(font)
        ui.titleLabel.setText(call.title)
        ui.addressLabel.setText(call.peer)
        ui.addressLabel.setVisible(bool(call.name) and call.name != call.peer)
        account = call.account.id if call.account is not None else ""
        ui.accountLabel.setText(self.tr("For %1").replace("%1", account))
        ui.accountLabel.setVisible(bool(account))
        ui.pictureLabel.setPixmap(pixmap("incoming", "good", QSize(44, 44), self.devicePixelRatioF()))
        self.setAccessibleName(self.tr("Incoming call from %1").replace("%1", call.title))
