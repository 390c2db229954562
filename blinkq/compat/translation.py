"""Notifications under the names that newer versions of the SDK gave them, posted right after the specification's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.notification import Notification, NotificationCenter, NotificationData
from blinkq.compat.text import as_text

__all__ = ["ADDED_DATA", "MODERN_NAMES", "Translator"]

#: the specification's name: the modern one, and the fields of its data (None: the same)
MODERN_NAMES: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "SIPSessionGotProposal": ("SIPSessionNewProposal", ("originator", "proposed_streams")),
    "SIPSessionGotAcceptProposal": ("SIPSessionProposalAccepted", ("originator", "accepted_streams", "proposed_streams")),
    "SIPSessionGotRejectProposal": ("SIPSessionProposalRejected", ("originator", "code", "reason", "proposed_streams")),
    "AudioStreamDidChangeHoldState": ("RTPStreamDidChangeHoldState", None),
    "AudioStreamWillStartRecordingAudio": ("AudioStreamWillStartRecording", None),
    "AudioStreamDidStartRecordingAudio": ("AudioStreamDidStartRecording", None),
    "AudioStreamWillStopRecordingAudio": ("AudioStreamWillStopRecording", None),
    "AudioStreamDidStopRecordingAudio": ("AudioStreamDidStopRecording", None),
    "AudioStreamDidChangeRTPParameters": ("RTPStreamDidChangeRTPParameters", None),
    "AudioStreamDidTimeout": ("RTPStreamDidTimeout", None),
    "AudioStreamICENegotiationStateDidChange": ("RTPStreamICENegotiationStateDidChange", None),
    "AudioStreamICENegotiationDidSucceed": ("RTPStreamICENegotiationDidSucceed", None),
    "AudioStreamICENegotiationDidFail": ("RTPStreamICENegotiationDidFail", None),
}

#: data that the SDK's versions had under other names: notification, field, and what it is made of
ADDED_DATA: dict[str, dict[str, Callable[[Any], Any]]] = {
    "SIPEngineGotMessage": {"content_subtype": lambda data: (data.content_type or "").partition("/")[2]},
    "SIPAccountRegistrationDidFail": {"retry_after": lambda data: data.delay, "timeout": lambda data: data.delay},
}


class Translator:
    """The first observer of all: completes the data before anybody else sees it, then posts the modern notification.

    To be made before any other observer is added: the centre serves those of all notifications first, in the order of their adding.
    """

    def __init__(self) -> None:
        NotificationCenter().add_observer(self)

    def close(self) -> None:
        """Translate no more."""
        NotificationCenter().discard_observer(self)

    def handle_notification(self, notification: Notification) -> None:
        """Translate one notification."""
        data = notification.data.__dict__
        data.update({name: as_text(value) for name, value in data.items()})
        for field, value_of in ADDED_DATA.get(notification.name, {}).items():
            data.setdefault(field, value_of(notification.data))
        if notification.name == "MediaStreamDidStart" and getattr(notification.sender, "srtp_active", False):
            told = NotificationData(timestamp=data.get("timestamp"))
            notification.center.post_next("RTPStreamDidEnableEncryption", notification.sender, told)
        if notification.name in MODERN_NAMES:
            modern, fields = MODERN_NAMES[notification.name]
            kept = {name: value for name, value in data.items() if fields is None or name in (*fields, "timestamp")}
            notification.center.post_next(modern, notification.sender, NotificationData(**kept))
