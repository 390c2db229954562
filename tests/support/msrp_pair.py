"""Two MSRP connections back to back, without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.clock import SeededEntropy
from blinkq.msrp.connection import Connection
from blinkq.msrp.events import Transmit
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI

ALICE = MSRPURI.parse("msrp://alice.example:7001/aaa;tcp")
BOB = MSRPURI.parse("msrp://bob.example:7002/bbb;tcp")


class End:
    """One side: its connection, its session, the events so far."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.connection = Connection(SeededEntropy(seed), self.find)
        self.events: list[Any] = []
        self.sent = bytearray()

    def find(self, uri: MSRPURI) -> Session | None:
        return self.session if uri.matches(self.session.local_uri) else None

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Pair:
    """alice is the active party. cut: how what one side sends is cut before the other gets it."""

    def __init__(self, cut: Callable[[bytes], list[bytes]] | None = None, **options: Any) -> None:
        self.now = 0.0
        self.cut = cut or (lambda data: [data])
        self.alice = End(Session(ALICE, (BOB,), SeededEntropy(1), **options), 2)
        self.bob = End(Session(BOB, (ALICE,), SeededEntropy(3), **options), 4)
        self.alice.connection.attach(self.alice.session, self.now)
        self.wire: list[bytes] = []

    def run(self, on_event: Callable[[Any], None] | None = None) -> None:
        """Carry bytes both ways until nothing moves."""
        while True:
            moved = self._carry(self.alice, self.bob, on_event) | self._carry(self.bob, self.alice, on_event)
            if not moved:
                return

    def _carry(self, sender: End, receiver: End, on_event: Callable[[Any], None] | None) -> bool:
        if sender.connection.wants_turn:
            sender.connection.turn(self.now)
        outputs = sender.connection.drain()
        for output in outputs:
            if isinstance(output, Transmit):
                self.wire.append(output.data)
                sender.sent += output.data
                for part in self.cut(output.data):
                    receiver.connection.receive_data(part, self.now)
            else:
                sender.events.append(output)
                if on_event is not None:
                    on_event(output)
        return bool(outputs)
