"""The transfers and messages of one standing call, on the engine thread. The face for applications is ``transferring.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.sip.dialog import DialogID
from blinkq.sip.dialog_events import DialogRequestReceived, ReferReceived
from blinkq.sip.errors import SIPParseError
from blinkq.sip.events import RequestAnswered, RequestFailed
from blinkq.sip.message import Request
from blinkq.sipsimple.headers import FrozenFromHeader, FrozenToHeader
from blinkq.sipsimple.session.incoming_transfer import IncomingTransfer
from blinkq.sipsimple.session.outgoing_transfer import OutgoingTransfer
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI, FrozenSIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.session.call import Call

__all__ = ["Transfers"]

log = get_logger("sipsimple.session")


class Transfers:
    """What happens in the dialog of ``call`` beside its INVITEs. One transfer at a time."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._transfer: OutgoingTransfer | IncomingTransfer | None = None

    def handle(self, event: object) -> None:
        """Take an event of the dialog."""
        if isinstance(event, DialogRequestReceived):
            if event.request.method == "MESSAGE":
                self._got_message(event.request)
        elif isinstance(event, ReferReceived):
            self._received(event)
        elif self._transfer is not None:
            self._transfer.handle(event)

    def close(self) -> None:
        """The session is over."""
        if self._transfer is not None:
            self._transfer.close()

    # transfers -------------------------------------------------------------------------------------------------------------------------

    def transfer(self, target: SIPURI, replaced: DialogID | None, headers: Sequence[tuple[str, str]]) -> None:
        """Ask the peer to call ``target``; the handler is in state starting."""
        self._transfer = transfer = OutgoingTransfer(self._call, target, replaced, headers)
        transfer.start()

    def accept(self) -> None:
        """The application agrees to what the peer asks for."""
        if isinstance(self._transfer, IncomingTransfer):
            self._transfer.accept()

    def reject(self, code: int, reason: str | None) -> None:
        """The application does not agree."""
        if isinstance(self._transfer, IncomingTransfer):
            self._transfer.reject(code, reason)

    def _received(self, event: ReferReceived) -> None:
        call, handler = self._call, self._call.session.transfer_handler
        try:
            if not call.machine.started:
                raise ValueError("the session is not connected")
            handler.begin("incoming", "transfer")
        except (ValueError, BlinkQError) as error:
            log.info("refused a transfer: %s", error)
            call.command(event.referral.reject, 480)
            return
        self._transfer = transfer = IncomingTransfer(call, event.referral)
        transfer.announce(dict(event.request.headers.items()))

    # messages --------------------------------------------------------------------------------------------------------------------------

    def send_message(self, content_type: str, content: bytes, headers: Sequence[tuple[str, str]]) -> None:
        """Send a MESSAGE in the dialog."""
        call = self._call
        if call.invitation is None:
            return
        try:
            request = call.command(call.invitation.send_request, "MESSAGE", headers, content, content_type)
        except (BlinkQError, ValueError) as error:  # the call ends at this very moment, or a header cannot be sent
            log.warning("the message was not sent: %s", error)
            return
        SIPEvents().claim(request, self._message_answered)

    @staticmethod
    def _message_answered(event: RequestAnswered | RequestFailed) -> None:
        SIPEvents().release(event.request)
        if event.code >= 300:
            log.info("a message in a call was not taken: %s %s", event.code, event.reason)

    def _got_message(self, request: Request) -> None:
        try:
            content_type = request.content_type
            sender, to = FrozenFromHeader.from_name_addr(request.from_), FrozenToHeader.from_name_addr(request.to)
            uri = FrozenSIPURI.from_uri(request.uri)
        except (SIPParseError, ValueError) as error:
            log.info("unreadable message in a call: %s", error)
            return
        post(
            "SIPSessionGotMessage", self._call.session, request_uri=uri, from_header=sender, to_header=to,
            headers=dict(request.headers.items()), content_type=content_type, body=request.body,
        )  # fmt: skip
