"""All conferences of which we are the focus: finds the one that a SUBSCRIBE or REFER of a participant is for. Engine thread only.

Only participants are heard, in matching dialogs: who sends must be the other end of a session that takes part, by address and network
path. As long as there is no conference, the SIP agent refuses both by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.payloads.conference import ConferenceDocument
from blinkq.sip.errors import SIPParseError
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.uri import URI
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.conference.participant_request import ParticipantRequest, read_refer
from blinkq.sipsimple.reception import Reception
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.manager import SessionManager
from blinkq.sipsimple.singleton import Singleton

if TYPE_CHECKING:
    from blinkq.sipsimple.conference.focus import ConferenceFocus
    from blinkq.sipsimple.session import Session

__all__ = ["Foci"]

log = get_logger("sipsimple.conference")


class Foci(metaclass=Singleton):
    """The conferences."""

    def __init__(self) -> None:
        self._foci: list[ConferenceFocus] = []

    def add(self, focus: ConferenceFocus) -> None:
        """A conference begins."""
        self._foci.append(focus)
        self._receive(self._subscribed, self._referred)

    def remove(self, focus: ConferenceFocus) -> None:
        """It is over. Idempotent."""
        if focus in self._foci:
            self._foci.remove(focus)
        if not self._foci:
            self._receive(None, None)

    @staticmethod
    def _receive(subscribed: Callable[..., None] | None, referred: Callable[..., None] | None) -> None:
        Reception().take_subscriptions("conference", subscribed)
        Reception().take_subscriptions("refer", referred)

    def _subscribed(self, account: Any, subscription: IncomingSubscription) -> None:
        focus, session = self._find(account, subscription)
        if focus is None:
            focus, session = self._find_expected(account, subscription)
        if focus is None or session is None:
            log.info("refused a SUBSCRIBE of %s, who takes part in no conference of ours", subscription.flow.remote_address)
            self._refuse(subscription, 403)
        elif not _accepts(subscription.request):
            self._refuse(subscription, 406)
        else:
            focus.subscribers.admit(subscription, session)

    def _referred(self, account: Any, subscription: IncomingSubscription) -> None:
        focus, session = self._find(account, subscription)
        if focus is None or session is None:
            log.info("refused a REFER of %s, who takes part in no conference of ours", subscription.flow.remote_address)
            self._refuse(subscription, 403)
            return
        wanted = read_refer(subscription.request)
        if isinstance(wanted, int):
            self._refuse(subscription, wanted)
        else:
            ParticipantRequest(focus, session, *wanted, subscription).announce()

    def _find(self, account: Any, subscription: IncomingSubscription) -> tuple[ConferenceFocus | None, Session | None]:
        for focus in self._foci:
            for session in focus.sessions:
                if session.account is account and _is_from(session, subscription.request, subscription.flow):
                    return focus, session
        return None, None

    def _find_expected(self, account: Any, subscription: IncomingSubscription) -> tuple[ConferenceFocus | None, Session | None]:
        """Whoever we told that we are a focus may subscribe at once, quicker than their session starts here and takes part."""
        foci = [focus for focus in self._foci if focus.account is account]
        for session in SessionManager().sessions if len(foci) == 1 else ():
            told = session.account is account and session.local_focus and session.machine.live
            if told and _is_from(session, subscription.request, subscription.flow):
                return foci[0], session
        return None, None

    @staticmethod
    def _refuse(subscription: IncomingSubscription, code: int) -> None:
        try:
            Runtime.current().sip.call(subscription.reject, code)
        except IllegalStateError as error:
            log.debug("%s", error)


def _is_from(session: Session, request: Request, flow: Flow) -> bool:
    """Whether ``request`` comes from the other end of ``session``."""
    if flow.remote_address != session.peer_address or (session.transport == "tls" and flow.transport != "tls"):
        return False
    try:
        sender, contacts = request.from_.uri, request.contacts
    except SIPParseError:
        return False
    remote, contact = session.remote_identity, session.remote_contact
    if remote is not None and _same(sender, remote.uri.to_uri()):
        return True
    return contact is not None and bool(contacts) and _same(contacts[0].uri, contact.to_uri()) and contacts[0].uri.port == contact.port


def _same(one: URI, other: URI) -> bool:
    return bool(one.user) and (one.user, one.host.lower()) == (other.user, other.host.lower())


def _accepts(request: Request) -> bool:
    """Whether the subscriber takes our documents; without Accept it does (RFC 4575 §3.3)."""
    accepted = ",".join(request.headers.get_all("Accept")).lower()
    return not accepted or any(kind in accepted for kind in (ConferenceDocument.content_type, "application/*", "*/*"))
