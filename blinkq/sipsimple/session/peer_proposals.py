"""Streams that the peer wants to add to a standing call: the application decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationTransaction
from blinkq.sip.status import reason_phrase
from blinkq.sipsimple.session.explanations import warning_header
from blinkq.sipsimple.session.proposal import Proposal
from blinkq.sipsimple.session.states import SessionInput
from blinkq.sipsimple.streams.interface import StreamError

if TYPE_CHECKING:
    from blinkq.sipsimple.session.renegotiation import Renegotiation

__all__ = ["OfferedStreams"]

log = get_logger("sipsimple.session")

# Seconds until a proposal that no application answers is refused: proxies forget the transaction after three minutes (RFC 3261 §16.6,
# timer C), and nothing else of the call can be changed before.
PATIENCE = 150.0


class OfferedStreams(Proposal):
    """A re-INVITE that adds streams.

    :param remote: the offer
    :param lines: the proposed streams by m= line
    """

    originator = "remote"

    def __init__(self, change: Renegotiation, remote: SessionDescription, lines: Mapping[int, Any]) -> None:
        super().__init__(change, list(lines.values()))
        self._remote = remote
        self._lines = dict(lines)
        self._accepted: dict[int, Any] = {}
        self._accepting = self._answered = self._started = self._confirmed = False
        self._held: list[Any] = []
        self._then: Callable[[InvitationTransaction], None] | None = None

    def announce(self) -> None:
        """Ask the application."""
        self.session.proposed_streams = list(self.streams)
        self.arm(PATIENCE, self._nobody_decides)
        self._post("SIPSessionGotProposal", streams=list(self.streams))

    # what the application decides ------------------------------------------------------------------------------------------------------

    def ring(self) -> None:
        """Tell the peer that the user is being asked."""
        assert self.call.invitation is not None
        self._try(lambda: self.call.command(self.call.invitation.ring_reinvite, 180))  # type: ignore[union-attr]  # asserted above

    def accept(self, streams: Sequence[Any]) -> None:
        """Take ``streams``, refuse the others; the session is in state accepting_proposal."""
        self._stop_timer()
        self._accepting = True
        self._accepted = {index: stream for index, stream in self._lines.items() if stream in streams}
        self.gather_initialized(list(self._accepted.values()), "incoming", self._initialized)

    def refuse(self, code: int, reason: str | None) -> None:
        """Take none; the session is in state rejecting_proposal."""
        self._stop_timer()
        self._send_refusal(code, reason, None, lambda event: self.reject(event.code, reason_phrase(event.code)))

    def _nobody_decides(self) -> None:
        if self.call.machine.take(SessionInput.REJECT_PROPOSAL):
            log.warning("nobody decided about the streams that %s proposed", self.session.remote_identity)
            self.refuse(488, None)

    # what the peer does ----------------------------------------------------------------------------------------------------------------

    def cancelled(self) -> None:
        self.reject(487, reason_phrase(487), list(self._accepted.values()))

    def confirmed(self) -> None:
        if self._answered:
            self._confirmed = True
            self._succeed_if_ready()

    def transaction_done(self, event: InvitationTransaction) -> None:
        # the outcome is told after the transaction, in whichever order they come out of the agent
        if self._then is not None and (event.originator, event.method) == ("remote", "INVITE"):
            then, self._then = self._then, None
            then(event)

    def dialog_ended(self) -> None:
        if self._accepting:
            self.post_failure("the session ended")

    # the answer ------------------------------------------------------------------------------------------------------------------------

    def _initialized(self, failure: str | None) -> None:
        if failure is not None:
            self._fail_before_answer(failure)
            return
        self._held = self.change.held_by_remote()
        try:
            self.change.accept(self._remote, self._accepted)
        except (StreamError, IllegalStateError) as error:
            self._fail_before_answer(str(error))
            return
        self._answered = True
        self.call.update_streams()
        if not self.closed:
            self.gather_started(self._accepted, self._streams_started)

    def _streams_started(self, failure: str | None) -> None:
        if failure is None:
            self._started = True
            self._succeed_if_ready()
            return
        self.change.want()  # the peer believes that they run
        self.fail(failure, list(self._accepted.values()))

    def _succeed_if_ready(self) -> None:
        if self._started and self._confirmed:
            self.change.announce_remote_hold(self._held)
            self.succeed(self._accepted)

    def _fail_before_answer(self, failure: str) -> None:
        self._send_refusal(488, None, failure, lambda _event: self.fail(failure, list(self._accepted.values())))

    def _send_refusal(self, code: int, reason: str | None, warning: str | None, then: Callable[[InvitationTransaction], None]) -> None:
        headers = () if warning is None else (warning_header(warning),)
        invitation = self.call.invitation
        assert invitation is not None
        self._then = then
        self._try(lambda: self.call.command(invitation.reject_reinvite, code, reason, headers))

    def _try(self, command: Callable[[], object]) -> None:
        try:
            command()
        except IllegalStateError as error:  # the peer takes it back at this very moment: its event is on the way
            log.debug("proposal: %s", error)
            self._then = None
