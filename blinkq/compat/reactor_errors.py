"""``twisted.internet.error``: what the reactor raises."""

from __future__ import annotations

__all__ = ["AlreadyCalled", "AlreadyCancelled", "ReactorNotRunning"]


class ReactorNotRunning(RuntimeError):
    """The reactor does not run."""


class AlreadyCalled(ValueError):
    """The call was made."""


class AlreadyCancelled(ValueError):
    """The call was cancelled."""
