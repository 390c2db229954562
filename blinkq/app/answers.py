"""Answering a call that brings more than sound: with all of it, a part of it, or without the sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PyQt6.QtCore import QObject

from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.media_session import MediaSession, MediaStage
from blinkq.app.middleware import Middleware, StreamLike
from blinkq.app.offered_media import Accepted, OfferedMedia
from blinkq.app.peer_request import Choice
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["Answers"]


class Answers(QObject):
    """Knows what a call offers, and takes what a person wants of it."""

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, calls: CallList, media: OfferedMedia, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._bridge = bridge
        self._calls = calls
        self._media = media

    def offered(self, call: Call) -> list[StreamLike]:
        """What can be taken or left: the sound and what comes beside it; nothing when there is sound alone."""
        streams: list[StreamLike] = list(call.session.proposed_streams or ())
        found = [stream for stream in streams if stream.type == "audio"][:1] + [stream for stream in streams if self._media.usable(stream)]
        return found if len(found) > 1 else []

    def choices(self, call: Call) -> list[Choice]:
        """The words for each of ``offered``. Whoever answers in a hurry does not take files of anybody who calls."""
        return [replace(self._media.choice(stream), ticked=False) if stream.type == "file-transfer" else self._media.choice(stream)
                for stream in self.offered(call)]  # fmt: skip

    def answer(self, call: Call, streams: Sequence[StreamLike] | None = None, *, end_other: bool = False) -> None:
        """Take a call with ``streams`` of ``offered`` (None: the sound); where a screen of ours is to be shown, ask which one before.

        end_other: end whatever is talked to now; else it is put on hold
        """
        if streams is None:
            self._take(call, Accepted([]), end_other, sound=True)
            return
        sound = any(stream.type == "audio" for stream in streams)
        beside = [stream for stream in streams if stream.type != "audio"]
        self._media.choose_screen(beside, call.title, call.finished, lambda accepted: self._take(call, accepted, end_other, sound=sound))

    def _take(self, call: Call, accepted: Accepted, end_other: bool, *, sound: bool) -> None:
        if call.stage is not CallStage.INCOMING:  # it was given up meanwhile
            return
        if not sound and not accepted.streams:
            call.reject()
            return
        for stream in accepted.streams:
            stage = MediaStage.CALLING if sound else MediaStage.ANSWERING
            link = MediaSession(self._middleware, self._bridge, call.session, stream, call.uri, stage, self, part_of_call=sound)
            self._media.follow(accepted, stream, link, call.name, call.account, call if sound else None)
        if not sound:
            call.answer_without_sound(accepted.streams)
        elif end_other:
            self._calls.answer_and_end(call, accepted.streams)
        else:
            call.answer(beside=accepted.streams)
