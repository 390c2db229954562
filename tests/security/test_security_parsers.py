"""Messages made to cost time or memory. Each shape is read at two sizes: four times the bytes may cost some four times the time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from blinkq.base.clock import SeededEntropy
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sip.agent import Agent, AgentConfig
from blinkq.sip.errors import SIPParseError
from blinkq.sip.framing import StreamFramer
from blinkq.sip.hop import Flow
from blinkq.sip.outputs import Transmit
from blinkq.sip.parser import parse_message

FLOW = Flow("udp", "192.0.2.1", 5060, "198.51.100.7", 5060)
LIMIT = 0.5  # seconds for one message of the largest size that is read at all; a call's sound runs in another process meanwhile
HEAD = (
    "INVITE sip:alice@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx\r\nFrom: <sip:e@x>;tag=e\r\n"
    "To: <sip:alice@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:e@198.51.100.7>\r\n"
)

SHAPES: dict[str, Callable[[int], str]] = {
    "Via lines": lambda n: "Via: SIP/2.0/UDP h;branch=z9hG4bKy\r\n" * (n // 36),
    "Via values": lambda n: "Via: " + ",".join(["SIP/2.0/UDP h"] * (n // 14)) + "\r\n",
    "Record-Routes": lambda n: "Record-Route: " + ",".join(["<sip:h;lr>"] * (n // 11)) + "\r\n",
    "Contacts": lambda n: "Contact: " + ",".join(["<sip:a@h>"] * (n // 10)) + "\r\n",
    "parameters": lambda n: "Record-Route: <sip:h>" + ";a=b" * (n // 4) + "\r\n",
    "URI parameters": lambda n: "Record-Route: <sip:h" + ";a=b" * (n // 4) + ">\r\n",
    "URI headers": lambda n: "Record-Route: <sip:h?" + "&".join(["a=b"] * (n // 4)) + ">\r\n",
    "escapes": lambda n: "Record-Route: <sip:" + "%41" * (n // 3) + "@h>\r\n",
    "open quotes": lambda n: "Record-Route: " + '"' * n + "\r\n",
    "quoted pairs": lambda n: 'Record-Route: "' + "\\\\" * (n // 2) + '" <sip:h>\r\n',
    "angles": lambda n: "Record-Route: " + "<" * n + "\r\n",
    "commas": lambda n: "Record-Route: " + "," * n + "\r\n",
    "semicolons": lambda n: "Record-Route: <sip:h>" + ";" * n + "\r\n",
    "spaces": lambda n: "Subject:" + " " * n + "x\r\n",
    "folds": lambda n: "Subject: x" + "\r\n " * (n // 3) + "\r\n",
    "folds of spaces": lambda n: "Subject: x" + "   \r\n   " * (n // 8) + "\r\n",
    "names": lambda n: "".join(f"X-{i}: y\r\n" for i in range(n // 10)),
    "colons": lambda n: ":" * n + "\r\n",
    "comments": lambda n: "Subject: " + "(" * n + "\r\n",
    "challenges": lambda n: "WWW-Authenticate: " + ",".join(['Digest realm="a",nonce="b"'] * (n // 27)) + "\r\n",
    "tags": lambda n: "Require: " + ",".join(["a"] * (n // 2)) + "\r\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_header_makes_the_agent_slow(shape: str) -> None:
    for size in (15_000, 60_000):
        data = (HEAD + SHAPES[shape](size) + "Content-Length: 0\r\n\r\n").encode()
        agent = Agent(AgentConfig(), SeededEntropy(1))
        begin = time.thread_time()
        agent.receive_datagram(data, FLOW, 0.0)
        outputs = agent.drain()
        assert time.thread_time() - begin < LIMIT
        sent = sum(len(output.data) for output in outputs if isinstance(output, Transmit))
        assert sent <= 2 * len(data) + 2000, "what we answer is no larger than what came"


@pytest.mark.parametrize(
    "piece",
    ["m=audio 1 RTP/AVP 0\r\n", "m=audio 1 RTP/AVP " + "0 " * 120 + "\r\n", "a=rtpmap:0 x/8000\r\n",
     "a=crypto:1 A inline:" + "A" * 60 + "\r\n", "c=IN IP4 192.0.2.1\r\n",
     "a=" + "a" * 500 + "\r\n", "a=fmtp:0 " + ";" * 200 + "\r\n", "=\r\n", "\r\n", "a=sendrecv\r\n", "\r", "m="],
)  # fmt: skip
def test_no_session_description_is_slow(piece: str) -> None:
    head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    for size in (65_000, 1_000_000):
        data = (head + piece * (size // len(piece))).encode()
        begin = time.thread_time()
        with contextlib.suppress(SDPError):
            for media in SessionDescription.parse(data).media:
                media.rtp_formats  # noqa: B018 - reading is the work
        assert time.thread_time() - begin < LIMIT


def test_a_stream_cut_into_single_bytes_is_read_in_linear_time() -> None:
    data = (HEAD + "X: " + "a" * 30_000 + "\r\nContent-Length: 30000\r\n\r\n").encode() + b"b" * 30_000
    framer = StreamFramer()
    begin = time.thread_time()
    found = [item for index in range(len(data)) for item in framer.receive_data(data[index : index + 1])]
    assert time.thread_time() - begin < 2 * LIMIT
    assert found == [data]


@pytest.mark.parametrize("length", ["-1", "1e9", "99999999999", "+5", "0x10", "5, 6", "", "\u0665"])
def test_lengths_that_are_none_are_refused(length: str) -> None:
    data = (HEAD + f"Content-Length: {length}\r\n\r\nhello").encode()
    with pytest.raises(SIPParseError):
        parse_message(data, stream=True)
    with pytest.raises(SIPParseError):
        StreamFramer().receive_data(data)


def test_two_lengths_smuggle_nothing() -> None:
    """Framing and parsing must agree on where a message ends, or a proxy's user writes another user's request."""
    smuggled = "BYE sip:alice@192.0.2.1 SIP/2.0\r\n\r\n"
    for lines in ("Content-Length: 0\r\nContent-Length: 35\r\n", "l: 0\r\nContent-Length: 35\r\n", "Content-Length : 35\r\nl: 0\r\n"):
        with pytest.raises(SIPParseError):
            StreamFramer().receive_data((HEAD + lines + "\r\n" + smuggled).encode())
