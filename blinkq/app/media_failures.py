"""Why chats and files fail, in words of their own: what is said of calls speaks of codecs and of answering."""

from __future__ import annotations

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from blinkq.sipsimple.explain import Explanation, explain_call

__all__ = ["explain_media", "failure_text"]

_Words = tuple[str, str]
_TRY_AGAIN = QT_TRANSLATE_NOOP("explain", "Try again later.")
_CHAT: dict[int, _Words] = {
    415: (QT_TRANSLATE_NOOP("explain", "{peer} takes no chats."), QT_TRANSLATE_NOOP("explain", "Their program may only take calls.")),
    486: (QT_TRANSLATE_NOOP("explain", "{peer} is busy."), _TRY_AGAIN),
    603: (QT_TRANSLATE_NOOP("explain", "{peer} does not want to chat now."), ""),
}
_FILE: dict[int, _Words] = {
    415: (QT_TRANSLATE_NOOP("explain", "{peer} takes no files."), QT_TRANSLATE_NOOP("explain", "Their program may only take calls.")),
    486: (QT_TRANSLATE_NOOP("explain", "{peer} is busy."), _TRY_AGAIN),
    603: (QT_TRANSLATE_NOOP("explain", "{peer} does not want the file."), ""),
}
_WORDS = {"chat": _CHAT, "file-transfer": _FILE}
for _table in _WORDS.values():
    _table[488] = _table[606] = _table[415]
_BROKEN = QT_TRANSLATE_NOOP("explain", "The connection with {peer} broke.")

#: what the middleware says of files, in words for people
_FAILURES = {
    "File hash mismatch": QT_TRANSLATE_NOOP("FileTransfers", "what arrived is not the file that was announced. It was not kept."),
    "Incomplete file": QT_TRANSLATE_NOOP("FileTransfers", "not all of it arrived."),
    "Interrupted transfer": QT_TRANSLATE_NOOP("FileTransfers", "the connection broke before all of it had arrived."),
    "No space left on device": QT_TRANSLATE_NOOP("FileTransfers", "the disk is full."),
    "Permission denied": QT_TRANSLATE_NOOP("FileTransfers", "BlinkQ may not write in the folder for files, or not read the file."),
    "Read-only file system": QT_TRANSLATE_NOOP("FileTransfers", "the folder for files cannot be written."),
    "File too large": QT_TRANSLATE_NOOP("FileTransfers", "the disk does not take files of that size."),
    "the file changed while it was being sent": QT_TRANSLATE_NOOP("FileTransfers", "the file changed while it was being sent. Try again."),
}


def explain_media(
    kind: str, code: int | None, reason: str | None, cause: str, peer: str, account: str = "", originator: str | None = None
) -> Explanation:
    """As ``explain_call``, for a session with a stream of ``kind`` ("chat", "file-transfer") alone."""
    general = explain_call(code, reason, cause, peer, account, originator)
    if not code and "MSRP" in cause:
        return Explanation(_BROKEN, _TRY_AGAIN, 0, cause, peer, account)
    words = _WORDS.get(kind, {}).get(code or 0)
    return general if words is None or originator == "local" else Explanation(*words, code or 0, reason or "", peer, account)


def failure_text(reason: str) -> str:
    """What the middleware says of a file that failed, for people."""
    known = _FAILURES.get(reason)
    return QCoreApplication.translate("FileTransfers", known) if known is not None else reason
