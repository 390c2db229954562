"""Chats with parties that take this and not that, change their mind, say little, or go away."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.chat_scene import incoming, outgoing
from support.msrp_peer import MSRPPeer

from blinkq.msrp.events import MessageFailed, MessageReceived, RequestReceived
from blinkq.payloads.cpim import ChatIdentity, CPIMPayload
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationReceived, ReinviteAnswered
from blinkq.sipsimple.streams import ChatStream
from blinkq.sipsimple.streams.msrp import ChatStreamError

CAROL, DAVE = ChatIdentity("sip:carol@example.com", "Carol"), ChatIdentity("sip:dave@example.com")


def sent(bob: MSRPPeer) -> list[tuple[str, Any]]:
    """What Bob got: ("message/cpim", the envelope) or (the type, the bytes)."""
    found: list[tuple[str, Any]] = []
    for event in bob.of(MessageReceived):
        kind = event.message.content_type
        found.append((kind, CPIMPayload.decode(event.body) if kind == "message/cpim" else event.body))
    return found


@flow
async def test_a_message_larger_than_the_peer_takes_is_not_sent() -> None:
    async with call_scene() as s:
        stream, bob = await incoming(s, "max-size:2000")
        stream.send_message("x" * 3000)
        failed = await s.until("ChatStreamDidNotDeliverMessage")
        assert failed.reason == "the other party takes messages of at most 2000 bytes"
        stream.send_message("x" * 1000)
        await s.until("ChatStreamDidDeliverMessage")
        assert len(sent(bob)) == 1
        invitation = next(iter(bob.peer.endpoint.agent.invitations))  # type: ignore[attr-defined]  # the real agent
        bob.peer.do(invitation.reinvite, bob.sdp("max-size:many", version=2))
        await bob.peer.until(ReinviteAnswered)
        await s.settle()
        stream.send_message("x" * 3000)
        await s.until("ChatStreamDidDeliverMessage", 2)
        bob.stop()


# what the peer takes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "wrapped", "content_type", "expected"),
    [
        ("message/cpim text/*", "*", "text/plain", "message/cpim"),
        ("message/cpim text/plain", "text/html", "text/plain", "message/cpim"),  # RFC 4975 §8.6: what is taken bare is taken wrapped too
        ("message/cpim", "text/plain", "text/plain", "message/cpim"),
        ("message/cpim", "text/plain", "text/html", None),
        ("message/cpim", "text/plain", "image/png", None),
        ("message/cpim image/*", "text/plain", "image/png", "message/cpim"),
        ("text/plain", None, "text/plain", "text/plain; charset=utf-8"),
        ("text/plain", None, "text/html", None),
        ("*", None, "image/png", "message/cpim"),
        ("text/plain image/png", None, "image/png", "image/png"),
        ("", None, "text/plain", "text/plain; charset=utf-8"),  # says nothing: text is what everybody takes
    ],
)
def test_what_is_sent_bare_and_what_in_an_envelope(types: str, wrapped: str | None, content_type: str, expected: str | None) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await outgoing(s, types=types, wrapped=wrapped)
            stream.send_message("x" if content_type.startswith("text/") else b"\x89PNG", content_type)
            if expected is None:
                failed = await s.until("ChatStreamDidNotDeliverMessage")
                assert failed.reason == f"the other party does not take {content_type}"
                assert sent(bob) == []
            else:
                await s.until("ChatStreamDidDeliverMessage")
                ((kind, content),) = sent(bob)
                assert kind == expected
                if kind == "message/cpim":
                    assert content.content_type == content_type
            bob.stop()

    scene()


@flow
async def test_a_new_offer_changes_what_the_peer_takes() -> None:
    async with call_scene() as s:
        stream, bob = await incoming(s, "chatroom:nickname")
        assert stream.nickname_allowed
        assert not stream.private_messages_allowed
        stream.send_message("in an envelope")
        await s.until("ChatStreamDidDeliverMessage")
        invitation = next(iter(bob.peer.endpoint.agent.invitations))  # type: ignore[attr-defined]  # the real agent
        bob.peer.do(invitation.reinvite, bob.sdp("chatroom:private-messages", types="text/plain", version=2))
        answered = await bob.peer.until(ReinviteAnswered)
        assert SessionDescription.parse(answered.sdp).media[0].get("path") == str(stream.local_uri)
        await s.settle()
        assert not stream.nickname_allowed
        stream.send_message("bare")
        await s.until("ChatStreamDidDeliverMessage", 2)
        bob.peer.do(invitation.reinvite, bob.sdp("chatroom:private-messages", version=3))
        await bob.peer.until(ReinviteAnswered, 2)
        await s.settle()
        assert stream.private_messages_allowed
        stream.send_message("in one again")
        await s.until("ChatStreamDidDeliverMessage", 3)
        assert [kind for kind, _ in sent(bob)] == ["message/cpim", "text/plain; charset=utf-8", "message/cpim"]
        bob.stop()


@pytest.mark.parametrize(("offered", "answered"), [("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive")])
@flow
async def test_a_peer_that_holds_a_chat_is_answered_in_kind(offered: str, answered: str) -> None:
    async with call_scene() as s:
        stream, bob = await incoming(s)
        invitation = next(iter(bob.peer.endpoint.agent.invitations))  # type: ignore[attr-defined]  # the real agent
        bob.peer.do(invitation.reinvite, bob.sdp(offered, version=2))
        answer = SessionDescription.parse((await bob.peer.until(ReinviteAnswered)).sdp)
        assert answer.direction_of(0) == answered
        await s.settle()
        assert s.recorder.all("MediaStreamDidFail") == []
        bob.peer.do(invitation.reinvite, bob.sdp(version=3))
        answer = SessionDescription.parse((await bob.peer.until(ReinviteAnswered, 2)).sdp)
        assert answer.direction_of(0) == "sendrecv"
        stream.send_message("back")
        await s.until("ChatStreamDidDeliverMessage")
        bob.stop()


@flow
async def test_what_is_in_the_envelope_must_be_of_a_type_that_we_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatStream, "accept_wrapped_types", ["text/*"])
    async with call_scene() as s:
        _stream, bob = await outgoing(s)
        for content_type in ("text/html", "image/png", "video/mp4"):
            bob.send("message/cpim", CPIMPayload(b"x", content_type).encode()[0], success_report=True)
        await s.settle()
        assert [data.content_type for data in s.recorder.all("ChatStreamGotMessage")] == ["text/html", "image/png"]
        assert [event.code for event in bob.of(MessageFailed)] == [415]
        bob.stop()


# letters -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "data", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"), ("text/plain;charset=\"windows-1252\"", b"10 \x80", "10 €"),
        ("text/plain; charset=UTF-16", "hé".encode("utf-16"), "hé"), ("TEXT/Plain", "日本語 🎉".encode(), "日本語 🎉"),
        ("text/plain; charset=klingon", "é".encode(), "é"), ("text/plain; charset=utf-8", b"a\xffb", "a\ufffdb"),
        ("text/plain; charset=unicode_escape", rb"\d\x41", r"\d\x41"), ("text/plain; charset=idna", b"xn--e1a", "xn--e1a"),
        ("text/plain; charset=rot13", b"abc", "abc"),
    ],
)  # fmt: skip
def test_letters_of_the_world_and_of_the_past(content_type: str, data: bytes, text: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await outgoing(s)
            bob.send(content_type, data)
            bob.send("message/cpim", f"From: <sip:bob@example.com>\r\n\r\nContent-Type: {content_type}\r\n\r\n".encode() + data)
            await s.until("ChatStreamGotMessage", 2)
            for got in s.recorder.all("ChatStreamGotMessage"):
                assert (got.content, got.content_type) == (text, "text/plain")
            bob.stop()

    scene()


@flow
async def test_what_cannot_be_written_is_the_callers_error() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s, types="text/plain")
        early = ChatStream(s.account)
        for one in (stream, early):
            for content, content_type in (("half a letter \ud83c", "text/plain"), ("é", "text/plain; charset=ascii")):
                with pytest.raises(ValueError, match="cannot be written"):
                    one.send_message(content, content_type)
            with pytest.raises(ValueError, match="no content type"):
                one.send_message("x", "plain")
            with pytest.raises(ValueError, match="no content type"):
                one.send_message("x", "text/plain\r\nX: y")
        stream.send_message("é", "text/plain; charset=iso-8859-1")
        await s.until("ChatStreamDidDeliverMessage")
        assert sent(bob) == [("text/plain; charset=iso-8859-1", b"\xe9")]
        bob.stop()


# size ---------------------------------------------------------------------------------------------------------------------------------


@flow
async def test_a_message_of_many_megabytes_lets_others_pass() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        long = stream.send_message("ä" * (10 * 1024 * 1024))
        short = stream.send_message("beside it")
        await s.until("ChatStreamDidDeliverMessage", 2)
        assert [data.message_id for data in s.recorder.all("ChatStreamDidDeliverMessage")] == [short, long]
        assert [len(content.content) for _, content in sent(bob)] == [9, 10 * 1024 * 1024]
        bob.send("text/plain", "ö".encode() * (10 * 1024 * 1024), success_report=True)
        bob.send("text/plain", b"short")
        await s.until("ChatStreamGotMessage", 2)
        assert [len(data.content) for data in s.recorder.all("ChatStreamGotMessage")] == [5, 10 * 1024 * 1024]
        bob.stop()


# to whom ------------------------------------------------------------------------------------------------------------------------------


@flow
async def test_several_receivers_in_a_room() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s, "chatroom:private-messages")
        stream.send_message("to you two", recipients=[CAROL, DAVE], courtesy_recipients=[ChatIdentity("sip:erin@example.com")])
        stream.send_composing_indication("active", recipients=[CAROL])
        await s.until("ChatStreamDidDeliverMessage")
        await s.settle()
        (_, message), (_, composing) = sent(bob)
        assert message.recipients == [CAROL, DAVE]
        assert [one.uri for one in message.courtesy_recipients] == ["sip:erin@example.com"]
        assert composing.recipients == [CAROL]
        bob.stop()


@flow
async def test_the_answer_to_a_nickname_names_its_request() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s, "chatroom:nickname")
        assert bob.session is not None
        bob.session.methods = frozenset({"NICKNAME"})
        ids = [stream.set_local_nickname("Al"), stream.set_local_nickname("Ål 🎉")]
        await s.settle()
        for request, code in zip(bob.of(RequestReceived), (425, 200), strict=True):
            bob.endpoint.call(bob.session, bob.session.respond, request.chunk, code)
        refused, given = await s.until("ChatStreamDidNotSetNickname"), await s.until("ChatStreamDidSetNickname")
        assert [refused.message_id, given.message_id] == ids
        assert (refused.nickname, refused.code, given.nickname) == ("Al", 425, "Ål 🎉")
        assert (refused.message.code, given.response.code) == (425, 200)
        lost = stream.set_local_nickname("lost")
        for wrong in ("", "two\r\nlines"):
            with pytest.raises(ValueError, match="nickname"):
                stream.set_local_nickname(wrong)
        assert stream.session is not None
        stream.session.end()
        await s.until("SIPSessionDidEnd")
        assert (await s.until("ChatStreamDidNotSetNickname", 2)).message_id == lost
        with pytest.raises(ChatStreamError):
            stream.set_local_nickname("late")
        bob.stop()


# what fails ---------------------------------------------------------------------------------------------------------------------------


async def refused(s: CallScene, answer: Any) -> tuple[ChatStream, list[str]]:
    """A chat with messages that wait, and a peer that does ``answer(peer, its invitation)``."""
    bob = await s.peer()
    bob.on_event = lambda event: answer(bob, event.invitation) if isinstance(event, InvitationReceived) else None
    stream = ChatStream(s.account)
    ids = [stream.send_message(f"early {number}") for number in range(3)]
    stream.send_composing_indication("active")
    s.call(bob, streams=[stream])
    await s.until("SIPSessionDidFail")
    return stream, ids


@pytest.mark.parametrize(
    "answer",
    [
        lambda bob, invitation: bob.do(invitation.reject, 486),
        lambda bob, invitation: bob.do(invitation.accept, bob.sdp().replace(b"m=audio 4000 RTP/AVP", b"m=message 0 TCP/TLS/MSRP")),
    ],
    ids=["busy", "without chat"],
)
@flow
async def test_each_message_that_waited_is_told_to_be_lost(answer: Any) -> None:
    async with call_scene() as s:
        stream, ids = await refused(s, answer)
        lost = s.recorder.all("ChatStreamDidNotDeliverMessage")
        assert [(data.message_id, data.code) for data in lost] == [(one, 0) for one in ids]
        with pytest.raises(ChatStreamError):
            stream.send_message("late")


@flow
async def test_a_message_into_a_connection_that_has_just_broken() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        bob.peer.host.reset_streams()
        await s.settle(0.5)  # the stream waits a moment for the BYE that often follows
        assert s.recorder.all("MediaStreamDidFail") == []
        lost = stream.send_message("into the void")
        stream.send_composing_indication("idle")
        assert (await s.until("ChatStreamDidNotDeliverMessage")).message_id == lost
        await s.until("SIPSessionDidEnd")
        assert len(s.recorder.all("ChatStreamDidNotDeliverMessage")) == 1
        bob.stop()


@flow
async def test_a_peer_that_never_reports() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s, reports=False)
        open_ones = [stream.send_message(f"{number}") for number in range(3)]
        await s.until("ChatStreamDidSendMessage", 3)
        await s.settle(100)
        assert s.recorder.all("ChatStreamDidNotDeliverMessage") == []
        assert len(bob.of(MessageReceived)) == 3
        assert stream.session is not None
        stream.session.end()
        await s.until("SIPSessionDidEnd")
        lost = s.recorder.all("ChatStreamDidNotDeliverMessage")
        assert [(data.message_id, data.reason) for data in lost] == [(one, "Stream ended") for one in open_ones]
        bob.stop()
