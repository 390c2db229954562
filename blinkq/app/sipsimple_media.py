"""Chats and files of the real middleware."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from blinkq.app.message_media import ChatStreamLike, FileStreamLike
from blinkq.app.middleware import AccountLike, SessionLike, StreamLike
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import ChatStream, FileSelector, FileTransferStream

__all__ = ["SIPSimpleMedia"]


class SIPSimpleMedia:
    """Fills ``message_media.MessageMedia``."""

    def new_chat(self, account: AccountLike) -> ChatStreamLike:
        return ChatStream(account)

    def new_file(self, account: AccountLike, path: Path, transfer_id: str | None = None) -> FileStreamLike:
        return cast(FileStreamLike, FileTransferStream(account, FileSelector.for_file(path), "sendonly", transfer_id))

    def connect(self, session: SessionLike, uri: str, display_name: str, routes: Sequence[object], streams: Sequence[StreamLike]) -> None:
        to = ToHeader(SIPURI.parse(uri), display_name or None)
        cast(Session, session).connect(to, cast("list[Route]", list(routes)), list(streams))
