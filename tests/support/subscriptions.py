"""Alice subscribes, Bob notifies; or either of them against a scripted peer."""

from __future__ import annotations

from support.sip_pair import Endpoint, Node, ScriptedPeer, SIPNetwork

from blinkq.sip.address import NameAddr
from blinkq.sip.agent import SubscribeParameters
from blinkq.sip.events import SubscriptionReceived
from blinkq.sip.message import Request
from blinkq.sip.uri import URI
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sip.usages.subscription import Subscription

ALICE = NameAddr(URI(user="alice", host="example.test"), "Alice")


def subscribe(endpoint: Endpoint, peer: Node, **options: object) -> Subscription:
    """`endpoint` subscribes to the presence of `peer`; options as SubscribeParameters has them."""
    target = URI(user=getattr(peer, "user", "peer"), host=peer.host, port=peer.port)
    values: dict[str, object] = {
        "request_uri": target,
        "from_": ALICE,
        "to": NameAddr(target),
        "contact": endpoint.contact,
        "hop": endpoint.hop_to(peer.address),
    }
    values.update(options)
    return endpoint.do(endpoint.agent.subscribe, SubscribeParameters(**values))  # type: ignore[arg-type]  # a test's options


class Pair:
    """Two agents; Bob takes subscriptions to his presence."""

    def __init__(self, transport: str = "udp") -> None:
        self.network = SIPNetwork(transport)
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1)
        self.bob = Endpoint(self.network, "10.0.0.2", "bob", 2)
        self.bob.agent.incoming_events.update({"presence", "refer"})

    def subscribe(self, **options: object) -> tuple[Subscription, IncomingSubscription]:
        """A subscription that is not answered yet."""
        made = subscribe(self.alice, self.bob, **options)
        self.network.run(0.1)
        return made, self.bob.last(SubscriptionReceived).incoming_subscription

    def active(self, **options: object) -> tuple[Subscription, IncomingSubscription]:
        """A subscription that Bob has accepted."""
        made, incoming = self.subscribe(**options)
        self.bob.do(incoming.accept, content_type="text/plain", body=b"at home")
        self.network.run(0.1)
        return made, incoming


class Notifier(ScriptedPeer):
    """A peer that answers SUBSCRIBE with the code and headers of `answers` (the last one again and again); NOTIFYs are sent by hand."""

    def __init__(self, network: SIPNetwork, host: str = "10.0.0.3") -> None:
        super().__init__(network, host, type(self).serve)
        self.answers: list[tuple[int, tuple[tuple[str, str], ...]]] = [(200, (("Expires", "600"),))]
        self.cseq = 0

    def serve(self, request: Request) -> None:  # type: ignore[override]  # it is used as the script of ScriptedPeer
        code, headers = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if code:
            contact = (("Contact", f"<sip:peer@{self.host}>"),) if code < 300 else ()
            self.respond(request, code, headers=(*contact, *headers))

    def notify(
        self,
        state: str | None = "active;expires=600",
        *,
        tag: str = "peer",
        event: str | None = "presence",
        cseq: int | None = None,
        body: bytes = b"",
        changes: dict[str, str] | None = None,
    ) -> None:
        """Send a NOTIFY for the last SUBSCRIBE; `changes` replace headers."""
        request = next(m for m in reversed(self.received) if isinstance(m, Request))
        self.cseq = self.cseq + 1 if cseq is None else cseq
        headers = {
            "Via": f"SIP/2.0/UDP {self.host};branch=z9hG4bKn{len(self.network.packets)}",
            "From": str(request.to.without_parameter("tag").with_parameter("tag", tag)),
            "To": str(request.from_),
            "Call-ID": request.call_id,
            "CSeq": f"{self.cseq} NOTIFY",
            "Contact": f"<sip:peer@{self.host}>",
        }
        if event is not None:
            headers["Event"] = event
        if state is not None:
            headers["Subscription-State"] = state
        if body:
            headers["Content-Type"] = "text/plain"
        headers.update(changes or {})
        lines = [f"NOTIFY {request.contacts[0].uri} SIP/2.0", *(f"{name}: {value}" for name, value in headers.items())]
        self.say("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body, ("10.0.0.1", 5060))

    def codes(self) -> list[int]:
        """The answers to our NOTIFYs so far."""
        return [response.code for response in self.responses("NOTIFY")]
