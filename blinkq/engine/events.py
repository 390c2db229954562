"""What the SIP endpoint itself reports, among the events of the SIP agent."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.sip.hop import Flow, Hop

__all__ = ["FlowClosed", "LocalAddressChanged"]


@dataclass(frozen=True, slots=True)
class FlowClosed:
    """A TCP or TLS connection is gone, and not because we closed it: the server restarted, or the network broke.

    ``hops`` are the next hops that were served by it; ``held`` is True when a registration or a dialog was living on it, which then
    should register again at once. ``error`` is a sentence for people.
    """

    flow: Flow
    hops: tuple[Hop, ...]
    held: bool
    error: str


@dataclass(frozen=True, slots=True)
class LocalAddressChanged:
    """The address from which this computer talks to ``remote_address`` is another one now (or None: no way to it)."""

    remote_address: str
    old: str
    new: str | None
