"""Message: one MESSAGE outside dialogs (RFC 3428), as the core sends it: no routes tried in turn, no receipts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sip.events import RequestAnswered, RequestFailed
from blinkq.sip.usages.request import RequestParameters
from blinkq.sipsimple.headers import BaseIdentityHeader, FromHeader, FrozenFromHeader, FrozenToHeader, ToHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.usages.engine_object import EngineObject, check, digest_credentials, header_lines, payload
from blinkq.sipsimple.usages.message_data import outcome_data
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader

__all__ = ["Message"]


class Message(EngineObject):
    """One MESSAGE, sent to the address in ``to_header``.

    :param route_header: the next hop, an IP address
    :param body: text is sent as UTF-8

    Posts SIPMessageDidSucceed (any 2xx; 202 means that it is only on its way) or SIPMessageDidFail.
    """

    def __init__(
        self, from_header: FromHeader | FrozenFromHeader, to_header: ToHeader | FrozenToHeader, route_header: BaseIdentityHeader,
        content_type: str, body: str | bytes, credentials: Credentials | None = None,
        extra_headers: Iterable[BaseHeader] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        check(
            from_header=(from_header, (FromHeader, FrozenFromHeader)), to_header=(to_header, (ToHeader, FrozenToHeader)),
            route_header=(route_header, BaseIdentityHeader), content_type=(content_type, str), body=(body, (str, bytes)),
            credentials=(credentials, (Credentials, type(None))),
        )  # fmt: skip
        self.from_header = FrozenFromHeader.new(from_header)
        self.to_header = FrozenToHeader.new(to_header)
        self.route_header = route_header
        self.content_type = content_type
        self.body = body
        self.credentials = credentials
        self.is_sent = False
        self.in_progress = False
        self._lines = header_lines(extra_headers)

    def send(self, timeout: float | None = None) -> None:
        """Send it, once. ``timeout``: seconds to wait for the answer. Raises IllegalStateError the second time."""
        with self._guard:
            if self.is_sent:
                raise IllegalStateError("Message.send: it was sent")
            self._command(self._send, timeout)
            self.is_sent = self.in_progress = True

    async def _send(self, timeout: float | None) -> None:
        hop = await self._hop(self.route_header, self.from_header.uri.host)
        to = self.to_header.to_name_addr()
        usage = Runtime.current().sip.call(
            "request",
            RequestParameters(
                "MESSAGE", to.uri, from_=self.from_header.to_name_addr().without_parameter("tag"), to=to, hop=hop,
                credentials=digest_credentials(self.credentials), headers=self._lines, body=payload(self.body),
                content_type=self.content_type, timeout=timeout,
            ),
        )  # fmt: skip
        SIPEvents().claim(usage, self._event)

    def _event(self, event: Any) -> None:
        SIPEvents().release(event.request)
        match event:
            case RequestAnswered():
                self._done(event.code < 300, outcome_data(event.code, event.reason, event.response))
            case RequestFailed():
                self._done(False, {"code": event.code, "reason": event.reason})

    def _no_way(self, error: str) -> None:
        self._done(False, {"code": 503, "reason": error})

    def _done(self, succeeded: bool, data: dict[str, Any]) -> None:
        self.in_progress = False
        post("SIPMessageDidSucceed" if succeeded else "SIPMessageDidFail", self, **data)
