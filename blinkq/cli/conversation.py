"""Conversation: one session as a command sees it, from its first notification to its last.

It speaks --play into the call, writes --record, sends --dtmf, holds, watches --duration, reports in sentences, and knows at the end
whether the call went well. Where the peer hands us over to somebody else, that call is part of the conversation.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from types import EllipsisType
from typing import Any

from blinkq.base.notification import Notification, NotificationHandler
from blinkq.cli.tool import Tool
from blinkq.sipsimple.audio import AudioBridge, WavePlayer, WaveRecorder
from blinkq.sipsimple.explain_media import explain_media
from blinkq.sipsimple.session import IllegalDirectionError, IllegalStateError, Session
from blinkq.sipsimple.sip_uri import SIPURI
from blinkq.sipsimple.streams import AudioStream

__all__ = ["Conversation"]

DTMF_DELAY = 0.5  # seconds from the start of the call to the first digit, so that the peer's audio path stands


class Conversation(NotificationHandler):
    """Accompanies ``session`` on behalf of ``tool``.

    :param on_end: called in the main thread with True (the call stood and ended normally) or False
    :param echo: instead of microphone and loudspeaker, send back what is heard
    :param on_start: called in the main thread when the call stands
    :param take: called in the main thread with the streams that the peer wants to add; returns those to take. By default none is taken
    :param record: the file to write instead of --record; None for no file
    :param kind: the type of its first stream, for what is said when it fails

    ``transferring``: the call is good only if it could be handed over.
    """

    def __init__(
        self, tool: Tool, session: Session, on_end: Callable[[Conversation, bool], None], *, echo: bool = False,
        on_start: Callable[[Conversation], None] | None = None, record: Path | EllipsisType | None = ..., kind: str = "audio",
        take: Callable[[Sequence[Any]], list[Any]] = lambda _streams: [],
    ) -> None:  # fmt: skip
        self._tool = tool
        self._options = tool.options
        self._say = tool.output.say
        self._on_end = on_end
        self._echo = echo
        self._on_start = on_start
        self._take = take
        self._record: Path | None = self._options.record if record is ... else record
        self.transferring = False
        self._transferred = False
        self._success: bool | None = None
        self._successor: Conversation | None = None
        self.session = session
        self._kind = kind
        self.stream: AudioStream | None = None
        self.started = False
        self._ended = False
        self._player: WavePlayer | None = None
        self._recorder: WaveRecorder | None = None
        self._heard_bridge: AudioBridge | None = None

    @property
    def peer(self) -> str:
        """The other party's address."""
        identity = self.session.remote_identity
        return str(identity.uri) if identity is not None else "the peer"

    def end(self) -> None:
        """Hang up."""
        self.session.end()
        if self._successor is not None:
            self._successor.end()

    def transfer(self, target: SIPURI, replaced: Session | None = None) -> None:
        """Hand the peer over to ``target``, with whom we may be in a call already (``replaced``)."""
        self.transferring = True
        try:
            self.session.transfer(target, replaced)
        except (IllegalStateError, IllegalDirectionError) as error:  # the peer hung up, or changes the call at this very moment
            self._say(f"The call cannot be handed over: {error}")
            self.end()

    def takes(self, notification: Notification) -> bool:
        """Whether ``notification`` is about this conversation."""
        sender = notification.sender
        if self._successor is not None and self._successor.takes(notification):
            return True
        ours = sender is self.session or sender is self.stream or (self._player is not None and sender is self._player)
        return ours or self._is_new_session(sender)

    def handle_notification(self, notification: Notification) -> None:
        """Take a notification that is about this conversation."""
        if self._successor is not None and self._successor.takes(notification):
            self._successor.handle_notification(notification)
        elif self._is_new_session(notification.sender):
            self._follow(notification.sender)
        else:
            super().handle_notification(notification)

    def _is_new_session(self, sender: object) -> bool:
        """Whether ``sender`` is the session that a transfer has just made."""
        return isinstance(sender, Session) and sender is self.session.transfer_handler.new_session

    # the session ---------------------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionGotRingIndication(self, notification: Notification) -> None:
        self._say(f"{self.peer} is ringing")

    def _NH_SIPSessionDidStart(self, notification: Notification) -> None:
        self.started = True
        self.stream = next((stream for stream in notification.data.streams if isinstance(stream, AudioStream)), None)
        stream = self.stream
        if stream is None:
            self._say(f"In a session with {self.peer}: {_kinds(notification.data.streams)}")
        else:
            lock = ", encrypted (SRTP)" if stream.srtp_active else ""
            way = ""
            if stream.ice_active:
                way = f", way found by ICE: {stream.local_rtp_candidate_type} to {stream.remote_rtp_candidate_type}"
            self._say(f"In a call with {self.peer}: {stream.codec} at {stream.sample_rate} Hz{lock}{way}")
            self._connect_audio(stream)
        self._schedule()
        if self._on_start is not None:
            self._on_start(self)

    def _NH_SIPSessionDidFail(self, notification: Notification) -> None:
        data = notification.data
        ours = data.originator == "local" and data.failure_reason == "user request"
        if not ours:
            account = self.session.account.id
            cause, who = data.failure_reason, data.originator
            self._say(explain_media(self._kind, data.code, data.reason, cause, self.peer, account, who).text())
        self._finish(success=False)

    def _NH_SIPSessionDidEnd(self, notification: Notification) -> None:
        who = "We" if notification.data.originator == "local" else self.peer
        reason = notification.data.end_reason
        why = "" if not reason or reason == "user request" else f" ({reason})"
        self._say(f"{who} hung up after {self._length()}{why}")
        self._finish(success=True)

    def _NH_SIPSessionDidChangeHoldState(self, notification: Notification) -> None:
        who = "We" if notification.data.originator == "local" else self.peer
        self._say(f"{who} {'put the call on hold' if notification.data.on_hold else 'took the call off hold'}")

    def _NH_SIPSessionGotProposal(self, notification: Notification) -> None:
        if notification.data.originator == "remote":
            taken = self._take(notification.data.proposed_streams)
            fate = "" if taken else "; refused"
            self._say(f"{self.peer} wants to add {_kinds(notification.data.proposed_streams)}{fate}")
            try:
                if taken:
                    self.session.accept_proposal(taken)
                else:
                    self.session.reject_proposal(488)
            except IllegalStateError:  # the peer took it back meanwhile
                pass

    def _NH_SIPSessionDidRenegotiateStreams(self, notification: Notification) -> None:
        if notification.data.action == "add":
            self._say(f"Added to the call: {_kinds(notification.data.added_streams)}")
        elif notification.data.action == "remove":
            self._say(f"No more in the call: {_kinds(notification.data.removed_streams)}")

    def _NH_SIPSessionGotConferenceInfo(self, notification: Notification) -> None:
        users = notification.data.conference_info.users
        names = [str(user.display_text.value) if user.display_text is not None else user.entity for user in users or ()]
        self._say(f"In the conference: {', '.join(names) or 'nobody'}")

    # transfers -----------------------------------------------------------------------------------------------------------------------

    def _NH_SIPSessionTransferNewIncoming(self, notification: Notification) -> None:
        target = notification.data.transfer_destination
        try:
            if self._options.accept_transfers and not self._echo:
                self._say(f"{self.peer} hands us over to {target}")
                self.session.accept_transfer()
            else:
                self._say(f"{self.peer} wants us to call {target}; refused, as --accept-transfers is not given")
                self.session.reject_transfer(603)
        except IllegalStateError:  # the peer hung up meanwhile
            pass

    def _NH_SIPSessionTransferGotProgress(self, notification: Notification) -> None:
        self._say(f"{self.peer} is being handed over: {notification.data.code} {notification.data.reason}")

    def _NH_SIPSessionTransferDidEnd(self, notification: Notification) -> None:
        self._transferred = True
        if self.session.transfer_handler.direction == "outgoing":
            self._say(f"{self.peer} is handed over")

    def _NH_SIPSessionTransferDidFail(self, notification: Notification) -> None:
        self._say(f"The transfer failed: {notification.data.code or ''} {notification.data.reason}".replace(":  ", ": "))
        if self.session.transfer_handler.direction == "outgoing":
            self.end()

    def _follow(self, session: Session) -> None:
        """The call that a transfer made goes on as this conversation."""
        record = self._record.with_name(f"{self._record.stem}-2{self._record.suffix}") if self._record is not None else None
        self._successor = Conversation(self._tool, session, self._successor_ended, record=record)

    def _successor_ended(self, conversation: Conversation, success: bool) -> None:
        if self._success is not None:
            self._on_end(self, success)

    # the stream ----------------------------------------------------------------------------------------------------------------------

    def _NH_AudioStreamGotDTMF(self, notification: Notification) -> None:
        self._say(f"Digit received: {notification.data.digit}")

    def _NH_AudioStreamDidUpdateStatistics(self, notification: Notification) -> None:
        if "rtp" in self._options.trace:
            figures = notification.data.statistics
            self._say(
                f"RTP sent {figures.packets_sent} packets, received {figures.packets_received}, lost {figures.packets_lost}, "
                f"late {figures.packets_late}, jitter {figures.jitter:.1f} ms, buffer {figures.buffer_delay:.0f} ms"
            )

    def _NH_WavePlayerDidFail(self, notification: Notification) -> None:
        self._say(f"The file cannot be played: {notification.data.error}")
        self.end()

    def _NH_WavePlayerDidEnd(self, notification: Notification) -> None:
        # a caller who has said everything hangs up, unless told how long to stay
        speech_over = notification.sender is self._player and not self._echo and not self.transferring
        if speech_over and self._options.duration is None and self.session.direction == "outgoing":
            self.end()
        if self._echo and self.stream is not None and not self._ended:
            self._echo_back(self.stream)

    def _connect_audio(self, stream: AudioStream) -> None:
        mixer = stream.mixer
        play: Path | None = self._options.play
        if play is not None:
            delay = 0.0 if self._echo else self._options.play_after
            self._player = WavePlayer(mixer, str(play), pause_time=delay, initial_play=not delay)
            stream.bridge.add(self._player)
            self._player.start()
        elif self._echo:
            self._echo_back(stream)
        if self._record is not None:
            # what a person would have heard: the peer alone, so a bridge of its own beside the stream's
            self._recorder = WaveRecorder(mixer, str(self._record))
            self._heard_bridge = AudioBridge(mixer)
            self._heard_bridge.add(stream)
            self._heard_bridge.add(self._recorder)
            self._recorder.start()

    def _echo_back(self, stream: AudioStream) -> None:
        if stream.producer_slot is not None and stream.consumer_slot is not None:
            stream.mixer.connect_slots(stream.producer_slot, stream.consumer_slot)

    # timers --------------------------------------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        after = self._tool.after
        if self._options.duration is not None:
            after(self._options.duration, self.end)
        if self._options.dtmf:
            after(DTMF_DELAY, self._send_digits)
        if self._options.hold is not None:
            start, length = self._options.hold
            after(start, self._unless_ended(self.session.hold))
            after(start + length, self._unless_ended(self.session.unhold))

    def _unless_ended(self, function: Callable[[], None]) -> Callable[[], None]:
        return lambda: None if self._ended else function()

    def _send_digits(self) -> None:
        if self.stream is not None and not self._ended:
            for digit in self._options.dtmf:
                self.stream.send_dtmf(digit)

    # the end -------------------------------------------------------------------------------------------------------------------------

    def _finish(self, *, success: bool) -> None:
        if self._ended:
            return
        self._ended = True
        if self._player is not None:
            self._player.stop()
        if self._recorder is not None:
            self._recorder.stop()
        self._success = success and (self._transferred or not self.transferring)
        if self._successor is None or self._successor.finished:
            self._on_end(self, self._success)

    @property
    def finished(self) -> bool:
        """Whether everything is over and told."""
        return self._success is not None and (self._successor is None or self._successor.finished)

    def _length(self) -> str:
        begin, end = self.session.start_time, self.session.stop_time
        if begin is None or end is None:
            return "no time"
        minutes, seconds = divmod(round((end - begin) / datetime.timedelta(seconds=1)), 60)
        return f"{minutes}:{seconds:02d}"


def _kinds(streams: Sequence[Any]) -> str:
    return " and ".join(stream.type for stream in streams)
