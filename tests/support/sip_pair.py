"""Agents back to back in virtual time: an in-memory network with loss and delay, and no socket anywhere.

`SIPNetwork` carries bytes between `Endpoint`s and scripted peers by address; `SIPPair` is the usual two. Time only moves when a
test says so.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from blinkq.base.clock import SeededEntropy
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import Agent, AgentConfig, InviteParameters
from blinkq.sip.digest import Credentials
from blinkq.sip.events import Event, InvitationReceived
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.parser import parse_message
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation

E = TypeVar("E")

OFFER = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = OFFER.replace(b"10.0.0.1", b"10.0.0.2").replace(b"4000", b"5000")

Address = tuple[str, int]


@dataclass
class Packet:
    """What went over the wire: when, from where to where, and the message in it."""

    time: float
    source: Address
    target: Address
    data: bytes
    lost: bool

    @property
    def message(self) -> Request | Response:
        return parse_message(self.data)

    def __str__(self) -> str:
        mark = " LOST" if self.lost else ""
        start = self.data.split(b"\r\n", 1)[0].decode("utf-8", "replace")
        return f"{self.time:8.3f} {self.source[0]}>{self.target[0]} {start}{mark}"


class SIPNetwork:
    """Carries bytes with a delay, and loses what `lose` says."""

    def __init__(self, transport: str = "udp", delay: float = 0.01) -> None:
        self.now = 1000.0
        self.transport = transport
        self.delay = delay
        self.lose: Callable[[Packet], bool] = lambda packet: False
        self.packets: list[Packet] = []
        self._nodes: dict[Address, Node] = {}
        self._queue: list[tuple[float, int, Packet]] = []
        self._count = itertools.count()

    def attach(self, node: Node) -> None:
        self._nodes[node.address] = node

    def send(self, source: Address, target: Address, data: bytes) -> None:
        packet = Packet(self.now, source, target, data, False)
        packet.lost = self.lose(packet)
        self.packets.append(packet)
        if not packet.lost:
            heapq.heappush(self._queue, (self.now + self.delay, next(self._count), packet))

    def run(self, seconds: float) -> None:
        """Let `seconds` pass."""
        end = self.now + seconds
        while True:
            due = [self._queue[0][0]] if self._queue else []
            due += [d for node in self._nodes.values() if (d := node.deadline()) is not None]
            if not due or min(due) > end:
                break
            self.now = max(self.now, min(due))
            while self._queue and self._queue[0][0] <= self.now:
                packet = heapq.heappop(self._queue)[2]
                node = self._nodes.get(packet.target)
                if node is not None:
                    node.receive(packet.data, packet.source, self.now)
            for node in list(self._nodes.values()):
                node.tick(self.now)
        self.now = end

    def lines(self) -> list[str]:
        """Start lines of all packets, for reading a failure."""
        return [str(packet) for packet in self.packets]

    def sent(self, source: Address | None = None, start: str = "") -> list[Packet]:
        """The packets from `source` whose start line contains `start`."""
        return [
            packet
            for packet in self.packets
            if source in (None, packet.source) and start in packet.data.split(b"\r\n", 1)[0].decode("utf-8", "replace")
        ]


class Node:
    """Something with an address."""

    def __init__(self, network: SIPNetwork, host: str, port: int = 5060) -> None:
        self.network = network
        self.host = host
        self.port = port
        network.attach(self)

    @property
    def address(self) -> Address:
        return self.host, self.port

    def receive(self, data: bytes, source: Address, now: float) -> None:
        raise NotImplementedError

    def deadline(self) -> float | None:
        return None

    def tick(self, now: float) -> None:
        return None


class Endpoint(Node):
    """An agent on the network, with a log of its events."""

    def __init__(
        self, network: SIPNetwork, host: str, user: str, seed: int, config: AgentConfig | None = None, port: int = 5060
    ) -> None:
        super().__init__(network, host, port)
        self.user = user
        self.agent = Agent(config or AgentConfig(user_agent=f"Test {user}"), SeededEntropy(seed))
        self.events: list[Event] = []
        self.on_event: Callable[[Event], None] = lambda event: None

    @property
    def uri(self) -> URI:
        parameters = {} if self.network.transport == "udp" else {"transport": self.network.transport}
        return URI(user=self.user, host=self.host, port=self.port, parameters=parameters)

    @property
    def contact(self) -> NameAddr:
        return NameAddr(self.uri)

    def flow_from(self, source: Address) -> Flow:
        connection = 0 if self.network.transport == "udp" else 1
        return Flow(self.network.transport, self.host, self.port, *source, connection)

    def hop_to(self, address: Address) -> Hop:
        return Hop(self.network.transport, *address, self.host, self.port)

    def receive(self, data: bytes, source: Address, now: float) -> None:
        self.agent.receive_datagram(data, self.flow_from(source), now)
        self.pump()

    def deadline(self) -> float | None:
        return self.agent.deadline()

    def tick(self, now: float) -> None:
        self.agent.tick(now)
        self.pump()

    def pump(self) -> None:
        """Drain the agent: send what is to be sent, keep the events."""
        for output in self.agent.drain():
            if isinstance(output, Transmit):
                if output.flow is not None:
                    target = (output.flow.remote_address, output.flow.remote_port)
                else:
                    assert output.hop is not None
                    target = (output.hop.address, output.hop.port)
                self.network.send(self.address, target, output.data)
            else:
                self.events.append(output)
                self.on_event(output)

    def call(self, peer: Node, **options: object) -> Invitation:
        """Call `peer`; options as InviteParameters has them."""
        user = getattr(peer, "user", "peer")
        target = NameAddr(URI(user=user, host=peer.host, port=peer.port))
        values: dict[str, object] = {
            "request_uri": target.uri,
            "from_": NameAddr(URI(user=self.user, host="example.test"), self.user.title()),
            "to": target,
            "contact": self.contact,
            "hop": self.hop_to(peer.address),
            "sdp": OFFER,
        }
        values.update(options)
        invitation = self.agent.invite(InviteParameters(**values), self.network.now)  # type: ignore[arg-type]  # a test's options
        self.pump()
        return invitation

    def do(self, method: Callable[..., E], *args: object, **kwargs: object) -> E:
        """Give a command, as the engine's pump does: `now` added, outputs drained."""
        result = method(*args, **kwargs, now=self.network.now)
        self.pump()
        return result

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        found = self.of(kind)
        assert found, f"no {kind.__name__} among {self.events}"
        return found[-1]

    def names(self) -> list[str]:
        """The names of the events so far, transactions left out."""
        return [type(event).__name__ for event in self.events if type(event).__name__ != "InvitationTransaction"]


