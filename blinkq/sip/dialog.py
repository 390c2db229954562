"""A dialog (RFC 3261 §12): who talks to whom, the sequence numbers, the route set and the way a request takes.

Where requests go: on a stream, over the connection the dialog was made on, while it lasts. Else to the first route or the remote
target, when that is an IP address of the same transport; a host name would need a look-up, which a core cannot make, so then
the hop of the dialog's first request is kept (it is the outbound proxy, which knows the way).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace

from blinkq.sip.address import NameAddr
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Message, Request, Response
from blinkq.sip.replies import DEFAULT_PORTS
from blinkq.sip.request_builder import build_request
from blinkq.sip.uri import URI

__all__ = ["Dialog", "DialogID", "hop_of"]


@dataclass(frozen=True, slots=True)
class DialogID:
    """RFC 3261 §12: Call-ID and both tags; '' stands for the missing tag of an RFC 2543 peer."""

    call_id: str
    local_tag: str
    remote_tag: str

    @classmethod
    def of_request(cls, request: Request) -> DialogID:
        """The dialog a request of the peer belongs to."""
        return cls(request.call_id, request.to.tag or "", request.from_.tag or "")


@dataclass(slots=True)
class Dialog:
    """One peer-to-peer relationship. `uac` and `uas` make it; the usage keeps it up to date.

    local, remote: addresses with their tags; local_cseq, remote_cseq: the last numbers used (None: none yet);
    remote_target: the peer's Contact; route_set: the proxies that stay in the path, nearest first; hop, flow: the way the
    dialog began.
    """

    call_id: str
    local: NameAddr
    remote: NameAddr
    local_cseq: int | None
    remote_cseq: int | None
    remote_target: URI
    route_set: tuple[NameAddr, ...]
    hop: Hop
    flow: Flow | None

    @classmethod
    def uac(cls, request: Request, response: Response, hop: Hop, flow: Flow | None) -> Dialog:
        """The dialog that `response` to our `request` makes (§12.1.2)."""
        contacts = response.contacts
        return cls(
            request.call_id,
            request.from_,
            response.to,
            request.cseq.number,
            None,
            contacts[0].uri if contacts else request.uri,
            tuple(reversed(response.record_routes)),
            hop,
            flow,
        )

    @classmethod
    def uas(cls, request: Request, local_tag: str, flow: Flow) -> Dialog:
        """The dialog that our answer to `request` makes (§12.1.1)."""
        contacts, routes = request.contacts, request.record_routes
        target = contacts[0].uri if contacts else request.from_.uri
        hop = hop_of(flow)
        if flow.reliable:
            # The port that the peer connected from takes no connections; the one in its Via does (as for responses, §18.2.2).
            port = request.via.port or DEFAULT_PORTS.get(flow.transport, 5060)
            name = (routes[0].uri if routes else target).host if flow.transport == "tls" else None
            hop = replace(hop, port=port, tls_name=name)
        return cls(
            request.call_id,
            request.to.with_parameter("tag", local_tag),
            request.from_,
            None,
            request.cseq.number,
            target,
            tuple(routes),
            hop,
            flow,
        )

    @property
    def id(self) -> DialogID:
        return DialogID(self.call_id, self.local.tag or "", self.remote.tag or "")

    def confirm(self, response: Response) -> None:
        """A 2xx turns the early dialog into a full one: route set and target are those of the 2xx (§13.2.2.4)."""
        self.route_set = tuple(reversed(response.record_routes))
        self.refresh_target(response)

    def refresh_target(self, message: Message) -> None:
        """A target refresh request or its 2xx may move the peer's Contact (§12.2)."""
        contacts = message.contacts
        if contacts:
            self.remote_target = contacts[0].uri

    def next_cseq(self) -> int:
        """The number of our next request, other than ACK and CANCEL."""
        self.local_cseq = 1 if self.local_cseq is None else self.local_cseq + 1
        return self.local_cseq

    def admits(self, request: Request) -> bool:
        """Whether a request of the peer comes in order; takes note of its number (§12.2.2)."""
        number = request.cseq.number
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def make_request(
        self,
        method: str,
        cseq: int,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Request:
        """A request within the dialog (§12.2.1.1), without Via: the sender stamps it."""
        return build_request(
            method,
            self.remote_target,
            route_set=self.route_set,
            from_=self.local,
            to=self.remote,
            call_id=self.call_id,
            cseq=cseq,
            headers=headers,
            body=body,
            content_type=content_type,
        )

    def path(self) -> tuple[Hop, Flow | None]:
        """Where the next request goes; the flow is tried first where there is one."""
        return self._next_hop(), self.flow if self.flow is not None and self.flow.reliable else None

    def _next_hop(self) -> Hop:
        uri = self.route_set[0].uri if self.route_set else self.remote_target
        if uri.transport != self.hop.transport or _version(uri.host) is None:
            return self.hop
        if _version(uri.host) != _version(self.hop.address):
            return self.hop  # our socket speaks the other IP version
        port = uri.port or DEFAULT_PORTS.get(uri.transport, 5060)
        tls_name = self.hop.tls_name or (uri.host if uri.transport == "tls" else None)
        return replace(self.hop, address=uri.host, port=port, tls_name=tls_name)


def hop_of(flow: Flow) -> Hop:
    """The way back along `flow`."""
    return Hop(flow.transport, flow.remote_address, flow.remote_port, flow.local_address, flow.local_port)


def _version(host: str) -> int | None:
    try:
        return ipaddress.ip_address(host).version
    except ValueError:
        return None
