"""Opening what was received: only ever because a person said so, and after a warning where opening means running."""

from __future__ import annotations

import os
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QWidget

from blinkq.app.file_transfer import FileTransfer
from blinkq.app.questions import ask

__all__ = ["is_risky", "open_file", "show_in_folder"]

#: endings of files that do something when they are opened
_RUN = frozenset({
    "appimage", "apk", "app", "bash", "bat", "cmd", "com", "command", "cpl", "csh", "deb", "desktop", "dmg", "docm", "exe",
    "gadget", "hta", "htm", "html", "inf", "jar", "js", "jse", "ksh", "lnk", "mht", "mhtml", "msc", "msi", "msp", "pif", "pkg",
    "pl", "ps1", "pptm", "py", "pyw", "rb", "reg", "rpm", "run", "scr", "sh", "svg", "url", "vb", "vbe", "vbs", "ws", "wsf",
    "wsh", "xhtml", "xlsm", "zsh",
})  # fmt: skip


def open_file(parent: QWidget, transfer: FileTransfer) -> None:
    """Open a file that arrived, with whatever the system has for it; ask first when it may be a program."""
    path = transfer.path
    if path is None or not path.is_file():
        return
    if transfer.incoming and is_risky(path):
        question = _tr("“%1” came from %2 and can act like a program when it is opened. Open it only if you trust who sent it.")
        if not ask(parent, _tr("Open the file"), question.replace("%2", transfer.title).replace("%1", path.name), _tr("Open")):
            return
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def show_in_folder(transfer: FileTransfer) -> None:
    """Open the folder that has the file."""
    folder = transfer.path.parent if transfer.path is not None else transfer.directory
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def is_risky(path: Path) -> bool:
    """Whether opening the file may mean running it."""
    return path.suffix.lower().lstrip(".") in _RUN or (os.name == "posix" and os.access(path, os.X_OK))


def _tr(text: str) -> str:
    return QCoreApplication.translate("opening", text)
