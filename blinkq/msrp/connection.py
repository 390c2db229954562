"""One connection and the sessions that share it: a core that takes bytes and commands and gives bytes and events (RFC 4975)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from blinkq.base.clock import Entropy
from blinkq.msrp.chunk import REASONS, Chunk
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.events import (
    ChunkDelivered,
    ConnectionFailed,
    DataWanted,
    MessageDelivered,
    MessageSent,
    RequestAnswered,
    RequestReceived,
    SessionBound,
    SessionFailed,
    Transmit,
)
from blinkq.msrp.limits import MAX_GAPS, MAX_PENDING_REQUESTS, MAX_QUIET_CHUNKS, MAX_UNREAD_ANSWERS
from blinkq.msrp.outgoing import LOW_WATER, OutgoingMessage
from blinkq.msrp.reader import ChunkBegan, ChunkBody, ChunkEnded, ChunkReader, Piece
from blinkq.msrp.receiving import Receiving
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI
from blinkq.msrp.values import ByteRange
from blinkq.msrp.writer import BURST, Writer

__all__ = ["RESPONSE_TIMEOUT", "Connection"]

RESPONSE_TIMEOUT = 30.0
"""Seconds to wait for the answer to a chunk (RFC 4975 §7.1.1)."""


@dataclass(slots=True)
class _Pending:
    session: Session
    chunk: Chunk
    deadline: float
    message: OutgoingMessage | None = None
    start: int = 0
    end: int = 0


class Connection:
    """find: which session a peer's request is for, by our URI in its To-Path; None for a session that is not ours (answered 481);
    whole_chunks: each Transmit is one whole chunk (RFC 7977)."""

    def __init__(self, entropy: Entropy, find: Callable[[MSRPURI], Session | None], *, whole_chunks: bool = False) -> None:
        self._find = find
        self._reader = ChunkReader()
        self._writer = Writer(entropy, whole_chunks)
        self._outputs: list[object] = []
        self._pending: dict[str, _Pending] = {}
        self._quiet: dict[str, _Pending] = {}  # chunks of which only a failure is answered
        self._sessions: list[Session] = []
        self._receiving: Receiving | None = None
        self._writable = True
        self._unread = 0  # bytes given out since the peer reads nothing
        self._failed = False
        self._last_sent = 0.0

    @property
    def sessions(self) -> tuple[Session, ...]:
        return tuple(self._sessions)

    @property
    def wants_turn(self) -> bool:
        """There is more to send: call `turn` as soon as the connection can take it."""
        return self._writable and not self._failed and self._writer.ready and len(self._pending) < MAX_PENDING_REQUESTS

    def attach(self, session: Session, now: float) -> None:
        """This session's requests go over this connection; those that waited are sent at once."""
        session.connection = self
        self._sessions.append(session)
        self._last_sent = now
        for message in list(session.unfinished.values()):
            self._writer.add(session, message)
        self._fill(now)

    def hello(self, session: Session, now: float) -> None:
        """An empty SEND: what the active party begins with (RFC 4975 §5.4), and what keeps a silent session alive."""
        chunk = session.new_request("SEND", ("Message-ID", session.new_request("SEND").transaction_id))
        self.send_request(session, chunk, now)

    def detach(self, session: Session, now: float) -> None:
        """Forget a session."""
        if session in self._sessions:
            self._sessions.remove(session)
        self._writer.remove_session(session)
        self._give_out(now)
        self._pending = {tid: pending for tid, pending in self._pending.items() if pending.session is not session}
        self._quiet = {tid: pending for tid, pending in self._quiet.items() if pending.session is not session}
        session.connection = None
        if self._receiving is not None and self._receiving.session is session:
            self._receiving.abandon()

    def enqueue(self, session: Session, message: OutgoingMessage, now: float) -> None:
        self._writer.add(session, message)
        self._fill(now)

    def give_up(self, session: Session, message: OutgoingMessage, now: float) -> None:
        self._writer.give_up(session, message)
        self._fill(now)

    def send_urgent(self, data: bytes, now: float) -> None:
        self._writer.add_urgent(data)
        self._fill(now)

    def send_request(self, session: Session, chunk: Chunk, now: float) -> None:
        self._pending[chunk.transaction_id] = _Pending(session, chunk, now + RESPONSE_TIMEOUT)
        self.send_urgent(chunk.to_bytes(), now)

    def set_writable(self, writable: bool, now: float) -> None:
        """False: the connection's buffer is full; only answers are given out until it is True again."""
        self._writable = writable
        if writable:
            self._fill(now)

    def turn(self, now: float) -> None:
        """Give out the next burst."""
        self._fill(now)

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the peer, cut anywhere. Never raises."""
        if self._failed:
            return
        try:
            pieces = self._reader.receive_data(data)
        except MSRPParseError as error:
            self._fail(str(error))
            return
        for piece in pieces:
            self._take(piece, now)
        if self._reader.error is not None:
            self._fail(str(self._reader.error))
        self._fill(now)

    def closed(self, reason: str, now: float) -> None:
        """The connection is gone: every session on it fails, and every message of theirs. Idempotent."""
        self._failed = True
        for session in list(self._sessions):
            self._outputs.append(SessionFailed(session, 0, reason))
            session.end(now)

    def tick(self, now: float) -> None:
        for tid, pending in list(self._pending.items()):
            if pending.deadline > now:
                break  # they are in order
            self._answered(self._pending.pop(tid), None, now)
        for session in self._sessions:
            # the very sum that `deadline` named, or a rounded one would be due for ever
            if session.keep_alive is not None and now >= self._last_sent + session.keep_alive:
                self.hello(session, now)
        self._fill(now)

    def deadline(self) -> float | None:
        """When `tick` is due, in seconds of the monotonic clock."""
        first = next(iter(self._pending.values()), None)
        times = [] if first is None else [first.deadline]
        times += [self._last_sent + session.keep_alive for session in self._sessions if session.keep_alive is not None]
        return min(times, default=None)

    def drain(self) -> list[object]:
        outputs, self._outputs = self._outputs, []
        return outputs

    def fail(self, session: Session, message: OutgoingMessage, code: int, reason: str, chunk: Chunk | None) -> None:
        """The last event of a message that does not arrive."""
        self._writer.remove(message)
        event = session.failure(message, code, reason, chunk)
        if event is not None:
            self._outputs.append(event)

    # --- sending -----------------------------------------------------------------------------------------------------

    def _fill(self, now: float) -> None:
        if self._failed:
            return
        if self._writable:
            self._unread = 0
            self._writer.fill(BURST, len(self._pending) < MAX_PENDING_REQUESTS, now)
        else:
            self._writer.flush_urgent()
            self._unread += sum(map(len, self._writer.output))
            if self._unread > MAX_UNREAD_ANSWERS:
                self._fail("the peer asks and asks, and reads no answers")
                return
        if self._writer.output:
            self._last_sent = now
        self._give_out(now)
        self._outputs += [DataWanted(session, message) for session, message in self._writer.hungry(LOW_WATER)]

    def _give_out(self, now: float) -> None:
        writer = self._writer
        if writer.output:
            self._outputs += map(Transmit, writer.output if writer.whole else [b"".join(writer.output)])
            writer.output.clear()
        for done in writer.finished:
            message = done.message
            if message.failure_report != "no" and not message.finished:
                pending = _Pending(done.session, done.chunk, now + RESPONSE_TIMEOUT, message, done.start, done.end)
                if message.failure_report == "yes":
                    message.unanswered += 1
                    self._pending[done.chunk.transaction_id] = pending
                else:
                    self._quiet[done.chunk.transaction_id] = pending
                    while len(self._quiet) > MAX_QUIET_CHUNKS:
                        del self._quiet[next(iter(self._quiet))]
            if done.last:
                self._outputs.append(MessageSent(done.session, message))
                self._settle(done.session, message)
        writer.finished.clear()

    def _settle(self, session: Session, message: OutgoingMessage) -> None:
        """A message that waits for nothing any more is done; only a failure on the rest of its way would still be news."""
        if message.sent and not message.unanswered and not message.success_report and not message.finished:
            session.settle(message)

    # --- receiving ---------------------------------------------------------------------------------------------------

    def _take(self, piece: Piece, now: float) -> None:
        if isinstance(piece, ChunkBegan):
            chunk = piece.chunk
            if chunk.code is not None:
                self._response(chunk, now)
            else:
                self._request(chunk, now)
        elif self._receiving is not None:
            if isinstance(piece, ChunkBody):
                self._receiving.body(piece.data, self._outputs)
            else:
                assert isinstance(piece, ChunkEnded)
                receiving, self._receiving = self._receiving, None
                answer, completed = receiving.end(piece.flag, self._outputs)
                if answer is not None:
                    self._writer.add_urgent(answer.to_bytes())
                if completed is not None and receiving.session is not None and receiving.session.automatic_reports:
                    receiving.session.report(completed, 200, now=now)

    def _request(self, chunk: Chunk, now: float) -> None:
        session = self._session_of(chunk)
        code = self._refusal(chunk, session)
        if session is not None and not code and session.connection is None:
            self.attach(session, now)
            self._outputs.append(SessionBound(session))
        if chunk.method == "REPORT":
            if session is not None and not code:
                self._report(session, chunk)
        elif code:
            self._receiving = Receiving(None, chunk, code)
        elif chunk.method == "SEND":
            self._receiving = Receiving(session, chunk, 0)
        else:
            assert session is not None
            self._outputs.append(RequestReceived(session, chunk))

    def _session_of(self, chunk: Chunk) -> Session | None:
        session = self._find(chunk.to_path[0])
        if session is None or session.ended:
            return None
        if not session.remote_path:  # the peer is quicker than the answer that names its path; whoever knows our URI is the peer
            session.remote_path = chunk.from_path
        return session if chunk.from_path[-1].matches(session.remote_path[-1]) else None

    def _refusal(self, chunk: Chunk, session: Session | None) -> int:
        if session is None or len(chunk.to_path) != 1:
            return 481
        if session.connection is not None and session.connection is not self:
            return 506
        if chunk.method not in ("SEND", "REPORT") and chunk.method not in session.methods:
            return 501
        return 0

    def _response(self, response: Chunk, now: float) -> None:
        pending = self._pending.pop(response.transaction_id, None)
        quiet = self._quiet.pop(response.transaction_id, None)
        if pending is not None:
            self._answered(pending, response, now)
        elif quiet is not None and quiet.message is not None and response.code is not None and response.code != 200:
            self._refused(quiet.session, quiet.message, response.code, response.comment or REASONS.get(response.code, ""), response)

    def _answered(self, pending: _Pending, response: Chunk | None, now: float) -> None:
        session, message = pending.session, pending.message
        code = 408 if response is None or response.code is None else response.code
        reason = (response.comment if response is not None else "") or REASONS.get(code, "")
        if message is None:
            self._outputs.append(RequestAnswered(session, pending.chunk, code, reason, response))
        else:
            message.unanswered -= 1
            if code == 200 and response is not None:
                message.answered.add(pending.start, pending.end)
                pairs = message.answered.pairs()
                known = pairs[0][1] if pairs and pairs[0][0] == message.start else message.start
                if not message.finished:
                    self._outputs.append(ChunkDelivered(session, message, pending.chunk, response, known))
                self._settle(session, message)
            else:
                self._refused(session, message, code, reason, response)
                return
        # an extension that the peer does not answer is its own failure; an empty SEND shows that nobody is there any more
        if code in (481, 506) or (code == 408 and message is None and pending.chunk.method == "SEND"):
            self._outputs.append(SessionFailed(session, code, reason))

    def _refused(self, session: Session, message: OutgoingMessage, code: int, reason: str, response: Chunk | None) -> None:
        self.fail(session, message, code, reason, response)
        if code in (481, 506):
            self._outputs.append(SessionFailed(session, code, reason))

    def _report(self, session: Session, chunk: Chunk) -> None:
        message_id = chunk.message_id or ""
        message = session.unfinished.get(message_id) or session.settled.get(message_id)
        if message is None:
            return
        try:
            status = chunk.status
            byte_range = chunk.byte_range if chunk.header("Byte-Range") else ByteRange(1, message.size, message.size)
        except MSRPParseError:
            return
        if status.namespace != "000":  # of an extension that we do not know (RFC 4975 §7.1.2)
            return
        if status.code != 200:
            self.fail(session, message, status.code, status.comment or REASONS.get(status.code, ""), chunk)
            return
        size = message.size if message.size is not None else byte_range.total
        end = byte_range.end if byte_range.end is not None else size
        if end is None or size is None or not message.success_report or len(message.delivered) > MAX_GAPS:
            return
        message.delivered.add(byte_range.start - 1, min(end, size))
        if message.sent and message.delivered.covers(message.start, size):
            message.finished = True
            session.unfinished.pop(message.message_id, None)
            self._outputs.append(MessageDelivered(session, message, 200, status.comment or "OK", chunk))

    def _fail(self, reason: str) -> None:
        self._failed = True
        self._outputs.append(ConnectionFailed(reason))
