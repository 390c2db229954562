"""The session descriptions of an Invitation: what is proposed by either side, and what is agreed."""

from __future__ import annotations

from blinkq.sdp.description import SessionDescription
from blinkq.sdp.errors import NegotiationError, SDPError
from blinkq.sdp.negotiation import check_answer
from blinkq.sipsimple.values.sdp import BaseSDPSession, FrozenSDPSession

__all__ = ["SDPPayloads"]


class SDPPayloads:
    """Frozen descriptions, or None: ``proposed_local`` and ``proposed_remote`` while an offer is not answered, ``active_local`` and
    ``active_remote`` since one was."""

    def __init__(self) -> None:
        self.proposed_local: FrozenSDPSession | None = None
        self.proposed_remote: FrozenSDPSession | None = None
        self.active_local: FrozenSDPSession | None = None
        self.active_remote: FrozenSDPSession | None = None

    def propose(self, sdp: BaseSDPSession) -> None:
        """We offer, or answer."""
        self.proposed_local = FrozenSDPSession.new(sdp)

    def take(self, data: bytes | None) -> str | None:
        """The other side offers, or answers: None when it can be read, else what is wrong."""
        if data is None:
            return "there is no description"
        try:
            self.proposed_remote = FrozenSDPSession.from_description(SessionDescription.parse(data))
        except SDPError as error:
            return str(error)
        return None

    def agree(self, offered: str) -> str | None:
        """Both sides have spoken: None when the answer fits the offer ("local" or "remote"), else what is wrong."""
        local, remote = self.proposed_local, self.proposed_remote
        self.discard()
        if local is None or remote is None:
            return "there is no description"
        offer, answer = (local, remote) if offered == "local" else (remote, local)
        try:
            check_answer(offer.to_description(), answer.to_description())
        except (NegotiationError, SDPError) as error:
            return str(error)
        self.active_local, self.active_remote = local, remote
        return None

    def discard(self) -> None:
        """What was proposed does not count any more."""
        self.proposed_local = self.proposed_remote = None
