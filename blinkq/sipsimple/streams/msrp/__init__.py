"""Streams over MSRP: chat."""

from __future__ import annotations

from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.chat import ChatStream, ChatStreamError

__all__ = ["ChatStream", "ChatStreamError", "MSRPStreamBase"]
