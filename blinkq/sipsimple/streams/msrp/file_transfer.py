"""FileTransferStream: one file, one way, over MSRP (RFC 5547)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.events import SessionFailed
from blinkq.sdp.description import Attribute, MediaDescription
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.interface import InvalidStreamError, UnknownStreamError
from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.file_handlers import FileTransferHandler
from blinkq.sipsimple.streams.msrp.file_receiver import FileReceiver
from blinkq.sipsimple.streams.msrp.file_selector import FileSelector
from blinkq.sipsimple.streams.msrp.file_sender import FileSender

if TYPE_CHECKING:
    from blinkq.sipsimple.session import Session

__all__ = ["FileTransferStream"]


class FileTransferStream(MSRPStreamBase):
    """A file.

    :param file_selector: the file: ``FileSelector.for_file(path)`` to send it; with a name or a hash alone to ask for it
    :param direction: "sendonly" or "recvonly"; by default we send what is open and ask for what is not
    :param transfer_id: the identifier of RFC 5547 §6, the same in every try to transfer the same file; by default a new one

    ``handler`` does the work: for incoming files its ``save_directory`` can be changed until the stream is accepted. Resuming needs
    nothing: a receiver that has a part of the file from an earlier time says so.
    """

    type: ClassVar[str] = "file-transfer"
    priority: ClassVar[int] = 10
    media_type: ClassVar[str] = "message"
    accept_types: ClassVar[list[str]] = ["*"]
    accept_wrapped_types: ClassVar[list[str]] = ["*"]
    methods: ClassVar[frozenset[str]] = frozenset({"FILE_OFFSET"})
    assembles: ClassVar[bool] = False

    def __init__(
        self, account: Any = None, file_selector: FileSelector | None = None, direction: str | None = None, transfer_id: str | None = None
    ) -> None:
        if direction is None:
            direction = "sendonly" if file_selector is not None and file_selector.fd is not None else "recvonly"
        if direction not in ("sendonly", "recvonly"):
            raise ValueError(f"a file goes one way, not {direction!r}")
        super().__init__(account, direction)
        self.file_selector = file_selector or FileSelector()
        self.transfer_id = transfer_id or Runtime.current().entropy.token(16)
        #: of an offer that asks for a file of ours: what it says of that file
        self.wanted: FileSelector | None = None
        self._range: str | None = None
        #: the peer can go on with an interrupted transfer
        self.file_offset_supported = False
        self.handler: FileTransferHandler = FileSender(self) if direction == "sendonly" else FileReceiver(self)

    # the m= line ---------------------------------------------------------------------------------------------------------------------

    @classmethod
    def _check_media(cls, media: MediaDescription) -> None:
        if media.get("file-selector") is None:
            raise UnknownStreamError("no file is offered")

    @classmethod
    def _for_offer(cls, account: Any, media: MediaDescription) -> MSRPStreamBase:
        try:
            selector = FileSelector.parse(media.get("file-selector") or "")
        except ValueError as error:
            raise InvalidStreamError(str(error)) from None
        ours = {"sendonly": "recvonly", "recvonly": "sendonly"}.get(media.direction or "")
        if ours is None:
            raise InvalidStreamError("the file's direction is not clear")
        stream = cls(account, selector, ours, media.get("file-transfer-id"))
        stream._note_media(media)
        stream._range = media.get("file-range")
        if not _is_whole(stream._range, selector.size):
            raise InvalidStreamError("only a part of the file is offered")
        if ours == "sendonly":
            stream.wanted = replace(selector, hashes=dict(selector.hashes))
        return stream

    @property
    def may_take_long(self) -> bool:
        """Whether its initialization may take as long as it wants: a large file is being hashed, which tells how far it is."""
        return self._state == "INITIALIZING" and isinstance(self.handler, FileSender)

    @property
    def may_resume(self) -> bool:
        """Whether the peer will, or may, begin in the middle of the file."""
        return self.file_offset_supported or not self._incoming

    def initialize(self, session: Session, direction: str) -> None:
        """Hash the file, or make room for it, then as every MSRP stream. Posts MediaStreamDidInitialize or MediaStreamDidNotInitialize,
        FileTransferHandlerDidInitialize or FileTransferHandlerDidNotInitialize, FileTransferHandlerHashProgress."""
        if self._state != "NULL":
            raise IllegalStateError("the stream is initialized already")
        self._state = "INITIALIZING"
        self.session = session
        self._incoming = direction == "incoming"
        Runtime.spawn(self._prepare(session.local_address))

    def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the MSRP session; for the handlers, on the engine thread."""
        return self._call(function, *args, **kwargs)

    def respond(self, chunk: Chunk, code: int) -> None:
        """Answer a request of the peer."""
        if self.msrp is not None:
            self._call(self.msrp.respond, chunk, code)

    async def _prepare(self, address: str) -> None:
        try:
            await self.handler.prepare()
        except (OSError, ValueError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            if self._state == "INITIALIZING":
                post("FileTransferHandlerDidNotInitialize", self.handler, reason=reason)
                post("MediaStreamDidNotInitialize", self, reason=reason)
            return
        if self._state == "INITIALIZING":
            post("FileTransferHandlerDidInitialize", self.handler)
            await self._open(address)

    def _further_attributes(self) -> tuple[Attribute, ...]:
        return (
            Attribute("file-selector", self.file_selector.sdp_repr),
            Attribute("file-transfer-id", self.transfer_id),
            Attribute("x-file-offset"),
            *(() if self._range is None else (Attribute("file-range", self._range),)),  # RFC 5547 §8.3: as it was offered
        )

    def _check_answer(self, media: MediaDescription) -> None:
        self._note_media(media)
        text = media.get("file-selector")
        if self.direction == "recvonly" and text is not None:
            try:
                told = FileSelector.parse(text)
            except ValueError as error:
                raise InvalidStreamError(str(error)) from None
            if not self.file_selector.complete(told):
                raise InvalidStreamError("the other party has another file than the one asked for")

    def _note_media(self, media: MediaDescription) -> None:
        self.file_offset_supported = any(attribute.name == "x-file-offset" for attribute in media.attributes)

    # the transfer --------------------------------------------------------------------------------------------------------------------

    def _started(self) -> None:
        self.handler.started()

    def _event(self, event: object) -> None:
        self.handler.event(event)

    def msrp_event(self, event: object) -> None:
        if isinstance(event, SessionFailed) and not self.handler.ended:
            self.handler.interrupted("Interrupted transfer")
        super().msrp_event(event)

    def _fail(self, reason: str) -> None:
        if self.handler.succeeded and self._state == "ESTABLISHED":
            return  # the peer closes the connection when all is done
        super()._fail(reason)

    def _ending(self) -> None:
        self.handler.interrupted("Interrupted transfer")


def _is_whole(text: str | None, size: int | None) -> bool:
    """Whether a=file-range (RFC 5547 §6) means all of the file."""
    if text is None:
        return True
    found = re.fullmatch(r"\s*1\s*-\s*(\*|\d{1,18})\s*", text)
    return found is not None and (found[1] == "*" or int(found[1]) == size)
