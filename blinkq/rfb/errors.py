"""What this room raises inside; a peer's bytes never make it leave the cores."""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = ["RFBError"]


class RFBError(BlinkQError):
    """What the other party sent is not RFB, or asks for what it may not; the message is a sentence."""
