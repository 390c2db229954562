"""What a connection gives back: bytes to send, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blinkq.msrp.chunk import Chunk

if TYPE_CHECKING:
    from blinkq.msrp.incoming import IncomingMessage
    from blinkq.msrp.outgoing import OutgoingMessage
    from blinkq.msrp.session import Session

__all__ = [
    "ChunkDelivered",
    "ConnectionFailed",
    "DataReceived",
    "DataWanted",
    "MessageAborted",
    "MessageDelivered",
    "MessageFailed",
    "MessageReceived",
    "MessageSent",
    "MessageStarted",
    "RequestAnswered",
    "RequestReceived",
    "SessionBound",
    "SessionFailed",
    "Transmit",
]


@dataclass(frozen=True, slots=True)
class Transmit:
    """Bytes for the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ConnectionFailed:
    """The stream cannot be read any further: the connection must be closed."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionBound:
    """The peer's first request of this session came over this connection."""

    session: Session


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """The session is of no use any more: the peer or a relay does not know it, or does not answer."""

    session: Session
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class MessageStarted:
    """First chunk of a message of a session that takes messages as they come (``assemble=False``)."""

    session: Session
    message: IncomingMessage


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Some bytes of such a message. offset: from 0."""

    session: Session
    message: IncomingMessage
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """All of a message is there; body: its bytes, None where they were handed on as they came."""

    session: Session
    message: IncomingMessage
    body: bytes | None


@dataclass(frozen=True, slots=True)
class MessageAborted:
    """The peer gave a message up, or it was refused. code: what we answered, 0 when the peer gave up."""

    session: Session
    message: IncomingMessage
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class DataWanted:
    """A message whose body comes bit by bit has little left to send: `OutgoingMessage.provide` more."""

    session: Session
    message: OutgoingMessage


@dataclass(frozen=True, slots=True)
class ChunkDelivered:
    """A response came: all bytes before `acknowledged` (counted from 0) have arrived at the next hop."""

    session: Session
    message: OutgoingMessage
    chunk: Chunk
    response: Chunk
    acknowledged: int


@dataclass(frozen=True, slots=True)
class MessageSent:
    """The last byte went out."""

    session: Session
    message: OutgoingMessage


@dataclass(frozen=True, slots=True)
class MessageDelivered:
    """The peer reported that it has all of it."""

    session: Session
    message: OutgoingMessage
    code: int
    reason: str
    chunk: Chunk | None


@dataclass(frozen=True, slots=True)
class MessageFailed:
    """It will not arrive whole. chunk: the report or response that says so, None when it was us."""

    session: Session
    message: OutgoingMessage
    code: int
    reason: str
    chunk: Chunk | None


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request of an extension that the session said it knows (NICKNAME, FILE_OFFSET ...): answer it with `Session.respond`."""

    session: Session
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """The answer to `Session.request`; response is None when none came (code 408)."""

    session: Session
    chunk: Chunk
    code: int
    reason: str
    response: Chunk | None
