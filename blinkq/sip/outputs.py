"""What the SIP cores ask the engine to do with bytes. Events are in `events`."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.sip.hop import Flow, Hop


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send `data` over `flow` when it is set (same connection, or to the same source), else to `hop`.

    When both are set the flow is tried first and the hop is the way out if its connection is gone (RFC 3261 §18.2.2).
    Raises ValueError when neither is set.
    """

    data: bytes
    hop: Hop | None = None
    flow: Flow | None = None

    def __post_init__(self) -> None:
        if self.hop is None and self.flow is None:
            raise ValueError("a transmission needs a hop or a flow")

    @property
    def transport(self) -> str:
        """'udp', 'tcp' or 'tls'."""
        path = self.flow or self.hop
        assert path is not None  # __post_init__ saw to it
        return path.transport

    @property
    def reliable(self) -> bool:
        """True when the transport itself retransmits."""
        return self.transport != "udp"
