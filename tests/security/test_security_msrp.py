"""Strangers and hostile peers on MSRP connections: who gets in, what they may make us keep, and what they cannot talk us into."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.fake_network import FakeStream
from support.msrp_pair import ALICE, BOB, Pair
from support.msrp_peer import MSRPPeer

from blinkq.base.logging import redact, redact_msrp
from blinkq.engine.errors import NetworkError
from blinkq.engine.msrp_endpoint import MAX_UNBOUND_FROM_ONE
from blinkq.engine.msrp_link import BIND_TIMEOUT
from blinkq.engine.tls import TLSConfig
from blinkq.msrp import limits
from blinkq.msrp.chunk import Chunk
from blinkq.msrp.events import ConnectionFailed, MessageAborted, MessageDelivered, MessageFailed, MessageReceived, RequestAnswered
from blinkq.msrp.uri import MSRPURI
from blinkq.payloads.cpim import ChatIdentity, CPIMPayload
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.streams import ChatStream
from blinkq.sipsimple.streams.msrp import base

MEGABYTE = bytes(1024 * 1024)


def send(number: int, byte_range: str = "1-*/*", *, to: MSRPURI = BOB, from_: MSRPURI = ALICE, mid: str = "m1") -> Chunk:
    headers = (("Message-ID", mid), ("Byte-Range", byte_range), ("Content-Type", "text/plain"))
    return Chunk(f"tid{number:06d}", (to,), (from_,), "SEND", headers=headers, has_body=True)


def feed(pair: Pair, data: bytes) -> bytes:
    """Bytes for Bob, and what he says to them."""
    pair.bob.connection.receive_data(data, 0.0)
    outputs = pair.bob.connection.drain()
    pair.bob.events += outputs
    return b"".join(output.data for output in outputs if type(output).__name__ == "Transmit")


# what may be kept ------------------------------------------------------------------------------------------------------------------------


def test_an_endless_chunk_is_refused_before_it_fills_the_memory() -> None:
    pair = Pair(max_size=4 * len(MEGABYTE))
    feed(pair, send(1).head())
    for _ in range(20):
        feed(pair, MEGABYTE)
        assert sum(message.kept for message in pair.bob.session.incoming.values()) <= 4 * len(MEGABYTE)
    (aborted,) = pair.bob.of(MessageAborted)
    assert aborted.code == 413
    assert not pair.bob.session.incoming
    assert b" 413 " in feed(pair, b"\r\n-------tid000001$\r\n")
    assert b" 200 " in feed(pair, send(2, "1-2/2", mid="m2").to_bytes(b"ok"))


def test_many_messages_together_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blinkq.msrp.receiving.MAX_KEPT", 6 * len(MEGABYTE))
    pair = Pair(max_size=4 * len(MEGABYTE))
    answers = [feed(pair, send(n, f"1-{len(MEGABYTE)}/*", mid=f"m{n}").to_bytes(MEGABYTE, "+")) for n in range(10)]
    assert sum(b" 200 " in answer for answer in answers) == 6
    assert sum(message.kept for message in pair.bob.session.incoming.values()) == 6 * len(MEGABYTE)


def test_a_message_in_crumbs_backwards_costs_no_more_than_it_weighs() -> None:
    """Each crumb touches the last one, so that there is one range; kept apart each of them would cost a hundred times its byte."""
    pair = Pair()
    total = 4 * limits.MAX_GAPS
    answers = [feed(pair, send(n, f"{total - n}-{total - n}/{total}").to_bytes(b"x", "+")) for n in range(total)]
    assert b" 400 " in answers[-1]
    assert not pair.bob.session.incoming


def test_who_asks_and_never_reads_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 256 * 1024
    monkeypatch.setattr("blinkq.msrp.connection.MAX_UNREAD_ANSWERS", most)
    pair = Pair()
    feed(pair, send(0, "1-2/2").to_bytes(b"ok"))
    pair.bob.connection.set_writable(False, 0.0)
    piece = b"".join(send(n, "1-1/1", mid=f"m{n}").to_bytes(b"x") for n in range(100))
    given = 0
    for _ in range(100):
        given += len(feed(pair, piece))
        if pair.bob.of(ConnectionFailed):
            break
    assert pair.bob.of(ConnectionFailed)
    assert most / 2 < given <= most


@pytest.mark.parametrize(
    "byte_range", ["9223372036854775807-*/*", "1-*/9223372036854775807", "9999999999999999999-*/*", "0-1/1", "1-" + "9" * 400]
)
def test_numbers_beyond_reason(byte_range: str) -> None:
    pair = Pair()
    feed(pair, send(1, byte_range).to_bytes(b"xy"))
    assert not pair.bob.of(MessageReceived)
    assert sum(message.kept for message in pair.bob.session.incoming.values()) <= 2


# reports ---------------------------------------------------------------------------------------------------------------------------------


def report(pair: Pair, message_id: str, byte_range: str, status: str = "000 200 OK") -> None:
    headers = (("Message-ID", message_id), ("Byte-Range", byte_range), ("Status", status))
    pair.alice.connection.receive_data(Chunk("report01", (ALICE,), (BOB,), "REPORT", headers=headers).to_bytes(), 0.0)
    pair.alice.events += pair.alice.connection.drain()


def test_reports_of_what_was_never_sent() -> None:
    pair = Pair()
    pair.alice.connection.set_writable(False, 0.0)
    waiting = pair.alice.session.send("text/plain", b"hello", success_report=True, now=0.0)
    for message_id in ("nobody", "", waiting.message_id):
        report(pair, message_id, "1-5/5")
        report(pair, message_id, "1-9223372036854775807/9223372036854775807")
    assert not pair.alice.of(MessageDelivered)
    pair.alice.connection.set_writable(True, 0.0)
    pair.run()
    assert len(pair.bob.of(MessageReceived)) == 1


def test_reports_in_crumbs_are_bounded() -> None:
    pair = Pair()
    message = pair.alice.session.send("text/plain", MEGABYTE, success_report=True, now=0.0)
    for place in range(1, 4 * limits.MAX_GAPS, 2):
        report(pair, message.message_id, f"{place}-{place}/{len(MEGABYTE)}")
    assert len(message.delivered) <= limits.MAX_GAPS + 1
    report(pair, message.message_id, "1-1/1", "000 999 \x1b[2J")
    assert [event.code for event in pair.alice.of(MessageFailed)] == [999]


# who gets in -----------------------------------------------------------------------------------------------------------------------------


class Ear:
    """The attacker's side of a connection."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, error: str) -> None:
        self.lost = True


