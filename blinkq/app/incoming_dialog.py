"""The dialog of an incoming call: who calls which account, and Answer, Busy or Reject; during a call, what becomes of that one."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtWidgets import QDialog, QLabel, QPushButton, QWidget

from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.form_loader import load_form
from blinkq.app.icons import pixmap, set_icon
from blinkq.app.people import LOCAL_ACCOUNT
from blinkq.app.widgets import fit_height, make_quiet_question

__all__ = ["IncomingDialog", "IncomingDialogForm"]


class IncomingDialogForm(Protocol):
    """Widgets of incoming_dialog.ui."""

    pictureLabel: QLabel
    titleLabel: QLabel
    addressLabel: QLabel
    accountLabel: QLabel
    talkingLabel: QLabel
    holdAnswerButton: QPushButton
    endAnswerButton: QPushButton
    answerButton: QPushButton
    busyButton: QPushButton
    rejectButton: QPushButton

    def setupUi(self, widget: QWidget) -> None: ...


class IncomingDialog(QDialog):
    """Asks what to do with a call. Goes by itself when the call no longer rings; ``silenced`` when it was closed without an answer."""

    silenced = pyqtSignal(Call)

    def __init__(self, call: Call, calls: CallList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.call = call
        self._calls = calls
        self._talking: bool | None = None
        self.ui: IncomingDialogForm = load_form("incoming_dialog")
        self.ui.setupUi(self)
        make_quiet_question(self)
        self._show_caller()
        ui = self.ui
        for button, name, role in (
            (ui.answerButton, "call", "on_accent"), (ui.holdAnswerButton, "call", "on_accent"), (ui.endAnswerButton, "hang-up", "text"),
            (ui.busyButton, "busy", "text"), (ui.rejectButton, "hang-up", "on_accent"),
        ):  # fmt: skip
            set_icon(button, name, role)
            button.setMinimumHeight(34)
        ui.answerButton.clicked.connect(call.answer)
        ui.holdAnswerButton.clicked.connect(call.answer)  # whom we talk to is put on hold by every answer
        ui.endAnswerButton.clicked.connect(lambda: calls.answer_and_end(call))
        ui.busyButton.clicked.connect(call.busy)
        ui.rejectButton.clicked.connect(call.reject)
        self._show_talking()
        calls.changed.connect(self._calls_changed)

    def done(self, result: int) -> None:
        """Esc or the window's close button: stop ringing here, leave the call waiting (another device may take it)."""
        self._calls.changed.disconnect(self._calls_changed)
        if self.call.stage is CallStage.INCOMING:
            self.silenced.emit(self.call)
        super().done(result)

    def _calls_changed(self) -> None:
        if self.call.stage is not CallStage.INCOMING:
            self.done(0)
        else:
            self._show_talking()

    def _show_talking(self) -> None:
        """During a call there are two ways to answer."""
        ui, line = self.ui, self._calls.active_line
        talking = line is not None
        ui.talkingLabel.setText(self.tr("You are in a call with %1.").replace("%1", line.title) if line is not None else "")
        if talking == self._talking:
            return
        self._talking = talking
        for widget in (ui.talkingLabel, ui.holdAnswerButton, ui.endAnswerButton):
            widget.setVisible(talking)
        ui.answerButton.setVisible(not talking)
        (ui.holdAnswerButton if talking else ui.answerButton).setFocus()
        fit_height(self)

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
        for_whom = self.tr("From the local network") if account == LOCAL_ACCOUNT else self.tr("For %1").replace("%1", account)
        if any(stream.type == "chat" for stream in call.session.proposed_streams or ()):
            for_whom = self.tr("%1, with a chat").replace("%1", for_whom)
        ui.accountLabel.setText(for_whom)
        ui.accountLabel.setVisible(bool(account))
        ui.pictureLabel.setPixmap(pixmap("incoming", "good", QSize(44, 44), self.devicePixelRatioF()))
        self.setAccessibleName(self.tr("Incoming call from %1").replace("%1", call.title))
