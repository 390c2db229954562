"""Receipts and signs of writing in chats: asked for, given, worn off, and not believed from anybody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.chat_scene import outgoing
from support.msrp_peer import MSRPPeer

from blinkq.msrp.events import MessageDelivered, MessageReceived
from blinkq.payloads.cpim import IMDN_NAMESPACE, ChatIdentity, CPIMHeader, CPIMNamespace, CPIMPayload
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification, IMDNDocument, ProcessingNotification
from blinkq.payloads.iscomposing import IsComposingDocument
from blinkq.sipsimple.receipts import IMDN, receipt, receipt_headers, receipts_asked
from blinkq.sipsimple.streams import ChatStream

BOB, CAROL = ChatIdentity("sip:bob@example.com"), ChatIdentity("sip:carol@example.com")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALL = ("positive-delivery", "display")


def letters(bob: MSRPPeer, kind: str = "text/plain") -> list[CPIMPayload]:
    """What Bob got in envelopes."""
    found = [CPIMPayload.decode(event.body) for event in bob.of(MessageReceived) if event.message.content_type == "message/cpim"]
    return [payload for payload in found if payload.content_type == kind]


def receipts(bob: MSRPPeer) -> list[tuple[str, str]]:
    """(identifier, status) of the receipts that Bob got."""
    found = []
    for payload in letters(bob, IMDN):
        assert payload.disposition == "notification"
        assert receipts_asked(payload.additional_headers)[1] == frozenset()  # nobody answers an answer
        assert isinstance(payload.content, bytes)
        document = IMDNDocument.parse(payload.content)
        assert document.recipient_uri == "sip:alice@example.com"
        assert document.notification is not None
        found.append((document.message_id.value, document.notification.status))
    return found


def tell(bob: MSRPPeer, message_id: str, notification: Any, sender: ChatIdentity = BOB) -> None:
    """Bob sends a receipt."""
    document = receipt(message_id, "sip:bob@example.com", notification, NOW)
    bob.send(*reversed(CPIMPayload(document, IMDN, None, sender, disposition="notification").encode()), success_report=True)


def write(bob: MSRPPeer, text: str, asked: tuple[str, ...] = ALL, sender: ChatIdentity = BOB, message_id: str = "m1") -> None:
    """Bob sends a message that asks for receipts."""
    payload = CPIMPayload(text, "text/plain", None, sender, additional_headers=receipt_headers(message_id, asked))
    bob.send(*reversed(payload.encode()))


def came(s: CallScene) -> list[tuple[str, str, str, str]]:
    names = ("message_id", "notification", "status")
    return [
        (*(getattr(data, name) for name in names), str(data.sender.uri)) for data in s.recorder.all("ChatStreamGotDispositionNotification")
    ]


@flow
async def test_receipts_that_we_ask_for() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        message_id = stream.send_message("seen?", dispositions=ALL)
        await s.until("ChatStreamDidDeliverMessage")
        (letter,) = letters(bob)
        assert receipts_asked(letter.additional_headers) == (message_id, frozenset(ALL))
        notifications = [DeliveryNotification("delivered"), ProcessingNotification("stored"), DisplayNotification("displayed")]
        for notification in notifications:
            tell(bob, message_id, notification)
        tell(bob, "another", DisplayNotification("displayed"))
        await s.settle()
        kinds = [("delivery", "delivered"), ("processing", "stored"), ("display", "displayed")]
        assert came(s) == [(message_id, *kind, "sip:bob@example.com") for kind in kinds]
        assert len(bob.of(MessageDelivered)) == 4
        assert s.recorder.all("ChatStreamGotMessage") == []
        bob.stop()


@pytest.mark.parametrize(
    ("types", "wrapped", "kind"),
    [("text/plain", None, "text/plain; charset=utf-8"), ("message/cpim text/plain", "text/*", "message/cpim")],
)
def test_peers_that_know_no_receipts_get_the_message_without(types: str, wrapped: str | None, kind: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await outgoing(s, types=types, wrapped=wrapped)
            stream.send_message("seen?", dispositions=ALL)
            await s.until("ChatStreamDidDeliverMessage")
            (event,) = bob.of(MessageReceived)
            assert event.message.content_type == kind
            assert b"imdn" not in event.body
            with pytest.raises(ValueError, match="no receipt"):
                stream.send_message("x", dispositions=["read"])
            bob.stop()

    scene()


@flow
async def test_an_envelope_is_taken_for_receipts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatStream, "prefer_cpim", False)
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        stream.send_message("seen?", dispositions=["display"])
        stream.send_message("never mind")
        await s.until("ChatStreamDidDeliverMessage", 2)
        assert [event.message.content_type for event in bob.of(MessageReceived)] == ["message/cpim", "text/plain; charset=utf-8"]
        bob.stop()


@flow
async def test_headers_that_an_application_writes_itself_are_its_own() -> None:
    """As scripts of the SDK do: the receipts name the application's identifier, the notification the one that send_message returned."""
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        imdn = CPIMNamespace(IMDN_NAMESPACE, "imdn")
        headers = [CPIMHeader("Message-ID", imdn, "mine"), CPIMHeader("Disposition-Notification", imdn, "display")]
        first = stream.send_message("seen?", additional_headers=headers)
        second = stream.send_message("and this?", additional_headers=headers[:1], dispositions=["display"])
        await s.until("ChatStreamDidDeliverMessage", 2)
        assert [receipts_asked(letter.additional_headers) for letter in letters(bob)] == [("mine", frozenset({"display"}))] * 2
        assert [len(letter.additional_headers) for letter in letters(bob)] == [2, 2]
        tell(bob, "mine", DisplayNotification("displayed"))
        await s.until("ChatStreamGotDispositionNotification")
        assert came(s)[0][0] == second != first
        bob.stop()


