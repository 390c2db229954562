"""Where a message goes (Hop) and where bytes came from (Flow): plain values, no sockets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    """The next hop of a request, and how its answer reaches us.

    transport: 'udp', 'tcp' or 'tls'; address, port: the peer's IP address and port; local_address, local_port: where we
    listen, as Via sent-by and Contact say it; tls_name: the name the peer's certificate must carry (RFC 5922), None = no TLS.
    """

    transport: str
    address: str
    port: int
    local_address: str
    local_port: int
    tls_name: str | None = None

    @property
    def reliable(self) -> bool:
        """True when the transport itself retransmits (RFC 3261 §17)."""
        return self.transport != "udp"


@dataclass(frozen=True, slots=True)
class Flow:
    """The path bytes arrived on.

    transport: 'udp', 'tcp' or 'tls'; local_*, remote_*: both ends as the socket knows them; connection: the engine's number of
    the stream connection, 0 for UDP.
    """

    transport: str
    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    connection: int = 0

    @property
    def reliable(self) -> bool:
        """True when the transport itself retransmits (RFC 3261 §17)."""
        return self.transport != "udp"