class ScriptedPeer(Node):
    """A peer that answers by a function and can say anything. `received` are the parsed messages so far."""

    def __init__(self, network: SIPNetwork, host: str, script: Callable[[ScriptedPeer, Request], None] | None = None):
        super().__init__(network, host)
        self.received: list[Request | Response] = []
        self.sources: list[Address] = []
        self.script = script

    def receive(self, data: bytes, source: Address, now: float) -> None:
        message = parse_message(data)
        self.received.append(message)
        self.sources.append(source)
        if isinstance(message, Request) and self.script is not None:
            self.script(self, message)

    def requests(self, method: str) -> list[Request]:
        return [m for m in self.received if isinstance(m, Request) and m.method == method]

    def responses(self, method: str) -> list[Response]:
        return [m for m in self.received if isinstance(m, Response) and m.cseq.method == method]

    def say(self, data: bytes, target: Address) -> None:
        self.network.send(self.address, target, data)

    def respond(
        self,
        request: Request,
        code: int,
        *,
        tag: str | None = "peer",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        target: Address | None = None,
    ) -> Response:
        """Answer `request` at its source."""
        response = Response(code)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in request.headers.get_all(name):
                response.headers.add(name, value)
        if tag is not None and request.to.tag is None:
            response.headers.set("To", str(request.to.with_parameter("tag", tag)))
        for name, value in headers:
            response.headers.add(name, value)
        if body:
            response.headers.add("Content-Type", "application/sdp")
            response.body = body
        via = request.via
        self.say(response.to_bytes(), target or (via.host, via.port or 5060))
        return response


@dataclass
class SIPPair:
    """Alice and Bob on one network."""

    network: SIPNetwork = field(default_factory=SIPNetwork)
    config: AgentConfig | None = None
    alice: Endpoint = field(init=False)
    bob: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1, self.config)
        self.bob = Endpoint(self.network, "10.0.0.2", "bob", 2, self.config)

    def run(self, seconds: float) -> None:
        self.network.run(seconds)

    def ring(self, **options: object) -> tuple[Invitation, Invitation]:
        """Alice calls, Bob's phone rings."""
        outgoing = self.alice.call(self.bob, **options)
        self.run(0.1)
        incoming = self.bob.last(InvitationReceived).invitation
        self.bob.do(incoming.ring)
        self.run(0.1)
        return outgoing, incoming

    def connect(self, **options: object) -> tuple[Invitation, Invitation]:
        """Alice calls, Bob answers, the ACK has arrived."""
        outgoing, incoming = self.ring(**options)
        self.bob.do(incoming.accept, ANSWER, self.bob.contact)
        self.run(0.1)
        return outgoing, incoming


PASSWORD = Credentials("alice", "secret")
