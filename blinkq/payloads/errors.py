"""What can be wrong with a body.

    BlinkQError
    └── PayloadError(ValueError)
        ├── ParserError                 the bytes of a peer are no such document, or are beyond the limits
        │   └── ValidationError         they are well-formed, but something that the document must have is missing or senseless
        └── BuilderError                our own object cannot be written: a value is missing, of the wrong type, or has forbidden characters
"""

from __future__ import annotations

from blinkq.base.errors import BlinkQError

__all__ = ["BuilderError", "ParserError", "PayloadError", "ValidationError"]


class PayloadError(BlinkQError, ValueError):
    """Base of what goes wrong between a body and its object."""


class ParserError(PayloadError):
    """A body cannot be read; the message says why."""


class ValidationError(ParserError):
    """A body is well-formed, but lacks what it must have."""


class BuilderError(PayloadError):
    """An object cannot be written as a body; the message names the element and the value."""
