"""The bodies that SIP carries beside SDP: parsed from bytes, built to bytes, never sent or received here."""

from __future__ import annotations

from blinkq.payloads.errors import BuilderError, ParserError, PayloadError, ValidationError

__all__ = ["BuilderError", "ParserError", "PayloadError", "ValidationError"]