async def chat(s: CallScene) -> tuple[ChatStream, MSRPPeer]:
    """Alice's chat with Bob, who has connected to her."""
    bob = MSRPPeer(await s.peer())
    await bob.listen()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            bob.peer.do(event.invitation.accept, bob.sdp(setup="active"))
            s.engine.loop.loop.create_task(bob.connect(SessionDescription.parse(event.sdp or b"")))

    bob.peer.on_event = act
    stream = ChatStream(s.account)
    s.call(bob.peer, streams=[stream])
    await s.until("SIPSessionDidStart")
    return stream, bob


async def knock(s: CallScene, stream: ChatStream, address: str = "192.0.2.66") -> tuple[FakeStream, Ear]:
    """A stranger's connection to where Alice's chats are."""
    assert stream.local_uri is not None
    host, ear = s.world.host(address), Ear()
    return await host.connect_stream(stream.local_uri.host, stream.local_uri.effective_port, ear, tls=TLSConfig(verify=False)), ear


@flow
async def test_guessed_and_stolen_sessions_are_not_entered() -> None:
    async with call_scene() as s:
        stream, bob = await chat(s)
        assert stream.local_uri is not None
        assert bob.session is not None
        connection, ear = await knock(s, stream)
        ours, theirs = stream.local_uri, bob.session.local_uri
        guessed = MSRPURI(ours.host, ours.port, "guessed", True)
        for number, (to, from_) in enumerate([(guessed, theirs), (ours, guessed), (ours, theirs)]):
            connection.write(send(number, "1-5/5", to=to, from_=from_, mid=f"x{number}").to_bytes(b"enter"))
        await s.settle()
        answers = [line.split(b" ", 2)[2][:3] for line in bytes(ear.heard).split(b"\r\n") if line.startswith(b"MSRP ")]
        assert answers == [b"481", b"481", b"506"]
        assert s.recorder.all("ChatStreamGotMessage") == []
        bob.send("text/plain", b"still Bob")
        assert (await s.until("ChatStreamGotMessage")).content == "still Bob"
        await s.settle(BIND_TIMEOUT)
        assert ear.lost  # who has named no session that is his is sent away
        bob.stop()


