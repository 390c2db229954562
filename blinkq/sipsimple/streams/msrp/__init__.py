"""Streams over MSRP: chat, files and desktops."""

from __future__ import annotations

from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.chat import ChatStream, ChatStreamError
from blinkq.sipsimple.streams.msrp.desktop_handlers import (
    DesktopSharingHandlerBase,
    ExternalVNCServerHandler,
    ExternalVNCViewerHandler,
    InternalVNCServerHandler,
    InternalVNCViewerHandler,
    ScreenServerHandler,
)
from blinkq.sipsimple.streams.msrp.desktop_sharing import DesktopSharingStream
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector
from blinkq.sipsimple.streams.msrp.file_transfer import FileTransferStream

__all__ = [
    "ChatStream", "ChatStreamError", "DesktopSharingHandlerBase", "DesktopSharingStream", "ExternalVNCServerHandler",
    "ExternalVNCViewerHandler", "FileSelector", "FileTransferStream", "InternalVNCServerHandler", "InternalVNCViewerHandler",
    "MSRPStreamBase", "ScreenServerHandler",
]  # fmt: skip
