"""What the parts of an invitation share: its state, its dialogs, ACK and BYE, and the one terminal event.

The invitation is the face; `outgoing_leg` and `incoming_leg` handle the first INVITE, `session_change` the later ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.context import Context, DialogUser, capabilities
from blinkq.sip.dialog import Dialog, DialogID
from blinkq.sip.digest import Credentials
from blinkq.sip.events import (
    Event,
    InvitationEnded,
    InvitationFailed,
    InvitationTransaction,
    Originator,
)
from blinkq.sip.exchange import Exchange, ExchangeUser, Nobody
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.session_body import SDP
from blinkq.sip.status import reason_phrase
from blinkq.sip.timers import Timer
from blinkq.sip.usages.invitation_states import TABLE, InvitationInput, InvitationState

if TYPE_CHECKING:
    from blinkq.sip.usages.invitation import Invitation
    from blinkq.sip.usages.session_timer import SessionTimer

__all__ = ["Call", "Headers"]

Headers = Iterable[tuple[str, str]]

# Branches of a forked call that are followed at once; a proxy that makes more is not served with dialogs for them.
MAX_DIALOGS = 16
# ACKs kept for repeated 2xx: the first INVITE's and those of the last re-INVITEs.
MAX_ACKS = 32


class Call:
    """The common ground of one invitation; everything public here is for its parts. `timer` is set by the invitation."""

    timer: SessionTimer

    def __init__(
        self,
        context: Context,
        invitation: Invitation,
        dialog_user: DialogUser,
        direction: Literal["incoming", "outgoing"],
        contact: NameAddr,
        credentials: Credentials | None,
    ) -> None:
        self.context = context
        self.invitation = invitation
        self.direction = direction
        self.contact = contact
        self.credentials = credentials
        self.state = TABLE.initial
        self.confirmed = False
        # the methods that the peer says it takes
        self.peer_allows: frozenset[str] = frozenset()
        self.dialog: Dialog | None = None
        self.dialogs: dict[DialogID, Dialog] = {}
        self.on_over: list[Callable[[float], None]] = []
        # Set while a 2xx of ours is still repeated after the call was reported as over: its ACK must find us.
        self.lingering = False
        self._told_end = False
        self._dialog_user = dialog_user
        self._acks: dict[tuple[str, int], Transmit] = {}
        self._patience: Timer | None = None

    # -- state

    def move(self, event: InvitationInput) -> None:
        """Take one step in the table."""
        self.state = TABLE.next(self.state, event)
        if self.state is InvitationState.CONFIRMED:
            self.confirmed = True

    def require(self, method: str, *states: InvitationState) -> None:
        """Raise IllegalStateError unless the call is in one of `states`."""
        if self.state not in states:
            raise IllegalStateError(f"Invitation.{method} in state {self.state.name}")

    def emit(self, event: Event) -> None:
        """Queue an event; nothing follows the terminal one, although a repeated 2xx may keep the dialog alive for a while."""
        if not self._told_end:
            self.context.emit(event)

    def report(
        self, originator: Originator, method: str, code: int, reason: str, ack_received: bool | None = None
    ) -> None:
        """Queue an `InvitationTransaction`; nothing follows the terminal event."""
        if self.state is not InvitationState.TERMINATED:
            self.emit(
                InvitationTransaction(self.invitation, originator, method, code, reason, ack_received)
            )

    def finish(
        self,
        originator: Originator,
        code: int,
        reason: str,
        cause: str,
        now: float,
        response: Response | None = None,
    ) -> None:
        """The end: exactly one terminal event, and everything that waits is let go. Idempotent."""
        if self.state is InvitationState.TERMINATED:
            return
        self.move(InvitationInput.OVER)
        self.be_patient_no_more()
        self.context.ended.extend(self.dialogs)
        for action in self.on_over:
            action(now)
        if not self.lingering:
            self.leave_all()
        self.context.invitations.discard(self.invitation)
        if self.confirmed:
            self.emit(InvitationEnded(self.invitation, originator, code, reason, cause))
        else:
            self.emit(InvitationFailed(self.invitation, originator, code, reason, cause, response))
        self._told_end = True

    def be_patient(self, now: float, action: Callable[[float], None]) -> None:
        """Run `action` when the peer has not reacted to our ending the call in time."""
        self.be_patient_no_more()
        self._patience = self.context.timers.schedule(now + self.context.config.end_patience, action)

    def be_patient_no_more(self) -> None:
        """The peer reacted."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    # -- dialogs

    def enter(self, dialog: Dialog) -> None:
        """Receive the requests of `dialog`."""
        if len(self.dialogs) < MAX_DIALOGS:
            self.dialogs[dialog.id] = dialog
            self.context.dialogs[dialog.id] = self._dialog_user

    def leave(self, dialog: Dialog) -> None:
        """Receive them no more."""
        self.dialogs.pop(dialog.id, None)
        self.context.dialogs.pop(dialog.id, None)

    def leave_all(self) -> None:
        """No request of any dialog reaches us any more."""
        for dialog in list(self.dialogs.values()):
            self.leave(dialog)

    def settle(self, dialog: Dialog) -> None:
        """Of all branches, `dialog` is the call."""
        for other in list(self.dialogs.values()):
            if other is not dialog:
                self.leave(other)
        self.dialog = dialog
        self.dialogs[dialog.id] = dialog
        self.context.dialogs[dialog.id] = self._dialog_user

    # -- requests of the dialog

    def dialog_headers(self) -> list[tuple[str, str]]:
        """Contact and capabilities, as an INVITE and its answers carry them."""
        return [("Contact", str(self.contact)), *capabilities(content=False)]

    def exchange(self, dialog: Dialog, request: Request, user: ExchangeUser) -> Exchange:
        """An exchange within `dialog`, ready to start."""
        hop, flow = dialog.path()
        return Exchange(
            self.context,
            user,
            request,
            hop,
            flow,
            dialog.next_cseq,
            credentials=self.credentials,
            in_dialog=True,
        )

    def bye(self, dialog: Dialog, now: float, headers: Headers = (), user: ExchangeUser | None = None) -> None:
        """Send BYE in `dialog`; without `user` nobody waits for the answer."""
        request = dialog.make_request("BYE", dialog.next_cseq(), headers=headers)
        self.exchange(dialog, request, user or Nobody()).start(now)

    def hang_up(self, now: float, headers: Headers = ()) -> None:
        """Send BYE and end with its answer; in the state ENDING."""
        dialog = self.dialog
        assert dialog is not None  # a call that can be hung up has one
        self.be_patient(now, self._on_patience_over)
        self.bye(dialog, now, headers, self)

    def give_up(self, originator: Originator, code: int, reason: str, now: float) -> None:
        """§12.2.1.2, §14.1: 408 and 481 to a request of ours mean that the dialog is gone; a BYE makes sure."""
        assert self.dialog is not None  # the request was one of it
        self.bye(self.dialog, now)
        self.finish(originator, code, reason, "dialog failure", now)

    def acknowledge(self, dialog: Dialog, exchange: Exchange, sdp: bytes | None) -> None:
        """Send the ACK for a 2xx to the INVITE of `exchange` (RFC 3261 §13.2.2.4)."""
        invite = exchange.request
        hop, flow = dialog.path()
        # §22.1: the ACK carries the credentials of its INVITE, as it cannot be challenged. Not past the server that asked for them:
        # an ACK that goes to the peer directly would hand the peer a digest to crack.
        address = hop.address if flow is None else flow.remote_address
        credentials = [
            (name, value)
            for name in ("Authorization", "Proxy-Authorization")
            for value in (invite.headers.get_all(name) if address == exchange.hop.address else ())
        ]
        number = invite.cseq.number
        ack = dialog.make_request(
            "ACK", number, headers=credentials, body=sdp or b"", content_type=SDP if sdp else None
        )
        self.context.stamp(ack, hop)
        transmit = Transmit(ack.to_bytes(), hop, flow)
        while len(self._acks) >= MAX_ACKS:
            del self._acks[next(iter(self._acks))]
        self._acks[dialog.remote.tag or "", number] = transmit
        self.context.transmit(transmit)

    def acknowledge_again(self, response: Response) -> bool:
        """Repeat the ACK for a repeated 2xx; False when none was sent yet."""
        transmit = self._acks.get((response.to.tag or "", response.cseq.number))
        if transmit is None:
            return False
        self.context.transmit(transmit)
        return True

    # -- ExchangeUser, for our BYE

    def on_provisional(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Nothing to learn."""

    def on_final(self, exchange: Exchange, response: Response, flow: Flow, now: float) -> None:
        """Our BYE was answered; whatever the answer, the call is over (§15.1.1)."""
        self._said_goodbye(response.code, response.reason, "user request", now)

    def on_unanswered(self, exchange: Exchange, code: int, reason: str, now: float) -> None:
        """Our BYE was not answered."""
        self._said_goodbye(code, reason, "timeout" if code == 408 else "transport failure", now)

    def _on_patience_over(self, now: float) -> None:
        self._said_goodbye(408, reason_phrase(408), "timeout", now)

    def _said_goodbye(self, code: int, reason: str, cause: str, now: float) -> None:
        if self.state is InvitationState.TERMINATED:
            return
        self.report("local", "BYE", code, reason)
        if self.confirmed:
            self.finish("local", code, reason, cause, now)
        else:
            self.finish("local", 487, reason_phrase(487), "user request", now)
