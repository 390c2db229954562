"""We are the focus of a conference: who takes part, who is told, and what participants may ask for. The others are bare SIP agents."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.base.errors import IllegalStateError
from blinkq.media.control import Connect, Disconnect
from blinkq.payloads.conference import Conference, ConferenceDocument
from blinkq.payloads.conference_state import ConferenceTable
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import RequestParameters, SubscribeParameters
from blinkq.sip.events import (
    InvitationConfirmed,
    InvitationFailed,
    InvitationReceived,
    ReinviteReceived,
    RequestAnswered,
    SubscriptionAccepted,
    SubscriptionEnded,
    SubscriptionFailed,
    SubscriptionNotified,
)
from blinkq.sip.sipfrag import status_of
from blinkq.sip.uri import URI
from blinkq.sip.usages.subscription import Subscription
from blinkq.sipsimple.conference import ConferenceFocus
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.session import Session


async def conference(s: CallScene) -> tuple[ConferenceFocus, list[Session], list[Peer]]:
    """Ours, with two whom we called one after another."""
    peers = [await s.peer(f"192.0.2.{number}", answering=True) for number in (2, 3)]
    sessions = []
    for number, peer in enumerate(peers, 1):
        sessions.append(s.call(peer, uri=f"sip:{'bob' if number == 1 else 'carol'}@{peer.address}"))
        await s.until("SIPSessionDidStart", number)
    focus = ConferenceFocus(s.account, "Umbrellas")
    for session in sessions:
        focus.add(session)
    await s.settle()
    return focus, sessions, peers


def contact_of(peer: Peer) -> URI:
    """What the focus said to ``peer`` last."""
    received = [event for event in peer.events if isinstance(event, InvitationReceived | ReinviteReceived)]
    return received[-1].request.contacts[0].uri


async def ask(s: CallScene, peer: Peer, **options: Any) -> Subscription:
    """``peer`` subscribes, or with a method REFER refers."""
    uri = contact_of(peer) if peer.all(InvitationReceived) else contact_of(s.peers[0])
    values: dict[str, Any] = {
        "request_uri": uri, "from_": peer.invitation.local.without_parameter("tag") if peer.all(InvitationReceived) else NameAddr(uri),
        "to": NameAddr(uri), "contact": NameAddr(URI(user="bob", host=peer.address, port=5060)), "event": "conference",
        "hop": await peer.endpoint.hop(uri.host, uri.port or 5060, "udp"), "accept": (ConferenceDocument.content_type,),
    }  # fmt: skip
    made: Subscription = peer.do("subscribe", SubscribeParameters(**{**values, **options}))
    return made


async def refer(s: CallScene, peer: Peer, target: str) -> Subscription:
    return await ask(s, peer, method="REFER", event="refer", accept=(), headers=(("Refer-To", target),))


def told(peer: Peer) -> list[Conference]:
    return [ConferenceDocument.parse(event.body) for event in peer.all(SubscriptionNotified) if event.body and event.body.startswith(b"<")]


def names(document: Conference) -> list[tuple[str, str | None]]:
    assert document.users is not None
    return [(user.entity, user.state) for user in document.users]


# audio and Contact ---------------------------------------------------------------------------------------------------------------------


@flow
async def test_participants_are_told_that_we_are_a_focus() -> None:
    async with call_scene() as s:
        focus, sessions, peers = await conference(s)
        assert focus.sessions == sessions
        for session, peer in zip(sessions, peers, strict=True):
            assert session.local_focus
            assert "isfocus" not in peer.all(InvitationReceived)[-1].request.contacts[0].parameters
            assert "isfocus" in peer.all(ReinviteReceived)[-1].request.contacts[0].parameters
        assert s.recorder.names.count("ConferenceFocusDidAddSession") == 2


@flow
async def test_each_hears_the_others() -> None:
    async with call_scene() as s:
        focus, sessions, _peers = await conference(s)
        slots = [session.streams[0].producer_slot for session in sessions]

        def hears(source: int, sink: int) -> bool:
            """Whether there is a way of connections; it ends at people and at the sound device, bridges let it through."""
            edges: set[tuple[int, int]] = set()
            for command in s.media.commands:
                if isinstance(command, Connect):
                    edges.add((command.source, command.sink))
                elif isinstance(command, Disconnect):
                    edges.discard((command.source, command.sink))
            reached, new = set(), {source}
            while new:
                reached |= new
                new = {there for here, there in edges if here in new and (here == source or here not in (0, *slots))} - reached
            return sink in reached

        bob, carol = slots
        assert hears(bob, carol)
        assert hears(carol, bob)
        assert hears(0, bob)
        assert hears(bob, 0)
        focus.hold()
        assert hears(bob, carol), "they go on without us"
        assert not hears(bob, 0)
        assert not hears(0, bob)
        focus.unhold()
        assert hears(0, carol)
        focus.remove(sessions[1])
        assert not hears(bob, carol)
        assert hears(carol, 0)
        assert sessions[1].state == "connected"


# who is told ---------------------------------------------------------------------------------------------------------------------------


@flow
async def test_a_participant_is_told_who_comes_and_goes() -> None:
    async with call_scene() as s:
        focus, sessions, (bob, _carol) = await conference(s)
        await ask(s, bob)
        await bob.until(SubscriptionAccepted)
        await bob.until(SubscriptionNotified)
        (whole,) = told(bob)
        assert (whole.state, whole.version) == ("full", 1)
        assert whole.conference_description is not None
        assert str(whole.conference_description.display_text.value) == "Umbrellas"  # type: ignore[union-attr]  # it is there
        assert names(whole) == [
            ("sip:alice@example.com", "full"), ("sip:bob@192.0.2.2", "full"), ("sip:carol@192.0.2.3", "full"),
        ]  # fmt: skip
        assert whole.users is not None
        (endpoint,) = list(whole.users)[1]
        assert (endpoint.status, endpoint.joining_method, endpoint.call_info) == ("connected", "dialed-out", None)
        assert [(media.media_type, media.status) for media in endpoint] == [("audio", "sendrecv")]

        sessions[1].hold()
        await bob.until(SubscriptionNotified, 2)
        held = told(bob)[1]
        assert (held.state, held.version, names(held)) == ("partial", 2, [("sip:carol@192.0.2.3", "full")])
        sessions[1].end()
        await bob.until(SubscriptionNotified, 3)
        gone = told(bob)[2]
        assert names(gone) == [("sip:carol@192.0.2.3", "deleted")]

        table = ConferenceTable()
        assert all(table.apply(document) for document in told(bob))
        assert [user.entity for user in table.users] == ["sip:alice@example.com", "sip:bob@192.0.2.2"]

        focus.end(end_sessions=False)
        ended = await bob.until(SubscriptionEnded)
        assert ended.reason == "noresource"
        assert sessions[0].state == "connected"
        assert s.recorder.names.count("ConferenceFocusDidEnd") == 1


@flow
async def test_a_refresh_brings_the_whole() -> None:
    async with call_scene() as s:
        focus, _sessions, (bob, _carol) = await conference(s)
        subscription = await ask(s, bob)
        await bob.until(SubscriptionNotified)
        focus.hold()
        await bob.until(SubscriptionNotified, 2)
        bob.do(subscription.refresh)
        await s.settle()
        assert told(bob)[-1].state == "full"
        assert [document.version for document in told(bob)][-1] == 3


@flow
async def test_a_participant_may_be_quicker_than_we_are() -> None:
    """It subscribes as soon as it has answered; for us the session has not begun yet."""
    async with call_scene() as s:
        focus = ConferenceFocus(s.account)
        bob = await s.peer()
        bob.answers()
        s.media.latency = 5.0
        focus.invite("sip:bob@192.0.2.2")
        await bob.until(InvitationConfirmed)
        await ask(s, bob)
        await bob.until(SubscriptionNotified)
        assert focus.sessions == []
        assert names(told(bob)[0]) == [("sip:alice@example.com", "full")]
        await bob.until(SubscriptionNotified, 2)
        assert names(told(bob)[1]) == [("sip:bob@192.0.2.2", "full")]


@flow
async def test_who_leaves_is_told_nothing_any_more() -> None:
    async with call_scene() as s:
        focus, sessions, (bob, _carol) = await conference(s)
        await ask(s, bob)
        await bob.until(SubscriptionNotified)
        focus.remove(sessions[0])
        await bob.until(SubscriptionEnded)
        before = len(told(bob))
        focus.remove(sessions[1])
        await s.settle()
        assert len(told(bob)) == before


@flow
async def test_strangers_are_told_nothing() -> None:
    async with call_scene() as s:
        _focus, _sessions, (bob, carol) = await conference(s)
        mallory = await s.peer("192.0.2.66")
        as_bob = bob.invitation.local.without_parameter("tag")
        for options in ({}, {"from_": as_bob}, {"contact": NameAddr(URI(user="bob", host="192.0.2.2", port=5060))}):
            await ask(s, mallory, **options)
        await ask(s, mallory, from_=as_bob, method="REFER", event="refer", headers=(("Refer-To", "<sip:mallory@192.0.2.66>"),))
        await mallory.until(SubscriptionFailed, 4)
        assert {event.code for event in mallory.all(SubscriptionFailed)} == {403}
        assert not mallory.all(SubscriptionNotified)
        assert not s.recorder.all("ConferenceFocusGotRequest")
        await ask(s, carol, accept=("text/plain",))
        assert (await carol.until(SubscriptionFailed)).code == 406


@flow
async def test_without_a_conference_nobody_is_heard() -> None:
    async with call_scene() as s:
        focus, _sessions, (bob, _carol) = await conference(s)
        focus.end(end_sessions=False)
        await s.settle()
        await ask(s, bob)
        assert (await bob.until(SubscriptionFailed)).code == 489
        await refer(s, bob, "<sip:dave@192.0.2.4>")
        assert (await bob.until(SubscriptionFailed, 2)).code == 403


# what participants ask for -------------------------------------------------------------------------------------------------------------


@flow
async def test_nobody_is_invited_unless_the_application_agrees() -> None:
    async with call_scene() as s:
        _focus, _sessions, (bob, _carol) = await conference(s)
        dave = await s.peer("192.0.2.4", answering=True)
        await refer(s, bob, "<sip:dave@192.0.2.4;method=INVITE>")
        request = (await s.until("ConferenceFocusGotRequest")).request
        assert (request.action, str(request.participant)) == ("invite", "sip:dave@192.0.2.4")
        assert request.session.remote_identity.uri.user == "bob"
        failed = await bob.until(SubscriptionFailed)
        assert failed.code == 403
        assert not dave.all(InvitationReceived)
        with pytest.raises(IllegalStateError, match="decided"):
            request.accept()
        await refer(s, bob, "<sip:dave@192.0.2.4>")
        (await s.until("ConferenceFocusGotRequest", 2)).request.reject(480)
        assert (await bob.until(SubscriptionFailed, 2)).code == 480
        assert not dave.all(InvitationReceived)


@flow
async def test_a_participant_brings_somebody_in() -> None:
    async with call_scene() as s:
        focus, _sessions, (bob, _carol) = await conference(s)
        dave = await s.peer("192.0.2.4")
        dave.answers(ring=True)
        await refer(s, bob, "<sip:dave@192.0.2.4;method=INVITE>")
        (await s.until("ConferenceFocusGotRequest")).request.accept()
        await bob.until(SubscriptionEnded)
        codes = [status_of(event.body)[0] for event in bob.all(SubscriptionNotified)]  # type: ignore[index]  # they are status lines
        assert codes[0] == 100
        assert 180 in codes
        assert codes[-1] == 200
        assert "isfocus" in dave.all(InvitationReceived)[0].request.contacts[0].parameters
        assert [session.remote_identity.uri.user for session in focus.sessions] == ["bob", "carol", "dave"]  # type: ignore[union-attr]


@flow
async def test_somebody_who_does_not_come() -> None:
    async with call_scene() as s:
        focus, _sessions, (bob, _carol) = await conference(s)
        dave = await s.peer("192.0.2.4")

        def busy(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                dave.do(event.invitation.reject, 486)

        dave.on_event = busy
        await refer(s, bob, "<sip:dave@192.0.2.4>")
        (await s.until("ConferenceFocusGotRequest")).request.accept()
        await bob.until(SubscriptionEnded)
        assert status_of(bob.all(SubscriptionNotified)[-1].body) == (486, "Busy Here")
        data = s.recorder.last("ConferenceFocusDidNotInvite")
        assert (data.uri.user, data.code, data.reason) == ("dave", 486, "Busy Here")
        assert len(focus.sessions) == 2


@flow
async def test_a_participant_sends_somebody_away() -> None:
    async with call_scene() as s:
        focus, sessions, (bob, _carol) = await conference(s)
        await refer(s, bob, "<sip:carol@192.0.2.3;method=BYE>")
        request = (await s.until("ConferenceFocusGotRequest")).request
        assert request.action == "remove"
        request.accept()
        await bob.until(SubscriptionEnded)
        assert status_of(bob.all(SubscriptionNotified)[-1].body) == (200, "OK")
        await s.until("SIPSessionDidEnd")
        assert focus.sessions == sessions[:1]
        await refer(s, bob, "<sip:nobody@192.0.2.3;method=BYE>")
        (await s.until("ConferenceFocusGotRequest", 2)).request.accept()
        await bob.until(SubscriptionEnded, 2)
        assert status_of(bob.all(SubscriptionNotified)[-1].body) == (404, "Not Found")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("<sip:dave@192.0.2.4;method=MESSAGE>", 501), ("<sip:dave@192.0.2.4?Replaces=1>", 501), ("<tel:+49301234>", 416), ("<sip:", 400),
        ("", 400),
    ],
)  # fmt: skip
def test_what_is_no_such_request_is_refused(target: str, code: int) -> None:
    @flow
    async def body() -> None:
        async with call_scene() as s:
            _focus, _sessions, (bob, _carol) = await conference(s)
            await refer(s, bob, target)
            assert (await bob.until(SubscriptionFailed)).code == code
            assert not s.recorder.all("ConferenceFocusGotRequest")

    body()


# the life of a conference --------------------------------------------------------------------------------------------------------------


@flow
async def test_ending_a_conference_ends_its_calls() -> None:
    async with call_scene() as s:
        focus, sessions, _peers = await conference(s)
        dave = await s.peer("192.0.2.4")
        called = focus.invite("sip:dave@192.0.2.4")
        await dave.until(InvitationReceived)
        focus.end()
        focus.end()
        await s.until("SIPSessionDidEnd", 2)
        await dave.until(InvitationFailed)
        assert called.state == "terminated"
        assert all(session.state == "terminated" for session in sessions)
        assert s.recorder.names.count("ConferenceFocusDidRemoveSession") == 2
        with pytest.raises(IllegalStateError, match="after the end"):
            focus.invite("sip:dave@192.0.2.4")
        with pytest.raises(IllegalStateError, match="after the end"):
            focus.add(sessions[0])


@flow
async def test_what_cannot_take_part() -> None:
    async with call_scene() as s:
        focus = ConferenceFocus(s.account)
        with pytest.raises(IllegalStateError, match="add is not allowed in state None"):
            focus.add(Session(s.account))
        session, bob = await s.connected()
        focus.add(session)
        focus.add(session)
        focus.remove(session)
        focus.remove(session)
        assert s.recorder.names.count("ConferenceFocusDidAddSession") == s.recorder.names.count("ConferenceFocusDidRemoveSession") == 1
        assert focus.dismiss(SIPURI("example.com", "bob")) == (404, "Not Found")
        focus.end()
        await s.settle()
        assert session.state == "connected", "it took part no more"
        # OPTIONS still finds us well
        hop = await bob.endpoint.hop(s.home.addresses[0], s.engine.sip.ports["udp"], "udp")
        here = NameAddr(URI(user="bob", host=bob.address))
        bob.do("request", RequestParameters("OPTIONS", URI(host=s.home.addresses[0]), here, here, hop))
        assert (await bob.until(RequestAnswered)).code == 200
