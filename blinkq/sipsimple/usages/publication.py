"""Publication: a state published at the server of its owner (RFC 3903), each PUBLISH sent when the application says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import BlinkQError, IllegalStateError
from blinkq.sip.events import PublicationEnded, PublicationFailed, PublicationRefreshing, PublicationSucceeded
from blinkq.sip.usages.publication import Publication as Usage
from blinkq.sip.usages.publication import PublishParameters
from blinkq.sipsimple.headers import BaseIdentityHeader, FromHeader, FrozenFromHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.usages.engine_object import EngineObject, check, digest_credentials, header_lines, payload
from blinkq.sipsimple.usages.lifetime import Lifetime
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader

__all__ = ["Publication", "PublicationETagError", "PublicationError"]


class PublicationError(BlinkQError):
    """A publication cannot do what was asked."""


class PublicationETagError(PublicationError):
    """Nothing is published any more that could be refreshed: publish the full state."""


class Publication(EngineObject):
    """Publishes the ``event`` state of ``from_header``. It does not refresh by itself: ``publish(None, ...)`` at SIPPublicationWillExpire.

    :param duration: seconds asked for

    Posts SIPPublicationDidSucceed or SIPPublicationDidFail for each ``publish``, SIPPublicationWillExpire, SIPPublicationWillEnd, and
    SIPPublicationDidEnd or SIPPublicationDidNotEnd.
    """

    def __init__(
        self, from_header: FromHeader | FrozenFromHeader, event: str, content_type: str, credentials: Credentials | None = None,
        duration: int = 300, extra_headers: Iterable[BaseHeader] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        check(
            from_header=(from_header, (FromHeader, FrozenFromHeader)), event=(event, str), content_type=(content_type, str),
            credentials=(credentials, (Credentials, type(None))), duration=(duration, int),
        )  # fmt: skip
        self.from_header = FrozenFromHeader.new(from_header)
        self.event = event
        self.content_type = content_type
        self.credentials = credentials
        self.duration = duration
        self.is_published = False
        self._lines = header_lines(extra_headers)
        self._usage: Usage | None = None
        self._route: BaseIdentityHeader | None = None
        self._lifetime = Lifetime(self._expired)
        self._published_once = self._forgotten = self._ending = False

    @property
    def expires_in(self) -> int:
        """Seconds that the state stays published."""
        return self._lifetime.remaining

    def publish(self, body: str | bytes | None, route_header: BaseIdentityHeader, timeout: float | None = None) -> None:
        """Publish the full state, or refresh what is published (body None).

        Raises ValueError for a refresh of nothing, PublicationETagError after the server has forgotten it (412), IllegalStateError while it
        is ending.
        """
        check(route_header=(route_header, BaseIdentityHeader))
        data = None if body is None else payload(body)
        with self._guard:
            if self._ending:
                raise IllegalStateError("Publication.publish while it is ending")
            if data is None and self._forgotten:
                raise PublicationETagError("the server has forgotten what was published: publish the full state")
            if data is None and not self._published_once:
                raise ValueError("nothing is published that could be refreshed")
            self._published_once, self._forgotten = True, False
        self._command(self._publish, data, route_header, timeout)

    def end(self, timeout: float | None = None) -> None:
        """Take the published state back. ``timeout``: seconds to wait for the answer. Does nothing when there is none."""
        with self._guard:
            if self._ending or not self.is_published:
                return
            self._ending = True
        self._command(self._end, timeout)

    # -- on the engine thread

    async def _publish(self, body: bytes | None, route: BaseIdentityHeader, timeout: float | None) -> None:
        self._route = route
        hop = await self._hop(route, self.from_header.uri.host)
        sip = Runtime.current().sip
        if self._usage is None:
            owner = self.from_header.to_name_addr().without_parameter("tag")
            self._usage = sip.call(
                "publish",
                PublishParameters(
                    owner.uri, owner, hop, self.event, self.content_type, body or b"", credentials=digest_credentials(self.credentials),
                    expires=self.duration, headers=self._lines, timeout=timeout, automatic=False,
                ),
            )  # fmt: skip
            SIPEvents().claim(self._usage, self._event)
        elif body is not None:
            sip.call(self._usage.publish, self.content_type, body, hop=hop, timeout=timeout)
        else:
            sip.call(self._usage.refresh, timeout=timeout)

    async def _end(self, timeout: float | None) -> None:
        assert self._usage is not None  # it is published
        post("SIPPublicationWillEnd", self)
        Runtime.current().sip.call(self._usage.end, timeout=timeout)

    def _event(self, event: Any) -> None:
        match event:
            case PublicationSucceeded():
                self.is_published = True
                self._lifetime.grant(event.expires)
                post(
                    "SIPPublicationDidSucceed", self, code=event.code, reason=event.reason, expires_in=event.expires,
                    route_header=self._route,
                )  # fmt: skip
            case PublicationFailed():
                if event.code == 412:
                    self._forgotten = True
                self._failed(event.code, event.reason)
            case PublicationRefreshing():
                post("SIPPublicationWillExpire", self, expires=self.expires_in)
            case PublicationEnded():
                self._ended(event)

    def _no_way(self, error: str) -> None:
        self._failed(503, error)

    def _failed(self, code: int, reason: str) -> None:
        post("SIPPublicationDidFail", self, code=code, reason=reason, route_header=self._route)

    def _ended(self, event: PublicationEnded) -> None:
        usage, self._usage = self._usage, None
        SIPEvents().release(usage)
        self._ending = False
        if event.code is not None and event.code >= 300:
            post("SIPPublicationDidNotEnd", self, code=event.code, reason=event.reason)
            return
        self._over(expired=False)

    def _expired(self) -> None:
        usage, self._usage = self._usage, None
        if usage is not None:
            SIPEvents().release(usage)
            Runtime.current().sip.call(usage.abandon)
        self._ending = False
        self._over(expired=True)

    def _over(self, *, expired: bool) -> None:
        self.is_published = self._published_once = self._forgotten = False
        self._lifetime.stop()
        post("SIPPublicationDidEnd", self, expired=expired)
