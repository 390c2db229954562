"""What the windows need of shared desktops, as protocols; ``sipsimple_desktop`` fills them with the real thing, tests with a fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from blinkq.sipsimple.screens import Monitor, Shareable, Window

if TYPE_CHECKING:
    from blinkq.app.middleware import AccountLike

__all__ = ["DesktopHandlerLike", "DesktopMedia", "DesktopStreamLike", "ScreenHandlerLike", "ViewHandlerLike", "is_view"]


class DesktopHandlerLike(Protocol):
    """Our end of a desktop: ``type`` "active" looks at the other party's, "passive" shows one."""

    @property
    def type(self) -> str | None: ...
    def send(self, data: bytes) -> None:
        """Bytes of RFB for the other party."""


class ViewHandlerLike(DesktopHandlerLike, Protocol):
    """Looks at a desktop; ``flow_control``: whether the other party waits until what it sent was used."""

    flow_control: bool

    def data_used(self, count: int) -> None:
        """So many bytes of what came were."""


class ScreenHandlerLike(DesktopHandlerLike, Protocol):
    """Shows a screen of ours; ``control``: whether the viewer may press keys and move the pointer."""

    control: bool

    def cut_text(self, text: str) -> None:
        """Our clipboard has this text now."""

    def stop(self) -> None:
        """Show nothing any more, at once."""


class DesktopStreamLike(Protocol):
    """A desktop in a session."""

    @property
    def type(self) -> str: ...
    @property
    def handler(self) -> DesktopHandlerLike: ...


class DesktopMedia(Protocol):
    """Desktops of the middleware. Everything returns at once."""

    def new_view(self, account: AccountLike) -> DesktopStreamLike:
        """A desktop of the other party, to be looked at."""

    def new_share(self, account: AccountLike, what: Shareable, control: bool) -> DesktopStreamLike:
        """A screen or a window of ours, to be shown."""

    def share_on(self, stream: DesktopStreamLike, what: Shareable, control: bool) -> None:
        """Show a screen or a window on a stream on which another party asks to see one, before it is accepted."""

    def monitors(self) -> list[Monitor]:
        """The screens that can be shared, all together first. Raises ScreenError, whose message is a sentence for people."""

    def windows(self) -> list[Window]:
        """The windows that can be shared alone, the uppermost first. Raises ScreenError."""


def is_view(stream: DesktopStreamLike) -> bool:
    """Whether we look (or are asked to); else we show."""
    return stream.handler.type == "active"
