"""One participant whom we ask the focus to bring in, or to send away: a REFER outside the session's dialog (RFC 4579 §5.5, §5.11).

Engine thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.sip.address import NameAddr
from blinkq.sip.events import SubscriptionEnded, SubscriptionFailed, SubscriptionNotified
from blinkq.sip.hop import Hop
from blinkq.sip.sipfrag import status_of
from blinkq.sip.usages.subscription import SubscribeParameters, Subscription
from blinkq.sipsimple.lookup import DNSLookupError
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session.conference_route import FocusAddress, FocusRoutes, focuses_of
from blinkq.sipsimple.session.contact import contact_outside
from blinkq.sipsimple.session.destination import credentials_for
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import SIPURI

if TYPE_CHECKING:
    from blinkq.sipsimple.session.session import Session

__all__ = ["ParticipantChange", "ParticipantReferral"]

log = get_logger("sipsimple.conference")


class ParticipantChange(Enum):
    """What is asked for: the method of Refer-To, and the words in the names of notifications."""

    ADD = ("INVITE", "Add")
    REMOVE = ("BYE", "Remove")

    @property
    def method(self) -> str:
        return self.value[0]

    @property
    def word(self) -> str:
        return self.value[1]


class ParticipantReferral:
    """One REFER. Posts, for the session, SIPConferenceGot…ParticipantProgress and SIPConferenceDid… or DidNot…Participant.

    :param on_over: called when nothing follows
    """

    def __init__(
        self, session: Session, change: ParticipantChange, participant: SIPURI, on_over: Callable[[ParticipantReferral], None]
    ) -> None:
        self._session = session
        self._change = change
        self._participant = participant
        self._on_over = on_over
        self._routes: FocusRoutes | None = None
        self._subscription: Subscription | None = None
        self._last: tuple[int, str] | None = None
        self._over = False

    def start(self) -> None:
        """Ask."""
        focuses = focuses_of(self._session)
        if not self._session.remote_focus or not focuses:
            self._finish(0, "remote endpoint is not a focus")
            return
        self._routes = FocusRoutes(self._session, focuses[:1])
        Runtime.spawn(self._try_next(404, "no more routes to try"))

    def close(self) -> None:
        """The session is over."""
        if self._subscription is not None:
            Runtime.current().sip.call(self._subscription.end)
        self._finish(0, "the session has ended")

    async def _try_next(self, code: int, reason: str) -> None:
        """The next route; ``code`` and ``reason`` tell why the one before failed."""
        assert self._routes is not None
        try:
            way = await self._routes.next()
        except DNSLookupError as error:
            self._finish(0, str(error))
            return
        if self._over:
            return
        if way is None:
            self._finish(code, reason)
            return
        try:
            self._refer(*way)
        except (BlinkQError, KeyError, ValueError) as error:
            log.exception("the REFER could not be sent")
            self._finish(0, str(error))

    def _refer(self, focus: FocusAddress, hop: Hop) -> None:
        session = self._session
        target = self._participant.to_uri()
        refer_to = NameAddr(target.replace(parameters={**target.parameters, "method": self._change.method}))
        parameters = SubscribeParameters(
            request_uri=focus.uri.to_uri(), from_=focus.local, to=NameAddr(focus.uri.to_uri()), hop=hop,
            contact=contact_outside(session, hop), credentials=credentials_for(session.account, focus.uri, hop),
            event="refer", method="REFER", headers=(("Refer-To", str(refer_to)), ("Referred-By", str(NameAddr(focus.local.uri)))),
        )  # fmt: skip
        self._subscription = Runtime.current().sip.call("subscribe", parameters)
        SIPEvents().claim(self._subscription, self._handle)

    def _handle(self, event: Any) -> None:
        if isinstance(event, SubscriptionNotified):
            self._progressed(status_of(event.body))
        elif isinstance(event, SubscriptionFailed | SubscriptionEnded):
            SIPEvents().release(event.subscription)
            self._subscription = None
            if self._over:
                return
            if isinstance(event, SubscriptionEnded):
                self._finish(*(self._last or (0, event.reason or "the focus did not say how it went")))
            elif event.response is None and self._last is None:
                Runtime.spawn(self._try_next(event.code, event.reason))
            else:
                self._finish(event.code, event.reason)

    def _progressed(self, status: tuple[int, str] | None) -> None:
        if status is None or self._over:
            return
        self._last = status
        if status[0] < 200:
            name = f"SIPConferenceGot{self._change.word}ParticipantProgress"
            post(name, self._session, participant=self._participant, code=status[0], reason=status[1])
        else:
            self._finish(*status)

    def _finish(self, code: int, reason: str) -> None:
        if self._over:
            return
        self._over = True
        word = self._change.word
        if 200 <= code < 300:
            post(f"SIPConferenceDid{word}Participant", self._session, participant=self._participant)
        else:
            post(f"SIPConferenceDidNot{word}Participant", self._session, participant=self._participant, code=code, reason=reason)
        self._on_over(self)
