"""Renegotiation: re-INVITEs of a standing call in both directions, for hold, a changed address and what else a description can change.

Streams that come and go are proposals (``own_proposals.py``, ``peer_proposals.py``), which use what is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.sdp.description import MediaDescription, SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sdp.negotiation import check_answer
from blinkq.sip.address import NameAddr
from blinkq.sip.events import (
    InvitationTransaction,
    ReinviteAnswered,
    ReinviteCancelled,
    ReinviteConfirmed,
    ReinviteProgressed,
    ReinviteReceived,
)
from blinkq.sipsimple.session.contact import ISFOCUS, contact_for
from blinkq.sipsimple.session.explanations import warning_header
from blinkq.sipsimple.session.offered import MAX_STREAMS, streams_for
from blinkq.sipsimple.session.own_proposals import AddedStreams, RemovedStreams
from blinkq.sipsimple.session.peer_proposals import OfferedStreams
from blinkq.sipsimple.session.proposal import Proposal
from blinkq.sipsimple.session.states import SessionInput, SessionState
from blinkq.sipsimple.session.stream_calls import local_media, may_update
from blinkq.sipsimple.streams.interface import StreamError

if TYPE_CHECKING:
    from blinkq.sipsimple.session.call import Call

__all__ = ["Renegotiation"]

log = get_logger("sipsimple.session")

SHORT_REINVITE_TIMEOUT = 5.0  # seconds for the answer to a re-INVITE that the user waits for
GLARE_OWNER = (2.1, 4.0)  # seconds to wait after a 491 when the Call-ID is ours (RFC 3261 §14.1) ...
GLARE_OTHER = (0.0, 2.0)  # ... and when it is the peer's
MAX_GLARES = 5  # after so many 491 in a row the peer does not mean glare


class Renegotiation:
    """The re-INVITEs of ``call``, one at a time. Engine thread only."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.proposal: Proposal | None = None
        self._waiting: Callable[[], None] | None = None  # what is sent once the peer has acknowledged our answer
        self._offer: SessionDescription | None = None  # ours, sent and unanswered
        self._previous: SessionDescription | None = None  # what was in force before it
        self._then: Callable[[], None] | None = None  # what is done once our answer to the peer's change is reported
        self._wanted = False
        self._glares = 0
        self._announced = False  # the local hold state that was announced last
        self._timer: asyncio.TimerHandle | None = None

    @property
    def proposing(self) -> bool:
        """True while an offer of ours is unanswered."""
        return self._offer is not None

    def propose(self) -> None:
        """Send the streams' present wishes to the peer, as soon as that is possible."""
        self._wanted = True
        self._try()

    def close(self) -> None:
        """Send nothing more. Idempotent."""
        self._wanted = False
        self._waiting = None
        self._cancel_timer()
        if self.proposal is not None:
            self.proposal.close()

    def handle(self, event: object) -> None:
        """Take an event about a re-INVITE."""
        if isinstance(event, ReinviteAnswered):
            self._answered(event)
        elif isinstance(event, ReinviteProgressed):
            self._progressed(event)
        elif isinstance(event, ReinviteReceived):
            self._received(event)
        elif isinstance(event, ReinviteConfirmed):
            self._confirmed(event)
        elif isinstance(event, ReinviteCancelled) and self.proposal is not None:
            self.proposal.cancelled()
        else:
            self.go_on()

    def transaction_done(self, event: InvitationTransaction) -> None:
        """A transaction of the call is complete and reported."""
        then, self._then = self._then, None
        if self.proposal is not None:
            self.proposal.transaction_done(event)
        elif then is not None and self.call.machine.live:
            then()

    def dialog_ended(self) -> None:
        """The peer ended the call, or its dialog is lost."""
        if self.proposal is not None:
            self.proposal.dialog_ended()

    # proposals -------------------------------------------------------------------------------------------------------------------------

    def add(self, streams: Sequence[Any]) -> None:
        """Propose streams; the session is in state sending_proposal."""
        proposal = self.proposal = AddedStreams(self, streams)
        proposal.start()

    def remove(self, streams: Sequence[Any]) -> None:
        """Take streams out; the session is in state sending_proposal."""
        proposal = self.proposal = RemovedStreams(self, streams)
        proposal.start()

    def settle(self, proposal: Proposal) -> None:
        """``proposal`` is over; the next change is possible."""
        if self.proposal is proposal:
            self.proposal = None
            self.call.session.proposed_streams = None
            self._waiting = None
            self._settle()

    def go_on(self) -> None:
        """Send what had to wait, as far as it may go now."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()
        else:
            self._try()

    def when_free(self, action: Callable[[], None]) -> None:
        """Run ``action`` when the peer's re-INVITE that is under way is done with."""
        self._waiting = action

    def want(self) -> None:
        """Our next offer is due as soon as the present change is over."""
        self._wanted = True

    def offered_lines(self) -> list[MediaDescription]:
        """An m= line for each that the session has. Raises StreamError."""
        call = self.call
        assert call.local_sdp is not None
        return [
            call.local_sdp.media[index].rejected() if stream is None else local_media(stream) for index, stream in enumerate(call.lines)
        ]

    def send(self, lines: Sequence[MediaDescription]) -> bool:
        """Offer ``lines`` in a re-INVITE; False when one of the peer's is still under way."""
        call = self.call
        assert call.invitation is not None
        previous = call.local_sdp
        offer = call.describe(lines)
        self._offer, self._previous = offer, previous
        try:
            call.command(call.invitation.reinvite, offer.to_bytes(), self._new_contact())
        except IllegalStateError as error:
            log.debug("re-INVITE: %s", error)
            self.take_back()
            return False
        return True

    def _new_contact(self) -> NameAddr | None:
        """Our Contact where it must change: when we have become the focus of a conference, or are none any more."""
        invitation, session = self.call.invitation, self.call.session
        assert invitation is not None
        changed = session.local_focus != (ISFOCUS in invitation.contact.parameters)
        return contact_for(session, invitation.hop) if changed else None

    # ours ------------------------------------------------------------------------------------------------------------------------------

    def _try(self) -> None:
        call = self.call
        if not self._wanted or self._timer is not None:
            return
        try:
            lines = self.offered_lines()
        except StreamError as error:
            log.warning("no re-INVITE: %s", error)
            self._wanted = False
            return
        if not call.machine.take(SessionInput.PROPOSE):
            return
        self._wanted = False
        if self.send(lines):
            self._arm(SHORT_REINVITE_TIMEOUT, self._give_up)
        else:  # after the peer's
            self._wanted = True
            call.machine.take(SessionInput.SETTLE)

    def _give_up(self) -> None:
        self._timer = None
        call = self.call
        if self._offer is not None and call.invitation is not None:
            try:
                call.command(call.invitation.cancel_reinvite)
            except IllegalStateError as error:
                log.debug("cancel: %s", error)

    def _progressed(self, event: ReinviteProgressed) -> None:
        if isinstance(self.proposal, AddedStreams):  # only there a user is asked
            if event.code == 180:
                post("SIPSessionGotRingIndication", self.call.session)
            post("SIPSessionGotProvisionalResponse", self.call.session, code=event.code, reason=event.reason)

    def _answered(self, event: ReinviteAnswered) -> None:
        call = self.call
        self._cancel_timer()
        if self._offer is None or not call.machine.live:
            return
        if self.proposal is not None:
            self.proposal.answered(event)
            return
        if event.code == 491 and self._glares < MAX_GLARES:
            self.take_back()
            self._settle()
            self.retry_after_glare()
            return
        self._glares = 0
        if event.code < 300:
            self._apply_own_answer(event.sdp)
        else:
            log.info("the peer refused a re-INVITE: %s %s", event.code, event.reason)
            self.take_back()
        self._settle()
        self._announce_local_hold()
        self._try()

    def _apply_own_answer(self, sdp: bytes | None) -> None:
        try:
            self.apply_answer(sdp)
        except SDPError as error:
            log.info("the answer to a re-INVITE is unusable: %s", error)
            self.take_back()

    def apply_answer(self, sdp: bytes | None) -> None:
        """The answer to our offer: both are in force now. Raises SDPError."""
        call, offer = self.call, self._offer
        assert offer is not None
        answer = SessionDescription.parse(sdp or b"")
        check_answer(offer, answer)
        call.remote_sdp = answer
        call.lines.extend([None] * (len(answer.media) - len(call.lines)))
        call.update_streams()
        self._offer = self._previous = None

    def retry_after_glare(self) -> None:
        """Offer what we want again after a while (RFC 3261 §14.1)."""
        self._glares += 1
        self._wanted = True
        owner = self.call.session.direction == "outgoing"
        delay = self.call.engine.entropy.uniform(*(GLARE_OWNER if owner else GLARE_OTHER))
        self._arm(round(delay, 2), self._retry)

    def _retry(self) -> None:
        self._timer = None
        self._try()

    def take_back(self) -> None:
        """What we offered is not in force; its version number stays used (RFC 3264 §8)."""
        if self._previous is not None and self._offer is not None:
            self.call.local_sdp = replace(self._previous, origin=self._offer.origin)
        self._offer = self._previous = None

    def _settle(self) -> None:
        self._offer = self._previous = None
        self.call.machine.take(SessionInput.SETTLE)

    def _announce_local_hold(self) -> None:
        streams = self.call.hold_streams()
        held = [stream for stream in streams if stream.on_hold_by_local]
        if bool(held) == self._announced or self._wanted:
            return
        self._announced = bool(held)
        post(
            "SIPSessionDidChangeHoldState", self.call.session,
            originator="local", on_hold=bool(held), partial=0 < len(held) < len(streams),
        )  # fmt: skip

    # the peer's ------------------------------------------------------------------------------------------------------------------------

    def _received(self, event: ReinviteReceived) -> None:
        if event.request.method == "UPDATE" and self.call.early and event.sdp is not None:
            self._answer(event.sdp, at_once=True)
            return
        if not self.call.machine.started:
            # the streams of a call that was answered a moment ago are still being started (RFC 3261 §14.2)
            self._reject(500, headers=(("Retry-After", "1"),))
            return
        if self.proposal is not None:
            self.proposal.give_way()
        if self.call.machine.state is not SessionState.CONNECTED:
            self._reject(491)  # a change of ours is not finished, even if its re-INVITE is
        elif event.sdp is None:
            self._send_requested_offer()
        else:
            self._answer(event.sdp, at_once=event.request.method == "UPDATE")

    def _answer(self, sdp: bytes, at_once: bool) -> None:
        try:
            remote = SessionDescription.parse(sdp)
        except SDPError as error:
            self._reject(400, str(error))
            return
        refusal = self._check(remote)
        if refusal is not None:
            self._reject(488, refusal)
            return
        added = self._added(remote)
        if added and at_once:
            self._reject(504, "the user has to be asked: send a re-INVITE")  # RFC 3311 §5.2
            return
        if added and self._propose_to_application(remote, added):
            return
        held = self.held_by_remote()
        try:
            self.accept(remote, {})
        except (StreamError, IllegalStateError) as error:
            self._reject(488, str(error))
            return
        self._then = partial(self._apply_change, held)

    def _apply_change(self, held: list[Any]) -> None:
        """The peer's change is answered, and that is reported."""
        self.call.update_streams()
        self.announce_remote_hold(held)
        self._try()

    def _propose_to_application(self, remote: SessionDescription, added: Sequence[int]) -> bool:
        """Let the application decide about the m= lines ``added``; False when only the rest of the offer is worth an answer."""
        call = self.call
        streams, problems = streams_for(call.session, remote, added, MAX_STREAMS - len(call.session.streams))
        if not streams:
            if call.remote_sdp is not None and remote.media[: len(call.lines)] != call.remote_sdp.media:
                return False  # hold, or another address, must not fail because of a stream that we do not know
            self._reject(488, "; ".join(problems))
        elif call.machine.take(SessionInput.PROPOSED):
            proposal = self.proposal = OfferedStreams(self, remote, streams)
            proposal.announce()
        return True

    def accept(self, remote: SessionDescription, added: Mapping[int, Any]) -> None:
        """Answer an offer with 200: with the streams we have and those ``added`` by m= line. Raises StreamError, IllegalStateError."""
        call = self.call
        assert call.invitation is not None
        previous = call.local_sdp
        try:
            local = call.describe([self._answer_line(remote, index, added) for index in range(len(remote.media))])
            call.command(call.invitation.accept_reinvite, local.to_bytes())
        except (StreamError, IllegalStateError):
            call.local_sdp = previous
            raise
        call.lines.extend([None] * (len(remote.media) - len(call.lines)))
        call.remote_sdp = remote

    def _check(self, remote: SessionDescription) -> str | None:
        """Why an offer is refused, or None."""
        call = self.call
        if len(remote.media) < len(call.lines):
            return "Streams cannot be deleted from the SDP"
        removed = False
        for index, stream in enumerate(call.lines):
            if stream is None:
                continue
            line = remote.media[index]
            removed = removed or line.port == 0
            if line.port != 0 and not (self._same_kind(line, index) and may_update(stream, remote, index)):
                return f"Failed to update media stream index {index}"
        if removed and self._added(remote):
            return "Streams cannot be added and removed at once"
        return None

    def _same_kind(self, line: MediaDescription, index: int) -> bool:
        local = self.call.local_sdp
        return local is None or local.media[index].media == line.media

    def _added(self, remote: SessionDescription) -> list[int]:
        """The m= lines that the peer wants to be new streams.

        One that we refused and that is offered again as it was is not new: phones repeat it with every hold.
        """
        call = self.call
        known = call.remote_sdp.media if call.remote_sdp is not None else ()
        added = []
        for index, line in enumerate(remote.media):
            used = index < len(call.lines) and call.lines[index] is not None
            before = known[index] if index < len(known) else None
            repeated = before is not None and (before.media, before.port, before.transport) == (line.media, line.port, line.transport)
            if line.port != 0 and not used and not repeated:
                added.append(index)
        return added

    def _answer_line(self, remote: SessionDescription, index: int, added: Mapping[int, Any]) -> MediaDescription:
        lines = self.call.lines
        stream = lines[index] if index < len(lines) else None
        stream = added.get(index, stream)
        if stream is None or remote.media[index].port == 0:
            return remote.media[index].rejected()
        return local_media(stream, remote, index)

    def _send_requested_offer(self) -> None:
        """The peer wants our offer (RFC 3261 §14.2); its answer comes with the ACK."""
        call = self.call
        previous = call.local_sdp
        for index, stream in enumerate(call.lines):
            if stream is not None and hasattr(stream, "reset"):
                stream.reset(index)
        try:
            lines = self.offered_lines()
        except StreamError as error:
            self._reject(500, str(error))
            return
        if previous is None or call.invitation is None or not call.machine.take(SessionInput.REQUESTED):
            self._reject(491)
            return
        self._offer, self._previous = call.describe(lines), previous
        call.command(call.invitation.accept_reinvite, self._offer.to_bytes())

    def _confirmed(self, event: ReinviteConfirmed) -> None:
        if not self.call.machine.live:
            return
        if self._offer is None:  # the ACK for an answer of ours: nothing to apply, but our own wishes may be waiting for it
            if self.proposal is not None:
                self.proposal.confirmed()
            self.go_on()
            return
        held = self.held_by_remote()
        self._apply_own_answer(event.sdp)
        self._settle()
        self.announce_remote_hold(held)
        self._announce_local_hold()
        self._try()

    def _reject(self, code: int, warning: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> None:
        invitation = self.call.invitation
        if invitation is None:
            return
        if warning is not None:
            headers = (*headers, warning_header(warning))
        try:
            self.call.command(invitation.reject_reinvite, code, headers=headers)
        except IllegalStateError as error:
            log.debug("reject: %s", error)

    def held_by_remote(self) -> list[Any]:
        """The streams that the peer holds."""
        return [stream for stream in self.call.hold_streams() if stream.on_hold_by_remote]

    def announce_remote_hold(self, before: list[Any]) -> None:
        """Tell the application when other streams than ``before`` are held by the peer."""
        held, streams = self.held_by_remote(), self.call.hold_streams()
        if held != before:
            post(
                "SIPSessionDidChangeHoldState", self.call.session,
                originator="remote", on_hold=bool(held), partial=0 < len(held) < len(streams),
            )  # fmt: skip

    # timers ----------------------------------------------------------------------------------------------------------------------------

    def _arm(self, delay: float, action: Any) -> None:
        self._cancel_timer()
        self._timer = self.call.engine.loop.loop.call_later(delay, action)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
