"""The parts of messaging that need no network: the state table, envelopes, routes by size, what is waited for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blinkq.base.errors import IllegalTransition
from blinkq.payloads.cpim import ChatIdentity
from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.payloads.imdn import DeliveryNotification, IMDNDocument
from blinkq.sipsimple.core import SIPURI, FrozenToHeader, Route
from blinkq.sipsimple.messaging.carrier import ways
from blinkq.sipsimple.messaging.envelope import CPIM, read, wrap
from blinkq.sipsimple.messaging.pending import MAX_PENDING, Pending
from blinkq.sipsimple.messaging.states import TABLE, MessageInput, MessageState
from blinkq.sipsimple.receipts import receipt

ALICE, BOB = ChatIdentity("sip:alice@example.com", "Alice"), ChatIdentity("sip:bob@example.com")
UDP, TCP, TLS = (Route("192.0.2.1", 5070, transport) for transport in ("udp", "tcp", "tls"))


def test_the_whole_table() -> None:
    assert TABLE.reachable() == TABLE.ending() == TABLE.states() == set(MessageState)
    used = set()
    for state in MessageState:
        for event in MessageInput:
            if TABLE.allows(state, event):
                used.add(event)
            else:
                with pytest.raises(IllegalTransition):
                    TABLE.next(state, event)
    assert used == set(MessageInput)
    assert all(not TABLE.allowed(state) for state in TABLE.final)
    assert MessageState.SENT == "sent"


def test_an_envelope_there_and_back() -> None:
    body, content_type = wrap("Grüße", "text/plain", ALICE, BOB, "id-1", dispositions=("display", "positive-delivery"), subject="x")
    letter = read(body, content_type)
    assert (content_type, letter.content, letter.content_type, letter.subject) == (CPIM, "Grüße", "text/plain", "x")
    assert (letter.sender, letter.message_id, letter.dispositions) == (ALICE, "id-1", {"display", "positive-delivery"})
    assert letter.sent_at is not None
    assert letter.sent_at.tzinfo is not None
    with pytest.raises(BuilderError):
        wrap("x", "text/plain", ALICE, BOB, "id-1", disposition="a\r\nX: y")


def test_a_receipt_there_and_back() -> None:
    document = receipt("id-1", "sip:bob@example.com", DeliveryNotification("delivered"), datetime.now(UTC))
    body, _ = wrap(document, "message/imdn+xml", BOB, ALICE, "id-2",
                   disposition="notification")  # fmt: skip
    assert b"Content-Disposition: notification\r\n" in body
    letter = read(body, CPIM)
    assert isinstance(letter.content, bytes)
    document = IMDNDocument.parse(letter.content)
    assert (document.message_id.value, document.recipient_uri, document.notification) == (
        "id-1", "sip:bob@example.com", DeliveryNotification("delivered"),
    )  # fmt: skip


def test_plain_content_and_nested_envelopes() -> None:
    assert read(b"\xff", "image/png").content == b"\xff"
    assert read(b"\xe4", 'Text/Plain; charset="latin-1"').content == "ä"
    with pytest.raises(ParserError, match="envelope"):
        read(wrap(b"x", CPIM, ALICE, BOB, "id")[0], CPIM)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([CPIM, "text/plain", "text/plain;charset=x-none", "", "\x00", CPIM + ";charset=utf-7"]))
def test_random_messages(body: bytes, content_type: str) -> None:
    for data in (body, b"NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: " + body + b"\r\n\r\nContent-Type: text/plain\r\n\r\nx"):
        try:
            read(data, content_type)
        except ParserError:
            pass


@pytest.mark.parametrize(
    ("routes", "size", "transports", "expected"),
    [
        ([UDP, TCP], 100, ["tcp"], [UDP, TCP]),
        ([UDP, TCP], 2000, ["udp", "tcp"], [TCP, UDP]),
        ([UDP], 2000, ["udp", "tcp"], [TCP, UDP]),
        ([UDP], 2000, ["udp"], [UDP]),
        ([TLS, UDP], 2000, ["tcp"], [TLS, TCP, UDP]),
    ],
)
def test_the_way_depends_on_the_size(routes: list[Route], size: int, transports: list[str], expected: list[Route]) -> None:
    assert ways(routes, size, transports) == expected


class Letterless:
    """Something that waits for receipts."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.account = None
        self.remote_identity = FrozenToHeader(SIPURI("Example.com", user="bob"))

    def receipt(self, notification: object) -> None:
        raise AssertionError("not called here")


def test_what_is_waited_for_is_bounded_and_belongs_to_its_parties() -> None:
    pending = Pending()
    first = Letterless("0")
    pending.add(first)
    bob, mallory = SIPURI("example.com", user="bob", port=5080), SIPURI("example.com", user="mallory")
    assert pending.find("0", None, bob) is first
    assert pending.find("0", None, mallory) is None
    assert pending.find("0", object(), bob) is None
    for number in range(1, MAX_PENDING + 1):
        pending.add(Letterless(str(number)))
    assert pending.find("0", None, bob) is None
    pending.discard(first)
