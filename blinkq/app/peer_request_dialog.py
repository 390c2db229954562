"""The dialog of a request, during a call or out of the blue: what the other party wants, and Accept or Refuse, with a time limit."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QSize, QTimer
from PyQt6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from blinkq.app.choice_boxes import ChoiceBoxes
from blinkq.app.form_loader import load_form
from blinkq.app.icons import pixmap, set_icon
from blinkq.app.peer_request import PeerRequest
from blinkq.app.widgets import breakable, make_quiet_question

__all__ = ["PATIENCE", "PeerRequestDialog", "PeerRequestDialogForm"]

#: after so many seconds without a decision the answer is no: the other side, and every other change of the call, waits for it
PATIENCE = 60


class PeerRequestDialogForm(Protocol):
    """Widgets of request_dialog.ui."""

    pictureLabel: QLabel
    headingLabel: QLabel
    titleLabel: QLabel
    questionLabel: QLabel
    choicesLayout: QVBoxLayout
    acceptButton: QPushButton
    rejectButton: QPushButton
    hintLabel: QLabel

    def setupUi(self, widget: QWidget) -> None: ...


class PeerRequestDialog(QDialog):
    """Asks a PeerRequest. Goes by itself when the other party takes it back or the call ends."""

    def __init__(self, request: PeerRequest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.request = request
        self.ui: PeerRequestDialogForm = load_form("peer_request_dialog")
        self.ui.setupUi(self)
        make_quiet_question(self)
        ui = self.ui
        font = ui.titleLabel.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        ui.titleLabel.setFont(font)
        ui.titleLabel.setText(breakable(request.call.title))
        ui.headingLabel.setText(request.heading)
        ui.questionLabel.setText(breakable(request.text))
        self.choices: ChoiceBoxes | None = None
        if request.choices:
            self.choices = ChoiceBoxes(request.choices, self)
            ui.choicesLayout.addSpacing(6)
            ui.choicesLayout.addWidget(self.choices)
            self.choices.changed.connect(self._choose)
            self._choose()
            QWidget.setTabOrder(self.choices.boxes[-1], ui.acceptButton)
        if not request.during_call:
            self.setWindowTitle(f"{request.heading} – BlinkQ")
            ui.rejectButton.setToolTip(self.tr("Refuse (Alt+R)"))
        ui.pictureLabel.setPixmap(pixmap(request.picture, "good", QSize(44, 44), self.devicePixelRatioF()))
        self.setAccessibleName(f"{request.call.title} {request.text}")
        for button, name, role in ((ui.acceptButton, "check", "on_accent"), (ui.rejectButton, "close", "text")):
            set_icon(button, name, role)
            button.setMinimumHeight(34)
        ui.rejectButton.setFocus()
        ui.acceptButton.clicked.connect(request.accept)
        ui.rejectButton.clicked.connect(request.reject)
        request.closed.connect(self._closed)
        self.seconds_left = PATIENCE
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.tick)
        self._timer.start()
        self._show_time()

    def done(self, result: int) -> None:
        """Esc or the window's close button is a refusal."""
        self._timer.stop()
        self.request.closed.disconnect(self._closed)
        self.request.reject()
        super().done(result)

    def tick(self) -> None:
        """A second has passed."""
        self.seconds_left -= 1
        if self.seconds_left > 0:
            self._show_time()
        else:
            self.request.reject()

    def _choose(self) -> None:
        assert self.choices is not None
        self.request.chosen = self.choices.chosen
        self.ui.acceptButton.setEnabled(bool(self.request.chosen))

    def _show_time(self) -> None:
        self.ui.hintLabel.setText(self.tr("Without an answer it is refused in %1 s.").replace("%1", str(self.seconds_left)))

    def _closed(self) -> None:
        self.done(0)
