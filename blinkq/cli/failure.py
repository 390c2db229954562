"""CommandFailure: a command cannot do what it was asked; the message is the sentence for the person."""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = ["CommandFailure", "WrongUsage"]


class CommandFailure(BlinkQError):
    """Ends the command with exit status 1 and this sentence on standard error."""


class WrongUsage(BlinkQError):
    """Ends the command with exit status 2 and this sentence on standard error."""
