"""Receiving a file: written as it comes, checked, and given its name only when it is whole and right."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.msrp.events import DataReceived, MessageAborted, MessageReceived, MessageStarted, RequestReceived
from blinkq.msrp.incoming import IncomingMessage
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.msrp.file_handlers import FileTransferHandler
from blinkq.sipsimple.streams.msrp.file_target import FileTarget
from blinkq.sipsimple.streams.msrp.partial_files import clean

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.msrp.file_transfer import FileTransferStream

__all__ = ["FileReceiver", "clean_partial_files"]

log = get_logger("sipsimple.file_transfer")

#: Bytes that may wait for the disk before nothing more is read from the network, and at which reading begins again. With what a TLS
#: connection has decrypted by then, less than a chunk of ours: what was confirmed is on the disk but for one chunk, whatever kills us.
HIGH_WATER, LOW_WATER = 256 * 1024, 128 * 1024


class FileReceiver(FileTransferHandler):
    """The side that gets the file."""

    def __init__(self, stream: FileTransferStream) -> None:
        super().__init__(stream)
        self._target: FileTarget | None = None
        self._message: IncomingMessage | None = None
        self._queue: deque[tuple[int, bytes]] = deque()
        self._queued = 0
        self._writing = False
        self._whole = False
        self._paused = False
        self._leaving: str | None = None

    async def prepare(self) -> None:
        kept = SIPSimpleSettings().file_transfer
        target = FileTarget(self.stream.file_selector, self.save_directory, keep=bool(kept.partial_days and kept.partial_count))
        self.transferred = await self._in_pool(_open, target, self.stream.may_resume)
        await clean_partial_files(self.save_directory)
        if self.ended:  # while the disk was busy
            await self._in_pool(target.interrupt)
            return
        self._target = target

    def started(self) -> None:
        post("FileTransferHandlerDidStart", self)
        session = self.stream.msrp
        if session is not None and self.stream.file_offset_supported:
            session.known_prefix = self.transferred
            self.stream.call(session.request, "FILE_OFFSET", ("Offset", str(self.transferred)))
        else:
            self.transferred = 0  # the sender begins anew
        if self.transferred:
            self._progress(self.transferred, always=True)

    def event(self, event: object) -> None:
        if isinstance(event, MessageStarted):
            if self._message is None and _is_wrapped(event.message.content_type, self.stream.file_selector.type):
                event.session.refuse(event.message, 415)
                self.stream.call(event.session.report, event.message, 415, "no envelopes")  # all of it may be here already
                self._leave("the file came in an envelope")
            elif self._message is None:
                self._message = event.message
            else:
                event.session.refuse(event.message, 413)
        elif isinstance(event, DataReceived) and event.message is self._message:
            self._take(event.offset, event.data)
        elif isinstance(event, MessageReceived) and event.message is self._message:
            self._whole = True
            self._write()
        elif isinstance(event, MessageAborted) and (self._message is None or event.message is self._message):
            self._leave(event.reason)
        elif isinstance(event, RequestReceived):
            self.stream.respond(event.chunk, 403)  # where we go on is for us to say

    def interrupted(self, reason: str) -> None:
        if not self._whole:  # else all of it is here, and who leaves before it is written and checked takes nothing with him
            self._leave(reason)

    def _take(self, offset: int, data: bytes) -> None:
        if self.ended or self._leaving is not None:
            return
        size = self.stream.file_selector.size
        if size is not None and offset + len(data) > size:
            self._refuse("the file is larger than announced")
            return
        self._queue.append((offset, data))
        self._queued += len(data)
        if self._queued > HIGH_WATER and not self._paused:
            self._paused = True
            self.stream.pause_reading(True)
        post(
            "FileTransferStreamGotChunk", self.stream, content=data, content_type=self.stream.file_selector.type,
            transferred_bytes=offset + len(data), file_size=size,
        )  # fmt: skip
        self._write()

    def _write(self) -> None:
        if not self._writing:
            self._writing = True
            Runtime.spawn(self._work())

    async def _work(self) -> None:
        """Write what waits, then do what is to be done when nothing waits any more."""
        target = self._target
        if target is None:
            self._writing = False
            return
        try:
            while self._queue and not self.ended:
                batch = list(self._queue)
                self._queue.clear()
                await self._in_pool(_write_all, target, batch)
                self._queued -= sum(len(data) for _, data in batch)
                self._progress(target.received)
                if self._paused and self._queued < LOW_WATER:
                    self._paused = False
                    self.stream.pause_reading(False)
            if self._whole and not self.ended and self._leaving is None:
                self.filename = str(await self._in_pool(target.finish))
                self._report(200, None)
                self._progress(target.received, always=True)
                self._end(None)
        except (OSError, ValueError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            log.warning("%s: %s", target.name, reason)
            self._refuse(reason)
        finally:
            self._writing = False
        if self._leaving is not None:
            await self._close()
        elif self._queue or (self._whole and not self.ended):
            self._write()

    def _refuse(self, reason: str) -> None:
        """The transfer cannot succeed: tell the sender."""
        if self._message is not None and self.stream.msrp is not None:
            if not self._whole:
                self.stream.msrp.refuse(self._message, 413)
            self._report(413 if not self._whole else 400, reason)
        self._leave(reason)

    def _report(self, code: int, reason: str | None) -> None:
        if self.stream.msrp is not None and self._message is not None and self.stream.msrp.connection is not None:
            self.stream.call(self.stream.msrp.report, self._message, code, reason)

    def _leave(self, reason: str) -> None:
        if self._leaving is not None:
            return
        self._leaving = reason
        if self._paused:  # others may share the connection
            self._paused = False
            self.stream.pause_reading(False)
        if not self._writing:
            Runtime.spawn(self._close())

    async def _close(self) -> None:
        """What came in order stays for another time."""
        target, self._target = self._target, None
        if target is not None and not self.ended:
            try:
                await self._in_pool(_interrupt, target, list(self._queue))
            except OSError as error:
                log.warning("%s: %s", target.name, error)
        self._queue.clear()
        self._end(self._leaving)


async def clean_partial_files(directory: Path | None = None) -> None:
    """Delete what is left in ``directory`` (by default that of the settings) of files that nobody went on with, as the settings say."""
    settings, engine = SIPSimpleSettings().file_transfer, Runtime.current()
    folder = directory if directory is not None else Path(str(settings.directory.normalized))
    days, count = int(settings.partial_days), int(settings.partial_count)
    await engine.loop.loop.run_in_executor(None, clean, folder, days, count, engine.clock.wallclock())


def _open(target: FileTarget, resume: bool) -> int:
    return target.open(resume=resume)


def _is_wrapped(content_type: str, announced: str | None) -> bool:
    return content_type.lower().startswith("message/cpim") and not (announced or "").lower().startswith("message/cpim")


def _write_all(target: FileTarget, batch: list[tuple[int, bytes]]) -> None:
    for offset, data in batch:
        target.write(offset, data)


def _interrupt(target: FileTarget, batch: list[tuple[int, bytes]]) -> None:
    try:
        _write_all(target, batch)
    finally:
        target.interrupt()
