"""ChatStream: instant messages in a session (RFC 4975 over MSRP, envelopes of RFC 3862, "is typing" of RFC 3994, rooms of RFC 7701)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.loop import in_engine
from blinkq.msrp.events import MessageDelivered, MessageFailed, MessageReceived, MessageSent, RequestAnswered, RequestReceived
from blinkq.msrp.outgoing import OutgoingMessage
from blinkq.msrp.protocol import MSRPData, MSRPHeader
from blinkq.msrp.values import media_type_matches
from blinkq.payloads.cpim import ChatIdentity, CPIMHeader, CPIMParserError, CPIMPayload, SimplePayload
from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.iscomposing import IsComposingDocument, IsComposingMessage
from blinkq.sdp.description import MediaDescription, SessionDescription
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.interface import StreamError, UnknownStreamError
from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.chat_message import CPIM, read_message
from blinkq.sipsimple.streams.msrp.media import Remote

__all__ = ["ChatStream", "ChatStreamError"]

log = get_logger("sipsimple.chat")

COMPOSING = "application/im-iscomposing+xml"
#: Seconds for which "active" holds where the peer does not say (RFC 3994 §3.3).
DEFAULT_REFRESH = 120
_chatroom = re.compile(r"[A-Za-z-]+(?:=\"[^\"]*\")?")


class ChatStreamError(StreamError):
    """A message cannot be sent as it was asked for; the message says why."""


@dataclass(slots=True)
class _Waiting:
    """A message asked for before the stream started."""

    message_id: str
    encode: Callable[[], tuple[bytes, str]]
    reported: bool


class ChatStream(MSRPStreamBase):
    """A chat. Messages sent before its start wait for it.

    ``prefer_cpim``: put messages in an envelope whenever the peer takes envelopes.
    """

    type: ClassVar[str] = "chat"
    priority: ClassVar[int] = 1
    media_type: ClassVar[str] = "message"
    accept_types: ClassVar[list[str]] = [CPIM, "text/*", "image/*", COMPOSING]
    accept_wrapped_types: ClassVar[list[str]] = ["*"]
    methods: ClassVar[frozenset[str]] = frozenset({"NICKNAME"})
    prefer_cpim: ClassVar[bool] = True

    def __init__(self, account: Any = None, direction: str = "sendrecv") -> None:
        super().__init__(account, direction)
        self.chatroom_capabilities: tuple[str, ...] = ()
        self._waiting: deque[_Waiting] = deque()
        self._nicknames: dict[str, tuple[str, str]] = {}

    # for applications ----------------------------------------------------------------------------------------------------------------

    @property
    def cpim_enabled(self) -> bool:
        """Both parties take envelopes."""
        return CPIM in (self.accept_types or ()) and media_type_matches(self.remote_accept_types, CPIM)

    @property
    def private_messages_allowed(self) -> bool:
        """The peer is a room that passes messages on to one participant (RFC 7701 §5.2)."""
        return self.cpim_enabled and "private-messages" in self.chatroom_capabilities

    @property
    def nickname_allowed(self) -> bool:
        """The peer is a room in which one can have a nickname (RFC 7701 §7)."""
        return "nickname" in self.chatroom_capabilities

    @property
    def local_identity(self) -> ChatIdentity:
        """Us, as an envelope names us."""
        return _identity(None if self.session is None else self.session.local_identity)

    @property
    def remote_identity(self) -> ChatIdentity:
        """The peer, as an envelope names it."""
        return _identity(None if self.session is None else self.session.remote_identity)

    def send_message(
        self,
        content: str | bytes,
        content_type: str = "text/plain",
        recipients: list[ChatIdentity] | None = None,
        courtesy_recipients: list[ChatIdentity] | None = None,
        subject: str | None = None,
        timestamp: datetime | None = None,
        required: list[str] | None = None,
        additional_headers: list[CPIMHeader] | None = None,
    ) -> str:
        """Send a message; returns its identifier. Before the stream's start it waits.

        :param content: text, or bytes for types that are not text
        :param recipients: others than the peer, where it is a room that allows it (``private_messages_allowed``)

        Posts ChatStreamDidSendMessage, then ChatStreamDidDeliverMessage or ChatStreamDidNotDeliverMessage. Raises TypeError for content
        of another kind, ValueError for text that cannot be written in its type's charset and for what is no content type,
        ChatStreamError (at once) when the stream only receives, or has ended.
        """
        if not isinstance(content, str | bytes):
            raise TypeError("the content of a message is text or bytes")
        bare = _bare(content, content_type)
        if self.direction == "recvonly":
            raise ChatStreamError("this stream only receives")
        if self._state == "ENDED":
            raise ChatStreamError("the stream has ended")
        moment = timestamp or datetime.fromtimestamp(Runtime.current().clock.wallclock(), UTC).astimezone()
        metadata = bool(courtesy_recipients or subject or timestamp or required or additional_headers)

        def encode() -> tuple[bytes, str]:
            to = recipients or [self.remote_identity]
            private = recipients is not None and [str(one.uri) for one in to] != [str(self.remote_identity.uri)]
            if not self._needs_envelope(content_type, private, metadata):
                return bare
            return CPIMPayload(
                *bare, None, self.local_identity, to, courtesy_recipients or [], subject, moment, required or [], additional_headers or []
            ).encode()

        return self._queue(encode, reported=True)

    def send_composing_indication(
        self,
        state: str,
        refresh: int | None = None,
        last_active: datetime | None = None,
        remote_identity: ChatIdentity | None = None,
        recipients: list[ChatIdentity] | None = None,
    ) -> str:
        """Tell that we are writing ('active') or not any more ('idle'); returns the message's identifier.

        :param refresh: seconds for which 'active' holds unless repeated; at least 60 (RFC 3994 §3.3)
        :param remote_identity: whom to tell, where the peer is a room; ``recipients`` are several of them

        Raises ValueError for another state or a refresh below 60, ChatStreamError when the stream only receives, or has ended.
        """
        if state not in ("active", "idle"):
            raise ValueError(f"{state!r} is neither 'active' nor 'idle'")
        if refresh is not None and refresh < 60:
            raise ValueError("a composing indication holds for 60 seconds at least")
        if self.direction == "recvonly":
            raise ChatStreamError("this stream only receives")
        if self._state == "ENDED":
            raise ChatStreamError("the stream has ended")
        elements: dict[str, Any] = {"state": state, "refresh": refresh, "last_active": last_active, "content_type": "text"}
        document = IsComposingDocument.build(IsComposingMessage(**elements))

        def encode() -> tuple[bytes, str]:
            to = recipients or ([remote_identity] if remote_identity is not None else None)
            if media_type_matches(self.remote_accept_types, COMPOSING) and to is None:
                return document, COMPOSING
            if not self._taken_wrapped(COMPOSING):
                raise ChatStreamError("the other party does not take composing indications")
            return CPIMPayload(document, COMPOSING, None, self.local_identity, to or [self.remote_identity]).encode()

        return self._queue(encode, reported=False)

    def set_local_nickname(self, nickname: str) -> str:
        """Ask the room for a nickname (RFC 7701 §7.1); returns the request's identifier.

        Posts ChatStreamDidSetNickname or ChatStreamDidNotSetNickname. Raises ChatStreamError where nicknames are not possible, or the
        stream is not started, ValueError for one that is empty or of several lines.
        """
        if not nickname or any(ord(character) < 32 for character in nickname):
            raise ValueError(f"{nickname!r} is no nickname")
        if not self.nickname_allowed or self._state != "ESTABLISHED":
            raise ChatStreamError("nicknames are not possible here")
        message_id = Runtime.current().entropy.token(12)
        self._ask_for_nickname(message_id, nickname)
        return message_id

    # the m= line ---------------------------------------------------------------------------------------------------------------------

    @classmethod
    def _check_media(cls, media: MediaDescription) -> None:
        if media.get("file-selector") is not None:
            raise UnknownStreamError("a file is offered")

    def start(self, local_sdp: SessionDescription, remote_sdp: SessionDescription, stream_index: int) -> None:
        self._note_room(remote_sdp.media[stream_index])
        super().start(local_sdp, remote_sdp, stream_index)

    def update(self, local_sdp: SessionDescription, remote_sdp: SessionDescription, stream_index: int) -> None:
        self._note_room(remote_sdp.media[stream_index])
        super().update(local_sdp, remote_sdp, stream_index)

    def _note_remote(self, remote: Remote) -> None:
        super()._note_remote(remote)
        self.remote_accept_types = self.remote_accept_types or ("text/plain",)  # text is what everybody takes who says nothing

    def _note_room(self, media: MediaDescription) -> None:
        self.chatroom_capabilities = tuple(_chatroom.findall(media.get("chatroom") or ""))

    def _needs_envelope(self, content_type: str, private: bool, metadata: bool) -> bool:
        """Whether a message goes in an envelope; raises ChatStreamError when it would have to and cannot."""
        if private and not self.private_messages_allowed:
            raise ChatStreamError("the other party does not pass messages on")
        bare = media_type_matches(self.remote_accept_types, content_type)
        if self._taken_wrapped(content_type) and (self.prefer_cpim or private or metadata or not bare):
            return True
        if not bare:
            raise ChatStreamError(f"the other party does not take {content_type}")
        if metadata:
            raise ChatStreamError("the other party takes no envelopes, so subject, time and the like cannot be told")
        return False

    def _taken_wrapped(self, content_type: str) -> bool:
        """Whether the peer takes it in an envelope: what it takes bare it takes there too (RFC 4975 §8.6)."""
        taken = (*self.remote_accept_types, *(self.remote_accept_wrapped_types or ("*",)))
        return self.cpim_enabled and media_type_matches(taken, content_type)

    # sending -------------------------------------------------------------------------------------------------------------------------

    def _queue(self, encode: Callable[[], tuple[bytes, str]], *, reported: bool) -> str:
        message_id = Runtime.current().entropy.token(12)
        self._submit(_Waiting(message_id, encode, reported))
        return message_id

    @in_engine
    def _submit(self, waiting: _Waiting) -> None:
        if self._state == "ESTABLISHED":
            self._send(waiting)
        elif self._state == "ENDED":
            self._not_delivered(waiting, "Stream ended")
        else:
            self._waiting.append(waiting)

    def _send(self, waiting: _Waiting) -> None:
        assert self.msrp is not None
        try:
            body, content_type = waiting.encode()
        except (ChatStreamError, BuilderError) as error:
            self._not_delivered(waiting, str(error))
            return
        if self.msrp.ended:  # the connection has just broken; what becomes of the stream is told in a moment
            self._not_delivered(waiting, "the MSRP connection broke")
            return
        self._call(
            self.msrp.send, content_type, body, message_id=waiting.message_id, success_report=waiting.reported,
            failure_report="yes" if waiting.reported else "no", owner=waiting,
        )  # fmt: skip

    @in_engine
    def _ask_for_nickname(self, message_id: str, nickname: str) -> None:
        if self.msrp is None or self.msrp.connection is None:
            self._nickname_refused(message_id, nickname, None, 0, "Stream ended")
            return
        escaped = nickname.replace("\\", "\\\\").replace('"', '\\"')
        chunk = self._call(self.msrp.request, "NICKNAME", ("Use-Nickname", f'"{escaped}"'))
        self._nicknames[chunk.transaction_id] = message_id, nickname

    def _nickname_refused(self, message_id: str, nickname: str, response: MSRPData | None, code: int, reason: str) -> None:
        post(
            "ChatStreamDidNotSetNickname", self, message_id=message_id, message=response, code=code, reason=reason, nickname=nickname
        )  # fmt: skip

    def _not_delivered(self, waiting: _Waiting, reason: str) -> None:
        if waiting.reported:
            post("ChatStreamDidNotDeliverMessage", self, message_id=waiting.message_id, message=None, code=0, reason=reason)

    def _started(self) -> None:
        while self._waiting:
            self._send(self._waiting.popleft())

    def _ending(self) -> None:
        while self._waiting:
            self._not_delivered(self._waiting.popleft(), "Stream ended")
        if self.msrp is not None:
            for message in list(self.msrp.unfinished.values()):
                self._outcome(message, 0, "Stream ended", None)
        for message_id, nickname in self._nicknames.values():
            self._nickname_refused(message_id, nickname, None, 0, "Stream ended")
        self._nicknames.clear()

    # receiving -----------------------------------------------------------------------------------------------------------------------

    def _event(self, event: object) -> None:
        if isinstance(event, MessageReceived):
            self._received(event)
        elif isinstance(event, MessageSent):
            if isinstance(event.message.owner, _Waiting) and event.message.owner.reported:
                post("ChatStreamDidSendMessage", self, message=_as_data(event.message))
        elif isinstance(event, MessageDelivered | MessageFailed):
            self._outcome(event.message, event.code, event.reason, event.chunk, delivered=isinstance(event, MessageDelivered))
        elif isinstance(event, RequestReceived):
            self._call(event.session.respond, event.chunk, 403)  # we are no room that gives nicknames
        elif isinstance(event, RequestAnswered) and event.chunk.transaction_id in self._nicknames:
            message_id, nickname = self._nicknames.pop(event.chunk.transaction_id)
            response = None if event.response is None else MSRPData.from_chunk(event.response)
            if event.code == 200:
                post("ChatStreamDidSetNickname", self, message_id=message_id, response=response, nickname=nickname)
            else:
                self._nickname_refused(message_id, nickname, response, event.code, event.reason)

    def _outcome(self, message: OutgoingMessage, code: int, reason: str, chunk: Any, *, delivered: bool = False) -> None:
        waiting, message.owner = message.owner, None
        if not isinstance(waiting, _Waiting) or not waiting.reported:
            return
        data = None if chunk is None else MSRPData.from_chunk(chunk)
        name = "ChatStreamDidDeliverMessage" if delivered else "ChatStreamDidNotDeliverMessage"
        post(name, self, message_id=message.message_id, message=data, code=code, reason=reason)

    def _received(self, event: MessageReceived) -> None:
        assert self.msrp is not None
        now = datetime.fromtimestamp(Runtime.current().clock.wallclock(), UTC).astimezone()
        try:
            message = read_message(event.message.chunk, event.body or b"", self.remote_identity, self.local_identity, now)
            if not self._is_room and str(message.sender.uri) != str(self.remote_identity.uri):
                message.sender = self.remote_identity  # only a room passes on the words of others
            if message.content_type == COMPOSING:
                self._composing(message.content, message.sender)
        except (CPIMParserError, ParserError) as error:
            log.info("a message that cannot be read: %s", error)
            self._call(self.msrp.report, event.message, 400, str(error)[:200])
            return
        if not media_type_matches((*(self.accept_types or ()), *(self.accept_wrapped_types or ("*",))), message.content_type):
            self._call(self.msrp.report, event.message, 415, f"{message.content_type} is not taken")
            return
        self._call(self.msrp.report, event.message, 200)
        if message.content_type != COMPOSING:
            private = self._is_private(message.recipients)
            post(
                "ChatStreamGotMessage", self, content=message.content, content_type=message.content_type, message=message,
                cpim_headers=message.cpim_headers, private=private,
            )  # fmt: skip

    def _composing(self, content: str | bytes, sender: ChatIdentity) -> None:
        document = IsComposingDocument.parse(content.encode() if isinstance(content, str) else content)
        post(
            "ChatStreamGotComposingIndication", self, state=str(document.state), sender=sender,
            refresh=DEFAULT_REFRESH if document.refresh is None else document.refresh.value,
            content_type=None if document.content_type is None else document.content_type.value,
            last_active=None if document.last_active is None else document.last_active.value,
        )  # fmt: skip

    @property
    def _is_room(self) -> bool:
        return bool(self.chatroom_capabilities or (self.session is not None and getattr(self.session, "remote_focus", False)))

    def _is_private(self, recipients: list[ChatIdentity]) -> bool:
        """In a room: the message went to us alone."""
        room = bool(self.session is not None and getattr(self.session, "remote_focus", False))
        return room and len(recipients) == 1 and str(recipients[0].uri) != str(self.remote_identity.uri)


def _identity(header: Any) -> ChatIdentity:
    if header is None:
        return ChatIdentity("sip:anonymous@anonymous.invalid")
    uri = header.uri
    return ChatIdentity(f"sip:{uri.user}@{uri.host}" if uri.user else f"sip:{uri.host}", header.display_name or None)


def _bare(content: str | bytes, content_type: str) -> tuple[bytes, str]:
    """(bytes, content type with charset). Raises ValueError."""
    kind, slash, subtype = content_type.partition(";")[0].strip().partition("/")
    if not (kind and slash and subtype) or not content_type.isprintable():
        raise ValueError(f"{content_type!r} is no content type")
    try:
        return SimplePayload(content, content_type).encode()
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"the text cannot be written as {content_type}: {error}") from None


def _as_data(message: OutgoingMessage) -> MSRPData:
    from_us = MSRPData(message.message_id, "SEND")
    for name, value in (("Message-ID", message.message_id), ("Content-Type", message.content_type)):
        from_us.add_header(MSRPHeader(name, value))
    return from_us
