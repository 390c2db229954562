"""Calls that nobody ordered: strangers, floods, headers that want to be obeyed, offers made to exhaust. The whole engine."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow
from support.middleware import start_configuration

from blinkq.media.control import OpenTransport, StartStream
from blinkq.sdp.description import MAX_MEDIA
from blinkq.sip.address import NameAddr
from blinkq.sip.events import InvitationAnswered, InvitationFailed, InvitationProgressed, RequestAnswered
from blinkq.sip.hop import Flow
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation, InviteParameters
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import Route
from blinkq.sipsimple.session.manager import MAX_STREAMS, SessionManager
from blinkq.sipsimple.singleton import Singleton

STRANGER = "198.51.100.7"


def responses(s: CallScene, to: str, method: str = "INVITE") -> list[int]:
    """The codes of the responses that ``to`` got, repetitions left out."""
    found = []
    for packet in s.world.packets:
        text = packet.data.decode("utf-8", "replace")
        if packet.destination[0] == to and text.startswith("SIP/2.0") and f" {method}\r\n" in text:
            found.append(int(text.split()[1]))
    return list(dict.fromkeys(found))


async def call_with(s: CallScene, peer: Peer, *headers: tuple[str, str]) -> Invitation:
    port = s.engine.sip.ports["udp"]
    hop = await peer.endpoint.hop("192.0.2.1", port, "udp")
    here = URI(user="bob", host=peer.address, port=5060)
    uri = URI.parse(f"sip:alice@192.0.2.1:{port}")
    parameters = InviteParameters(uri, NameAddr(here), NameAddr(uri), NameAddr(here), hop, sdp=peer.sdp(), headers=headers)
    invitation: Invitation = peer.do("invite", parameters)
    return invitation


@flow
async def test_a_stranger_makes_no_sound() -> None:
    async with call_scene(registration__enabled=True) as s:
        SIPSimpleSettings().sip.accept_direct_calls = False
        eve = await s.peer(STRANGER)
        await eve.invite(eve.sdp())
        assert (await eve.until(InvitationFailed)).code == 403
        assert eve.all(InvitationProgressed) == []
        assert 180 not in responses(s, STRANGER)
        assert s.session_names == []
        assert not s.media.all(OpenTransport)


def test_strangers_are_refused_by_default() -> None:
    Singleton.forget()
    start_configuration()
    try:
        assert not SIPSimpleSettings().sip.accept_direct_calls
    finally:
        ConfigurationManager().stop()
        Singleton.forget()


@pytest.mark.parametrize(
    ("registered", "comes", "rings"),
    [("tls", "tls", True), ("tls", "udp", False), ("tls", "tcp", False), ("udp", "udp", True), ("tcp", "udp", True), (None, "udp", True)],
)
def test_forged_datagrams_do_not_ring_for_who_is_registered_over_tls(registered: str | None, comes: str, rings: bool) -> None:
    """Anybody can write the server's address into a datagram."""
    Singleton.forget()
    start_configuration()
    try:
        registrar = SimpleNamespace(route=None if registered is None else Route("192.0.2.9", None, registered))
        account: Any = SimpleNamespace(registrar=registrar, is_server=lambda address: address == "192.0.2.9")
        assert SessionManager()._may_ring(account, Flow(comes, "192.0.2.1", 5060, "192.0.2.9", 5060)) is rings
        assert not SessionManager()._may_ring(account, Flow(comes, "192.0.2.1", 5060, STRANGER, 5060))
    finally:
        ConfigurationManager().stop()
        Singleton.forget()


@pytest.mark.parametrize(
    "header",
    [
        ("Answer-Mode", "Auto"),
        ("Priv-Answer-Mode", "Auto;require"),
        ("Call-Info", "<sip:x>;answer-after=0"),
        ("Alert-Info", "<http://evil.test/ring.wav>;info=alert-autoanswer;delay=0"),
        ("P-Auto-Answer", "normal"),
        ("X-Auto-Answer", "true"),
    ],
    ids=lambda header: header[0],
)
@flow
async def test_headers_that_want_the_microphone_are_not_obeyed(header: tuple[str, str]) -> None:
    async with call_scene() as s:
        eve = await s.peer(STRANGER)
        await call_with(s, eve, header)
        await s.until("SIPSessionNewIncoming")
        await s.settle(5)
        assert eve.all(InvitationAnswered) == []
        assert not s.media.all(StartStream)
        assert not any(packet.destination[0] not in (STRANGER, "192.0.2.1") for packet in s.world.packets), "nothing was fetched"


