"""Streams that we add to a standing call or remove from it."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from blinkq.base.catalogue import post
from blinkq.sdp.errors import SDPError
from blinkq.sip.events import ReinviteAnswered
from blinkq.sip.status import reason_phrase
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.session.proposal import Proposal
from blinkq.sipsimple.session.states import SessionInput, SessionState
from blinkq.sipsimple.session.stream_calls import close_stream, local_media
from blinkq.sipsimple.streams.interface import StreamError

__all__ = ["AddedStreams", "RemovedStreams"]

REMOVAL_TIMEOUT = 5.0  # seconds for the answer to a re-INVITE that removes streams


class _Stage(Enum):
    PREPARING = auto()  # nothing is sent yet
    SENT = auto()
    STARTING = auto()  # the peer has accepted
    OVER = auto()


class AddedStreams(Proposal):
    """``streams`` proposed to the peer. Each takes an m= line that is not in use, or a new one (RFC 3264 §8.1)."""

    _stage = _Stage.PREPARING

    def start(self) -> None:
        """Get the streams ready, then offer them."""
        self.gather_initialized(self.streams, "outgoing", self._initialized)

    def cancel(self) -> None:
        """Take the proposal back; the session is in state cancelling_proposal."""
        if self._stage is _Stage.SENT:
            assert self.call.invitation is not None
            self._stop_timer()
            self.call.command(self.call.invitation.cancel_reinvite)
            return
        started = self._stage is _Stage.STARTING
        if started:
            self.change.want()  # the peer believes that they run
        self.reject(487, reason_phrase(487), self.streams)

    def answered(self, event: ReinviteAnswered) -> None:
        self._stop_timer()
        if event.code >= 300:
            self.change.take_back()
            self.reject(event.code, event.reason, self.streams)
        elif self.call.machine.state is SessionState.CANCELLING_PROPOSAL:
            # accepted and taken back at the same moment: nobody knows what the other believes, so the call ends (inventory §2.7)
            if self.call.machine.take(SessionInput.END):
                self.call.end()
        else:
            self._apply(event.sdp)

    def give_way(self) -> bool:
        if self._stage is not _Stage.PREPARING:
            return False
        self.fail("received stream proposal", self.streams)
        return True

    def dialog_ended(self) -> None:
        self.post_failure("the session ended")

    def _initialized(self, failure: str | None) -> None:
        if failure is not None:
            self.fail(failure, self.streams)
        else:
            self._send()

    def _send(self) -> None:
        if self.closed:
            return
        assert self.call.local_sdp is not None
        try:
            lines = self.change.offered_lines()
            free = [index for index in range(len(lines)) if self.call.lines[index] is None and self.call.local_sdp.media[index].port == 0]
            self._slots: dict[int, Any] = {}
            for stream in self.streams:
                media = local_media(stream)
                if free:
                    index = free.pop(0)
                    lines[index] = media
                else:
                    index = len(lines)
                    lines.append(media)
                self._slots[index] = stream
        except StreamError as error:
            self.fail(str(error), self.streams)
            return
        if not self.change.send(lines):
            self.change.when_free(self._send)
            return
        self._stage = _Stage.SENT
        timeout = SIPSimpleSettings().sip.invite_timeout
        if timeout:
            self.arm(float(timeout), self._time_out)
        self._post("SIPSessionGotProposal", streams=list(self.streams))

    def _time_out(self) -> None:
        if self.call.machine.take(SessionInput.CANCEL_PROPOSAL):
            self.cancel()

    def _apply(self, sdp: bytes | None) -> None:
        try:
            self.change.apply_answer(sdp)
        except SDPError as error:
            self.change.take_back()
            self.change.want()  # whatever the peer believes, it is told what we do
            self.fail(f"SDP negotiation failed: {error}", self.streams)
            return
        if self.closed:  # a stream of the call failed at its update, and the call with it
            return
        remote = self.call.remote_sdp
        assert remote is not None
        accepted = {index: stream for index, stream in self._slots.items() if remote.media[index].port != 0}
        if not accepted:
            self._stage = _Stage.OVER
            self.reject(200, reason_phrase(200), self.streams)
            return
        for index, stream in self._slots.items():
            if index not in accepted:
                close_stream(stream)
        self._stage = _Stage.STARTING
        self.session.proposed_streams = list(accepted.values())
        self.gather_started(accepted, lambda failure: self._started(accepted, failure))

    def _started(self, accepted: dict[int, Any], failure: str | None) -> None:
        if failure is None:
            self.succeed(accepted)
            return
        self.change.want()
        self.fail(failure, list(accepted.values()))


class RemovedStreams(Proposal):
    """``streams`` taken out of the call. They are gone whatever the peer answers."""

    def start(self) -> None:
        """Silence the streams and tell the peer."""
        for stream in self.streams:
            self.call.release(stream)
        self._send()

    def answered(self, event: ReinviteAnswered) -> None:
        if event.code < 300:
            try:
                self.change.apply_answer(event.sdp)
            except SDPError:
                self.change.take_back()
        else:
            self.change.take_back()
        if self.closed:
            return
        self._end(())  # closing the proposal ends them
        post(
            "SIPSessionDidRenegotiateStreams", self.session,
            originator="local", action="remove", streams=list(self.streams), added_streams=[], removed_streams=list(self.streams),
        )  # fmt: skip
        if event.code == 491:
            self.change.retry_after_glare()
        self.change.go_on()

    def close(self) -> None:
        if not self.closed:
            super().close()
            for stream in self.streams:
                close_stream(stream)

    def _send(self) -> None:
        if self.closed:
            return
        try:
            sent = self.change.send(self.change.offered_lines())
        except StreamError as error:  # one of those that stay
            self.call.break_off(str(error))
            return
        if sent:
            self.arm(REMOVAL_TIMEOUT, self._time_out)
        else:
            self.change.when_free(self._send)

    def _time_out(self) -> None:
        if self.call.machine.take(SessionInput.END):
            self.call.end()
