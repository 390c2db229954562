"""ChatStream: instant messages in a session (RFC 4975 over MSRP, envelopes of RFC 3862, "is typing" of RFC 3994, receipts of RFC 5438,
rooms of RFC 7701)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.loop import in_engine
from blinkq.msrp.events import MessageDelivered, MessageFailed, MessageReceived, MessageSent, RequestAnswered, RequestReceived
from blinkq.msrp.outgoing import OutgoingMessage
from blinkq.msrp.protocol import MSRPData
from blinkq.msrp.values import media_type_matches
from blinkq.payloads.cpim import ChatIdentity, CPIMHeader, CPIMParserError, CPIMPayload
from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.imdn import DisplayNotification, IMDNDocument
from blinkq.payloads.iscomposing import IsComposingDocument, IsComposingMessage
from blinkq.sdp.description import MediaDescription, SessionDescription
from blinkq.sipsimple.receipts import IMDN, check_dispositions
from blinkq.sipsimple.remote_composing import IS_COMPOSING
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.interface import StreamError, UnknownStreamError
from blinkq.sipsimple.streams.msrp.base import MSRPStreamBase
from blinkq.sipsimple.streams.msrp.chat_composing import ChatComposing
from blinkq.sipsimple.streams.msrp.chat_message import CPIM, ChatMessage, as_data, identity_of, now, read_message, written
from blinkq.sipsimple.streams.msrp.chat_receipts import ChatReceipts
from blinkq.sipsimple.streams.msrp.media import Remote

__all__ = ["ChatStream", "ChatStreamError"]

log = get_logger("sipsimple.chat")

#: Seconds for which our "active" holds at least (RFC 3994 §3.3).
MIN_REFRESH = 60
_DOCUMENTS: dict[str, Any] = {IS_COMPOSING: IsComposingDocument, IMDN: IMDNDocument}
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
    accept_types: ClassVar[list[str]] = [CPIM, "text/*", "image/*", IS_COMPOSING]
    accept_wrapped_types: ClassVar[list[str]] = ["*"]
    methods: ClassVar[frozenset[str]] = frozenset({"NICKNAME"})
    prefer_cpim: ClassVar[bool] = True

    def __init__(self, account: Any = None, direction: str = "sendrecv") -> None:
        super().__init__(account, direction)
        self.chatroom_capabilities: tuple[str, ...] = ()
        self._waiting: deque[_Waiting] = deque()
        self._nicknames: dict[str, tuple[str, str]] = {}
        self._receipts = ChatReceipts(self)
        self._composing = ChatComposing(self)

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
        return identity_of(None if self.session is None else self.session.local_identity)

    @property
    def remote_identity(self) -> ChatIdentity:
        """The peer, as an envelope names it."""
        return identity_of(None if self.session is None else self.session.remote_identity)

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
        *,
        dispositions: Iterable[str] = (),
    ) -> str:
        """Send a message; returns its identifier. Before the stream's start it waits.

        :param content: text, or bytes for types that are not text
        :param recipients: others than the peer, where it is a room that allows it (``private_messages_allowed``)
        :param dispositions: the receipts to ask for ("positive-delivery", "negative-delivery", "display"); a peer that knows none gets the
            message without. They come as ChatStreamGotDispositionNotification.

        Posts ChatStreamDidSendMessage, then ChatStreamDidDeliverMessage or ChatStreamDidNotDeliverMessage. Raises TypeError for content
        of another kind, ValueError for text that cannot be written in its type's charset and for what is no content type,
        ChatStreamError (at once) when the stream only receives, or has ended.
        """
        if not isinstance(content, str | bytes):
            raise TypeError("the content of a message is text or bytes")
        bare = written(content, content_type)
        asked = check_dispositions(dispositions)
        message_id = Runtime.current().entropy.token(12)
        if self.direction == "recvonly":
            raise ChatStreamError("this stream only receives")
        if self._state == "ENDED":
            raise ChatStreamError("the stream has ended")
        moment = timestamp or now()
        metadata = bool(courtesy_recipients or subject or timestamp or required or additional_headers)

        def encode() -> tuple[bytes, str]:
            to = recipients or [self.remote_identity]
            private = recipients is not None and [str(one.uri) for one in to] != [str(self.remote_identity.uri)]
            headers = list(additional_headers or ())
            headers += self._receipts.ask(message_id, asked, headers)
            if not self._needs_envelope(content_type, private, metadata or bool(headers)):
                return bare
            return CPIMPayload(
                *bare, None, self.local_identity, to, courtesy_recipients or [], subject, moment, required or [], headers
            ).encode()

        self._submit(_Waiting(message_id, encode, reported=True))
        return message_id

    def send_composing_indication(
        self,
        state: str,
        refresh: int | None = None,
        last_active: datetime | None = None,
        remote_identity: ChatIdentity | None = None,
        recipients: list[ChatIdentity] | None = None,
    ) -> str:
        """Tell that we are writing ('active') or not any more ('idle'); returns the message's identifier.

        :param refresh: seconds for which 'active' holds unless repeated; less than 60 counts as 60 (RFC 3994 §3.3)
        :param remote_identity: whom to tell, where the peer is a room; ``recipients`` are several of them

        Raises ValueError for another state, ChatStreamError when the stream only receives, or has ended.
        """
        if state not in ("active", "idle"):
            raise ValueError(f"{state!r} is neither 'active' nor 'idle'")
        refresh = None if refresh is None else max(int(refresh), MIN_REFRESH)
        if self.direction == "recvonly":
            raise ChatStreamError("this stream only receives")
        if self._state == "ENDED":
            raise ChatStreamError("the stream has ended")
        elements: dict[str, Any] = {"state": state, "refresh": refresh, "last_active": last_active, "content_type": "text"}
        document = IsComposingDocument.build(IsComposingMessage(**elements))

        def encode() -> tuple[bytes, str]:
            to = recipients or ([remote_identity] if remote_identity is not None else None)
            if media_type_matches(self.remote_accept_types, IS_COMPOSING) and to is None:
                return document, IS_COMPOSING
            if not self.takes_wrapped(IS_COMPOSING):
                raise ChatStreamError("the other party does not take composing indications")
            return CPIMPayload(document, IS_COMPOSING, None, self.local_identity, to or [self.remote_identity]).encode()

        message_id = Runtime.current().entropy.token(12)
        self._submit(_Waiting(message_id, encode, reported=False))
        return message_id

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

    def takes_wrapped(self, content_type: str) -> bool:
        """Whether the peer takes it in an envelope: what it takes bare it takes there too (RFC 4975 §8.6)."""
        taken = (*self.remote_accept_types, *(self.remote_accept_wrapped_types or ("*",)))
        return self.cpim_enabled and media_type_matches(taken, content_type)

    def _needs_envelope(self, content_type: str, private: bool, metadata: bool) -> bool:
        """Whether a message goes in an envelope; raises ChatStreamError when it would have to and cannot."""
        if private and not self.private_messages_allowed:
            raise ChatStreamError("the other party does not pass messages on")
        bare = media_type_matches(self.remote_accept_types, content_type)
        if self.takes_wrapped(content_type) and (self.prefer_cpim or private or metadata or not bare):
            return True
        if not bare:
            raise ChatStreamError(f"the other party does not take {content_type}")
        if metadata:
            raise ChatStreamError("the other party takes no envelopes, so subject, time and the like cannot be told")
        return False

    # sending -------------------------------------------------------------------------------------------------------------------------

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
        if self.remote_max_size is not None and len(body) > self.remote_max_size:
            self._not_delivered(waiting, f"the other party takes messages of at most {self.remote_max_size} bytes")
            return
        if self.msrp.ended:  # the connection has just broken; what becomes of the stream is told in a moment
            self._not_delivered(waiting, "the MSRP connection broke")
            return
        self._call(
            self.msrp.send, content_type, body, message_id=waiting.message_id, success_report=waiting.reported,
            failure_report="yes" if waiting.reported else "no", owner=waiting,
        )  # fmt: skip

    def send_silently(self, envelope: CPIMPayload) -> None:
        """Send something that no application asked about; for the receipts, on the engine thread."""
        if self._state == "ESTABLISHED":
            self._send(_Waiting(Runtime.current().entropy.token(12), envelope.encode, reported=False))

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
        self._composing.end()
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
                post("ChatStreamDidSendMessage", self, message=as_data(event.message))
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
        document: Any = None
        try:
            message = read_message(event.message.chunk, event.body or b"", self.remote_identity, self.local_identity, now())
            if message.content_type in _DOCUMENTS:
                content = message.content.encode() if isinstance(message.content, str) else message.content
                document = _DOCUMENTS[message.content_type].parse(content)
        except (CPIMParserError, ParserError) as error:
            log.info("a message that cannot be read: %s", error)
            self._call(self.msrp.report, event.message, 400, str(error)[:200])
            return
        if not media_type_matches((*(self.accept_types or ()), *(self.accept_wrapped_types or ("*",))), message.content_type):
            self._call(self.msrp.report, event.message, 415, f"{message.content_type} is not taken")
            return
        self._call(self.msrp.report, event.message, 200)
        if not self.is_room and str(message.sender.uri) != str(self.remote_identity.uri):
            # only a room passes on the words of others; who puts words into others' mouths learns nothing about us
            message.sender, message.dispositions = self.remote_identity, frozenset()
        if message.content_type == IS_COMPOSING:
            self._composing.told(document, message.sender)
        elif message.content_type == IMDN:
            self._receipts.came(document, message.sender)
        else:
            self._deliver(message)

    def _deliver(self, message: ChatMessage) -> None:
        self._composing.wrote(message.sender)
        message.tell_displayed = lambda: self._receipts.tell(message, DisplayNotification("displayed"))
        post(
            "ChatStreamGotMessage", self, content=message.content, content_type=message.content_type, message=message,
            cpim_headers=message.cpim_headers, private=self._is_private(message.recipients),
        )  # fmt: skip
        self._receipts.arrived(message)

    @property
    def is_room(self) -> bool:
        """The peer passes on what others say."""
        return bool(self.chatroom_capabilities or (self.session is not None and getattr(self.session, "remote_focus", False)))

    def _is_private(self, recipients: list[ChatIdentity]) -> bool:
        """In a room: the message went to us alone."""
        room = bool(self.session is not None and getattr(self.session, "remote_focus", False))
        return room and len(recipients) == 1 and str(recipients[0].uri) != str(self.remote_identity.uri)
