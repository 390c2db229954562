"""DesktopSharingStream: a desktop seen from elsewhere, RFB over MSRP."""

from __future__ import annotations

from typing import Any, ClassVar

from blinkq.base.errors import IllegalStateError
from blinkq.msrp.events import DataReceived, MessageFailed, MessageSent
from blinkq.sdp.description import Attribute, MediaDescription
from blinkq.sipsimple.streams.interface import InvalidStreamError, UnknownStreamError
from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.desktop_handlers import (
    DesktopSharingHandlerBase,
    InternalVNCServerHandler,
    InternalVNCViewerHandler,
)
from blinkq.sipsimple.streams.msrp.media import Remote, answer_role

__all__ = ["DesktopSharingStream"]

CONTENT_TYPE = "application/x-rfb"


class DesktopSharingStream(MSRPStreamBase):
    """A desktop.

    :param handler: our end of it (``desktop_handlers.py``); its ``type`` says which part we have; by default we look

    The m= line says the parts twice: a=rfbsetup as today's clients do, where a=setup is about the connection (RFC 6135); and by a=setup
    alone as the first ones did, who are understood too. ``ServerHandler`` and ``ViewerHandler`` are made for offered desktops; set
    ``handler`` to another one of the same type before accepting.
    """

    type: ClassVar[str] = "desktop-sharing"
    priority: ClassVar[int] = 1
    media_type: ClassVar[str] = "application"
    accept_types: ClassVar[list[str]] = [CONTENT_TYPE]
    accept_wrapped_types: ClassVar[list[str] | None] = None
    use_msrp_session: ClassVar[bool] = False
    assembles: ClassVar[bool] = False

    ServerHandler: ClassVar[Any] = InternalVNCServerHandler
    ViewerHandler: ClassVar[Any] = InternalVNCViewerHandler

    def __init__(self, account: Any = None, handler: DesktopSharingHandlerBase | None = None) -> None:
        super().__init__(account)
        handler = handler or self.ViewerHandler()
        if handler.type not in ("active", "passive"):
            raise TypeError("the handler of a desktop is 'active' or 'passive'")
        self._handler = handler
        self._first_clients_words = False  # the offer says the parts by a=setup alone

    @property
    def handler(self) -> DesktopSharingHandlerBase:
        """Our end. Raises IllegalStateError when set after the stream's start, TypeError when set to one of another type."""
        return self._handler

    @handler.setter
    def handler(self, handler: DesktopSharingHandlerBase) -> None:
        if self._state not in ("NULL", "INITIALIZING", "INITIALIZED"):
            raise IllegalStateError("the handler can only be set before the stream starts")
        if handler.type != self._handler.type:
            raise TypeError(f"the handler has to be {self._handler.type!r}")
        self._handler = handler

    def send_data(self, data: bytes) -> None:
        """Bytes for the other party; for handlers, on the engine thread."""
        if self._state != "ESTABLISHED" or self.msrp is None or self.msrp.ended:
            return
        size = self.msrp.whole_size  # such messages keep their order, larger ones would be overtaken
        for place in range(0, len(data), size):
            self._call(self.msrp.send, CONTENT_TYPE, data[place : place + size], failure_report="partial")

    def handler_failed(self, reason: str) -> None:
        """The handler cannot go on; for handlers, on the engine thread."""
        self._fail(reason)

    # the m= line ---------------------------------------------------------------------------------------------------------------------

    @classmethod
    def _check_media(cls, media: MediaDescription) -> None:
        if CONTENT_TYPE not in (media.get("accept-types") or "").split():
            raise UnknownStreamError("no desktop is offered")

    @classmethod
    def _for_offer(cls, account: Any, media: MediaDescription) -> MSRPStreamBase:
        part = (media.get("rfbsetup") or media.get("setup") or "active").strip().lower()
        if part not in ("active", "passive"):
            raise InvalidStreamError(f"the part of a desktop cannot be {part[:20]!r}")
        stream = cls(account, cls.ServerHandler() if part == "active" else cls.ViewerHandler())
        stream._first_clients_words = media.get("rfbsetup") is None
        return stream

    def _offered_setup(self) -> str:
        return str(self._handler.type)

    def _answered_setup(self, remote: Remote) -> tuple[str, str]:
        if self._first_clients_words:
            return str(self._handler.type), "passive"  # there the offerer connects, whatever it says
        role = answer_role(remote.setup, relayed=self._relay is not None)
        return role, role

    def _further_attributes(self) -> tuple[Attribute, ...]:
        return (Attribute("rfbsetup", str(self._handler.type)),)

    # the desktop ---------------------------------------------------------------------------------------------------------------------

    def _started(self) -> None:
        self._state = "ESTABLISHED"
        self._handler.initialize(self)

    def _event(self, event: object) -> None:
        if isinstance(event, DataReceived):
            self._handler.data_received(event.data)
        elif isinstance(event, MessageSent):
            self._handler.data_sent(event.message.size or 0)
        elif isinstance(event, MessageFailed) and event.code:  # the rest makes no sense without it
            self._fail(f"the other party did not get all of the desktop: {event.code} {event.reason}".rstrip())

    def _ending(self) -> None:
        self._handler.end()
