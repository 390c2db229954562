"""The on-screen keypad: twelve keys, and a line with what was sent."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from blinkq.app.form_loader import load_form

__all__ = ["DIGITS", "Keypad", "KeypadForm"]

#: what can be sent (RFC 4733 §3.2); A-D only from the keyboard
DIGITS = "0123456789*#ABCD"

_KEYS = (("1", ""), ("2", "ABC"), ("3", "DEF"), ("4", "GHI"), ("5", "JKL"), ("6", "MNO"), ("7", "PQRS"), ("8", "TUV"), ("9", "WXYZ"),
         ("*", ""), ("0", "+"), ("#", ""))  # fmt: skip
_COLUMNS = 3


class KeypadForm(Protocol):
    """Widgets of keypad.ui."""

    sentLabel: QLabel
    keyGrid: QGridLayout

    def setupUi(self, widget: QWidget) -> None: ...


class Keypad(QWidget):
    """Emits ``pressed`` with a digit for every key."""

    pressed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ui: KeypadForm = load_form("keypad")
        self.ui.setupUi(self)
        self.keys: dict[str, QPushButton] = {}
        names = {"*": self.tr("Star"), "#": self.tr("Hash")}
        for number, (digit, letters) in enumerate(_KEYS):
            key = QPushButton(f"{digit}  {letters}" if letters else digit, self)
            key.setAccessibleName(self.tr("Key %1").replace("%1", names.get(digit, digit)))
            key.setAutoDefault(False)
            key.setMinimumHeight(34)
            key.clicked.connect(lambda _checked, digit=digit: self.pressed.emit(digit))
            self.keys[digit] = key
            self.ui.keyGrid.addWidget(key, number // _COLUMNS, number % _COLUMNS)
        self.show_sent("")

    def show_sent(self, digits: str) -> None:
        """Show the digits sent so far (the latest ones when they do not fit)."""
        self.ui.sentLabel.setText(digits[-32:] if digits else self.tr("Digits can also be typed"))
