"""What every change of a standing call's streams has in common: one at a time, and one outcome each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.sip.events import InvitationTransaction, ReinviteAnswered
from blinkq.sipsimple.session.gathering import Gathering
from blinkq.sipsimple.session.stream_calls import close_stream, initialize_stream, start_stream

if TYPE_CHECKING:
    from blinkq.sipsimple.session.renegotiation import Renegotiation

__all__ = ["Proposal"]

MEDIA_STREAM_TIMEOUT = 15.0  # seconds for the streams to get ready, and again to start


class Proposal:
    """A change of the streams that is under way. Engine thread only.

    :param streams: what is proposed
    """

    originator = "local"

    def __init__(self, change: Renegotiation, streams: Sequence[Any]) -> None:
        self.change = change
        self.call = change.call
        self.session = self.call.session
        self.streams = list(streams)
        self.closed = False
        self._gathering: Gathering | None = None
        self._timer: asyncio.TimerHandle | None = None

    # what happens to it ----------------------------------------------------------------------------------------------------------------

    def answered(self, event: ReinviteAnswered) -> None:
        """The peer answered our offer."""

    def confirmed(self) -> None:
        """The peer acknowledged our answer."""

    def cancelled(self) -> None:
        """The peer took its offer back."""

    def transaction_done(self, event: InvitationTransaction) -> None:
        """A transaction of the call is complete and reported."""

    def give_way(self) -> bool:
        """The peer's re-INVITE came while ours was being prepared; True when this one is over now."""
        return False

    def dialog_ended(self) -> None:
        """The peer ended the call, or its dialog is lost."""

    def close(self) -> None:
        """Wait for nothing any more. Idempotent."""
        self.closed = True
        if self._gathering is not None:
            self._gathering.cancel()
        self._stop_timer()

    # aids ------------------------------------------------------------------------------------------------------------------------------

    def gather_initialized(self, streams: Sequence[Any], direction: str, on_done: Callable[[str | None], None]) -> None:
        """Initialise ``streams``; ``on_done`` gets None, or the sentence that says what failed."""
        failures = ("MediaStreamDidNotInitialize", "MediaStreamDidFail")
        gathering = self._gathering = Gathering(
            streams, "MediaStreamDidInitialize", failures, MEDIA_STREAM_TIMEOUT, lambda failed: on_done(_sentence(failed, "initialize"))
        )
        for stream in streams:
            gathering.ask(stream, lambda stream=stream: initialize_stream(stream, self.session, direction))  # type: ignore[misc]  # mypy cannot infer lambdas with defaults

    def gather_started(self, lines: Mapping[int, Any], on_done: Callable[[str | None], None]) -> None:
        """Start the streams with what was negotiated; ``on_done`` as above."""
        local, remote = self.call.local_sdp, self.call.remote_sdp
        gathering = self._gathering = Gathering(
            lines.values(), "MediaStreamDidStart", ("MediaStreamDidFail",), MEDIA_STREAM_TIMEOUT,
            lambda failed: on_done(_sentence(failed, "start")),
        )  # fmt: skip
        for index, stream in lines.items():
            gathering.ask(stream, partial(start_stream, stream, local, remote, index))  # type: ignore[arg-type]  # negotiated

    def arm(self, seconds: float, action: Callable[[], None]) -> None:
        """Run ``action`` unless something else happens first."""
        self._stop_timer()
        self._timer = self.call.engine.loop.loop.call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # outcomes --------------------------------------------------------------------------------------------------------------------------

    def succeed(self, lines: Mapping[int, Any]) -> None:
        """The streams of ``lines`` run."""
        if self.closed:
            return
        accepted = list(lines.values())
        self.call.adopt(lines)
        self._settle()
        self._post("SIPSessionGotAcceptProposal", streams=list(accepted), accepted_streams=list(accepted))
        post(
            "SIPSessionDidRenegotiateStreams", self.session,
            originator=self.originator, action="add", streams=list(accepted), added_streams=list(accepted), removed_streams=[],
        )  # fmt: skip
        self.change.go_on()

    def reject(self, code: int, reason: str, used: Sequence[Any] = ()) -> None:
        """None of the streams is wanted; ``used`` are those that were initialised."""
        if self.closed:
            return
        self._end(used)
        self._post("SIPSessionGotRejectProposal", code=code, reason=reason, streams=list(self.streams))
        self.change.go_on()

    def fail(self, failure_reason: str, used: Sequence[Any] = ()) -> None:
        """Something of ours failed."""
        if self.closed:
            return
        self._end(used)
        self.post_failure(failure_reason)
        self.change.go_on()

    def post_failure(self, failure_reason: str) -> None:
        """Announce it."""
        self._post("SIPSessionHadProposalFailure", failure_reason=failure_reason, streams=list(self.streams))

    def _end(self, streams: Sequence[Any]) -> None:
        self._settle()
        for stream in streams:
            close_stream(stream)

    def _settle(self) -> None:
        self.close()
        self.change.settle(self)

    def _post(self, name: str, **data: object) -> None:
        post(name, self.session, originator=self.originator, proposed_streams=list(self.streams), **data)


def _sentence(failed: Mapping[Any, str], verb: str) -> str | None:
    for stream, reason in failed.items():
        if reason == "timed-out":
            return "media stream timed-out while starting" if verb == "start" else "media stream did not initialize: timed-out"
        if verb == "start":
            return f"{stream.type} media stream failed: {reason}"
        return f"{stream.type} media stream did not initialize: {reason}"
    return None
