"""IncomingCall: from a peer's INVITE to the moment the call stands, or is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.engine.errors import NetworkError
from blinkq.sdp.description import MediaDescription, SessionDescription
from blinkq.sdp.errors import NegotiationError, SDPError
from blinkq.sdp.negotiation import check_answer
from blinkq.sip.events import InvitationConfirmed, InvitationFailed
from blinkq.sip.status import reason_phrase
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.session.call import Call, log
from blinkq.sipsimple.session.contact import contact_for
from blinkq.sipsimple.session.states import SessionInput
from blinkq.sipsimple.session.stream_calls import local_media
from blinkq.sipsimple.streams.interface import StreamError

if TYPE_CHECKING:
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sipsimple.session.session import Session

__all__ = ["IncomingCall"]

_CREDENTIALS = frozenset({"authorization", "proxy-authorization"})


class IncomingCall(Call):
    """A call that a peer places.

    :param offer: the peer's description, None when it leaves the offer to us
    :param lines: the stream of each m= line of the offer (None: not usable), or those that we propose without one
    """

    def __init__(self, session: Session, invitation: Invitation, offer: SessionDescription | None, lines: Sequence[Any]) -> None:
        super().__init__(session)
        self.invitation = invitation
        self.remote_sdp = offer
        self._late_offer = offer is None
        self.lines = list(lines)

    def announce(self, headers: dict[str, str]) -> None:
        """Tell the application. Credentials that some proxy left in the request are nobody's business."""
        shown = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
        session = self.session
        replaced = session.replaced_session.dialog_id if session.replaced_session is not None else None
        post("SIPSessionNewIncoming", session, streams=list(session.proposed_streams or []), headers=shown, replaced_dialog=replaced)

    # commands --------------------------------------------------------------------------------------------------------------------------

    def ring(self) -> None:
        """Send 180; nothing happens when the caller has given up."""
        self._try(lambda invitation: self.command(invitation.ring, 180))

    def reject(self, code: int, reason: str | None) -> None:
        """Refuse; the session is in state terminating."""
        phrase = reason_phrase(code)
        self._end_with(lambda invitation: self.command(invitation.reject, code, reason), code, phrase, "user request")

    def accept(self, streams: Sequence[Any]) -> None:
        """Answer with ``streams``; the others of the offer are refused."""
        for index, stream in enumerate(self.lines):
            if stream is not None and stream not in streams:
                self.lines[index] = None
        if self._late_offer:
            self.lines = list(streams)
        self.session.proposed_streams = [stream for stream in self.lines if stream is not None]
        if not self.session.proposed_streams:
            self._refuse(488, "none of the offered streams was accepted")
            return
        direction = "outgoing" if self._late_offer else "incoming"
        self.initialize_streams(self.session.proposed_streams, direction, self._streams_initialized)

    # the answer ------------------------------------------------------------------------------------------------------------------------

    def _streams_initialized(self, failed: dict[Any, str]) -> None:
        streams = [stream for stream in self.lines if stream is not None]
        self.session.proposed_streams = streams
        if not streams:
            stream, reason = next(iter(failed.items()))
            self._refuse(500, f"{stream.type} media stream did not initialize: {reason}")
            return
        if self._late_offer:
            self.lines = streams
        try:
            self.session.local_address = self._local_address()
            local = self.describe([self._line(index) for index in range(len(self.lines))])
        except NetworkError as error:
            self._refuse(500, str(error))
            return
        except StreamError as error:
            self._refuse(488, str(error))
            return
        accepted = self._try(
            lambda invitation: self.command(invitation.accept, local.to_bytes(), contact_for(self.session, invitation.hop))
        )
        if accepted and not self._late_offer:
            self.start_streams()

    def _line(self, index: int) -> MediaDescription:
        stream = self.lines[index]
        if self.remote_sdp is None:
            return local_media(stream)
        if stream is None:
            return self.remote_sdp.media[index].rejected()
        return local_media(stream, self.remote_sdp, index)

    def _local_address(self) -> str:
        """Our address towards the peer's media, or towards its signalling when we do not know more."""
        from_signalling = self.session.local_address
        if SIPSimpleSettings().sip.local_ip is not None or self.remote_sdp is None:
            return from_signalling
        for index, stream in enumerate(self.lines):
            connection = self.remote_sdp.connection_of(index) if stream is not None else None
            if connection is not None and not connection.unspecified:
                try:
                    return self.engine.network.local_address_for(connection.address)
                except NetworkError as error:  # a name, or an address family we lack: the signalling's way is the best guess
                    log.info("no own address towards %s: %s", connection.address, error)
        return from_signalling

    # events ----------------------------------------------------------------------------------------------------------------------------

    def on_event(self, event: object) -> None:
        """The ACK, with the peer's answer if the offer was ours."""
        if not isinstance(event, InvitationConfirmed) or not self.machine.live:
            return
        self.agreed = True
        if not self._late_offer:
            self.start_if_ready()
            return
        try:
            self._take_answer(event.sdp)
        except SDPError as error:
            self.break_off(f"SDP negotiation failed: {error}", originator="remote")
            return
        self.start_streams()

    def on_failed(self, event: InvitationFailed) -> None:
        """Cancelled by the caller, or never acknowledged."""
        if self._ending is None and event.originator == "remote" and event.code == 487:
            self.fail("remote", 487, "Session Cancelled", event.cause)
        else:
            super().on_failed(event)

    def _take_answer(self, sdp: bytes | None) -> None:
        assert self.local_sdp is not None
        if sdp is None:
            raise NegotiationError("the ACK contains no session description")
        answer = SessionDescription.parse(sdp)
        check_answer(self.local_sdp, answer)
        if all(media.port == 0 for media in answer.media):
            raise NegotiationError("the peer refused all streams")
        self.remote_sdp = answer

    # refusals --------------------------------------------------------------------------------------------------------------------------

    def _refuse(self, code: int, failure_reason: str) -> None:
        """Refuse an INVITE that the user accepted, because something of ours failed."""
        if self.machine.take(SessionInput.END):
            self._end_with(lambda invitation: self.command(invitation.reject, code), code, reason_phrase(code), failure_reason)

    def _end_with(self, command: Any, code: int, phrase: str, failure_reason: str) -> None:
        self.finish_later(lambda: self._did_fail("local", code, phrase, "timeout" if self._unheard else failure_reason))
        self._try(command)

    def _try(self, command: Any) -> bool:
        """Run ``command`` with the invitation; False when the caller gave up at this very moment."""
        assert self.invitation is not None
        try:
            command(self.invitation)
        except IllegalStateError as error:
            log.info("%s", error)
            return False
        return True
