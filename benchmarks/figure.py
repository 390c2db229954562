"""Figure: one measured number; and the targets that figures are held against."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TARGETS", "Figure", "Target", "line"]


class Figure(NamedTuple):
    """A measured number under a name that stays the same from run to run."""

    name: str
    value: float
    unit: str


class Target(NamedTuple):
    """What a figure is to reach: at most the limit, or at least it."""

    limit: float
    at_most: bool = True

    def met(self, value: float) -> bool:
        """Whether ``value`` reaches it."""
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:,g}"


#: Targets by the figure's name, in the figure's unit. Figures that are not here are printed for comparison.
TARGETS = {
    "call_setup": Target(25),
    "call_end": Target(4),
    "start_application": Target(0.6),
    "start_window": Target(1.0),
    "memory_application": Target(100),
    "memory_windows": Target(160),
    "desktop_frames": Target(20, at_most=False),
    "desktop_frames_msrp": Target(20, at_most=False),
    "cpu_idle_registered": Target(0.3),
    "cpu_pcmu_1": Target(3),
    "cpu_pcmu_10": Target(0.8),
    "cpu_opus_1": Target(4.5),
    "rtp_spacing_p99_busy_gui": Target(5),
    "rtp_lost_busy_gui": Target(0),
    "rtp_lost_during_flood": Target(0),
    "invite_parse": Target(60),
    "file_tcp": Target(200, at_most=False),
    "file_tls": Target(120, at_most=False),
    "file_tcp_sender_growth": Target(32),
    "file_tls_sender_growth": Target(32),
    "chat_delivery": Target(3),
    "chat_delivery_p99_beside_file": Target(20),
    "sip_options_answered": Target(3000, at_most=False),
}


def line(figure: Figure) -> str:
    """``name value unit (target ..., met/missed)``."""
    value = f"{figure.value:.3g}" if abs(figure.value) < 1000 else f"{figure.value:.0f}"
    text = f"{figure.name} {value} {figure.unit}"
    target = TARGETS.get(figure.name)
    if target is None:
        return text
    return f"{text} (target {target} {figure.unit}, {'met' if target.met(figure.value) else 'missed'})"
