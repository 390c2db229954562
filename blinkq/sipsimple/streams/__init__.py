"""Media streams: what a session needs of them, the registry that finds the class for an offered stream, and the streams themselves."""

from __future__ import annotations

from blinkq.sipsimple.streams.interface import IMediaStream, InvalidStreamError, StreamError, UnknownStreamError
from blinkq.sipsimple.streams.msrp import ChatStream, DesktopSharingStream, FileSelector, FileTransferStream
from blinkq.sipsimple.streams.registry import MediaStreamRegistrar, MediaStreamRegistry, MediaStreamType
from blinkq.sipsimple.streams.rtp import AudioStream

__all__ = [
    "AudioStream", "ChatStream", "DesktopSharingStream", "FileSelector", "FileTransferStream", "IMediaStream", "InvalidStreamError",
    "MediaStreamRegistrar", "MediaStreamRegistry", "MediaStreamType", "StreamError", "UnknownStreamError",
]  # fmt: skip
