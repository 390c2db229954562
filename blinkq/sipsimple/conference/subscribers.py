"""Those who are told who takes part in a conference of ours: the notifier of RFC 4575. Engine thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.payloads.conference import ConferenceDocument, User
from blinkq.sip.events import IncomingSubscriptionEnded, IncomingSubscriptionRefreshed
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.conference.roster import changes, document
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents

if TYPE_CHECKING:
    from blinkq.sipsimple.session import Session

__all__ = ["Subscribers"]

#: Subscriptions of one participant: another one takes the place of the oldest.
MAX_OF_ONE = 4

log = get_logger("sipsimple.conference")


class _Subscriber:
    """One subscription, with the version of its last document: versions count for each of them (RFC 4575 §4.2)."""

    def __init__(self, owner: Session) -> None:
        self.owner = owner
        self.version = 0


class Subscribers:
    """The subscriptions to one conference.

    :param entity: the conference's address
    :param title: its name for people
    """

    def __init__(self, entity: str, title: str | None) -> None:
        self._entity = entity
        self._title = title
        self._users: dict[str, User] = {}
        self._known: dict[IncomingSubscription, _Subscriber] = {}

    def admit(self, subscription: IncomingSubscription, owner: Session) -> None:
        """Accept the subscription of a participant (``owner``: its session) and tell it everything."""
        own = [known for known, subscriber in self._known.items() if subscriber.owner is owner]
        if len(own) >= MAX_OF_ONE:
            self._end(own[0])
        subscriber = self._known[subscription] = _Subscriber(owner)
        SIPEvents().claim(subscription, self._handle)
        self._command(subscription.accept, content_type=ConferenceDocument.content_type, body=self._full(subscriber))

    def update(self, users: dict[str, User]) -> None:
        """Tell everybody what has changed."""
        for subscription, subscriber in list(self._known.items()):
            if not subscriber.owner.machine.live:  # one that subscribed and then did not come
                self._end(subscription)
        changed, self._users = changes(self._users, users), users
        if not changed:
            return
        for subscription, subscriber in list(self._known.items()):
            subscriber.version += 1
            body = document(self._entity, self._title, subscriber.version, changed, len(users), partial=True)
            self._command(subscription.notify, ConferenceDocument.content_type, body)

    def dismiss(self, owner: object) -> None:
        """The participant has left: it is told nothing any more."""
        for subscription, subscriber in list(self._known.items()):
            if subscriber.owner is owner:
                self._end(subscription)

    def close(self) -> None:
        """The conference is over. Idempotent."""
        for subscription in list(self._known):
            self._end(subscription)

    def _end(self, subscription: IncomingSubscription) -> None:
        self._known.pop(subscription, None)
        self._command(subscription.end, "noresource")

    def _full(self, subscriber: _Subscriber) -> bytes:
        subscriber.version += 1
        return document(self._entity, self._title, subscriber.version, self._users.values(), len(self._users))

    def _handle(self, event: Any) -> None:
        subscription = getattr(event, "incoming_subscription", None)
        if isinstance(event, IncomingSubscriptionEnded):
            self._known.pop(event.incoming_subscription, None)
            SIPEvents().release(event.incoming_subscription)
        elif isinstance(event, IncomingSubscriptionRefreshed) and subscription in self._known:
            # a refresh asks for the whole: who has missed a part needs it
            self._command(subscription.notify, ConferenceDocument.content_type, self._full(self._known[subscription]))

    def _command(self, method: Any, *args: Any, **kwargs: Any) -> None:
        try:
            Runtime.current().sip.call(method, *args, **kwargs)
        except IllegalStateError as error:  # the subscriber left at this very moment
            log.debug("%s", error)
