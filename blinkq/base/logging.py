"""Loggers by room, and the one place that hides secrets in text meant for people."""

from __future__ import annotations

import logging
import re

__all__ = ["get_logger", "redact", "redact_msrp"]

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


# Secrets of MSRP: digest headers, and the session identifiers in paths, by which one could take part in a session.
_MSRP_AUTHORIZATION = re.compile(rb"(?im)(^Authorization[ \t]*:[ \t]*)[^\r\n]*")
_MSRP_PATH = re.compile(rb"(?im)^(?:To-Path|From-Path|Use-Path)[ \t]*:[^\r\n]*")
_MSRP_SESSION = re.compile(rb"(?i)(msrps?://[^/\s;]{1,300}/)[^;\s]*")


def redact_msrp(data: bytes) -> bytes:
    """``data`` of an MSRP connection with credentials and session identifiers replaced by ``[hidden]``. Linear in the length."""
    data = _MSRP_AUTHORIZATION.sub(rb"\1[hidden]", data)
    return _MSRP_PATH.sub(lambda line: _MSRP_SESSION.sub(rb"\1[hidden]", line[0]), data)