@flow
async def test_what_is_not_understood_may_not_be_required() -> None:
    async with call_scene() as s:
        eve = await s.peer(STRANGER)
        await call_with(s, eve, ("Require", "x-auto-answer"))
        assert (await eve.until(InvitationFailed)).code == 420
        assert s.session_names == []


@flow
async def test_a_call_that_is_guessed_is_not_replaced() -> None:
    async with call_scene() as s:
        session, _ = await s.connected()
        dialog = session.dialog_id
        assert dialog is not None
        eve = await s.peer(STRANGER)
        await call_with(s, eve, ("Replaces", f"{dialog.call_id};to-tag={dialog.local_tag};from-tag=guessed"))
        assert (await eve.until(InvitationFailed)).code == 481
        assert session.state == "connected"
        assert not s.recorder.all("SIPSessionNewIncoming")


@flow
async def test_a_call_with_the_right_replaces_does_not_answer_itself() -> None:
    async with call_scene() as s:
        session, _ = await s.connected()
        dialog = session.dialog_id
        assert dialog is not None
        eve = await s.peer(STRANGER)
        await call_with(s, eve, ("Replaces", f"{dialog.call_id};to-tag={dialog.local_tag};from-tag={dialog.remote_tag}"))
        await s.until("SIPSessionNewIncoming")
        await s.settle(5)
        assert eve.all(InvitationAnswered) == []
        assert session.state == "connected"


@flow
async def test_who_may_not_call_may_not_replace() -> None:
    async with call_scene() as s:
        session, _ = await s.connected()
        dialog = session.dialog_id
        assert dialog is not None
        SIPSimpleSettings().sip.accept_direct_calls = False
        eve = await s.peer(STRANGER)
        await call_with(s, eve, ("Replaces", f"{dialog.call_id};to-tag={dialog.local_tag};from-tag={dialog.remote_tag}"))
        assert (await eve.until(InvitationFailed)).code in (403, 404)
        assert not s.recorder.all("SIPSessionNewIncomingFromTransfer")


@pytest.mark.parametrize(("method", "code"), [("REFER", 202), ("INFO", 200), ("MESSAGE", 200), ("NOTIFY", 481)])
@flow
async def test_the_peer_cannot_make_a_call_do_more_than_it_does(method: str, code: int) -> None:
    """A transfer waits for the user, tones or presses in INFO are nothing, and the call goes on."""
    async with call_scene() as s:
        session, bob = await s.connected()
        headers = (("Refer-To", "<sip:premium@evil.test>"),) if method == "REFER" else ()
        bob.do(bob.invitation.send_request, method, headers, b"Signal=1\r\n", "application/dtmf-relay")
        assert (await bob.until(RequestAnswered)).code == code
        await s.settle(20)
        assert session.state == "connected"
        assert s.recorder.all("AudioStreamGotDTMF") == []
        assert "NewOutgoing" not in s.session_names[1:]
        assert {packet.destination[0] for packet in s.world.packets} == {"192.0.2.1", "192.0.2.2"}


@flow
async def test_a_flood_from_one_source_is_slowed_and_others_still_ring() -> None:
    async with call_scene() as s:
        eve = await s.peer(STRANGER)
        for _ in range(120):
            await eve.invite(eve.sdp())
        await s.settle(0.5)
        codes = [event.code for event in eve.all(InvitationFailed)]
        assert codes.count(503) >= 60
        rung = len(s.recorder.all("SIPSessionNewIncoming"))
        assert rung <= 60
        bob = await s.peer()
        await bob.invite(bob.sdp())
        await s.until("SIPSessionNewIncoming", rung + 1)


@flow
async def test_an_offer_of_many_streams_opens_few() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        line = bob.sdp().split(b"m=audio", 1)[1]
        session, _ = await s.incoming(bob.sdp() + (b"m=audio" + line) * (MAX_MEDIA - 1), bob)
        assert len(session.proposed_streams or []) == MAX_STREAMS
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        assert len(s.media.all(OpenTransport)) == MAX_STREAMS


@pytest.mark.parametrize("lines", [MAX_MEDIA + 1, 5000])
@flow
async def test_an_offer_of_thousands_of_streams_is_refused_quickly(lines: int) -> None:
    async with call_scene() as s:
        bob = await s.peer()
        begin = asyncio.get_running_loop().time()
        await bob.invite(bob.sdp() + b"m=audio 4000 RTP/AVP 0\r\n" * lines)
        assert (await bob.until(InvitationFailed)).code in (400, 413, 488, 513)
        assert asyncio.get_running_loop().time() - begin < 1
        assert s.session_names == []
