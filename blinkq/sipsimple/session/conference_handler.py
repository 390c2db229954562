"""``session.conference``: a session's part in a conference whose focus is at the other end (RFC 4579)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import in_engine
from blinkq.sipsimple.session.conference_subscription import ConferenceSubscription
from blinkq.sipsimple.session.participant_referral import ParticipantChange, ParticipantReferral
from blinkq.sipsimple.sip_uri import SIPURI, BaseSIPURI, SIPCoreError

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["ConferenceHandler"]


class ConferenceHandler:
    """What applications do in a conference. While ``session.remote_focus`` is true, SIPSessionGotConferenceInfo tells who is in it.

    Methods may be called from any thread, while the session is connected (IllegalStateError otherwise).
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._subscription: ConferenceSubscription | None = None
        self._referrals: set[ParticipantReferral] = set()

    def add_participant(self, participant_uri: BaseSIPURI | str) -> None:
        """Ask the focus to bring somebody in.

        Posts, for the session, SIPConferenceGotAddParticipantProgress as it goes, and SIPConferenceDidAddParticipant or
        SIPConferenceDidNotAddParticipant. Raises TypeError when ``participant_uri`` is neither an address nor text.
        """
        self._ask(ParticipantChange.ADD, participant_uri, "add_participant")

    def remove_participant(self, participant_uri: BaseSIPURI | str) -> None:
        """Ask the focus to send somebody away.

        Posts, for the session, SIPConferenceGotRemoveParticipantProgress as it goes, and SIPConferenceDidRemoveParticipant or
        SIPConferenceDidNotRemoveParticipant. Raises TypeError when ``participant_uri`` is neither an address nor text.
        """
        self._ask(ParticipantChange.REMOVE, participant_uri, "remove_participant")

    def _ask(self, change: ParticipantChange, participant: BaseSIPURI | str, method: str) -> None:
        if not isinstance(participant, BaseSIPURI | str):
            raise TypeError(f"{method}: a participant is a SIPURI or text, not {participant!r}")
        if not self._session.machine.started:
            raise IllegalStateError(f"{method} is not allowed in state {self._session.state}")
        self._start(change, participant)

    @in_engine
    def _start(self, change: ParticipantChange, participant: BaseSIPURI | str) -> None:
        try:
            uri = _uri_of(participant)
        except SIPCoreError:
            name = f"SIPConferenceDidNot{change.word}Participant"
            post(name, self._session, participant=participant, code=0, reason="invalid participant URI")
            return
        referral = ParticipantReferral(self._session, change, uri, self._referrals.discard)
        self._referrals.add(referral)
        referral.start()

    # for the call, on the engine thread ----------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """The session stands, or what the peer says of itself has changed: be subscribed while it is a focus."""
        if self._session.remote_focus and self._session.machine.started:
            if self._subscription is None:
                self._subscription = ConferenceSubscription(self._session)
                self._subscription.start()
        else:
            self._leave()

    def close(self) -> None:
        """The session is over. Idempotent."""
        self._leave()
        for referral in list(self._referrals):
            referral.close()

    def _leave(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.stop()


def _uri_of(participant: BaseSIPURI | str) -> SIPURI:
    if isinstance(participant, BaseSIPURI):
        return SIPURI.new(participant)
    return SIPURI.parse(participant if participant.lower().startswith(("sip:", "sips:")) else f"sip:{participant}")
