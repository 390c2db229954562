"""The dialog of an incoming call: who calls which account and with what, and Answer, Busy or Reject; what becomes of a present call."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkq.app.answers import Answers
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.choice_boxes import ChoiceBoxes
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
    offersWidget: QWidget
    offersLayout: QVBoxLayout
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

    def __init__(self, call: Call, calls: CallList, answers: Answers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.call = call
        self._calls = calls
        self._answers = answers
        self._offered = answers.offered(call)
        self.choices: ChoiceBoxes | None = None
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
        ui.answerButton.clicked.connect(lambda: self._answer(end_other=False))
        ui.holdAnswerButton.clicked.connect(lambda: self._answer(end_other=False))  # every answer puts whom we talk to on hold
        ui.endAnswerButton.clicked.connect(lambda: self._answer(end_other=True))
        ui.busyButton.clicked.connect(call.busy)
        ui.rejectButton.clicked.connect(call.reject)
        self._show_offers()
        self._show_talking()
        calls.changed.connect(self._calls_changed)

    def done(self, result: int) -> None:
        """Esc or the window's close button: stop ringing here, leave the call waiting (another device may take it)."""
        self._calls.changed.disconnect(self._calls_changed)
        if self.call.stage is CallStage.INCOMING:
            self.silenced.emit(self.call)
        super().done(result)

    def _show_offers(self) -> None:
        """A call may bring a chat, files, a screen: each is taken or left."""
        ui = self.ui
        ui.offersWidget.setVisible(bool(self._offered))
        if self._offered:
            self.choices = ChoiceBoxes(self._answers.choices(self.call), self)
            ui.offersLayout.addWidget(self.choices)
            self.choices.changed.connect(self._choose)
            QWidget.setTabOrder(self.choices.boxes[-1], ui.holdAnswerButton)

    def _choose(self) -> None:
        for button in (self.ui.answerButton, self.ui.holdAnswerButton, self.ui.endAnswerButton):
            button.setEnabled(self.choices is None or bool(self.choices.chosen))

    def _answer(self, *, end_other: bool) -> None:
        chosen = None if self.choices is None else [self._offered[number] for number in sorted(self.choices.chosen)]
        self._answers.answer(self.call, chosen, end_other=end_other)
        if self.call.stage is CallStage.INCOMING:  # another question comes first: which screen
            self.done(0)

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
        ui.accountLabel.setText(for_whom)
        ui.accountLabel.setVisible(bool(account))
        ui.pictureLabel.setPixmap(pixmap("incoming", "good", QSize(44, 44), self.devicePixelRatioF()))
        self.setAccessibleName(self.tr("Incoming call from %1").replace("%1", call.title))
