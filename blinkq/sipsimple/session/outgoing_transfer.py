"""A transfer that we ask the peer for: the transferor's side (RFC 5589)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog import DialogID
from blinkq.sip.dialog_events import ReferAccepted, ReferEnded, ReferProgressed
from blinkq.sip.replaces import Replaces
from blinkq.sipsimple.session.transfer_handler import TransferInput
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.session.call import Call

__all__ = ["OutgoingTransfer"]


class OutgoingTransfer:
    """One REFER of ours. Engine thread only.

    :param replaced: the dialog that the new call shall take the place of, as we see it; None for a blind transfer
    """

    def __init__(self, call: Call, target: SIPURI, replaced: DialogID | None, headers: Sequence[tuple[str, str]]) -> None:
        self._call = call
        self._target = target
        self._replaced = replaced
        self._headers = list(headers)

    def start(self) -> None:
        """Send it."""
        call = self._call
        session = call.session
        post("SIPSessionTransferNewOutgoing", session, transfer_destination=self._target, extra_headers=list(self._headers))
        uri = self._target.to_uri()
        if self._replaced is not None:
            uri = Replaces.of_dialog(self._replaced).put_into(uri)
        assert call.invitation is not None
        headers = list(self._headers)
        if not any(name.lower() == "referred-by" for name, _ in headers):
            headers.append(("Referred-By", str(NameAddr(session.account.uri.to_uri()))))
        try:
            call.command(call.invitation.refer, NameAddr(uri), headers)
        except (BlinkQError, ValueError) as error:  # the call ends at this very moment, or a header cannot be sent
            self._fail(500, str(error))

    def handle(self, event: object) -> None:
        """Take an event about it."""
        session, handler = self._call.session, self._call.session.transfer_handler
        if isinstance(event, ReferAccepted) and handler.take(TransferInput.START):
            post("SIPSessionTransferDidStart", session)
        elif isinstance(event, ReferProgressed):
            post("SIPSessionTransferGotProgress", session, code=event.code, reason=event.reason)
        elif isinstance(event, ReferEnded):
            if not 200 <= event.code < 300:
                self._fail(event.code, event.reason)
            elif handler.take(TransferInput.SUCCEED):
                post("SIPSessionTransferDidEnd", session)
                session.end()

    def close(self) -> None:
        """The session is over."""
        self._fail(0, "invite dialog ended")

    def _fail(self, code: int, reason: str) -> None:
        if self._call.session.transfer_handler.take(TransferInput.FAIL):
            post("SIPSessionTransferDidFail", self._call.session, code=code, reason=reason)
