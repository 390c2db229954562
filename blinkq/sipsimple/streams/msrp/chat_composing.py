"""Who is writing in a chat (RFC 3994): what the other parties tell, and its wearing off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.payloads.cpim import ChatIdentity
from blinkq.payloads.iscomposing import IsComposingMessage
from blinkq.sipsimple.remote_composing import DEFAULT_REFRESH, MAX_COMPOSERS, RemoteComposing

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.msrp.chat import ChatStream

__all__ = ["ChatComposing"]


class ChatComposing:
    """The parties of one stream that are writing, by address. Engine thread only."""

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._parties: dict[str, RemoteComposing] = {}

    def told(self, document: IsComposingMessage, sender: ChatIdentity) -> None:
        """A party tells that it is writing, still writing, or not any more."""
        post(
            "ChatStreamGotComposingIndication", self._stream, state=str(document.state), sender=sender,
            refresh=DEFAULT_REFRESH if document.refresh is None else document.refresh.value,
            content_type=None if document.content_type is None else document.content_type.value,
            last_active=None if document.last_active is None else document.last_active.value,
        )  # fmt: skip
        self._party(sender).take(document)

    def wrote(self, sender: ChatIdentity) -> None:
        """Its message is here: it is not being written any more."""
        party = self._parties.get(str(sender.uri))
        if party is not None:
            party.wear_off()

    def end(self) -> None:
        """The chat is over. Idempotent."""
        for party in self._parties.values():
            party.forget()
        self._parties.clear()

    def _party(self, sender: ChatIdentity) -> RemoteComposing:
        key = str(sender.uri)
        if key not in self._parties:

            def changed(state: str, document: IsComposingMessage | None) -> None:
                if state == "idle":
                    self._parties.pop(key, None)
                    if document is None:  # nobody has said it
                        post(
                            "ChatStreamGotComposingIndication", self._stream, state=state, sender=sender, refresh=DEFAULT_REFRESH,
                            content_type=None, last_active=None,
                        )  # fmt: skip

            if len(self._parties) >= MAX_COMPOSERS:
                self._parties.pop(next(iter(self._parties))).forget()
            self._parties[key] = RemoteComposing(changed)
        return self._parties[key]
