"""The dialog of a proposal: what the other party of a standing call wants to add, and Accept or Refuse, with a time limit."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QSize, QTimer
from PyQt6.QtWidgets import QDialog, QLabel, QPushButton, QWidget

from blinkq.app.form_loader import load_form
from blinkq.app.icons import pixmap, set_icon
from blinkq.app.proposals import Proposal
from blinkq.app.widgets import make_quiet_question

__all__ = ["PATIENCE", "ProposalDialog", "ProposalDialogForm"]

#: after so many seconds without a decision the answer is no: the other side, and every other change of the call, waits for it
PATIENCE = 60


class ProposalDialogForm(Protocol):
    """Widgets of proposal_dialog.ui."""

    pictureLabel: QLabel
    titleLabel: QLabel
    questionLabel: QLabel
    acceptButton: QPushButton
    rejectButton: QPushButton
    hintLabel: QLabel

    def setupUi(self, widget: QWidget) -> None: ...


class ProposalDialog(QDialog):
    """Asks whether something may be added to a call. Goes by itself when the other party takes the proposal back or the call ends."""

    def __init__(self, proposal: Proposal, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.proposal = proposal
        self.ui: ProposalDialogForm = load_form("proposal_dialog")
        self.ui.setupUi(self)
        make_quiet_question(self)
        ui = self.ui
        font = ui.titleLabel.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        ui.titleLabel.setFont(font)
        ui.titleLabel.setText(proposal.call.title)
        question = self.tr("wants to add to the call with you: %1").replace("%1", proposal.media)
        ui.questionLabel.setText(question)
        ui.pictureLabel.setPixmap(pixmap("add", "good", QSize(44, 44), self.devicePixelRatioF()))
        self.setAccessibleName(f"{proposal.call.title} {question}")
        for button, name, role in ((ui.acceptButton, "check", "on_accent"), (ui.rejectButton, "close", "text")):
            set_icon(button, name, role)
            button.setMinimumHeight(34)
        ui.rejectButton.setFocus()
        ui.acceptButton.clicked.connect(proposal.accept)
        ui.rejectButton.clicked.connect(proposal.reject)
        proposal.closed.connect(self._closed)
        self.seconds_left = PATIENCE
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self.tick)
        self._timer.start()
        self._show_time()

    def done(self, result: int) -> None:
        """Esc or the window's close button is a refusal."""
        self._timer.stop()
        self.proposal.closed.disconnect(self._closed)
        self.proposal.reject()
        super().done(result)

    def tick(self) -> None:
        """A second has passed."""
        self.seconds_left -= 1
        if self.seconds_left > 0:
            self._show_time()
        else:
            self.proposal.reject()

    def _show_time(self) -> None:
        self.ui.hintLabel.setText(self.tr("Without an answer it is refused in %1 s.").replace("%1", str(self.seconds_left)))

    def _closed(self) -> None:
        self.done(0)
