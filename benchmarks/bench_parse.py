"""How long it takes to read an INVITE with its typed headers. `run()` is for the runner; alone: `python benchmarks/bench_parse.py`."""

from __future__ import annotations

import timeit

from blinkq.sip.parser import parse_message

INVITE = (
    "INVITE sip:bob@biloxi.example.com;transport=udp SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK74bf9;rport\r\n"
    "Max-Forwards: 70\r\n"
    'From: "Alice Atlanta" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n'
    'To: "Bob" <sip:bob@biloxi.example.com>\r\n'
    "Call-ID: 3848276298220188511@atlanta.example.com\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:alice@192.0.2.101:5060;transport=udp>\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, INFO, UPDATE\r\n"
    "Supported: replaces, 100rel, timer\r\n"
    "User-Agent: BlinkQ 0.1.0\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: 250\r\n"
    "\r\n" + "v=0\r\n" * 50
).encode()
"""What a softphone sends: twelve headers and a body."""

CALLS = 2000
ROUNDS = 7


def parse_once() -> None:
    """Read the INVITE and every header a call needs."""
    message = parse_message(INVITE)
    message.via, message.from_, message.to, message.call_id, message.cseq, message.contacts  # noqa: B018 - reading is the work


def run() -> list[tuple[str, float, str]]:
    """(name, value, unit) of each figure; the best of several rounds, as others may share the machine."""
    best = min(timeit.repeat(parse_once, number=CALLS, repeat=ROUNDS))
    return [("invite_parse", best / CALLS * 1e6, "µs")]


if __name__ == "__main__":
    for name, value, unit in run():
        print(f"{name}: {value:.1f} {unit}")
