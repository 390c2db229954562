"""Files in words: sizes, how far a transfer is, why it failed."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication, QLocale

from blinkq.app.file_transfer import FileTransfer, TransferStage
from blinkq.app.wording import clock_text

__all__ = ["level_of", "progress_text", "size_text", "status_text"]


def size_text(size: float) -> str:
    """A number of bytes for people: "2.1 MB"."""
    return QLocale().formattedDataSize(int(size), 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def status_text(transfer: FileTransfer) -> str:
    """Where a transfer stands, in a few words or a sentence."""
    match transfer.stage:
        case TransferStage.QUEUED:
            return _tr("Waiting for the files before it")
        case TransferStage.HASHING:
            return _tr("Preparing, %1 %").replace("%1", str(round(transfer.hashed * 100)))
        case TransferStage.CONNECTING:
            return _tr("Waiting for %1 to accept…").replace("%1", transfer.title) if transfer.ringing else _tr("Connecting…")
        case TransferStage.RUNNING:
            return progress_text(transfer)
        case TransferStage.DONE:
            text = _tr("Received, %1") if transfer.incoming else _tr("Sent, %1")
            return text.replace("%1", size_text(transfer.size or transfer.transferred))
        case TransferStage.CANCELLED:
            return _tr("Cancelled")
        case TransferStage.FAILED:
            return _tr("Failed: %1").replace("%1", transfer.reason) if transfer.reason else _tr("Failed")


def progress_text(transfer: FileTransfer) -> str:
    """How much, how fast, how long it will take."""
    done = size_text(transfer.transferred)
    parts = [_tr("%1 of %2").replace("%1", done).replace("%2", size_text(transfer.size)) if transfer.size else done]
    if transfer.speed is not None:
        parts.append(_tr("%1 each second").replace("%1", size_text(transfer.speed)))
    if transfer.seconds_left is not None:
        parts.append(_tr("%1 left").replace("%1", clock_text(transfer.seconds_left)))
    return " · ".join(parts)


def level_of(transfer: FileTransfer) -> str:
    """The colour of its status, as in ``set_level``."""
    return {TransferStage.FAILED: "error", TransferStage.DONE: "good"}.get(transfer.stage, "muted")


def _tr(text: str) -> str:
    return QCoreApplication.translate("FileTransfers", text)
