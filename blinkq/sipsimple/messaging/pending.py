"""The messages of ours that receipts are waited for."""

from __future__ import annotations

from typing import Any, Protocol

from blinkq.sipsimple.headers import FrozenToHeader
from blinkq.sipsimple.singleton import Singleton
from blinkq.sipsimple.sip_uri import BaseSIPURI

__all__ = ["Awaiting", "Pending", "same_party"]

#: Messages; receipts for the oldest beyond them are not known any more.
MAX_PENDING = 1000


class Awaiting(Protocol):
    """A message that a receipt may come for."""

    id: str
    account: Any
    remote_identity: FrozenToHeader

    def receipt(self, notification: object) -> None:
        """The receiver tells what became of it."""


class Pending(metaclass=Singleton):
    """Finds the message that a receipt is about. Engine thread only."""

    def __init__(self) -> None:
        self._messages: dict[str, Awaiting] = {}

    def add(self, message: Awaiting) -> None:
        """Wait for receipts."""
        while len(self._messages) >= MAX_PENDING:
            del self._messages[next(iter(self._messages))]
        self._messages[message.id] = message

    def discard(self, message: Awaiting) -> None:
        """Wait no longer. Idempotent."""
        self._messages.pop(message.id, None)

    def find(self, message_id: str, account: object, party: BaseSIPURI) -> Awaiting | None:
        """The message of ``account`` with that id, if it was sent to ``party``: nobody else can tell what became of it."""
        message = self._messages.get(message_id)
        if message is None or message.account is not account or not same_party(message.remote_identity.uri, party):
            return None
        return message


def same_party(one: BaseSIPURI, other: BaseSIPURI) -> bool:
    """Whether two addresses are of the same person: user and domain count, not the way there."""
    return (one.user, one.host.lower()) == (other.user, other.host.lower())
