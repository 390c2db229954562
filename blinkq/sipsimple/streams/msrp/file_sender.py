"""Sending a file: hashed, offered, read as the connection takes it, from where the receiver says that it stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, BinaryIO

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.events import ChunkDelivered, DataWanted, MessageDelivered, MessageFailed, MessageStarted, RequestReceived
from blinkq.msrp.outgoing import OutgoingMessage
from blinkq.msrp.protocol import MSRPData
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.msrp.file_handlers import FileTransferHandler
from blinkq.sipsimple.streams.msrp.file_hash import BLOCK, Identity, hash_file, identity_of

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.msrp.file_transfer import FileTransferStream

__all__ = ["NOT_TAKEN", "FileSender"]

log = get_logger("sipsimple.file_transfer")

#: How the reason begins where the receiver's response or report says that it does not take the file, or no more of it.
NOT_TAKEN = "the other side does not take it"

#: Seconds to wait for the receiver to say from where it wants the file, when it said that it can.
OFFSET_TIMEOUT = 5.0
#: Seconds after the last answer in which a report should come; receivers check the hash first.
REPORT_TIMEOUT = 60.0

#: Hashes of files that were read lately: a second try, or a second receiver, need not read them again.
_known: dict[Identity, dict[str, str]] = {}
MAX_KNOWN = 100


class FileSender(FileTransferHandler):
    """The side that has the file."""

    def __init__(self, stream: FileTransferStream) -> None:
        super().__init__(stream)
        self._message: OutgoingMessage | None = None
        self._identity: Identity | None = None
        self._position = 0
        self._reading = False
        self._timer: asyncio.TimerHandle | None = None

    async def prepare(self) -> None:
        selector = self.stream.file_selector
        file = selector.fd
        if file is None:
            raise ValueError("file descriptor not specified")
        self.filename = selector.name
        self._identity = identity_of(file)
        wanted = self.stream.wanted
        selector.size = self._identity[2]
        known = _known.get(self._identity)
        if known is None:
            loop, size = Runtime.current().loop.loop, selector.size
            told = -size

            def progress(done: int) -> None:
                nonlocal told
                if done - told >= max(size // 50, BLOCK):  # fifty steps are enough for a bar
                    told = done
                    loop.call_soon_threadsafe(self._hashing, done, size)

            state = await self._in_pool(hash_file, file, size, progress, lambda: self.ended)
            if state is None:
                raise ValueError("Interrupted transfer")
            known = state.hashes
            while len(_known) >= MAX_KNOWN:
                del _known[next(iter(_known))]
            _known[self._identity] = known
        if wanted is not None and not wanted.describes(selector.size, known):
            raise ValueError("this is not the file that was asked for")
        selector.hashes = dict(known)
        selector.hash = f"sha1:{known['sha-1']}"

    def started(self) -> None:
        if self.stream.file_offset_supported:
            self._timer = Runtime.current().loop.loop.call_later(OFFSET_TIMEOUT, self._send, 0)
        else:
            self._send(0)

    def event(self, event: object) -> None:
        if isinstance(event, DataWanted):
            self._message = event.message  # the first time it is wanted at once, while the message is being made
            if not self._reading and not self.ended:
                self._reading = True
                Runtime.spawn(self._read())
        elif isinstance(event, ChunkDelivered):
            self._delivered(event)
        elif isinstance(event, MessageDelivered):
            self._finish()
        elif isinstance(event, MessageFailed):
            self._failed(event)
        elif isinstance(event, MessageStarted):
            event.session.refuse(event.message, 413)  # a file goes one way
        elif isinstance(event, RequestReceived) and event.chunk.method == "FILE_OFFSET":
            self._offset(event.chunk)

    def interrupted(self, reason: str) -> None:
        self._cancel_timer()
        file = self.stream.file_selector.fd
        super().interrupted(reason)
        if file is not None and not self._reading:
            file.close()

    def _hashing(self, done: int, total: int) -> None:
        if not self.ended:
            post("FileTransferHandlerHashProgress", self, processed=done, total=total)

    def _offset(self, chunk: Chunk) -> None:
        """The receiver has a part of the file from an earlier time."""
        text, size = chunk.header("Offset") or "", self.stream.file_selector.size or 0
        good = text.isdecimal() and len(text) < 19 and int(text) <= size and self._message is None
        self.stream.respond(chunk, 200 if good else 400)
        if good:
            self._cancel_timer()
            self._send(int(text))

    def _send(self, start: int) -> None:
        self._timer = None
        session = self.stream.msrp
        if session is None or self._message is not None or self.ended:
            return
        limit = self.stream.remote_max_size
        if limit is not None and (self.stream.file_selector.size or 0) > limit:
            self._end(f"the other party takes files of at most {limit} bytes")
            return
        self._position = self.transferred = start
        post("FileTransferHandlerDidStart", self)
        selector = self.stream.file_selector
        self._message = self.stream.call(
            session.send, selector.type or "application/octet-stream", None, size=selector.size, start=start, success_report=True
        )

    async def _read(self) -> None:
        """The next block of the file."""
        message, file, session = self._message, self.stream.file_selector.fd, self.stream.msrp
        assert message is not None
        assert file is not None
        try:
            data = await self._in_pool(_block, file, self._position)
            now = identity_of(file)
        except (OSError, ValueError) as error:
            self._reading = False
            self._give_up(f"the file cannot be read: {error}")
            return
        self._reading = False
        if self.ended or session is None:
            file.close()
            return
        self._position += len(data)
        size = self.stream.file_selector.size or 0
        if now != self._identity or self._position > size or (not data and self._position < size):
            self._give_up("the file changed while it was being sent")
            return
        self.stream.call(session.provide, message, data, last=self._position >= size)

    def _give_up(self, reason: str) -> None:
        if self.ended:
            return
        log.warning("%s: %s", self.stream.file_selector.name, reason)
        self._end(reason)
        if self._message is not None and self.stream.msrp is not None:
            self.stream.call(self.stream.msrp.cancel, self._message)

    def _delivered(self, event: ChunkDelivered) -> None:
        size = self.stream.file_selector.size or 0
        if event.acknowledged > self.transferred or event.acknowledged == size:
            self._progress(event.acknowledged, always=event.acknowledged == size)
        post(
            "FileTransferStreamDidDeliverChunk", self.stream, message_id=event.message.message_id,
            chunk=MSRPData.from_chunk(event.response), code=200, reason=event.response.comment or "OK",
            transferred_bytes=event.acknowledged, file_size=size,
        )  # fmt: skip
        if event.acknowledged == size and event.message.sent and not self.ended and self._timer is None:
            self._timer = Runtime.current().loop.loop.call_later(REPORT_TIMEOUT, self._finish)

    def _failed(self, event: MessageFailed) -> None:
        chunk = None if event.chunk is None else MSRPData.from_chunk(event.chunk)
        post(
            "FileTransferStreamDidNotDeliverChunk", self.stream, message_id=event.message.message_id, chunk=chunk, code=event.code,
            reason=event.reason,
        )  # fmt: skip
        self._cancel_timer()
        said = event.chunk is not None and event.code  # by the other side, whose words are not to be mistaken for ours
        self._end(f"{NOT_TAKEN}: {event.code} {event.reason}".rstrip() if said else event.reason)

    def _finish(self) -> None:
        self._cancel_timer()
        self._end(None)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _block(file: BinaryIO, position: int) -> bytes:
    file.seek(position)
    return file.read(BLOCK)
