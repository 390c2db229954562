"""What this room raises."""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = ["MSRPParseError"]


class MSRPParseError(BlinkQError, ValueError):
    """Text or bytes are not MSRP; the message says what is wrong. On a connection nothing after it can be read."""
