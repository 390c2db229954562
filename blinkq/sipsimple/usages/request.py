"""Request: any SIP request outside dialogs, and how long what it asked for lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.sip.events import RequestAnswered, RequestFailed, RequestProgressed
from blinkq.sip.message import Response
from blinkq.sip.usages.request import ClientRequest, RequestParameters
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
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.sip_uri import BaseSIPURI, FrozenSIPURI
from blinkq.sipsimple.usages.engine_object import EngineObject, check, digest_credentials, header_lines, new_call_id, payload
from blinkq.sipsimple.usages.message_data import outcome_data, response_data
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.header import BaseHeader

__all__ = ["Request"]


class Request(EngineObject):
    """One request. ``state`` goes from "INIT" to "IN_PROGRESS", then perhaps "EXPIRING", and "TERMINATED".

    :param method: not INVITE, ACK, BYE, CANCEL (ValueError)
    :param route_header: the next hop, an IP address
    :param call_id, cseq: of a series of requests; fresh ones by default
    :param extra_headers: header objects

    Posts SIPRequestGotProvisionalResponse, then SIPRequestDidSucceed or SIPRequestDidFail; after a success that lasts (an Expires header or
    parameter, ours or in the answer) SIPRequestWillExpire; at last SIPRequestDidEnd.
    """

    def __init__(
        self, method: str, request_uri: BaseSIPURI, from_header: FromHeader | FrozenFromHeader, to_header: ToHeader | FrozenToHeader,
        route_header: BaseIdentityHeader, credentials: Credentials | None = None,
        contact_header: ContactHeader | FrozenContactHeader | None = None, call_id: str | None = None, cseq: int | None = None,
        extra_headers: Iterable[BaseHeader] | None = None, content_type: str | None = None, body: str | bytes | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        check(
            method=(method, str), request_uri=(request_uri, BaseSIPURI), from_header=(from_header, (FromHeader, FrozenFromHeader)),
            to_header=(to_header, (ToHeader, FrozenToHeader)), route_header=(route_header, BaseIdentityHeader),
            credentials=(credentials, (Credentials, type(None))),
            contact_header=(contact_header, (ContactHeader, FrozenContactHeader, type(None))), cseq=(cseq, (int, type(None))),
        )  # fmt: skip
        if method.upper() in ("INVITE", "ACK", "BYE", "CANCEL"):
            raise ValueError(f"{method} is not a request of its own")
        self.method = method
        self.request_uri = FrozenSIPURI.new(request_uri)
        self.from_header = FrozenFromHeader.new(from_header)
        self.to_header = FrozenToHeader.new(to_header)
        self.route_header = route_header
        self.credentials = credentials
        self.contact_header = contact_header
        self.call_id = call_id or new_call_id()
        self.cseq = cseq
        self.extra_headers = list(extra_headers or ())
        self.content_type = content_type
        self.body = body
        self.state = "INIT"
        self._lines = header_lines(self.extra_headers)
        self._payload = payload(body)
        self._usage: ClientRequest | None = None
        self._expires_at: float | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def expires_in(self) -> int:
        """Seconds until what the request asked for is over; 0 when it is, or does not last."""
        expires_at = self._expires_at
        return 0 if expires_at is None else max(0, round(expires_at - Runtime.current().clock.monotonic()))

    def send(self, timeout: float | None = None) -> None:
        """Send it, once. ``timeout``: seconds to wait for the answer. Raises IllegalStateError in another state than INIT."""
        with self._guard:
            if self.state != "INIT":
                raise IllegalStateError(f"Request.send in state {self.state}")
            self._command(self._send, timeout)
            self.state = "IN_PROGRESS"

    def end(self) -> None:
        """Wait for the answer, or for the expiry, no longer. SIPRequestDidEnd follows. Does nothing before ``send`` and at the end."""
        if self.state in ("IN_PROGRESS", "EXPIRING"):
            self._command(self._end)

    # -- on the engine thread

    async def _send(self, timeout: float | None) -> None:
        hop = await self._hop(self.route_header, self.from_header.uri.host)
        contact = () if self.contact_header is None else (("Contact", self.contact_header.body),)
        self._usage = Runtime.current().sip.call(
            "request",
            RequestParameters(
                self.method, self.request_uri.to_uri(), from_=self.from_header.to_name_addr().without_parameter("tag"),
                to=self.to_header.to_name_addr(), hop=hop, credentials=digest_credentials(self.credentials),
                headers=(*contact, *self._lines), body=self._payload, content_type=self.content_type, call_id=self.call_id,
                cseq=self.cseq, timeout=timeout, progress=True,
            ),
        )  # fmt: skip
        SIPEvents().claim(self._usage, self._event)

    async def _end(self) -> None:
        if self._usage is not None and not self._usage.finished:
            Runtime.current().sip.call(self._usage.abandon)
        self._finish()

    def _event(self, event: Any) -> None:
        match event:
            case RequestProgressed():
                post("SIPRequestGotProvisionalResponse", self, **response_data(event.response))
            case RequestAnswered() if event.code < 300:
                self._succeed(event.response)
            case RequestAnswered():
                self._fail(outcome_data(event.code, event.reason, event.response))
            case RequestFailed():
                self._fail({"code": event.code, "reason": event.reason})

    def _succeed(self, response: Response) -> None:
        if self.state == "TERMINATED":
            return
        expires = self._lifetime(response)
        if expires:
            self.state = "EXPIRING"
            engine = Runtime.current()
            self._expires_at = engine.clock.monotonic() + expires
            loop = engine.loop.loop
            early = max(1.0, expires - 30.0, expires / 2)
            self._timers = [loop.call_later(early, self._will_expire, expires), loop.call_later(expires, self._finish)]
        post("SIPRequestDidSucceed", self, **response_data(response), expires=expires)
        if not expires:
            self._finish()

    def _lifetime(self, response: Response) -> int:
        """Seconds: what the answer says, of our contact or at all; else what we asked for."""
        if response.expires is not None:
            return response.expires
        for contact in response.contacts if self.contact_header is not None else ():
            text = contact.parameter("expires") or ""
            if contact.uri.equivalent(self.contact_header.uri.to_uri()) and text.isascii() and text.isdigit():  # type: ignore[union-attr]  # not None here
                return int(text[:9])
        asked = next((text for name, text in self._lines if name.lower() == "expires"), "0")
        return int(asked) if asked.isascii() and asked.isdigit() else 0

    def _will_expire(self, expires: int) -> None:
        post("SIPRequestWillExpire", self, expires=expires)

    def _no_way(self, error: str) -> None:
        self._fail({"code": 503, "reason": error})

    def _fail(self, data: dict[str, Any]) -> None:
        if self.state != "TERMINATED":
            post("SIPRequestDidFail", self, **data)
            self._finish()

    def _finish(self) -> None:
        if self.state == "TERMINATED":
            return
        self.state = "TERMINATED"
        self._expires_at = None
        for timer in self._timers:
            timer.cancel()
        if self._usage is not None:
            SIPEvents().release(self._usage)
        post("SIPRequestDidEnd", self)