@flow
async def test_receipts_that_we_give() -> None:
    async with call_scene() as s:
        _stream, bob = await outgoing(s)
        write(bob, "hi")
        message = (await s.until("ChatStreamGotMessage")).message
        await s.settle()
        assert (message.id, message.dispositions) == ("m1", frozenset(ALL))
        assert receipts(bob) == [("m1", "delivered")]
        message.mark_displayed()
        message.mark_displayed()
        write(bob, "only this", ("display",), message_id="m2")
        write(bob, "nothing", (), message_id="m3")
        await s.until("ChatStreamGotMessage", 3)
        await s.settle()
        for data in s.recorder.all("ChatStreamGotMessage"):
            data.message.mark_displayed()
        await s.settle()
        assert receipts(bob) == [("m1", "delivered"), ("m1", "displayed"), ("m2", "displayed")]
        assert s.recorder.all("ChatStreamDidSendMessage") == []
        bob.stop()


@pytest.mark.parametrize(
    ("settings", "line", "sender"),
    [
        ({"sms__enable_imdn": False}, {}, BOB), ({}, {"wrapped": "text/*"}, BOB),
        ({}, {}, CAROL),  # whoever puts words into others' mouths does not learn that we are here
    ],
    ids=["settings", "peer", "mouth"],
)  # fmt: skip
def test_receipts_that_we_do_not_give(settings: dict[str, Any], line: dict[str, str], sender: ChatIdentity) -> None:
    @flow
    async def scene() -> None:
        async with call_scene(**settings) as s:
            _stream, bob = await outgoing(s, **line)
            write(bob, "hi", sender=sender)
            (await s.until("ChatStreamGotMessage")).message.mark_displayed()
            await s.settle()
            assert receipts(bob) == []
            bob.stop()

    scene()


