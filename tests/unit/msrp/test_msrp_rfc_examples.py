"""The flows of RFC 4975 §11, with other names and words: what comes over the wire, and what must go back."""

from __future__ import annotations

from typing import Any

import pytest
from support.msrp_pair import ALICE, BOB, End

from blinkq.base.clock import SeededEntropy
from blinkq.msrp.events import MessageDelivered, MessageFailed, MessageReceived, Transmit
from blinkq.msrp.session import Session
from blinkq.msrp.uri import MSRPURI

CAROL = MSRPURI.parse("msrp://carol.example:7003/ccc;tcp")


class Bob(End):
    """One side of a session, fed by hand. ``answers``: what it sent, in whole chunks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Session(BOB, (ALICE,), SeededEntropy(3), **options), 4)
        self.answers: list[str] = []

    def hear(self, text: str, pieces: int = 1) -> None:
        data = text.replace("\n", "\r\n").encode()
        step = -(-len(data) // pieces)
        for place in range(0, len(data), step):
            self.connection.receive_data(data[place : place + step], 0.0)
        self.settle()

    def settle(self) -> None:
        for output in self.connection.drain():
            if isinstance(output, Transmit):
                self.answers += output.data.decode().split("\r\nMSRP ")
            else:
                self.events.append(output)

    @property
    def bodies(self) -> list[bytes | None]:
        return [event.body for event in self.of(MessageReceived)]


def send(
    transaction: str, body: str, byte_range: str, flag: str = "$", headers: str = "", kind: str = "text/plain", ident: str = "m1"
) -> str:
    return (
        f"MSRP {transaction} SEND\nTo-Path: {BOB}\nFrom-Path: {ALICE}\nMessage-ID: {ident}\nByte-Range: {byte_range}\n{headers}"
        f"Content-Type: {kind}\n\n{body}\n-------{transaction}{flag}\n"
    )


def ok(transaction: str) -> str:
    return f"MSRP {transaction} 200 OK\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n-------{transaction}$\r\n"


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_a_message_and_the_reply_to_it(pieces: int) -> None:
    """§11.1, after the two have agreed in SDP."""
    bob = Bob()
    bob.hear(send("a1b2", "Is the lift mended?", "1-19/19"), pieces)
    assert bob.bodies == [b"Is the lift mended?"]
    assert bob.answers == [ok("a1b2")]
    bob.session.send("text/plain", b"Since noon.", now=0.0)
    bob.settle()
    sent = bob.answers[-1]
    assert f"SEND\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n" in sent
    assert "Byte-Range: 1-11/11\r\n" in sent
    assert "Content-Type: text/plain\r\n\r\nSince noon.\r\n-------" in sent
    transaction = sent.removeprefix("MSRP ").split()[0]
    bob.hear(f"MSRP {transaction} 200 OK\nTo-Path: {BOB}\nFrom-Path: {ALICE}\n-------{transaction}$\n", pieces)
    assert not bob.session.unfinished


def test_a_page_of_markup() -> None:
    """§11.2: a body with line breaks, and with dashes that end nothing."""
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><body>\n<p>Tea at <b>five</b></p>\n-------\n-------c3d4\n</body></html>'
    bob = Bob()
    size = len(page.replace("\n", "\r\n"))
    bob.hear(send("c3d4", page, f"1-{size}/{size}", kind="application/xhtml+xml"), 11)
    assert bob.bodies == [page.replace("\n", "\r\n").encode()]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_message_in_two_chunks(backwards: bool) -> None:
    """§11.3; and the same when they come in the other order."""
    chunks = [send("e5f6", "Twice ", "1-*/11", "+"), send("g7h8", "bound", "7-11/11")]
    bob = Bob()
    for chunk in reversed(chunks) if backwards else chunks:
        assert bob.bodies == []
        bob.hear(chunk)
    assert bob.bodies == [b"Twice bound"]
    assert sorted(bob.answers) == [ok("e5f6"), ok("g7h8")]


def test_an_envelope_in_two_chunks() -> None:
    """§11.4: the cut may be anywhere, also between the headers of the envelope."""
    lines = ["To: <sip:bob@example.org>", "From: <sip:alice@example.org>", "DateTime: 2026-01-02T03:04:05Z", "", "Content-Type: text/plain"]
    envelope = "\r\n".join([*lines, "", "Late."])
    bob = Bob()
    cut, size = 40, len(envelope)
    bob.connection.receive_data(send("i9j0", "", f"1-{cut}/{size}", "+", kind="message/cpim").replace("\n", "\r\n").replace(
        "\r\n\r\n\r\n", f"\r\n\r\n{envelope[:cut]}\r\n").encode(), 0.0)  # fmt: skip
    bob.connection.receive_data(send("k1l2", "", f"{cut + 1}-{size}/{size}", kind="message/cpim").replace("\n", "\r\n").replace(
        "\r\n\r\n\r\n", f"\r\n\r\n{envelope[cut:]}\r\n").encode(), 0.0)  # fmt: skip
    bob.settle()
    assert bob.bodies == [envelope.encode()]


def test_a_notice_that_wants_no_answer() -> None:
    """§11.5: what a system tells many need not be acknowledged."""
    bob = Bob()
    bob.hear(send("m3n4", "The library closes in ten minutes.", "1-34/34", headers="Failure-Report: no\nSuccess-Report: no\n"))
    assert bob.bodies == [b"The library closes in ten minutes."]
    assert bob.answers == []


def test_a_report_of_success() -> None:
    """§11.6, from both sides."""
    bob = Bob()
    bob.hear(send("o5p6", "Signed for", "1-10/10", headers="Success-Report: yes\nFailure-Report: no\n", ident="parcel"))
    (report,) = bob.answers
    assert f"REPORT\r\nTo-Path: {ALICE}\r\nFrom-Path: {BOB}\r\n" in report
    assert "Message-ID: parcel\r\nByte-Range: 1-10/10\r\nStatus: 000 200 OK\r\n" in report
    bob.session.send("text/plain", b"Thanks", success_report=True, failure_report="no", message_id="mine", now=0.0)
    bob.settle()
    assert bob.of(MessageDelivered) == []
    bob.hear(
        f"MSRP q7r8 REPORT\nTo-Path: {BOB}\nFrom-Path: {ALICE}\nMessage-ID: mine\nByte-Range: 1-6/6\nStatus: 000 200 OK\n-------q7r8$\n"
    )
    assert [event.message.message_id for event in bob.of(MessageDelivered)] == ["mine"]


def test_a_report_of_failure_on_the_way() -> None:
    """§7.1.2: somebody between us could not pass it on."""
    bob = Bob()
    bob.session.send("text/plain", b"Hello?", failure_report="partial", success_report=True, message_id="mine", now=0.0)
    bob.settle()
    bob.hear(
        f"MSRP s9t0 REPORT\nTo-Path: {BOB}\nFrom-Path: {ALICE}\nMessage-ID: mine\nByte-Range: 1-6/6\n"
        "Status: 000 408 Gone quiet\n-------s9t0$\n"
    )
    assert [(event.code, event.reason) for event in bob.of(MessageFailed)] == [(408, "Gone quiet")]


def test_who_was_forked_too_has_no_session() -> None:
    """§11.7: a second callee that took the call as well is not whom this session is with."""
    bob = Bob()
    bob.hear(send("u1v2", "For Bob", "1-7/7"))
    bob.hear(send("w3x4", "From elsewhere", "1-14/14").replace(str(ALICE), str(CAROL)))
    assert bob.bodies == [b"For Bob"]
    assert bob.answers[0] == ok("u1v2")
    assert bob.answers[1].split("\r\n")[0] == "MSRP w3x4 481 No Such Session"
