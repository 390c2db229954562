"""ICE as the control channel speaks of it: candidates, checks, and what is gathered with (RFC 8445).

Values only. What this is not: the agent that sends the checks (``voice/ice_agent.py``), or the lines in descriptions (``sdp/ice.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["RTCP", "RTP", "IceCandidate", "IceCheck", "IceGathering"]

#: Component numbers of an RTP stream (RFC 8839 §4.2.1.1).
RTP, RTCP = 1, 2


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """An address at which one end may be reached. ``type`` is "host", "srflx", "prflx" or "relay"; ``component`` 1 is RTP, 2 RTCP.

    ``related_address``/``related_port`` are those of the base for the types that have one (RFC 8839 §5.1).
    """

    foundation: str
    component: int
    priority: int
    address: str
    port: int
    type: str
    related_address: str | None = None
    related_port: int | None = None

    @property
    def base_address(self) -> str:
        """The local address that a candidate of ours is sent from (RFC 8445 §5.1.1)."""
        return self.address if self.type == "host" or self.related_address is None else self.related_address


@dataclass(frozen=True, slots=True)
class IceCheck:
    """One pair of candidates and how its check went: "frozen", "waiting", "in progress", "succeeded" or "failed"."""

    local: IceCandidate
    remote: IceCandidate
    state: str
    nominated: bool = False


@dataclass(frozen=True, slots=True)
class IceGathering:
    """How candidates are gathered: our credentials and our role, the STUN server (IP address and port) or None, the seconds that it may
    take to answer, and the local addresses to use (empty: all that the machine has).

    The role must be known from the beginning: the peer's checks may come before its candidates.
    """

    ufrag: str
    password: str = field(repr=False)
    controlling: bool = True
    stun_server: tuple[str, int] | None = None
    timeout: float = 0.5
    addresses: tuple[str, ...] = ()
