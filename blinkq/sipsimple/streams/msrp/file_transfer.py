"""FileTransferStream: one file, one way, over MSRP (RFC 5547)."""

from __future__ import annotations

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
        return stream

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
        )

    def _check_answer(self, media: MediaDescription) -> None:
        self._note_media(media)

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
