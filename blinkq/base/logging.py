"""Loggers by room, and the one place that hides secrets in text meant for people."""

from __future__ import annotations

import logging
import re

__all__ = ["get_logger", "redact"]

# Secrets of SIP and SDP text: digest headers, SDES keys (RFC 4568), ICE passwords (RFC 8839), MSRP paths (RFC 4975).
_SECRETS = (
    re.compile(r"(?im)^((?:Proxy-)?Authorization[ \t]*:[ \t]*)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*"),
    re.compile(r"(?im)^(a=crypto:\d+ \S+ inline:)\S+"),
    re.compile(r"(?im)^(a=ice-pwd:)\S+"),
    re.compile(r"(?im)^(a=path:)[^\r\n]+"),
)


def get_logger(room: str) -> logging.Logger:
    """The logger of a room: ``blinkq.ROOM``."""
    return logging.getLogger(f"blinkq.{room}")


def redact(text: str) -> str:
    """``text`` of a SIP message with credentials and keys replaced by ``[hidden]``."""
    for pattern in _SECRETS:
        text = pattern.sub(r"\1[hidden]", text)
    return text
