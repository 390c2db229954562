"""A scripted SIP peer on a thread of the benchmark: registrar for everybody, and a called party whose RTP socket notes arrivals.

The kernel stamps what arrives, so that a busy benchmark does not count as uneven sending.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from types import TracebackType

from blinkq.sip.errors import SIPParseError
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request
from blinkq.sip.parser import parse_message
from blinkq.sip.replies import mark_source, reply

__all__ = ["ScriptedPeer"]

_SO_TIMESTAMPNS = 35
_RTP_HEADER = struct.Struct("!BBHII")


class ScriptedPeer:
    """Answers REGISTER, OPTIONS, INVITE and BYE with 200 over UDP; a context manager.

    ``port`` is its SIP port, ``registered`` how many REGISTERs it has confirmed, ``arrivals`` a list of (seconds, sequence number) of the
    RTP packets that came, in order.
    """

    def __init__(self) -> None:
        self.registered = 0
        self.arrivals: list[tuple[float, int]] = []
        self._sip, self._rtp = _socket(), _socket()
        self._rtp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.port: int = self._sip.getsockname()[1]
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="scripted peer", daemon=True)

    def __enter__(self) -> ScriptedPeer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping = True
        self._thread.join()
        self._sip.close()
        self._rtp.close()

    def wait_registered(self, count: int, seconds: float = 15.0) -> None:
        """Until that many registrations were confirmed. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while self.registered < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.registered} of {count} accounts registered")
            time.sleep(0.02)

    def _run(self) -> None:
        while not self._stopping:
            for ready in select.select([self._sip, self._rtp], [], [], 0.2)[0]:
                if ready is self._sip:
                    self._answer(*self._sip.recvfrom(65536))
                else:
                    self._note()

    def _note(self) -> None:
        data, ancillary, _, _ = self._rtp.recvmsg(2000, 64)
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= 12:
                seconds, nanoseconds = struct.unpack("qq", value[:16])
                self.arrivals.append((seconds + nanoseconds / 1e9, _RTP_HEADER.unpack_from(data)[2]))

    def _answer(self, data: bytes, source: tuple[str, int]) -> None:
        try:
            request = parse_message(data)
        except SIPParseError:
            return  # a keep-alive
        if not isinstance(request, Request) or request.method == "ACK":
            return
        mark_source(request, Flow("udp", "127.0.0.1", self.port, *source))
        headers = [("Contact", f"<sip:peer@127.0.0.1:{self.port}>")]
        body = b""
        if request.method == "REGISTER":
            # as registrars do: what was asked, for as long as it was asked
            headers = [("Contact", text) for text in request.headers.get_all("Contact")]
            headers.append(("Expires", request.headers.get("Expires") or "600"))
            self.registered += 1
        elif request.method == "INVITE":
            body = self._description()
        response = reply(request, 200, tag="peer", headers=headers, body=body, content_type="application/sdp" if body else None)
        self._sip.sendto(response.to_bytes(), source)

    def _description(self) -> bytes:
        lines = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
                 f"m=audio {self._rtp.getsockname()[1]} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendrecv")  # fmt: skip
        return "".join(f"{text}\r\n" for text in lines).encode()


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made
