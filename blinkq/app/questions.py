"""Small boxes that ask or tell something."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication, Qt
from PyQt6.QtWidgets import QMessageBox, QWidget

import blinkq

__all__ = ["ask", "show_about"]


def ask(parent: QWidget, title: str, question: str, button: str) -> bool:
    """Ask before something that cannot be undone; True when ``button``, which is not the default, was pressed."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, QMessageBox.StandardButton.NoButton, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    agree = box.addButton(button, QMessageBox.ButtonRole.AcceptRole)
    cancel = box.addButton(QCoreApplication.translate("questions", "Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    box.exec()
    return box.clickedButton() is agree


def show_about(parent: QWidget) -> None:
    """What BlinkQ is."""
    text = QCoreApplication.translate(
        "questions",
        "<h3>BlinkQ %1</h3><p>A SIP softphone.</p><p>Free software under the GNU General Public License, version 3 or later.</p>",
    )
    QMessageBox.about(parent, QCoreApplication.translate("questions", "About BlinkQ"), text.replace("%1", blinkq.__version__))