@flow
async def test_dripping_keeps_no_connection_and_nobody_takes_all_of_them() -> None:
    async with call_scene() as s:
        stream, bob = await chat(s)
        knocked, refused = [], 0
        for _ in range(MAX_UNBOUND_FROM_ONE + 10):
            try:
                knocked.append(await knock(s, stream))
            except NetworkError:
                refused += 1
        assert refused == 10
        connection, dripped = knocked[0]
        other, heard = await knock(s, stream, "192.0.2.67")
        other.write(send(1, to=BOB).to_bytes(b"x"))
        await s.settle()
        assert b" 481 " in heard.heard
        for place in range(int(BIND_TIMEOUT) + 1):
            connection.write(b"MSRP tid00001 SEND\r\nTo-Path: "[place : place + 1])
            await asyncio.sleep(1)
        assert all(ear.lost for _, ear in knocked)
        assert dripped.lost
        bob.send("text/plain", b"still Bob")
        await s.until("ChatStreamGotMessage")
        bob.stop()


@flow
async def test_who_connects_before_the_answer_does_not_fill_the_memory() -> None:
    """The callee knows our address from the offer, and need never answer."""
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        offers: list[SessionDescription] = []
        bob.peer.on_event = lambda event: (
            offers.append(SessionDescription.parse(event.sdp or b"")) if isinstance(event, InvitationReceived) else None
        )
        stream = ChatStream(s.account)
        session = s.call(bob.peer, streams=[stream])
        await bob.peer.until(InvitationReceived)
        await bob.connect(offers[0])
        for _ in range(5):
            bob.send("text/plain", MEGABYTE[: base.MAX_EARLY_BYTES // 2])
        await s.settle()
        assert stream.msrp is not None
        (link,) = [link for link in s.engine.msrp._links if link.connection is stream.msrp.connection]
        assert link.stream is not None
        assert getattr(link.stream, "paused", False)
        session.end()
        await s.until("SIPSessionDidFail")
        bob.stop()


@flow
async def test_an_answer_cannot_take_the_encryption_away() -> None:
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer(), secure=False)
        await bob.listen()
        bob.peer.on_event = lambda event: (
            bob.peer.do(event.invitation.accept, bob.sdp(setup="passive")) if isinstance(event, InvitationReceived) else None
        )
        heard: list[bytes] = []
        bob.endpoint.tracer = lambda link, outgoing, data: heard.append(data)
        stream = ChatStream(s.account)
        s.call(bob.peer, streams=[stream])
        stream.send_message("secret")
        failed = await s.until("MediaStreamDidFail")
        assert "another transport" in failed.reason
        await s.until("SIPSessionDidFail")
        await s.settle()
        assert heard == []
        bob.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "224.0.0.1"])
def test_services_of_our_own_machine_are_no_parties(host: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = MSRPPeer(await s.peer())
            await bob.listen()
            answer = bob.sdp(setup="passive").replace(f"msrps://{bob.uri.host}".encode(), f"msrps://{host}".encode())
            bob.peer.on_event = lambda event: (
                bob.peer.do(event.invitation.accept, answer) if isinstance(event, InvitationReceived) else None
            )
            s.call(bob.peer, streams=[ChatStream(s.account)])
            failed = await s.until("MediaStreamDidFail")
            assert "cannot be" in failed.reason
            await s.until("SIPSessionDidFail")
            bob.stop()

    scene()


@flow
async def test_words_are_not_put_into_the_mouth_of_others() -> None:
    async with call_scene() as s:
        _stream, bob = await chat(s)
        forged = CPIMPayload("pay at once", "text/plain", None, ChatIdentity("sip:boss@example.com", "The Boss"))
        body, content_type = forged.encode()
        bob.send(content_type, body)
        got = await s.until("ChatStreamGotMessage")
        assert got.content == "pay at once"
        assert str(got.message.sender.uri) == "sip:bob@example.com"
        assert got.message.sender.display_name != "The Boss"
        bob.stop()


@flow
async def test_nobody_but_a_room_gives_nicknames() -> None:
    async with call_scene() as s:
        _stream, bob = await chat(s)
        assert bob.session is not None
        bob.endpoint.call(bob.session, bob.session.request, "NICKNAME", ("Use-Nickname", '"Alice"'))
        await s.settle()
        (answered,) = bob.of(RequestAnswered)[-1:]
        assert answered.code == 403
        bob.stop()


def test_traces_name_no_session() -> None:
    line = send(1, to=MSRPURI("a.example", 1, "s3cret", True), from_=MSRPURI("b.example", 1, "s3cret", True)).head()
    assert b"s3cret" not in redact_msrp(line)
    assert b"a.example" in redact_msrp(line)
    for text in ("a=path:msrps://a.example:1/s3cret;tcp", "A=PATH:msrps://r.example/x;tcp msrps://a.example:1/s3cret;tcp"):
        assert "s3cret" not in redact(f"v=0\r\n{text}\r\n")
