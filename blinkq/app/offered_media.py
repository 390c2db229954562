"""What others offer, medium by medium: how it is called, and who follows what was agreed to.

Calls, proposals during calls and sessions without sound use the same words and ways. What this is not: what asks (``incoming_dialog``,
``proposals``, ``visitors``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from PyQt6.QtCore import QObject, pyqtBoundSignal

from blinkq.app.call import Call
from blinkq.app.chat_list import ChatList
from blinkq.app.desktop_media import DesktopStreamLike, is_view
from blinkq.app.desktops import Desktops
from blinkq.app.file_transfer_list import FileTransferList
from blinkq.app.file_wording import size_text
from blinkq.app.media_session import MediaSession
from blinkq.app.message_media import ChatStreamLike, FileStreamLike
from blinkq.app.middleware import AccountLike, StreamLike
from blinkq.app.peer_request import Choice
from blinkq.app.widgets import breakable
from blinkq.sipsimple.screens import Shareable
from blinkq.sipsimple.streams.msrp.file_selector import safe_name

__all__ = ["Accepted", "OfferedMedia", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """About one medium alone: heading, what is wanted (after the name of the other party), the name of an icon."""

    heading: str
    text: str
    picture: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Streams that a person agreed to, and which screen of ours is shown on one of them, with or without control."""

    streams: list[StreamLike]
    screen: tuple[Shareable, bool] | None = None


class OfferedMedia(QObject):
    """Knows where each medium belongs."""

    def __init__(self, chats: ChatList, files: FileTransferList, desktops: Desktops, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chats = chats
        self._files = files
        self._desktops = desktops

    @staticmethod
    def usable(stream: StreamLike) -> bool:
        """Whether there is a place for it beside the sound of a call: files only come, nobody fetches ours."""
        if stream.type == "file-transfer":
            return cast(FileStreamLike, stream).direction == "recvonly"
        return stream.type in ("chat", "desktop-sharing")

    def question(self, stream: StreamLike) -> Question:
        """For a usable stream that is offered alone."""
        if stream.type == "chat":
            return Question(self.tr("Chat?"), self.tr("wants to chat with you."), "chat")
        if stream.type == "file-transfer":
            file = cast(FileStreamLike, stream)
            text = self.tr("wants to send you a file:\n%1\nIt will be kept in %2 and not be opened by itself.")
            kept = str(file.handler.save_directory)
            return Question(self.tr("Take a file?"), text.replace("%2", kept).replace("%1", self._file_text(file)), "file")
        if is_view(cast(DesktopStreamLike, stream)):
            return Question(self.tr("Look at a screen?"), self.tr("wants to show you a screen."), "screen")
        return Question(self.tr("Show your screen?"), self.tr("wants to see your screen."), "screen-share")

    def choice(self, stream: StreamLike) -> Choice:
        """For a stream that is offered beside others: a few words, and whether it is taken when nobody decides otherwise."""
        match stream.type:
            case "audio":
                return Choice(self.tr("Sound"))
            case "chat":
                return Choice(self.tr("Chat"))
            case "file-transfer":
                return Choice(self.tr("File: %1").replace("%1", self._file_text(cast(FileStreamLike, stream))))
            case "desktop-sharing" if is_view(cast(DesktopStreamLike, stream)):
                return Choice(self.tr("Look at a screen of theirs"))
            case "desktop-sharing":
                return Choice(self.tr("Show them a screen of yours"), ticked=False)
            case other:
                return Choice(other.capitalize())

    def choose_screen(
        self, streams: Sequence[StreamLike], title: str, gone: pyqtBoundSignal, then: Callable[[Accepted], None]
    ) -> None:
        """Ask which screen ``title`` may see, where one of the streams is for that, then go on; without it when that is refused.

        gone: there is nothing to decide any more
        """
        wanted = [stream for stream in streams if stream.type == "desktop-sharing" and not is_view(cast(DesktopStreamLike, stream))]
        if not wanted:
            then(Accepted(list(streams)))
            return
        rest = [stream for stream in streams if stream not in wanted]
        self._desktops.shared.choose(
            title, lambda monitor, control: then(Accepted([*rest, wanted[0]], (monitor, control))), lambda: then(Accepted(rest)), gone
        )

    def follow(self, accepted: Accepted, stream: StreamLike, link: MediaSession, name: str, account: AccountLike | None,
               call: Call | None = None) -> None:  # fmt: skip
        """Give a stream that was agreed to to who shows it. Before the session is told."""
        if stream.type == "chat":
            chat = self._chats.chat_with(link.uri, account, name)
            chat.attach(link, cast(ChatStreamLike, stream))
            self._chats.opened.emit(chat)
        elif stream.type == "file-transfer":
            self._files.follow(link, cast(FileStreamLike, stream), name, account, call)
        elif accepted.screen is not None and not is_view(cast(DesktopStreamLike, stream)):
            self._desktops.show(link, cast(DesktopStreamLike, stream), name, *accepted.screen)
        else:
            self._desktops.look(link, cast(DesktopStreamLike, stream), name)

    def _file_text(self, file: FileStreamLike) -> str:
        size = file.file_selector.size
        told = size_text(size) if size is not None else self.tr("size not told")
        return f"{breakable(safe_name(file.file_selector.name))} ({told})"
