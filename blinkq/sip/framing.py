"""Cutting a byte stream into messages (RFC 3261 §18.3) and keep-alives (RFC 5626 §4.4.1). Messages are parsed elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blinkq.sip.errors import SIPParseError
from blinkq.sip.limits import StreamLimits

_content_length = re.compile(rb"^(?:content-length|l)[ \t]*+:(?:[ \t]|\r\n[ \t])*+([^\r\n]*+)", re.IGNORECASE | re.MULTILINE)
_digits = re.compile(rb"([0-9]{1,10}+)[ \t]*+")


@dataclass(frozen=True, slots=True)
class KeepAlivePing:
    """The peer sent CRLF CRLF and waits for our CRLF."""


@dataclass(frozen=True, slots=True)
class KeepAlivePong:
    """The peer sent CRLF: its answer to our ping."""


class StreamFramer:
    """Takes what a stream connection delivers and gives whole messages, however the bytes were cut.

    limits: how large one message may grow. opened_by_us: True on a connection we opened, where each CRLF is a pong; on
    one we accepted a CRLF counts as a pong too, and each second one in a row makes a ping (alone, nobody can tell the two apart).
    """

    def __init__(self, limits: StreamLimits | None = None, *, opened_by_us: bool = False) -> None:
        self._limits = limits or StreamLimits()
        self._opened_by_us = opened_by_us
        self._buffer = bytearray()
        self._scanned = 0  # no end of headers begins before this place
        self._wanted = 0  # length of the message whose headers are complete, 0 while they are not
        self._odd_break = False  # one line break seen that may be the first half of a ping
        self._error: SIPParseError | None = None

    @property
    def error(self) -> SIPParseError | None:
        """Why the stream cannot be read any further, None while it can. What came before the fault has been delivered."""
        return self._error

    def receive_data(self, data: bytes) -> list[bytes | KeepAlivePing | KeepAlivePong]:
        """What `data` completed, in order.

        Raises SIPParseError when the stream cannot be cut any further: the connection must close. When good messages came before the
        fault they are returned, `error` is set, and the next call raises.
        """
        found: list[bytes | KeepAlivePing | KeepAlivePong] = []
        if self._error is None:
            self._buffer += data
            try:
                self._cut(found)
            except SIPParseError as error:
                self._error = error
                self._buffer.clear()
        if self._error is not None and not found:
            raise self._error
        return found

    def _cut(self, found: list[bytes | KeepAlivePing | KeepAlivePong]) -> None:
        buffer = self._buffer
        start = 0
        try:
            while True:
                if not self._wanted:
                    start = self._skip_breaks(start, found)
                    if not self._find_message(start):
                        return
                if len(buffer) - start < self._wanted:
                    return
                found.append(bytes(buffer[start : start + self._wanted]))
                start += self._wanted
                self._wanted = 0
                self._odd_break = False
        finally:
            del buffer[:start]
            self._scanned = max(0, self._scanned - start)

    def _skip_breaks(self, start: int, found: list[bytes | KeepAlivePing | KeepAlivePong]) -> int:
        while self._buffer.startswith(b"\r\n", start):
            start += 2
            if self._odd_break and not self._opened_by_us:
                found.append(KeepAlivePing())
            else:
                found.append(KeepAlivePong())
            self._odd_break = not self._odd_break
        self._scanned = max(self._scanned, start)
        return start

    def _find_message(self, start: int) -> bool:
        """Look for the end of the headers; sets the wanted length when it is there."""
        end = self._buffer.find(b"\r\n\r\n", self._scanned)
        # While the end is not there, up to three bytes of it may be, and they do not count.
        head = (end if end >= 0 else len(self._buffer) - 3) - start
        if head > self._limits.head:
            raise SIPParseError("headers too large", 513)
        if end < 0:
            self._scanned = max(start, len(self._buffer) - 3)
            return False
        self._scanned = end + 4
        self._wanted = head + 4 + self._body_length(bytes(self._buffer[start:end]))
        return True

    def _body_length(self, head: bytes) -> int:
        values = set(_content_length.findall(head))
        if not values:
            return 0  # RFC 3261 §20.14 forbids it; most who leave it out have no body
        match = _digits.fullmatch(values.pop())
        if match is None or values:
            raise SIPParseError("bad Content-Length in a stream")
        length = int(match[1])
        if length > self._limits.body:
            raise SIPParseError("body too large", 413)
        return length
