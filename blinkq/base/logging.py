"""Loggers by room, and the one place that hides secrets in text meant for people."""

from __future__ import annotations

import logging
import re

__all__ = ["get_logger", "redact"]

# Secrets of SIP and SDP text: digest headers, SDES keys (RFC 4568), ICE passwords (RFC 8839), MSRP paths (RFC 4975), keys of MIKEY
# (RFC 4567) and of the old k= line (RFC 8866 §5.12). What is not quite grammatical is hidden too: some peer may understand it, and lines
# may begin after a bare carriage return.
_SECRETS = tuple(
    re.compile(r"(?i)((?:\A|(?<=[\r\n]))" + pattern)
    for pattern in (
        r"(?:Proxy-)?Authorization[ \t]*:[ \t]*)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
        r"a=crypto:[^\r\n]*?inline:)[^\r\n]*",
        r"a=ice-pwd:)[^\r\n]+",
        r"a=path:)[^\r\n]+",
        r"a=key-mgmt:)[^\r\n]+",
        r"k=)[^\r\n]+",
    )
)


def get_logger(room: str) -> logging.Logger:
    """The logger of a room: ``blinkq.ROOM``."""
    return logging.getLogger(f"blinkq.{room}")


def redact(text: str) -> str:
    """``text`` of a SIP message with credentials and keys replaced by ``[hidden]``. Linear in the length, whatever the text."""
    for pattern in _SECRETS:
        text = pattern.sub(r"\1[hidden]", text)
    return text
