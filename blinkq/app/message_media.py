"""What the windows need of chats and files, as protocols; ``sipsimple_media`` fills them with the real thing, tests with a fake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from blinkq.payloads.cpim import ChatIdentity

if TYPE_CHECKING:
    from blinkq.app.middleware import AccountLike, SessionLike, StreamLike

__all__ = ["ChatStreamLike", "FileHandlerLike", "FileSelectorLike", "FileStreamLike", "MessageMedia"]


class ChatStreamLike(Protocol):
    """The messages of one session."""

    @property
    def type(self) -> str: ...
    @property
    def nickname_allowed(self) -> bool: ...
    @property
    def private_messages_allowed(self) -> bool: ...
    def send_message(
        self, content: str | bytes, content_type: str = "text/plain", recipients: list[ChatIdentity] | None = None
    ) -> str: ...
    def set_local_nickname(self, nickname: str) -> str: ...
    def send_composing_indication(self, state: str, refresh: int | None = None) -> str: ...


class FileSelectorLike(Protocol):
    """Which file: ``name`` as the other side says it (ours: with its path), ``size`` in bytes or None."""

    @property
    def name(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...


class FileHandlerLike(Protocol):
    """What works on a transfer. ``filename``: the whole path of an incoming file, once it is complete."""

    save_directory: Path

    @property
    def filename(self) -> str | None: ...


class FileStreamLike(Protocol):
    """One file, one way: ``direction`` is "sendonly" or "recvonly"."""

    @property
    def type(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def transfer_id(self) -> str: ...
    @property
    def file_selector(self) -> FileSelectorLike: ...
    @property
    def handler(self) -> FileHandlerLike: ...


class MessageMedia(Protocol):
    """Chats and files of the middleware. Everything returns at once."""

    def new_chat(self, account: AccountLike) -> ChatStreamLike:
        """A chat for a session of ``account``."""

    def new_file(self, account: AccountLike, path: Path, transfer_id: str | None = None) -> FileStreamLike:
        """A file of ours to be sent; with the identifier of an earlier try. Raises OSError."""

    def connect(self, session: SessionLike, uri: str, display_name: str, routes: Sequence[object], streams: Sequence[StreamLike]) -> None:
        """Call ``uri`` with ``streams``; SIPSessionNewOutgoing follows."""
