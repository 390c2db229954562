"""Whether somebody else is writing (RFC 3994): what they tell wears off. In chats and outside sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from blinkq.payloads.iscomposing import IsComposingDocument, IsComposingMessage

__all__ = ["DEFAULT_REFRESH", "IS_COMPOSING", "MAX_COMPOSERS", "RemoteComposing"]

IS_COMPOSING = IsComposingDocument.content_type
#: Seconds that "active" of others holds: what they do not say, and at most (RFC 3994 §3.3).
DEFAULT_REFRESH = 120
MAX_REFRESH = 600
#: Parties whose writing is followed at once.
MAX_COMPOSERS = 200


class RemoteComposing:
    """Whether one other party is writing. Engine thread only.

    :param changed: called with "active" or "idle" and the document, None when it wore off or a message came
    """

    def __init__(self, changed: Callable[[str, IsComposingMessage | None], None]) -> None:
        self._changed = changed
        self._timer: asyncio.TimerHandle | None = None

    @property
    def active(self) -> bool:
        """Whether the party is writing."""
        return self._timer is not None

    def take(self, document: IsComposingMessage) -> None:
        """The party tells."""
        if document.state.value == "idle":
            self.wear_off(document)
            return
        refresh = DEFAULT_REFRESH if document.refresh is None else min(max(document.refresh.value, 1), MAX_REFRESH)
        was_active = self.active
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(refresh, self.wear_off)
        if not was_active:
            self._changed("active", document)

    def wear_off(self, document: IsComposingMessage | None = None) -> None:
        """It is not writing any more. Idempotent."""
        if self.forget():
            self._changed("idle", document)

    def forget(self) -> bool:
        """The same without a word; returns whether it was writing."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None
