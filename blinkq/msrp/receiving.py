"""One SEND while its bytes come: where they belong, and how it will be answered (RFC 4975 §7.3)."""

from __future__ import annotations

from blinkq.msrp.chunk import REASONS, Chunk
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.events import DataReceived, MessageAborted, MessageReceived, MessageStarted
from blinkq.msrp.incoming import IncomingMessage
from blinkq.msrp.limits import MAX_INCOMPLETE_MESSAGES, MAX_KEPT, MAX_NUMBER
from blinkq.msrp.session import Session
from blinkq.msrp.values import ByteRange, media_type_matches

__all__ = ["Receiving"]


class Receiving:
    """session: None for one that is only answered with `code`."""

    def __init__(self, session: Session | None, chunk: Chunk, code: int) -> None:
        self.session = session
        self._chunk = chunk
        self._code = code
        self._message: IncomingMessage | None = None
        self._range = ByteRange(1, None, None)
        self._offset = 0
        self._reason = ""
        if session is not None:
            try:
                self._range = chunk.byte_range
            except MSRPParseError:
                self._code = 400
            self._offset = self._range.start - 1

    def abandon(self) -> None:
        """The session ended meanwhile."""
        self.session, self._message, self._code = None, None, 481

    def body(self, data: bytes, outputs: list[object]) -> None:
        """Some bytes of it."""
        session = self.session
        if session is None or self._code or self._refused_meanwhile(session):
            return
        message = self._message or self._begin(session, outputs)
        if message is None:
            return
        offset, end = self._offset, self._offset + len(data)
        limit = self._range.end if self._range.end is not None else message.total
        if end > (MAX_NUMBER if limit is None else limit):
            self._refuse(session, message, 400, "more bytes than the chunk announced", outputs)
        elif session.assemble and (end > session.max_size or self._too_much(session, message, len(data))):
            self._refuse(session, message, 413, "the message is too large", outputs)
        else:
            self._offset = end
            message.add(offset, data)
            if message.too_scattered:
                self._refuse(session, message, 400, "too many gaps", outputs)
            elif not session.assemble:
                outputs.append(DataReceived(session, message, offset, data))

    def end(self, flag: str, outputs: list[object]) -> tuple[Chunk | None, IncomingMessage | None]:
        """What answers it (None: nothing), and the message that it completed."""
        session = self.session
        completed = None
        if session is not None and not self._code and not self._refused_meanwhile(session) and self._chunk.has_body:
            message = self._message or self._begin(session, outputs)
            if message is not None and not self._code:
                completed = self._finish(session, message, flag, outputs)
        wanted = self._chunk.failure_report
        if self._chunk.method == "SEND" and (wanted == "no" or (wanted == "partial" and not self._code)):
            return None, completed
        return self._chunk.response(self._code or 200), completed

    def _finish(self, session: Session, message: IncomingMessage, flag: str, outputs: list[object]) -> IncomingMessage | None:
        if flag == "#":
            session.incoming.pop(message.message_id, None)
            outputs.append(MessageAborted(session, message, 0, "the sender gave it up"))
            return None
        if flag == "$" and not message.claim(self._offset):
            self._refuse(session, message, 400, "the message ends before the size it announced", outputs)
            return None
        if not message.complete:
            return None
        session.incoming.pop(message.message_id, None)
        outputs.append(MessageReceived(session, message, message.body() if session.assemble else None))
        return message

    def _begin(self, session: Session, outputs: list[object]) -> IncomingMessage | None:
        """The message that this chunk is a part of, or None when it is refused."""
        chunk = self._chunk
        self._code = session.refused.get(chunk.message_id or "", 0)
        if self._code:
            return None
        message = session.incoming.get(chunk.message_id or "")
        if message is None:
            message = IncomingMessage(chunk, session.assemble)
            message.assume(session.known_prefix)
            if not chunk.message_id:
                self._code = 400
            elif not media_type_matches(session.accept_types, message.content_type):
                self._code = 415
            elif len(session.incoming) >= MAX_INCOMPLETE_MESSAGES or (session.assemble and (self._range.total or 0) > session.max_size):
                self._code = 413
            if self._code:
                self._refuse(session, message, self._code, REASONS[self._code], outputs)
                return None
            session.incoming[message.message_id] = message
            if not session.assemble:
                outputs.append(MessageStarted(session, message))
        self._message = message
        if not message.claim(self._range.total):
            self._refuse(session, message, 400, "chunks that contradict each other on the size", outputs)
            return None
        return message

    def _refused_meanwhile(self, session: Session) -> bool:
        """Whether whoever gets the message wants no more of it, since this chunk began."""
        if self._message is not None:
            self._code = session.refused.get(self._message.message_id, 0)
        return self._code != 0

    @staticmethod
    def _too_much(session: Session, message: IncomingMessage, more: int) -> bool:
        kept = sum(other.kept for other in session.incoming.values()) + more
        return message.kept + more > 2 * session.max_size or kept > MAX_KEPT

    def _refuse(self, session: Session, message: IncomingMessage, code: int, reason: str, outputs: list[object]) -> None:
        self._code = code
        session.refuse(message, code)
        outputs.append(MessageAborted(session, message, code, reason))
