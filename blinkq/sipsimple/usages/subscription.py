"""Subscription: to an event elsewhere (RFC 6665), refreshed until it ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.sip.event_package import EventPackage
from blinkq.sip.usages.subscription import SubscribeParameters
from blinkq.sipsimple.event_types import event_types
from blinkq.sipsimple.headers import (
    BaseIdentityHeader,
    ContactHeader,
    FromHeader,
    FrozenContactHeader,
    FrozenFromHeader,
    FrozenToHeader,
    ToHeader,
)
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import BaseSIPURI, FrozenSIPURI
from blinkq.sipsimple.usages.engine_object import check, digest_credentials, header_lines, payload
from blinkq.sipsimple.usages.subscriber import Subscriber
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader

__all__ = ["Subscription"]


class Subscription(Subscriber):
    """A subscription to ``event``, which the Engine must know (``Engine().events``; SIPCoreError else).

    :param refresh: seconds asked for, more than 0 (ValueError)

    Posts SIPSubscriptionWillStart, SIPSubscriptionDidStart, SIPSubscriptionChangedState, SIPSubscriptionGotNotify (bodies of types that the
    event does not have are dropped), SIPSubscriptionWillEnd, and at last SIPSubscriptionDidEnd or SIPSubscriptionDidFail.
    """

    _kind = "SIPSubscription"

    def __init__(
        self, request_uri: BaseSIPURI, from_header: FromHeader | FrozenFromHeader, to_header: ToHeader | FrozenToHeader,
        contact_header: ContactHeader | FrozenContactHeader, event: str, route_header: BaseIdentityHeader,
        credentials: Credentials | None = None, refresh: int = 300,
    ) -> None:  # fmt: skip
        super().__init__()
        check(
            request_uri=(request_uri, BaseSIPURI), from_header=(from_header, (FromHeader, FrozenFromHeader)),
            to_header=(to_header, (ToHeader, FrozenToHeader)), contact_header=(contact_header, (ContactHeader, FrozenContactHeader)),
            event=(event, str), route_header=(route_header, BaseIdentityHeader), credentials=(credentials, (Credentials, type(None))),
            refresh=(refresh, int),
        )  # fmt: skip
        if refresh <= 0:
            raise ValueError("refresh is a number of seconds greater than 0")
        EventPackage(event)
        self._accepted = event_types(event)
        self.request_uri = FrozenSIPURI.new(request_uri)
        self.from_header = FrozenFromHeader.new(from_header)
        self.to_header = FrozenToHeader.new(to_header)
        self.contact_header = FrozenContactHeader.new(contact_header)
        self.event = event
        self.route_header = route_header
        self.credentials = credentials
        self.refresh = refresh
        self.extra_headers: list[BaseHeader] = []
        self.content_type: str | None = None
        self.body: str | bytes | None = None

    def subscribe(
        self, extra_headers: Iterable[BaseHeader] = (), content_type: str | None = None, body: str | bytes | None = None,
        timeout: float | None = None,
    ) -> None:  # fmt: skip
        """Subscribe; later: refresh at once, with another body. ``timeout``: seconds to wait for the answer.

        Raises IllegalStateError at the end.
        """
        headers = list(extra_headers)
        lines, data = header_lines(headers), payload(body)
        with self._guard:
            self._require("subscribe", True)
            self._command(self._again if self._requested else self._subscribe, lines, content_type, data, timeout)
            self.extra_headers, self.content_type, self.body = headers, content_type, body
            self._requested = True

    async def _subscribe(self, lines: tuple[tuple[str, str], ...], content_type: str | None, body: bytes, timeout: float | None) -> None:
        hop = await self._hop(self.route_header, self.from_header.uri.host)
        self._start(
            SubscribeParameters(
                self.request_uri.to_uri(), self.from_header.to_name_addr().without_parameter("tag"), self.to_header.to_name_addr(),
                self.contact_header.to_name_addr(), hop, credentials=digest_credentials(self.credentials), event=self.event,
                expires=self.refresh, accept=self._accepted or (), headers=lines, content_type=content_type, body=body, timeout=timeout,
            )
        )  # fmt: skip

    async def _again(self, lines: tuple[tuple[str, str], ...], content_type: str | None, body: bytes, timeout: float | None) -> None:
        if self._usage is not None and self.state != "TERMINATED" and not self._ending:
            Runtime.current().sip.call(
                self._usage.refresh, expires=self.refresh, contact=self.contact_header.to_name_addr(), headers=lines,
                content_type=content_type, body=body, timeout=timeout,
            )  # fmt: skip

    def _failure(self, code: int, reason: str, min_expires: int | None) -> dict[str, Any]:
        return {"code": code, "reason": reason, "min_expires": min_expires}
