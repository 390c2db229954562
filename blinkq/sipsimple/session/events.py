"""InvitationEvents: hands each event of an invitation to the session that owns it, and new invitations to the session manager."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.singleton import Singleton

if TYPE_CHECKING:
    from blinkq.sip.usages.invitation import Invitation

__all__ = ["InvitationEvents", "InvitationOwner"]

MAX_UNCLAIMED = 64  # events of invitations that nobody owns; they are claimed within the call that makes them


class InvitationOwner(Protocol):
    """Who takes the events of an invitation."""

    def handle_event(self, event: object) -> None: ...


class InvitationEvents(metaclass=Singleton):
    """The dispatcher. Engine thread only."""

    def __init__(self) -> None:
        #: takes InvitationReceived
        self.on_received: Callable[[InvitationReceived], None] | None = None
        self._unclaimed: list[Any] = []

    def dispatch(self, event: Any) -> None:
        """Take one event of the SIP endpoint."""
        if isinstance(event, InvitationReceived):
            if self.on_received is not None:
                self.on_received(event)
            return
        owner: InvitationOwner | None = event.invitation.owner
        if owner is not None:
            owner.handle_event(event)
        elif event.invitation.direction == "outgoing":
            # it came out before the call that made the invitation returned
            self._unclaimed = [*self._unclaimed[-MAX_UNCLAIMED + 1 :], event]

    def claim(self, invitation: Invitation, owner: InvitationOwner) -> None:
        """Make ``owner`` the owner; it gets what has come already."""
        invitation.owner = owner
        waiting = [event for event in self._unclaimed if event.invitation is invitation]
        self._unclaimed = [event for event in self._unclaimed if event.invitation is not invitation]
        for event in waiting:
            owner.handle_event(event)
