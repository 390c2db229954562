"""Limits on what a peer may make us read, each with its reason.

Not for timers (those belong to the agent's configuration) and not for SDP, which has limits of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_HEAD_SIZE = 64 * 1024
"""Bytes of start line and headers. RFC 4475's longest legal request needs 4 KiB; real ones with certificates 16 KiB."""

MAX_BODY_SIZE = 1024 * 1024
"""Bytes of body. SDP, presence and conference documents stay below 100 KiB; more is an attack on memory."""

MAX_HEADER_LINES = 512
"""Header lines of one message: Via and Record-Route of the 70 hops that Max-Forwards allows, with ample room."""

MAX_HEADER_VALUES = 256
"""Values in one header line (Via, Contact, Route...): more hops or bindings than any working network has."""

MAX_URI_SIZE = 8 * 1024
"""Characters of one URI. RFC 4475's longest has 500; escaping a datagram full of illegal ones would cost 60 ms."""

MAX_CSEQ = 2**32 - 1
"""RFC 3261 §8.1.1.5 asks for less than 2**31 when sending; an unsigned 32-bit number is accepted."""

MAX_FORWARDS = 255
"""RFC 3261 §20.22: larger values are read as this one."""

DEFAULT_MAX_FORWARDS = 70
"""RFC 3261 §8.1.1.6: what a request starts with."""

MAX_DELTA_SECONDS = 2**32 - 1
"""Seconds. RFC 3261 §20.19: Expires, Retry-After and their like are read as at most this."""

MAX_CHALLENGES = 16
"""Digest challenges of one response that are looked at: a few realms times a few algorithms (RFC 8760)."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What a stream framer lets one message grow to.

    head: bytes of start line and headers; body: bytes of body.
    """

    head: int = MAX_HEAD_SIZE
    body: int = MAX_BODY_SIZE
