"""A publication of an account that is kept: published, refreshed, changed, and published again after whatever ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.engine.errors import NetworkError
from blinkq.engine.events import FlowClosed, LocalAddressChanged
from blinkq.sip.address import NameAddr
from blinkq.sip.events import PublicationEnded, PublicationFailed, PublicationRefreshing, PublicationSucceeded
from blinkq.sip.hop import Hop
from blinkq.sip.usages.publication import Publication, PublishParameters
from blinkq.sipsimple.event_retry import PublicationRetry
from blinkq.sipsimple.kept_usage import END_TIMEOUT, Check, Failed, KeptUsage
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents

if TYPE_CHECKING:
    from blinkq.sipsimple.sip_account import Account

__all__ = ["KeptPublication"]

#: Seconds for one PUBLISH.
PUBLISH_TIMEOUT = 10.0
#: Times in a row that a server may say that it does not know what we refer to, before that counts as a failure.
MAX_FORGOTTEN = 2


class _Changed:
    """The body is another one."""


class KeptPublication(KeptUsage):
    """Keeps what ``publish()`` was given published from ``start()`` to ``stop()``. Engine thread only.

    :param nick: begin of the names of its notifications, like "Presence"
    :param state_of: what the notifications call the state

    Posts ``<nick>PublisherWillPublish``, ``<nick>PublisherWillRefresh``, ``<nick>PublicationDidSucceed``, ``<nick>PublicationDidFail``,
    ``<nick>PublicationDidEnd`` and ``<nick>PublicationDidNotEnd`` in its own name.
    """

    def __init__(self, account: Account, event: str, content_type: str, nick: str) -> None:
        retry = PublicationRetry(Runtime.current().entropy)
        super().__init__(account, retry)
        self.event = event
        self.state: object = None
        self.published = False
        self._backoff = retry
        self._content_type = content_type
        self._nick = nick
        self._body: bytes | None = None
        self._sent: bytes | None = None
        self._publication: Publication | None = None

    def publish(self, state: object, body: bytes | None) -> None:
        """Publish ``body``, which says ``state``; None takes back what is published."""
        if body == self._body:
            return
        self.state, self._body = state, body
        self._events.put_nowait(_Changed())

    def __str__(self) -> str:
        return f"publication of {self.event}"

    async def _keep(self) -> float:
        if self._body is None:
            await self._withdraw()
        while self._body is None:
            await self._next_event()
        await self._try_routes(self._publish)
        self.published = True
        await self._stay()
        return 0.0

    async def _stay(self) -> None:
        """Until there is nothing to publish any more; raises Failed."""
        forgotten = 0
        while True:
            if self._body is None:
                await self._withdraw()
                return
            if self._body is not self._sent:
                self._publish_again()
            event = await self._next_event()
            if getattr(event, "publication", self._publication) is not self._publication:
                continue
            match event:
                case PublicationSucceeded():
                    forgotten = 0
                    self._succeeded(event)
                case PublicationRefreshing():
                    post(f"{self._nick}PublisherWillRefresh", self, state=self.state)
                case PublicationFailed(code=412) if forgotten < MAX_FORGOTTEN:
                    forgotten += 1
                    self._publish_again()
                case PublicationFailed():
                    self._fail(event)
                case LocalAddressChanged() | Check():
                    await self._move()
                case FlowClosed():
                    pass  # the server keeps what it has; the next PUBLISH opens a connection

    async def _publish(self, hop: Hop) -> None:
        """Publish through ``hop`` and wait for the answer."""
        body = self._body
        if body is None:
            return  # changed back while a route was tried
        if self._publication is None:
            self._will_publish(body)
            self._publication = Runtime.current().sip.call("publish", self._parameters(hop, body))
            SIPEvents().claim(self._publication, self._events.put_nowait)
        else:  # after a failure: the server may still have what we published before, which this replaces
            self._hop = hop
            self._publish_again()
        forgotten = 0
        while True:
            event: Any = await self._next_event()
            if getattr(event, "publication", None) is not self._publication:
                continue
            if isinstance(event, PublicationSucceeded):
                self._succeeded(event)
                return
            if isinstance(event, PublicationFailed):
                if event.code == 412 and forgotten < MAX_FORGOTTEN:
                    forgotten += 1
                    self._publish_again()
                else:
                    self._fail(event)

    def _parameters(self, hop: Hop, body: bytes) -> PublishParameters:
        account = self.account
        return PublishParameters(
            request_uri=account.uri.to_uri(), from_=NameAddr(account.uri.to_uri(), account.display_name or ""), hop=hop, event=self.event,
            content_type=self._content_type, body=body, credentials=account.credentials.to_digest(),
            expires=int(account.sip.publish_interval), timeout=PUBLISH_TIMEOUT,
        )  # fmt: skip

    def _publish_again(self) -> None:
        assert self._publication is not None  # it stands
        assert self._body is not None  # checked by the caller's loop
        self._will_publish(self._body)
        Runtime.current().sip.call(self._publication.publish, self._content_type, self._body, hop=self._hop, timeout=PUBLISH_TIMEOUT)

    def _will_publish(self, body: bytes) -> None:
        self._sent = body
        post(f"{self._nick}PublisherWillPublish", self, state=self.state, duration=int(self.account.sip.publish_interval))

    def _succeeded(self, event: PublicationSucceeded) -> None:
        self._backoff.succeeded()
        post(f"{self._nick}PublicationDidSucceed", self, state=self.state, expires=event.expires)

    def _fail(self, event: PublicationFailed) -> None:
        attempt = self._retry.refused(event.code, event.retry_after)
        self.published, self._sent = False, None
        code = None if event.response is None else event.code
        raise Failed(event.reason, attempt.delay, code, next_route=attempt.next_route)

    async def _move(self) -> None:
        """Publish once more, as the same publication so that there are not two of us, and from our address as it is now."""
        assert self._hop is not None  # it stands
        hop = self._hop
        try:
            self._hop = await Runtime.current().sip.hop(hop.address, hop.port, hop.transport, hop.tls_name)
        except NetworkError as error:
            self._sent = None
            raise Failed(str(error), self._retry.no_network()) from None
        self._publish_again()

    def _report(self, failure: Failed) -> None:
        post(f"{self._nick}PublicationDidFail", self, code=failure.code, reason=failure.reason, delay=failure.delay)

    async def _withdraw(self) -> None:
        publication = self._publication
        if publication is None:
            return
        ended: PublicationEnded | None = None
        Runtime.current().sip.call(publication.end)
        try:
            async with asyncio.timeout(END_TIMEOUT):
                while ended is None:
                    event = await self._events.get()
                    ended = event if isinstance(event, PublicationEnded) and event.publication is publication else None
        except TimeoutError:
            pass
        self._forget()
        if ended is not None and (ended.code is None or ended.code < 300):
            post(f"{self._nick}PublicationDidEnd", self)
        else:
            reason = "no answer" if ended is None else ended.reason
            post(f"{self._nick}PublicationDidNotEnd", self, code=None if ended is None else ended.code, reason=reason)

    def _forget(self) -> None:
        publication, self._publication, self.published, self._sent = self._publication, None, False, None
        if publication is not None:
            Runtime.current().sip.call(publication.abandon)
            SIPEvents().release(publication)
