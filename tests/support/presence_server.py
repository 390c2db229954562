"""A registrar that is a presence agent too: takes SUBSCRIBE and PUBLISH for any event package and notifies over UDP, as tests tell it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from support.registrar import Answer, Registrar

from blinkq.sip.address import NameAddr
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.request_builder import build_request

__all__ = ["PresenceServer", "Watch"]


@dataclass
class Watch:
    """One subscription: what it is to (``uri``, without ``sip:``), and how to reach the subscriber."""

    uri: str
    event: str
    request: Request
    expires: int
    cseq: int = 0
    active: bool = True


@dataclass
class PresenceServer(Registrar):
    """``bodies`` maps (uri, event) to (content type, body) of the first NOTIFY; ``refuse`` maps an event to (code, headers).

    ``watches`` are the subscriptions that stand, ``published`` maps (uri, event) to {etag: body}; ``pending`` holds events whose
    subscriptions are not approved.
    """

    bodies: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    refuse: dict[str, Answer] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    watches: list[Watch] = field(default_factory=list)
    published: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    etags: int = 0

    async def up(self) -> None:
        """Listen, remembering nothing from before."""
        self.watches.clear()
        self.published.clear()
        await super().up()

    def events(self, method: str) -> list[str]:
        """The Event headers of all requests with this method, in order, challenged ones left out."""
        passed = [request for request in self.requests if request.method == method and "Authorization" in request.headers]
        return [request.headers.get("Event") or "" for request in passed]

    def watching(self, event: str) -> list[str]:
        """Who is watched for this event."""
        return sorted(watch.uri for watch in self.watches if watch.event == event and watch.active)

    def tell(self, uri: str, event: str, content_type: str, body: bytes, state: str = "active") -> None:
        """NOTIFY everybody who watches ``uri``; a state of "terminated;reason=x" ends the subscription."""
        for watch in [watch for watch in self.watches if (watch.uri, watch.event) == (uri, event) and watch.active]:
            self.notify(watch, content_type, body, state)

    def notify(self, watch: Watch, content_type: str, body: bytes, state: str = "active") -> None:
        if state.startswith("terminated"):
            self.watches.remove(watch)
        request = watch.request
        watch.cseq += 1
        contact = request.contacts[0].uri
        notify = build_request(
            "NOTIFY", contact, route_set=(), from_=request.to.with_parameter("tag", "registrar"), to=request.from_, call_id=request.call_id,
            cseq=watch.cseq, headers=[
                ("Via", f"SIP/2.0/UDP {self.host.addresses[0]}:5060;branch=z9hG4bK{id(watch)}{watch.cseq}"),
                ("Contact", str(NameAddr(contact.parse(f"sip:{self.host.addresses[0]}:5060")))), ("Event", watch.event),
                ("Subscription-State", state if state.startswith("terminated") else f"{state};expires={watch.expires}"),
            ], body=body, content_type=content_type if body else None,
        )  # fmt: skip
        if self._udp is not None and not self.mute:
            self._udp.send(notify.to_bytes(), (contact.host, contact.port or 5060))

    def receive(self, data: bytes, flow: Flow, send: object) -> None:
        if not data.startswith(b"SIP/2.0"):  # answers to our NOTIFYs
            super().receive(data, flow, send)  # type: ignore[arg-type]  # handed through

    def _usual(self, request: Request) -> Answer:
        if request.method not in ("SUBSCRIBE", "PUBLISH"):
            return super()._usual(request)
        user = request.from_.uri.user or ""
        if request.to.tag is None and not self._authorized(request, user):
            self.nonces += 1
            return 401, (("WWW-Authenticate", f'Digest realm="{self.domain}", nonce="n{self.nonces}", qop="auth", algorithm=MD5'),)
        event = request.headers.get("Event") or ""
        if event in self.refuse:
            return self.refuse[event]
        return self._subscribe(request, event) if request.method == "SUBSCRIBE" else self._publish(request, event)

    def _subscribe(self, request: Request, event: str) -> Answer:
        known = next((watch for watch in self.watches if watch.request.call_id == request.call_id), None)
        if known is None and request.to.tag is not None:
            return 481, ()
        watch = known or Watch(f"{request.uri.user}@{request.uri.host}", event, request, request.expires or 0)
        if known is None:
            self.watches.append(watch)
        watch.expires = request.expires or 0
        content_type, body = self.bodies.get((watch.uri, event), ("text/plain", b""))
        if watch.expires == 0:
            state = "terminated;reason=timeout"
        elif event in self.pending:
            state, body = "pending", b""
        else:
            state = "active"
        asyncio.get_running_loop().call_later(0.001, self.notify, watch, content_type, body, state)
        return 200, (("Expires", str(watch.expires)), ("Contact", f"<sip:{self.host.addresses[0]}:5060>"))

    def _publish(self, request: Request, event: str) -> Answer:
        there = self.published.setdefault((f"{request.uri.user}@{request.uri.host}", event), {})
        etag = request.headers.get("SIP-If-Match")
        if etag is not None and etag not in there:
            return 412, ()
        body = there.pop(etag) if etag is not None else b""
        expires = request.expires or 0
        if expires:
            self.etags += 1
            etag = f"e{self.etags}"
            there[etag] = request.body or body
        return 200, (("Expires", str(expires)), ("SIP-ETag", etag or "x"))
