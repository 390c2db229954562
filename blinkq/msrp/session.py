"""One MSRP session: what both parties agreed on in SDP, its messages on their way and those being put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blinkq.base.clock import Entropy
from blinkq.base.errors import IllegalStateError
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.events import MessageFailed
from blinkq.msrp.incoming import IncomingMessage
from blinkq.msrp.limits import MAX_INCOMPLETE_MESSAGES, MAX_MESSAGE_SIZE, MAX_SETTLED
from blinkq.msrp.outgoing import PIECE, RELAYED_CHUNK, OutgoingMessage
from blinkq.msrp.uri import MSRPURI
from blinkq.msrp.values import ByteRange, Status

if TYPE_CHECKING:
    from blinkq.msrp.connection import Connection

__all__ = ["Session"]


class Session:
    """Made before its connection is there; messages wait until `Connection.attach`.

    local_uri: our URI, as in From-Path; remote_path: where requests go, our relays first (RFC 4976 §5.1), empty while not known;
    accept_types, accept_wrapped_types are the stream's matter: here `accept_types` refuses other types with 415;
    assemble: put messages together in memory (at most max_size bytes), or hand their bytes on as they come;
    automatic_reports: report success by ourselves when a message is whole (RFC 4975 §7.1.2); methods: further ones that are handed up;
    keep_alive: seconds of silence after which an empty SEND shows that we are there, None for never; owner: free for whoever made it.
    """

    def __init__(
        self,
        local_uri: MSRPURI,
        remote_path: tuple[MSRPURI, ...],
        entropy: Entropy,
        *,
        accept_types: tuple[str, ...] = ("*",),
        assemble: bool = True,
        automatic_reports: bool = True,
        max_size: int = MAX_MESSAGE_SIZE,
        methods: frozenset[str] = frozenset(),
        keep_alive: float | None = None,
        owner: Any = None,
    ) -> None:
        self.local_uri = local_uri
        self.remote_path = remote_path
        self.accept_types = accept_types
        self.assemble = assemble
        self.automatic_reports = automatic_reports
        self.max_size = max_size
        self.methods = methods
        self.keep_alive = keep_alive
        self.owner = owner
        self.connection: Connection | None = None
        self.ended = False
        self.known_prefix = 0  # bytes of the next message that we have from an earlier time
        self.incoming: dict[str, IncomingMessage] = {}
        self.refused: dict[str, int] = {}  # messages of which no more is taken, and how that is answered
        self.unfinished: dict[str, OutgoingMessage] = {}
        self.settled: dict[str, OutgoingMessage] = {}  # finished as far as we know
        self._entropy = entropy

    @property
    def relayed(self) -> bool:
        """What we send goes through relays."""
        return len(self.remote_path) > 1

    @property
    def whole_size(self) -> int:
        """Bytes of a message that goes out in one chunk; such messages do not overtake each other."""
        return RELAYED_CHUNK if self.relayed else PIECE

    def send(
        self,
        content_type: str,
        body: bytes | None = None,
        *,
        size: int | None = None,
        start: int = 0,
        message_id: str | None = None,
        success_report: bool = False,
        failure_report: str = "yes",
        headers: tuple[tuple[str, str], ...] = (),
        owner: object = None,
        now: float,
    ) -> OutgoingMessage:
        """Queue a message. Without `body` it comes bit by bit: `provide` it, first when `DataWanted` asks.

        size: bytes of a body that comes bit by bit, None while nobody knows; start: offset of its first byte that is sent.
        Raises IllegalStateError after the end of the session.
        """
        if self.ended:
            raise IllegalStateError("send: the session has ended")
        message = OutgoingMessage(
            message_id or self._entropy.token(12),
            content_type,
            len(body) if body is not None else size,
            start=start,
            success_report=success_report,
            failure_report=failure_report,
            headers=headers,
            owner=owner,
        )
        if body is not None:
            message.provide(body[start:], last=True)
        self.unfinished[message.message_id] = message
        if self.connection is not None:
            self.connection.enqueue(self, message, now)
        return message

    def provide(self, message: OutgoingMessage, data: bytes, *, last: bool = False, now: float) -> None:
        """More of the body of a message that comes bit by bit."""
        if message.finished or message.cancelled:
            return
        message.provide(data, last)
        if self.connection is not None:
            self.connection.turn(now)

    def cancel(self, message: OutgoingMessage, now: float) -> None:
        """Give a message up: what was begun ends with '#'. `MessageFailed` (code 0,
        'Cancelled') ends it, or nothing when the session had no connection yet. Idempotent."""
        if message.finished:
            return
        message.cancelled = True
        message.forget()
        if self.connection is not None:
            self.connection.give_up(self, message, now)
            self.connection.fail(self, message, 0, "Cancelled", None)
        else:
            self.unfinished.pop(message.message_id, None)
            message.finished = True

    def report(self, message: IncomingMessage, code: int, comment: str | None = None, *, now: float) -> None:
        """Tell what became of a message, when it asked for a report of that kind. Only sessions without automatic reports need it."""
        if self.connection is None or self.ended:
            return
        if not message.chunk.wants_success_report if code == 200 else message.chunk.failure_report == "no":
            return
        total = message.received if message.total is None else message.total
        text = ByteRange(1, total, total)
        chunk = self.new_request(
            "REPORT",
            ("Message-ID", message.message_id),
            ("Byte-Range", str(text)),
            ("Status", str(Status(code, comment if comment is not None else ("OK" if code == 200 else "")))),
            path=message.chunk.from_path,
        )
        self.connection.send_urgent(chunk.to_bytes(), now)

    def refuse(self, message: IncomingMessage, code: int) -> None:
        """Answer the rest of a message with `code` (413: stop sending) and forget what came of it."""
        self.incoming.pop(message.message_id, None)
        while len(self.refused) >= MAX_INCOMPLETE_MESSAGES:
            del self.refused[next(iter(self.refused))]
        self.refused[message.message_id] = code

    def request(self, method: str, *headers: tuple[str, str], now: float) -> Chunk:
        """Send a request of an extension; `RequestAnswered` tells the outcome. Raises IllegalStateError without a connection."""
        if self.connection is None or self.ended:
            raise IllegalStateError(f"{method}: the session has no connection")
        chunk = self.new_request(method, *headers)
        self.connection.send_request(self, chunk, now)
        return chunk

    def respond(self, chunk: Chunk, code: int, *headers: tuple[str, str], now: float) -> None:
        """Answer a request that came as `RequestReceived`."""
        if self.connection is not None and not self.ended:
            self.connection.send_urgent(chunk.response(code, headers=headers).to_bytes(), now)

    def end(self, now: float) -> None:
        """Nothing is sent or taken any more; unfinished messages fail with 'Stream ended'. Idempotent."""
        if self.ended:
            return
        self.ended = True
        connection = self.connection
        for message in list(self.unfinished.values()):
            message.forget()
            if connection is not None:
                connection.give_up(self, message, now)
                connection.fail(self, message, 0, "Stream ended", None)
        self.unfinished.clear()
        self.settled.clear()
        self.incoming.clear()
        if connection is not None:
            connection.detach(self, now)

    def settle(self, message: OutgoingMessage) -> None:
        """Nothing more is expected about a message that was sent; a failure may still be reported."""
        message.finished = True
        self.unfinished.pop(message.message_id, None)
        if message.failure_report != "no":
            self.settled[message.message_id] = message
            while len(self.settled) > MAX_SETTLED:
                del self.settled[next(iter(self.settled))]

    def new_request(self, method: str, *headers: tuple[str, str], path: tuple[MSRPURI, ...] | None = None) -> Chunk:
        """A request of this session, not sent yet."""
        return Chunk(self._entropy.token(8), path or self.remote_path, (self.local_uri,), method, headers=headers)

    def failure(self, message: OutgoingMessage, code: int, reason: str, chunk: Chunk | None) -> MessageFailed | None:
        """The last event of a message that fails; None when it had its last one."""
        if message.finished and self.settled.pop(message.message_id, None) is not message:
            return None
        message.finished = True
        message.forget()
        self.unfinished.pop(message.message_id, None)
        return MessageFailed(self, message, code, reason, chunk)
