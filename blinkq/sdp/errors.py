"""What can be wrong with a session description.

    BlinkQError
    └── SDPError(ValueError)            the description cannot be used; the message says why, in words fit for a Warning header
        └── NegotiationError            offer and answer do not fit together
"""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = ["NegotiationError", "SDPError"]


class SDPError(BlinkQError, ValueError):
    """A session description, or a part of one, is malformed or beyond the limits."""


class NegotiationError(SDPError):
    """Offer and answer have nothing in common, or the answer does not fit the offer."""
