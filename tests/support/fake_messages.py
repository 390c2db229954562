"""Chats and files for the windows' tests: no network; posts the notifications of the real streams when it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from blinkq.base.catalogue import CATALOGUE
from blinkq.base.notification import NotificationCenter, NotificationData
from blinkq.payloads.cpim import ChatIdentity

if TYPE_CHECKING:
    from support.fake_middleware import FakeSession

__all__ = ["FakeChat", "FakeFile", "FakeMedia"]


@dataclass(eq=False)
class FakeChat:
    """A chat stream; ``written`` what went out and ``types`` what it is, by message id."""

    announce: Any
    type: str = "chat"
    written: dict[str, str | bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    composing: list[tuple[str, int | None]] = field(default_factory=list)
    broken: bool = False
    nickname_allowed: bool = False
    private_messages_allowed: bool = False
    nicknames: list[str] = field(default_factory=list)
    recipients: dict[str, list[str]] = field(default_factory=dict)

    def send_message(self, content: str | bytes, content_type: str = "text/plain", recipients: Any = None) -> str:
        if self.broken:
            raise RuntimeError("the stream has ended")
        number = f"m{len(self.written) + 1}"
        self.written[number] = content
        self.types[number] = content_type
        if recipients is not None:
            self.recipients[number] = [str(one) for one in recipients]
        return number

    def send_composing_indication(self, state: str, refresh: int | None = None) -> str:
        self.composing.append((state, refresh))
        return "c"

    def set_local_nickname(self, nickname: str) -> str:
        if self.broken:
            raise RuntimeError("nicknames are not possible here")
        self.nicknames.append(nickname)
        return f"n{len(self.nicknames)}"

    # what the network does

    def delivers(self, number: str) -> None:
        self.announce("ChatStreamDidDeliverMessage", self, message_id=number, code=200, reason="OK", message=None)

    def refuses(self, number: str, code: int, reason: str) -> None:
        self.announce("ChatStreamDidNotDeliverMessage", self, message_id=number, code=code, reason=reason, message=None)

    def says(self, content: str | bytes, content_type: str = "text/plain", sender: str | None = None, *, private: bool = False) -> None:
        message = None if sender is None else SimpleNamespace(sender=ChatIdentity.parse(sender))
        self.announce("ChatStreamGotMessage", self, content=content, content_type=content_type, cpim_headers={}, message=message,
                      private=private)  # fmt: skip

    def composes(self, state: str, refresh: int = 120, sender: str | None = None) -> None:
        who = None if sender is None else ChatIdentity.parse(sender)
        data = {"state": state, "refresh": refresh, "content_type": "text", "last_active": None, "sender": who}
        CATALOGUE["ChatStreamGotComposingIndication"].check(data)
        NotificationCenter().post_notification("ChatStreamGotComposingIndication", self, NotificationData(**data))


@dataclass
class FakeSelector:
    name: str | None
    size: int | None


@dataclass(eq=False)
class FakeHandler:
    save_directory: Path = Path("/home/alice/Downloads")
    filename: str | None = None


@dataclass(eq=False)
class FakeFile:
    """A file stream."""

    announce: Any
    file_selector: FakeSelector
    direction: str
    transfer_id: str = "t1"
    type: str = "file-transfer"
    handler: FakeHandler = field(default_factory=FakeHandler)

    # what the network does

    def hashes(self, processed: int) -> None:
        self.announce("FileTransferHandlerHashProgress", self.handler, processed=processed, total=self.file_selector.size)

    def starts(self) -> None:
        self.announce("FileTransferHandlerDidInitialize", self.handler)
        self.announce("FileTransferHandlerDidStart", self.handler)

    def moves(self, transferred: int) -> None:
        self.announce("FileTransferHandlerProgress", self.handler, transferred_bytes=transferred, total_bytes=self.file_selector.size)

    def finishes(self, filename: str | None = None) -> None:
        self.handler.filename = filename
        self.announce("FileTransferHandlerDidEnd", self.handler, error=False, reason=None)

    def fails(self, reason: str) -> None:
        self.announce("FileTransferHandlerDidEnd", self.handler, error=True, reason=reason)


@dataclass(eq=False)
class FakeMedia:
    """Fills blinkq.app.message_media.MessageMedia; ``chats`` and ``files`` remember what was asked for."""

    announce: Any
    chats: list[FakeChat] = field(default_factory=list)
    files: list[FakeFile] = field(default_factory=list)

    def new_chat(self, account: Any) -> FakeChat:
        self.chats.append(FakeChat(self.announce))
        return self.chats[-1]

    def new_file(self, account: Any, path: Path, transfer_id: str | None = None) -> FakeFile:
        file = FakeFile(self.announce, FakeSelector(str(path), path.stat().st_size), "sendonly", transfer_id or f"t{len(self.files) + 1}")
        self.files.append(file)
        return file

    def connect(self, session: FakeSession, uri: str, display_name: str, routes: Sequence[object], streams: Sequence[Any]) -> None:
        session.state = "connecting"
        session.proposed_streams = list(streams)
        session.commands.append(f"connect {uri} {[stream.type for stream in streams]}")
        self.announce("SIPSessionNewOutgoing", session, streams=list(streams))

    # what the network does

    def offered_chat(self) -> FakeChat:
        """A chat that somebody else begins."""
        self.chats.append(FakeChat(self.announce))
        return self.chats[-1]

    def offered_file(self, name: str | None, size: int | None, direction: str = "recvonly") -> FakeFile:
        """A file that somebody else sends."""
        self.files.append(FakeFile(self.announce, FakeSelector(name, size), direction))
        return self.files[-1]
