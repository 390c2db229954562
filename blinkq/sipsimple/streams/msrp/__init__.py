"""Streams over MSRP: chat and files."""

from __future__ import annotations

from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.chat import ChatStream, ChatStreamError
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector
from blinkq.sipsimple.streams.msrp.file_transfer import FileTransferStream

__all__ = ["ChatStream", "ChatStreamError", "FileSelector", "FileTransferStream", "MSRPStreamBase"]
