"""The dialog that transfers a call: to an address, at once or after calling there first, or to somebody in another call."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QStringListModel, Qt
from PyQt6.QtWidgets import QDialog, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from blinkq.app.address import AddressError, dial_uri, split_name
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.form_loader import load_form
from blinkq.app.icons import set_icon
from blinkq.app.middleware import AccountLike
from blinkq.app.transfers import Transfers
from blinkq.app.widgets import complete_addresses, fit_height, set_mark
from blinkq.base.errors import BlinkQError

__all__ = ["TransferDialog", "TransferDialogForm"]


class TransferDialogForm(Protocol):
    """Widgets of transfer_dialog.ui."""

    introLabel: QLabel
    addressEdit: QLineEdit
    hintLabel: QLabel
    transferButton: QPushButton
    askButton: QPushButton
    cancelButton: QPushButton
    othersWidget: QWidget
    othersLayout: QVBoxLayout

    def setupUi(self, widget: QWidget) -> None: ...


class TransferDialog(QDialog):
    """Asks whom the other party of ``call`` shall be connected with. Goes by itself when the call ends.

    :param addresses: completes what is typed
    """

    def __init__(
        self, call: Call, calls: CallList, transfers: Transfers, addresses: QStringListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._call = call
        self._calls = calls
        self._transfers = transfers
        self.others: dict[int, QPushButton] = {}
        self.ui: TransferDialogForm = load_form("transfer_dialog")
        self.ui.setupUi(self)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ui = self.ui
        text = self.tr("Connect %1 with somebody else. Your call with %1 ends when the two are connected, and goes on when they are not.")
        ui.introLabel.setText(text.replace("%1", call.title))
        set_icon(ui.transferButton, "transfer", "on_accent")
        set_icon(ui.askButton, "call")
        complete_addresses(ui.addressEdit, addresses)
        ui.hintLabel.hide()
        ui.addressEdit.textChanged.connect(lambda _text: self._complain(""))
        ui.transferButton.clicked.connect(self._transfer)
        ui.askButton.clicked.connect(self._ask_first)
        ui.cancelButton.clicked.connect(self.reject)
        call.finished.connect(self.reject)
        calls.changed.connect(self._show_others)
        self._show_others()
        ui.addressEdit.setFocus()

    def done(self, result: int) -> None:
        self._call.finished.disconnect(self.reject)
        self._calls.changed.disconnect(self._show_others)
        super().done(result)

    @property
    def _account(self) -> AccountLike | None:
        return self._call.account

    def _transfer(self) -> None:
        name, address = split_name(self.ui.addressEdit.text())
        try:
            uri = dial_uri(address, self._account.id.rpartition("@")[2] if self._account is not None else None)
        except AddressError as error:
            self._complain(self.tr(str(error)))
            return
        if self._transfers.transfer(self._call, uri, name):
            self.accept()
        else:
            self._complain(self._call.notice)

    def _ask_first(self) -> None:
        name, address = split_name(self.ui.addressEdit.text())
        try:
            self._calls.consult(self._call, address, self._account, name)
        except AddressError as error:
            self._complain(self.tr(str(error)))
        except BlinkQError as error:
            self._complain(str(error))
        else:
            self.accept()

    def _connect_with(self, other: Call) -> None:
        if self._transfers.connect(self._call, other):
            self.accept()
        else:
            self._complain(self._call.notice)

    def _show_others(self) -> None:
        """A button for each other call that is answered."""
        present = [call for call in self._calls.calls if call is not self._call and call.stage is CallStage.TALKING]
        for key in [key for key in self.others if key not in {id(call) for call in present}]:
            self.others.pop(key).deleteLater()
        for call in present:
            if id(call) not in self.others:
                button = QPushButton(self.tr("Connect with %1").replace("%1", call.title.replace("&", "&&")), self.ui.othersWidget)
                button.setAccessibleName(self.tr("Connect with %1").replace("%1", call.title))
                button.setAutoDefault(False)
                set_icon(button, "join")
                button.clicked.connect(lambda _checked, call=call: self._connect_with(call))
                self.ui.othersLayout.addWidget(button)
                self.others[id(call)] = button
        self.ui.othersWidget.setVisible(bool(self.others))
        fit_height(self)

    def _complain(self, text: str) -> None:
        self.ui.hintLabel.setText(text)
        self.ui.hintLabel.setVisible(bool(text))
        self.ui.addressEdit.setAccessibleDescription(text)
        set_mark(self.ui.addressEdit, "invalid", bool(text))
        if text:
            self.ui.addressEdit.setFocus()
        fit_height(self)
