"""What the four transaction machines share: where a message goes, whose answer it is, and the end of the machine's life.

A transaction knows one branch. It transmits through the sink it is given, tells its user what happened, and tells its
keeper (the layer) when it is over. The four state tables are in the modules beside this one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from blinkq.sip.hop import Flow, Hop
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.timers import Action, Timer, TimerQueue, Timing

__all__ = ["Carrier", "ClientTransaction", "ClientUser", "ServerTransaction", "ServerUser", "Transaction"]


@dataclass(frozen=True, slots=True)
class Carrier:
    """What a transaction needs of its surroundings: time, the way out, and who forgets it when it is over."""

    timing: Timing
    timers: TimerQueue
    transmit: Callable[[Transmit], None]
    forget: Callable[[Transaction], None]


class ClientUser(Protocol):
    """Who sent a request and wants to know what becomes of it."""

    def on_response(self, transaction: ClientTransaction, response: Response, flow: Flow, now: float) -> None:
        """A response that is not a retransmission (2xx to INVITE: every one, RFC 6026 §7.2)."""

    def on_no_response(self, transaction: ClientTransaction, code: int, reason: str, now: float) -> None:
        """No final response will come: 408 timeout or 503 transport failure (RFC 3261 §8.1.3.1)."""


class ServerUser(Protocol):
    """Who answers an INVITE and wants to know whether the answer arrived."""

    @property
    def tag(self) -> str:
        """The To tag of the answers, which the answer to a CANCEL carries too (RFC 3261 §9.2)."""

    def on_ack(self, transaction: ServerTransaction, ack: Request, now: float) -> None:
        """The ACK of our final response has come."""

    def on_no_ack(self, transaction: ServerTransaction, now: float) -> None:
        """Our refusal was never acknowledged (timer H). A 2xx is the user's own to repeat and to give up."""

    def on_cancel(self, transaction: ServerTransaction, cancel: Request, now: float) -> None:
        """The peer takes its INVITE, which has no final answer yet, back; 200 to the CANCEL is already sent."""


class Transaction(ABC):
    """One request, its responses, and its timers by their RFC letter."""

    def __init__(self, request: Request, hop: Hop | None, flow: Flow | None, carrier: Carrier) -> None:
        self.request = request
        self.hop = hop
        self.flow = flow
        transport = flow.transport if flow is not None else hop.transport if hop is not None else "udp"
        self.reliable = transport != "udp"
        self._carrier = carrier
        self._timers: dict[str, Timer] = {}

    @property
    @abstractmethod
    def terminated(self) -> bool:
        """Whether the transaction is over."""

    @abstractmethod
    def transport_failed(self, reason: str, now: float) -> None:
        """The way to the peer broke."""

    def _transmit(self, data: bytes) -> None:
        self._carrier.transmit(Transmit(data, self.hop, self.flow))

    def _start(self, letter: str, delay: float, now: float, action: Action) -> None:
        self._stop(letter)
        self._timers[letter] = self._carrier.timers.schedule(now + delay, action)

    def _stop(self, *letters: str) -> None:
        for letter in letters:
            timer = self._timers.pop(letter, None)
            if timer is not None:
                timer.cancel()

    def _end(self) -> None:
        self._stop(*list(self._timers))
        self._carrier.forget(self)


class ClientTransaction(Transaction):
    """The sending side of one request."""

    def __init__(
        self, request: Request, hop: Hop | None, flow: Flow | None, carrier: Carrier, user: ClientUser
    ) -> None:
        super().__init__(request, hop, flow, carrier)
        self.user = user
        self._data = request.to_bytes()

    @abstractmethod
    def start(self, now: float) -> None:
        """Send the request and start its timers."""

    @abstractmethod
    def receive(self, response: Response, flow: Flow, now: float) -> None:
        """A response with our branch and method came by `flow`."""


class ServerTransaction(Transaction):
    """The answering side of one request."""

    def __init__(self, request: Request, hop: Hop | None, flow: Flow | None, carrier: Carrier) -> None:
        super().__init__(request, hop, flow, carrier)
        self.response: Response | None = None
        self._data: bytes | None = None

    @abstractmethod
    def receive(self, request: Request, now: float) -> None:
        """The same request came again (or its ACK)."""

    @abstractmethod
    def respond(self, response: Response, now: float) -> None:
        """Send a response of the transaction user; raises IllegalTransition after the final one."""

    def _remember(self, response: Response) -> None:
        self.response = response
        self._data = response.to_bytes()
        self._transmit(self._data)

    def _repeat(self) -> None:
        if self._data is not None:
            self._transmit(self._data)
