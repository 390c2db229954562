"""The dialogs that appear by themselves because somebody wants something: calls, proposals, transfers. Opens, places and closes them."""

from __future__ import annotations

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QApplication, QDialog, QWidget

from blinkq.app.answers import Answers
from blinkq.app.call import Call
from blinkq.app.call_list import CallList
from blinkq.app.incoming_dialog import IncomingDialog
from blinkq.app.peer_request import PeerRequest
from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.app.ringer import Ringer
from blinkq.app.widgets import fit_height

__all__ = ["Dialogs"]

#: dialogs are placed this many pixels apart
STEP = 36


class Dialogs(QObject):
    """Holds what is open. Nothing of it is in the way for longer than there is something to decide."""

    def __init__(self, calls: CallList, answers: Answers, ringer: Ringer, window: QWidget) -> None:
        super().__init__(window)
        self.open: list[QDialog] = []
        self._calls = calls
        self._answers = answers
        self._ringer = ringer
        self._window = window

    def ask_call(self, call: Call) -> None:
        """Ask what to do with an incoming call."""
        if call.incoming and call.asks:
            dialog = IncomingDialog(call, self._calls, self._answers)
            dialog.silenced.connect(self._ringer.silence)
            self._show(dialog)

    def ask_request(self, request: PeerRequest) -> None:
        """Ask what to do with what the other party of a call wants."""
        self._show(PeerRequestDialog(request))

    def close(self) -> None:
        """Close everything. Idempotent."""
        for dialog in list(self.open):
            dialog.close()

    def _show(self, dialog: QDialog) -> None:
        dialog.finished.connect(lambda _result: self._closed(dialog))
        self.open.append(dialog)
        fit_height(dialog)
        screen = self._window.screen() or QApplication.primaryScreen()
        if screen is not None:
            place = screen.availableGeometry().center() - dialog.rect().center()
            shift = STEP * (len(self.open) - 1)
            dialog.move(place.x() + shift, place.y() + shift)
        dialog.show()
        dialog.raise_()
        QApplication.alert(self._window)

    def _closed(self, dialog: QDialog) -> None:
        if dialog in self.open:
            self.open.remove(dialog)