@pytest.mark.parametrize("room", ["nickname private-messages", "nickname"])
def test_in_a_room_they_go_to_the_writer_alone_or_to_nobody(room: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await outgoing(s, f"chatroom:{room}")
            write(bob, "hi all", sender=CAROL)
            (await s.until("ChatStreamGotMessage")).message.mark_displayed()
            await s.settle()
            if room == "nickname":
                assert receipts(bob) == []
            else:
                assert receipts(bob) == [("m1", "delivered"), ("m1", "displayed")]
                assert [letter.recipients for letter in letters(bob, IMDN)] == [[CAROL], [CAROL]]
            message_id = stream.send_message("seen?", dispositions=ALL)
            await s.until("ChatStreamDidDeliverMessage")
            tell(bob, message_id, DisplayNotification("displayed"), CAROL)
            await s.until("ChatStreamGotDispositionNotification")
            assert came(s) == [(message_id, "display", "displayed", "sip:carol@example.com")]
            bob.stop()

    scene()


@flow
async def test_a_receipt_that_comes_late_and_a_message_seen_after_the_end() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        write(bob, "hi", ("display",))
        message = (await s.until("ChatStreamGotMessage")).message
        assert stream.session is not None
        stream.session.end()
        await s.until("SIPSessionDidEnd")
        message.mark_displayed()
        await s.settle()
        assert receipts(bob) == []
        bob.stop()


# who is writing -----------------------------------------------------------------------------------------------------------------------


def writes(bob: MSRPPeer, state: str, refresh: int | None = None, sender: ChatIdentity = BOB) -> None:
    """Bob tells that somebody is writing."""
    document = IsComposingDocument.create(state=state, refresh=refresh)
    bob.send(*reversed(CPIMPayload(document, IsComposingDocument.content_type, None, sender).encode()))


def signs(s: CallScene) -> list[tuple[str, str]]:
    return [(data.state, str(data.sender.uri)[4:7]) for data in s.recorder.all("ChatStreamGotComposingIndication")]


@flow
async def test_active_wears_off() -> None:
    async with call_scene() as s:
        _stream, bob = await outgoing(s)
        writes(bob, "active", 90)
        await s.settle(80)
        writes(bob, "active", 90)
        await s.settle(80)
        assert signs(s) == [("active", "bob")] * 2
        begin = s.now
        await s.until("ChatStreamGotComposingIndication", 3)
        assert s.now - begin == pytest.approx(10, abs=0.1)
        assert signs(s)[2:] == [("idle", "bob")]
        writes(bob, "active")
        await s.settle(119)
        assert len(signs(s)) == 4
        await s.settle(2)
        assert signs(s)[3:] == [("active", "bob"), ("idle", "bob")]
        bob.stop()


@flow
async def test_idle_a_message_and_the_end_stop_it() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        writes(bob, "active")
        writes(bob, "idle")
        writes(bob, "active")
        bob.send("text/plain", b"done")
        await s.settle(200)
        assert signs(s) == [("active", "bob"), ("idle", "bob")] * 2
        names = [name for name in s.recorder.names if name.startswith("ChatStreamGot")]
        assert names[-2:] == ["ChatStreamGotComposingIndication", "ChatStreamGotMessage"]
        writes(bob, "active")
        await s.settle()
        assert stream.session is not None
        stream.session.end()
        await s.until("SIPSessionDidEnd")
        await s.settle(200)
        assert signs(s)[4:] == [("active", "bob")]
        bob.stop()


@flow
async def test_each_one_in_a_room_writes_for_itself() -> None:
    async with call_scene() as s:
        _stream, bob = await outgoing(s, "chatroom:nickname")
        writes(bob, "active", 60)
        writes(bob, "active", 90, CAROL)
        await s.settle(70)
        assert signs(s) == [("active", "bob"), ("active", "car"), ("idle", "bob")]
        write(bob, "hi all", (), CAROL)
        await s.settle()
        assert signs(s)[3:] == [("idle", "car")]
        for number in range(1000):
            writes(bob, "active", 90, ChatIdentity(f"sip:{number:03}@example.com"))
        await s.settle()
        assert len(signs(s)) == 1004
        await s.settle(100)
        assert len(signs(s)) == 1204  # the last 200 are followed to their end
        bob.stop()
