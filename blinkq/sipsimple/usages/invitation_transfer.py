"""The transfers and messages of an Invitation: what happens in its dialog beside INVITEs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog import DialogID
from blinkq.sip.dialog_events import DialogRequestReceived, ReferAccepted, ReferEnded, ReferProgressed, ReferReceived
from blinkq.sip.replaces import Replaces
from blinkq.sip.usages.incoming_referral import IncomingReferral
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import FrozenSIPURI
from blinkq.sipsimple.usages.message_data import request_data
from blinkq.sipsimple.values.parameter_headers import FrozenReferToHeader

if TYPE_CHECKING:
    from blinkq.sipsimple.usages.invitation import Invitation

__all__ = ["InvitationTransfer"]


class InvitationTransfer:
    """One transfer at a time. ``state`` is None, INCOMING, SENT, ACCEPTED, ACTIVE or TERMINATED."""

    def __init__(self, invitation: Invitation) -> None:
        self.state: str | None = None
        self._invitation = invitation
        self._incoming: IncomingReferral | None = None

    @property
    def idle(self) -> bool:
        """Whether none goes on."""
        return self.state in (None, "TERMINATED")

    # -- commands, on the engine thread

    async def start(self, target: FrozenSIPURI, replaced: DialogID | None, lines: tuple[tuple[str, str], ...]) -> None:
        """Ask the other side to call ``target``."""
        usage = self._invitation._usage
        if usage is None or not self.idle:
            return
        uri = target.to_uri() if replaced is None else Replaces.of_dialog(replaced).put_into(target.to_uri())
        self._move("SENT")
        post("SIPInvitationTransferNewOutgoing", self._invitation, transfer_destination=target)
        try:
            Runtime.current().sip.call(usage.refer, NameAddr(uri), lines)
        except BlinkQError as error:  # the call ends at this very moment
            self._end(500, str(error))

    async def tell(self, code: int, reason: str | None) -> None:
        """Tell the other side how the transfer goes that it asked for."""
        if self._incoming is None or self.idle:
            return
        self._move("ACTIVE")
        Runtime.current().sip.call(self._incoming.notify, code, reason)
        if code >= 200:
            self._end(code, reason or "")

    # -- events

    def handle(self, event: object) -> None:
        """Take an event of the dialog."""
        match event:
            case DialogRequestReceived(request=request):
                if request.method == "MESSAGE":
                    self._invitation.got_message(request)
            case ReferReceived():
                self._received(event)
            case ReferAccepted():
                self._move("ACCEPTED")
                post("SIPInvitationTransferDidStart", self._invitation)
            case ReferProgressed(code=code, reason=reason):
                self._move("ACTIVE")
                body = f"SIP/2.0 {code} {reason}".encode()
                post("SIPInvitationTransferGotNotify", self._invitation, event="refer", content_type="message/sipfrag", body=body)
            case ReferEnded(code=code, reason=reason):
                self._end(code, reason)

    def close(self) -> None:
        """The call is over."""
        if not self.idle:
            self._end(0, "invite dialog ended")

    def _received(self, event: ReferReceived) -> None:
        sip = Runtime.current().sip
        if not self.idle:
            sip.call(event.referral.reject, 491)
            return
        self._incoming = event.referral
        sip.call(event.referral.accept)
        self._move("INCOMING")
        refer_to = FrozenReferToHeader.from_body(event.request.headers.get("Refer-To") or "")  # with a Replaces, if there is one
        data: dict[str, Any] = request_data(event.request)
        post("SIPInvitationTransferNewIncoming", self._invitation, **data, refer_to=refer_to)

    def _end(self, code: int, reason: str) -> None:
        if self.idle:
            return
        self._incoming = None
        self._move("TERMINATED")
        if 200 <= code < 300:
            post("SIPInvitationTransferDidEnd", self._invitation)
        else:
            post("SIPInvitationTransferDidFail", self._invitation, code=code, reason=reason)

    def _move(self, state: str) -> None:
        previous, self.state = self.state, state
        if previous != state:
            post("SIPInvitationTransferChangedState", self._invitation, prev_state=previous, state=state)
