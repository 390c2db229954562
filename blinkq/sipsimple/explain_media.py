"""Why sessions without sound fail, in words of their own: what is said of calls speaks of codecs and sound devices."""

from __future__ import annotations

from blinkq.sipsimple.explain import Explanation, explain_call

__all__ = ["explain_media"]

_Words = tuple[str, str]

_ONLY_CALLS = "Their program may only take calls."
_BUSY: _Words = ("{peer} is busy.", "Try again later.")
_NOT_TAKEN: dict[str, _Words] = {
    "chat": ("{peer} takes no chats.", _ONLY_CALLS),
    "file-transfer": ("{peer} takes no files.", _ONLY_CALLS),
    "desktop-sharing": ("{peer} takes no shared screens.", _ONLY_CALLS),
}
_DECLINED: dict[str, _Words] = {
    "chat": ("{peer} does not want to chat now.", ""),
    "file-transfer": ("{peer} does not want the file.", ""),
    "desktop-sharing": ("{peer} does not want to share a screen now.", ""),
}
_NOT_SET_UP: dict[str, str] = {
    "chat": "The chat could not be set up.",
    "file-transfer": "The file could not be transferred.",
    "desktop-sharing": "The screen could not be shared.",
}
_BROKEN: _Words = ("The connection with {peer} broke.", "Try again later.")
#: Before what a stream said, in the reasons of sessions.
_STREAM_FAILED = "media stream failed: "


def explain_media(
    kind: str, code: int | None, reason: str | None, cause: str | None, peer: str, account: str = "", originator: str | None = None
) -> Explanation:
    """As ``explain_call``, for a session with streams of ``kind`` ("chat", "file-transfer", "desktop-sharing") alone."""
    code, cause = code or 0, cause or ""
    _, failed, said = cause.partition(_STREAM_FAILED)
    if kind in _NOT_SET_UP and originator != "remote" and not code and "MSRP" in cause:
        return Explanation(*_BROKEN, 0, cause, peer, account)
    if kind in _NOT_SET_UP and failed:
        ours = originator != "remote" and said.endswith(".")  # what the peer wrote is not to be mistaken for a sentence of ours
        return Explanation(_NOT_SET_UP[kind], said if ours else "", 0, "" if ours else said, peer, account)
    words = {415: _NOT_TAKEN, 488: _NOT_TAKEN, 606: _NOT_TAKEN, 603: _DECLINED}.get(code, {}).get(kind)
    if code == 486 and kind in _NOT_TAKEN:
        words = _BUSY
    general = explain_call(code, reason, cause, peer, account, originator)
    return general if words is None or originator == "local" else Explanation(*words, code, reason or "", peer, account)
