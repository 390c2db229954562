"""Limits on what a peer may make us keep, each with its reason."""

from __future__ import annotations

MAX_HEAD_SIZE = 16 * 1024
"""Bytes of start line and headers of one chunk. Paths through several relays stay below 1 KiB."""

MAX_HEADER_LINES = 64
"""Header lines of one chunk; RFC 4975 and its extensions define about 20."""

MAX_PATH_LENGTH = 16
"""URIs of one path: more relays than any working network has."""

MAX_URI_SIZE = 1024
"""Characters of one URI."""

MAX_TRANSACTION_ID = 64
"""Characters of a transaction identifier: RFC 4975 §9 allows 32, some clients send more."""

MAX_NUMBER = 2**63 - 1
"""Bytes: what a size or an offset may say."""

MAX_MESSAGE_SIZE = 64 * 1024 * 1024
"""Bytes of a message that is put together in memory; larger ones are refused with 413. Files are handed on as they come instead."""

MAX_INCOMPLETE_MESSAGES = 32
"""Messages of one session begun by the peer and not finished yet."""

MAX_KEPT = 2 * MAX_MESSAGE_SIZE
"""Bytes of all unfinished messages of one session together, those that came twice counted twice."""

MAX_UNREAD_ANSWERS = 4 * 1024 * 1024
"""Bytes of answers and other urgent things given out while the peer reads nothing: whoever sends more, and never reads, means no good."""

MAX_GAPS = 1024
"""Separate ranges of one message received so far: chunks out of order come from relays, and those reorder a few at most."""

MAX_QUIET_CHUNKS = 256
"""Chunks sent on one connection of which only a failure would be answered (Failure-Report: partial), that are remembered."""

MAX_SETTLED = 64
"""Messages of one session sent and answered by the next hop, that are remembered: a relay further on may still report a failure."""

MAX_PENDING_REQUESTS = 4096
"""Requests without an answer yet on one connection; no more chunks are begun until answers come."""
