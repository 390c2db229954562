"""Adding or changing a contact."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from blinkq.app.address import AddressError, dial_uri, display_address
from blinkq.app.form_loader import load_form
from blinkq.app.icons import set_icon
from blinkq.app.people import ContactEntry, PeopleLike
from blinkq.app.widgets import fit_height, set_mark
from blinkq.base.errors import BlinkQError

__all__ = ["ContactDialog", "ContactDialogForm"]


class ContactDialogForm(Protocol):
    """Widgets of contact_dialog.ui."""

    nameEdit: QLineEdit
    addressEdit: QLineEdit
    moreEdit: QPlainTextEdit
    groupSelector: QComboBox
    watchBox: QCheckBox
    hintLabel: QLabel
    cancelButton: QPushButton
    saveButton: QPushButton

    def setupUi(self, widget: QWidget) -> None: ...


class ContactDialog(QDialog):
    """Adds a contact, or changes ``entry`` when it has an id; other fields of it are filled in.

    :param domain: completes names and numbers, None where there is no account
    """

    def __init__(
        self, people: PeopleLike, entry: ContactEntry, groups: list[str], domain: str | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._people = people
        self._entry = entry
        self._domain = domain
        self.ui: ContactDialogForm = load_form("contact_dialog")
        self.ui.setupUi(self)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        ui = self.ui
        self.setWindowTitle(self.tr("Change contact – BlinkQ") if entry.id else self.tr("Add contact – BlinkQ"))
        set_icon(ui.saveButton, "check", "on_accent")
        ui.nameEdit.setText(entry.name)
        shown = [display_address(address) for address in entry.addresses]
        ui.addressEdit.setText(shown[0] if shown else "")
        ui.moreEdit.setPlainText("\n".join(shown[1:]))
        ui.groupSelector.addItems(["", *groups])
        ui.groupSelector.setCurrentText(entry.group)
        ui.watchBox.setChecked(entry.watched)
        ui.hintLabel.hide()
        for edit in (ui.nameEdit, ui.addressEdit):
            edit.textChanged.connect(lambda _text: self._complain(""))
        ui.moreEdit.textChanged.connect(lambda: self._complain(""))
        ui.cancelButton.clicked.connect(self.reject)
        ui.saveButton.clicked.connect(self._save)
        fit_height(self)

    def _save(self) -> None:
        ui = self.ui
        typed = [ui.addressEdit.text(), *ui.moreEdit.toPlainText().splitlines()]
        addresses: dict[str, None] = {}
        for text in typed:
            if text.strip():
                try:
                    addresses[dial_uri(text, self._domain)] = None
                except AddressError as error:
                    self._complain(f"{text.strip()}: {self.tr(str(error))}")
                    return
        if not addresses:
            self._complain(self.tr("Type the address of the contact, such as bob@example.com."))
            return
        name = ui.nameEdit.text().strip() or display_address(next(iter(addresses)))
        group = ui.groupSelector.currentText().strip()
        try:
            self._people.save_contact(ContactEntry(name, tuple(addresses), group, ui.watchBox.isChecked(), self._entry.id))
        except (BlinkQError, ValueError, OSError) as error:
            self._complain(self.tr("The contact could not be saved: %1").replace("%1", str(error)))
            return
        self.accept()

    def _complain(self, text: str) -> None:
        self.ui.hintLabel.setText(text)
        self.ui.hintLabel.setVisible(bool(text))
        set_mark(self.ui.addressEdit, "invalid", bool(text))
        fit_height(self)
