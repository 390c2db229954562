"""Renegotiation: re-INVITEs of a standing call in both directions, for hold, a changed address and what else a description can change."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sdp.negotiation import check_answer
from blinkq.sip.events import ReinviteAnswered, ReinviteConfirmed, ReinviteReceived
from blinkq.sipsimple.session.explanations import warning_header
from blinkq.sipsimple.session.states import SessionInput
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
        self._call = call
        self._offer: SessionDescription | None = None  # ours, sent and unanswered
        self._previous: SessionDescription | None = None  # what was in force before it
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
        self._cancel_timer()

    def handle(self, event: object) -> None:
        """Take an event about a re-INVITE."""
        if isinstance(event, ReinviteAnswered):
            self._answered(event)
        elif isinstance(event, ReinviteReceived):
            self._received(event)
        elif isinstance(event, ReinviteConfirmed):
            self._confirmed(event)
        else:
            self._try()  # the peer took its re-INVITE back: ours may go now

    # ours ------------------------------------------------------------------------------------------------------------------------------

    def _try(self) -> None:
        call = self._call
        if not self._wanted or self._timer is not None or not call.machine.take(SessionInput.PROPOSE):
            return
        self._wanted = False
        assert call.local_sdp is not None
        assert call.invitation is not None
        previous = call.local_sdp
        lines = [
            previous.media[index].rejected() if stream is None else stream.get_local_media(True)
            for index, stream in enumerate(call.lines)
        ]
        offer = call.describe(lines)
        self._offer, self._previous = offer, previous
        try:
            call.command(call.invitation.reinvite, offer.to_bytes())
        except IllegalStateError as error:  # one of the peer's is under way: after it
            log.debug("re-INVITE: %s", error)
            self._take_back()
            self._wanted = True
            call.machine.take(SessionInput.SETTLE)
            return
        self._arm(SHORT_REINVITE_TIMEOUT, self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        call = self._call
        if self._offer is not None and call.invitation is not None:
            try:
                call.command(call.invitation.cancel_reinvite)
            except IllegalStateError as error:
                log.debug("cancel: %s", error)

    def _answered(self, event: ReinviteAnswered) -> None:
        call, offer = self._call, self._offer
        self._cancel_timer()
        if offer is None or not call.machine.live:
            return
        if event.code == 491 and self._glares < MAX_GLARES:
            self._retry_after_glare()
            return
        self._glares = 0
        if event.code < 300:
            self._apply_answer(offer, event.sdp)
        else:
            log.info("the peer refused a re-INVITE: %s %s", event.code, event.reason)
            self._take_back()
        self._settle()
        self._announce_local_hold()
        self._try()

    def _apply_answer(self, offer: SessionDescription, sdp: bytes | None) -> None:
        call = self._call
        try:
            answer = SessionDescription.parse(sdp or b"")
            check_answer(offer, answer)
        except SDPError as error:
            log.info("the answer to a re-INVITE is unusable: %s", error)
            self._take_back()
            return
        call.remote_sdp = answer
        call.update_streams()
        self._offer = self._previous = None

    def _retry_after_glare(self) -> None:
        self._glares += 1
        self._take_back()
        self._settle()
        self._wanted = True
        owner = self._call.session.direction == "outgoing"
        delay = self._call.engine.entropy.uniform(*(GLARE_OWNER if owner else GLARE_OTHER))
        self._arm(round(delay, 2), self._retry)

    def _retry(self) -> None:
        self._timer = None
        self._try()

    def _take_back(self) -> None:
        """What we offered is not in force; its version number stays used (RFC 3264 §8)."""
        if self._previous is not None and self._offer is not None:
            self._call.local_sdp = replace(self._previous, origin=self._offer.origin)
        self._offer = self._previous = None

    def _settle(self) -> None:
        self._offer = self._previous = None
        self._call.machine.take(SessionInput.SETTLE)

    def _announce_local_hold(self) -> None:
        streams = self._call.hold_streams()
        held = [stream for stream in streams if stream.on_hold_by_local]
        if bool(held) == self._announced or self._wanted:
            return
        self._announced = bool(held)
        post(
            "SIPSessionDidChangeHoldState", self._call.session,
            originator="local", on_hold=bool(held), partial=0 < len(held) < len(streams),
        )  # fmt: skip

    # the peer's ------------------------------------------------------------------------------------------------------------------------

    def _received(self, event: ReinviteReceived) -> None:
        if not self._call.machine.started:
            # the streams of a call that was answered a moment ago are still being started (RFC 3261 §14.2)
            self._reject(500, headers=(("Retry-After", "1"),))
        elif event.sdp is None:
            self._send_requested_offer()
        else:
            self._answer(event.sdp)

    def _answer(self, sdp: bytes) -> None:
        call = self._call
        try:
            remote = SessionDescription.parse(sdp)
        except SDPError as error:
            self._reject(400, str(error))
            return
        refusal = self._check(remote)
        if refusal is not None:
            self._reject(488, refusal)
            return
        previous, held = call.local_sdp, self._held_by_remote()
        try:
            local = call.describe([self._answer_line(remote, index) for index in range(len(remote.media))])
            assert call.invitation is not None
            call.command(call.invitation.accept_reinvite, local.to_bytes())
        except (StreamError, IllegalStateError) as error:
            call.local_sdp = previous
            self._reject(488, str(error))
            return
        call.lines.extend([None] * (len(remote.media) - len(call.lines)))
        call.remote_sdp = remote
        call.update_streams()
        self._announce_remote_hold(held)
        self._try()

    def _check(self, remote: SessionDescription) -> str | None:
        """Why an offer is refused, or None."""
        call = self._call
        if len(remote.media) < len(call.lines):
            return "Streams cannot be deleted from the SDP"
        for index, stream in enumerate(call.lines):
            active = stream is not None and remote.media[index].port != 0
            if active and not stream.validate_update(remote, index):
                return f"Failed to update media stream index {index}"
        return None

    def _answer_line(self, remote: SessionDescription, index: int) -> Any:
        lines = self._call.lines
        stream = lines[index] if index < len(lines) else None
        if stream is None or remote.media[index].port == 0:
            return remote.media[index].rejected()
        return stream.get_local_media(False, remote, index)

    def _send_requested_offer(self) -> None:
        """The peer wants our offer (RFC 3261 §14.2); its answer comes with the ACK."""
        call = self._call
        previous = call.local_sdp
        if previous is None or call.invitation is None or not call.machine.take(SessionInput.REQUESTED):
            self._reject(491)
            return
        lines = []
        for index, stream in enumerate(call.lines):
            if stream is None:
                lines.append(previous.media[index].rejected())
                continue
            if hasattr(stream, "reset"):
                stream.reset(index)
            lines.append(stream.get_local_media(True))
        self._offer, self._previous = call.describe(lines), previous
        call.command(call.invitation.accept_reinvite, self._offer.to_bytes())

    def _confirmed(self, event: ReinviteConfirmed) -> None:
        offer = self._offer
        if not self._call.machine.live:
            return
        if offer is None:  # the ACK for an answer of ours: nothing to apply, but our own wishes may be waiting for it
            self._try()
            return
        held = self._held_by_remote()
        self._apply_answer(offer, event.sdp)
        self._settle()
        self._announce_remote_hold(held)
        self._announce_local_hold()
        self._try()

    def _reject(self, code: int, warning: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> None:
        invitation = self._call.invitation
        if invitation is None:
            return
        if warning is not None:
            headers = (*headers, warning_header(warning))
        try:
            self._call.command(invitation.reject_reinvite, code, headers=headers)
        except IllegalStateError as error:
            log.debug("reject: %s", error)

    def _held_by_remote(self) -> list[Any]:
        return [stream for stream in self._call.hold_streams() if stream.on_hold_by_remote]

    def _announce_remote_hold(self, before: list[Any]) -> None:
        held, streams = self._held_by_remote(), self._call.hold_streams()
        if held != before:
            post(
                "SIPSessionDidChangeHoldState", self._call.session,
                originator="remote", on_hold=bool(held), partial=0 < len(held) < len(streams),
            )  # fmt: skip

    # timers ----------------------------------------------------------------------------------------------------------------------------

    def _arm(self, delay: float, action: Any) -> None:
        self._cancel_timer()
        self._timer = self._call.engine.loop.loop.call_later(delay, action)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
