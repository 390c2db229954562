"""What a file transfer does on our side: the base of sender and receiver, with progress that does not flood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import post
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.msrp.file_transfer import FileTransferStream

__all__ = ["FileTransferHandler"]

#: Seconds between two notifications of progress.
PROGRESS_INTERVAL = 0.1


class FileTransferHandler:
    """One transfer. Its sender in notifications is this object; ``stream.handler`` holds it.

    save_directory: where an incoming file goes, settable before the stream is initialized; filename: the whole path, of an incoming file
    once it is complete; transferred: bytes; ended: True after FileTransferHandlerDidEnd;
    succeeded: and all went well.
    """

    def __init__(self, stream: FileTransferStream) -> None:
        self.stream = stream
        self.save_directory: Path = Path(str(SIPSimpleSettings().file_transfer.directory.normalized))
        self.filename: str | None = None
        self.transferred = 0
        self.ended = False
        self.succeeded = False
        self._told = 0.0

    async def prepare(self) -> None:
        """Get ready to be offered or to answer. Raises OSError or ValueError with a sentence."""

    def started(self) -> None:
        """The connection is there."""

    def event(self, event: object) -> None:
        """An event of the MSRP core."""

    def interrupted(self, reason: str) -> None:
        """The stream ends before the transfer does, or after it. Idempotent."""
        self._end(reason)

    def _progress(self, transferred: int, *, always: bool = False) -> None:
        self.transferred = transferred
        now = Runtime.current().clock.monotonic()
        if always or now - self._told >= PROGRESS_INTERVAL:
            self._told = now
            total = self.stream.file_selector.size
            post("FileTransferHandlerProgress", self, transferred_bytes=transferred, total_bytes=total)

    def _end(self, error: str | None) -> None:
        if self.ended:
            return
        self.ended = True
        self.succeeded = error is None
        if error is None:
            post("FileTransferStreamDidFinish", self.stream)
        else:
            post("FileTransferHandlerError", self, error=error)
        post("FileTransferHandlerDidEnd", self, error=error is not None, reason=error)

    async def _in_pool(self, function: Any, *args: Any) -> Any:
        return await Runtime.current().loop.loop.run_in_executor(None, function, *args)
