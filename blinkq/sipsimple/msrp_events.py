"""Hands the events of MSRP sessions to the streams that own them."""

from __future__ import annotations

__all__ = ["dispatch"]


def dispatch(event: object) -> None:
    """An event of the engine's MSRP endpoint; the owner of its session hears it."""
    session = getattr(event, "session", None)
    owner = None if session is None else session.owner
    if owner is not None:
        owner.msrp_event(event)
