"""Why files fail, in words for people; why sessions do is told by ``sipsimple/explain_media.py``."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from blinkq.sipsimple.streams.msrp.file_sender import NOT_TAKEN

__all__ = ["failure_text"]

#: what the middleware says of files, in words for people
_FAILURES = {
    "File hash mismatch": QT_TRANSLATE_NOOP("FileTransfers", "what arrived is not the file that was announced. It was not kept."),
    "Incomplete file": QT_TRANSLATE_NOOP("FileTransfers", "not all of it arrived."),
    "Interrupted transfer": QT_TRANSLATE_NOOP("FileTransfers", "the connection broke before all of it had arrived."),
    "No space left on device": QT_TRANSLATE_NOOP("FileTransfers", "the disk is full."),
    "Permission denied": QT_TRANSLATE_NOOP("FileTransfers", "BlinkQ may not write in the folder for files, or not read the file."),
    "Read-only file system": QT_TRANSLATE_NOOP("FileTransfers", "the folder for files cannot be written."),
    "File too large": QT_TRANSLATE_NOOP("FileTransfers", "the disk does not take files of that size."),
    "the sender gave it up": QT_TRANSLATE_NOOP("FileTransfers", "the other side stopped sending it."),
    "the file changed while it was being sent": QT_TRANSLATE_NOOP("FileTransfers", "the file changed while it was being sent. Try again."),
}


def failure_text(reason: str) -> str:
    """What the middleware says of a file that failed, for people."""
    if reason.startswith(NOT_TAKEN):
        text = QCoreApplication.translate("FileTransfers", "the other side could not take all of it (%1).")
        return text.replace("%1", reason.removeprefix(f"{NOT_TAKEN}: "))
    known = _FAILURES.get(reason)
    return QCoreApplication.translate("FileTransfers", known) if known is not None else reason
