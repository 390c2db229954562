"""IncomingSubscription: a peer subscribes to an event of ours, and the application tells it."""

from __future__ import annotations

from typing import Any

from blinkq.base.catalogue import post
from blinkq.sip.usages.incoming_subscription import IncomingSubscription as Usage
from blinkq.sipsimple.usages.engine_object import check, payload
from blinkq.sipsimple.usages.notifier import Notifier

__all__ = ["IncomingSubscription"]


class IncomingSubscription(Notifier):
    """One subscription of a peer. Made by the Engine for the events in ``Engine().incoming_events``.

    ``content_type`` and ``content`` are what the peer was told last.

    Posts SIPIncomingSubscriptionGotSubscribe, ChangedState, AnsweredSubscribe, SentNotify, NotifyDidSucceed, NotifyDidFail,
    GotRefreshingSubscribe, GotUnsubscribe, DidTimeout and DidEnd.
    """

    _kind = "SIPIncomingSubscription"
    _answered = "AnsweredSubscribe"

    def __init__(self, usage: Usage) -> None:
        super().__init__(usage)
        self.content_type: str | None = None
        self.content: str | bytes | None = None

    @classmethod
    def received(cls, account: Any, usage: Usage) -> None:
        """Take a subscription from Reception. Engine thread only."""
        usage.credentials = None if account is None else account.credentials.to_digest()
        cls(usage)._announce("GotSubscribe")

    def accept_pending(self) -> None:
        """Accept it, and decide later (``accept`` or ``end``) whether the peer is told anything. Raises IllegalStateError."""
        with self._guard:
            self._require("accept_pending", "INCOMING")
            self._command(self._accept_pending)
            self._decided = True

    def accept(self, content_type: str | None = None, content: str | bytes | None = None) -> None:
        """Accept it, and tell the peer ``content``. Raises IllegalStateError, ValueError for content without a type."""
        check(content_type=(content_type, (str, type(None))))
        body = payload(content)
        if body and content_type is None:
            raise ValueError("content needs a content type")
        with self._guard:
            self._require("accept", "INCOMING", "PENDING")
            self._command(self._accept, content_type, body)
            self._decided = True
            self.content_type, self.content = content_type, content

    def reject(self, code: int) -> None:
        """Refuse it. ``code``: 300 to 699 (ValueError). Raises IllegalStateError when it is answered."""
        check(code=(code, int))
        if not 300 <= code <= 699:
            raise ValueError(f"{code} is no refusal: those are 300 to 699")
        with self._guard:
            self._require("reject", "INCOMING")
            self._command(self._reject, code)
            self._decided = True

    def push_content(self, content_type: str, content: str | bytes) -> None:
        """Tell the peer something new. Raises IllegalStateError unless it is active."""
        check(content_type=(content_type, str))
        body = payload(content)
        with self._guard:
            self._require("push_content", "ACTIVE")
            self._command(self._push, content_type, body)
            self.content_type, self.content = content_type, content

    def end(self, reason: str | None = None) -> None:
        """End it; ``reason`` as RFC 6665 §4.1.3 has them ("noresource" by default). Raises IllegalStateError before it is accepted."""
        check(reason=(reason, (str, type(None))))
        with self._guard:
            self._require("end", "PENDING", "ACTIVE")
            self._command(self._end, reason or "noresource")

    # -- on the engine thread

    async def _accept_pending(self) -> None:
        self._answer(self._usage.accept, 200, "PENDING", pending=True)

    async def _accept(self, content_type: str | None, body: bytes) -> None:
        if self.state == "INCOMING":
            self._answer(self._usage.accept, 200, "ACTIVE", content_type=content_type, body=body)
        elif self._call(self._usage.notify, content_type, body, "active"):
            self._move("ACTIVE")
            post("SIPIncomingSubscriptionSentNotify", self)

    async def _reject(self, code: int) -> None:
        self._answer(self._usage.reject, code, None, code=code)

    async def _push(self, content_type: str, body: bytes) -> None:
        if self._call(self._usage.notify, content_type, body):
            post("SIPIncomingSubscriptionSentNotify", self)

    async def _end(self, reason: str) -> None:
        if self.state != "TERMINATED":
            post("SIPIncomingSubscriptionSentNotify", self)
            self._call(self._usage.end, reason)

    def _timed_out(self) -> None:
        post("SIPIncomingSubscriptionDidTimeout", self)
