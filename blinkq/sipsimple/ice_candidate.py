"""ICECandidate and ICECheck: what applications are told of ICE (``from sipsimple.core import ...`` has none of them, notifications do)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blinkq.media.ice import IceCandidate, IceCheck

__all__ = ["COMPONENTS", "ICE_STATES", "ICECandidate", "ICECheck", "outcome"]

COMPONENTS = {1: "RTP", 2: "RTCP"}

#: The states that a negotiation goes through, by the names of today's SDK, as the notifications tell them.
ICE_STATES = {
    "NULL": "ICE Not Started",
    "GATHERING": "ICE Candidates Gathering",
    "GATHERING_COMPLETE": "ICE Candidates Gathered",
    "NEGOTIATION_START": "ICE Negotiation Starting",
    "NEGOTIATING": "ICE Negotiation In Progress",
    "RUNNING": "ICE Negotiation Succeeded",
    "FAILED": "ICE Negotiation Failed",
}


@dataclass(frozen=True, slots=True)
class ICECandidate:
    """An address that one end may be reached at. ``component`` is "RTP" or "RTCP", ``type`` "HOST", "SRFLX", "PRFLX" or "RELAY"."""

    component: str
    type: str
    address: str
    port: int
    priority: int
    rel_address: str = ""

    @classmethod
    def of(cls, known: IceCandidate) -> ICECandidate:
        """From what the media process says."""
        component = COMPONENTS.get(known.component, str(known.component))
        return cls(component, known.type.upper(), known.address, known.port, known.priority, known.related_address or "")

    def __str__(self) -> str:
        base = f" from {self.rel_address}" if self.rel_address else ""
        return f"({self.component}) {self.address}:{self.port}{base} ({self.type.lower()})"


@dataclass(frozen=True, slots=True)
class ICECheck:
    """A pair of candidates and the ``state`` of its check: "frozen", "waiting", "in progress", "succeeded" or "failed"."""

    local_candidate: ICECandidate
    remote_candidate: ICECandidate
    state: str
    nominated: bool

    @classmethod
    def of(cls, known: IceCheck) -> ICECheck:
        """From what the media process says."""
        return cls(ICECandidate.of(known.local), ICECandidate.of(known.remote), known.state, known.nominated)

    def __str__(self) -> str:
        return f"{self.local_candidate} -> {self.remote_candidate}: {self.state}{', nominated' if self.nominated else ''}"


def outcome(
    duration: float, pairs: Sequence[IceCheck], checks: Sequence[IceCheck], local: Sequence[IceCandidate], remote: Sequence[IceCandidate]
) -> dict[str, object]:
    """The data of a notification that ICE succeeded; ``chosen_...`` are the candidates of the selected pairs by component."""
    chosen, checked = [ICECheck.of(pair) for pair in pairs], [ICECheck.of(check) for check in checks]
    return {
        "duration": duration,
        "chosen_local_candidates": {pair.local_candidate.component: pair.local_candidate for pair in chosen},
        "chosen_remote_candidates": {pair.remote_candidate.component: pair.remote_candidate for pair in chosen},
        "local_candidates": [ICECandidate.of(known) for known in local],
        "remote_candidates": [ICECandidate.of(known) for known in remote],
        "connectivity_checks_results": checked,
        "valid_pairs": chosen,
        "valid_list": [check for check in checked if check.state == "succeeded"],
    }
