"""Whose challenges are answered: those of the account's own servers, whatever a stranger's server pretends. The whole engine."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.core import Route

EVIL = "192.0.2.66"
CHALLENGE = 'Digest realm="{}", nonce="stolen", qop="auth"'


def challenging(peer: Peer, realm: str, code: int = 401) -> None:
    """Refuse each call with a challenge."""
    name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            peer.do(event.invitation.reject, code, headers=((name, CHALLENGE.format(realm)),))

    peer.on_event = act


def digests(s: CallScene, address: str) -> list[bytes]:
    return [packet.data for packet in s.world.packets if packet.destination[0] == address and b"Authorization:" in packet.data]


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("realm", ["example.com", "evil.test"])
@flow
async def test_the_server_of_a_stranger_whom_we_call_gets_no_digest(realm: str, code: int) -> None:
    """Alice calls sip:eve@evil.test; evil.test's server asks for the digest of Alice's own realm, with a nonce that it got there."""
    async with call_scene() as s:
        s.account.password = "secret"
        evil = await s.peer(EVIL)
        challenging(evil, realm, code)
        s.call(evil, uri="sip:eve@evil.test")
        assert (await s.until("SIPSessionDidFail")).code == code
        assert len(evil.all(InvitationReceived)) == 1
        assert digests(s, EVIL) == []


@pytest.mark.parametrize("how", ["own domain", "registered there", "outbound proxy", "looked up"])
@flow
async def test_our_own_server_gets_it(how: str) -> None:
    async with call_scene() as s:
        s.account.password = "secret"
        server = await s.peer()
        challenging(server, "example.com", 407)
        uri = "sip:bob@example.com" if how == "own domain" else "sip:bob@elsewhere.test"
        if how == "registered there":
            s.account.is_server = lambda address: address == "192.0.2.2"  # type: ignore[method-assign]
        elif how == "outbound proxy":
            s.account.sip.outbound_proxy = "192.0.2.2"  # type: ignore[assignment]  # the setting converts
        # a route that was found in the name of our own domain, as for calls to others through the account's server
        s.call(Route("192.0.2.2", 5060, "udp", "example.com") if how == "looked up" else server, uri=uri)
        await s.until("SIPSessionDidFail")
        assert len(digests(s, "192.0.2.2")) == 1


@flow
async def test_a_challenge_to_our_bye_of_a_callers_call_is_not_answered() -> None:
    """The published attack in the whole engine: call the victim, wait for its BYE, challenge it."""
    async with call_scene() as s:
        s.account.password = "secret"
        session, eve = await _incoming(s)
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        eve.endpoint._udp[False]._owner = _Challenger(eve)  # type: ignore[assignment]  # Eve's agent would answer the BYE kindly
        session.end()
        await s.until("SIPSessionDidEnd")
        await s.settle()
        byes = [packet.data for packet in s.world.packets if packet.destination[0] == EVIL and packet.data.startswith(b"BYE")]
        assert byes
        assert all(b"Authorization" not in bye for bye in byes)


async def _incoming(s: CallScene) -> tuple[Any, Peer]:
    eve = await s.peer(EVIL)
    return await s.incoming(eve.sdp(), eve)


class _Challenger:
    """Takes over the datagrams of a peer and challenges every BYE."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def datagram(self, data: bytes, flow: Any) -> None:
        if not data.startswith(b"BYE"):
            return
        kept = [line for line in data.split(b"\r\n")[1:] if line.split(b":")[0] in (b"Via", b"From", b"To", b"Call-ID", b"CSeq")]
        challenge = b"WWW-Authenticate: " + CHALLENGE.format("example.com").encode()
        answer = b"\r\n".join([b"SIP/2.0 401 Unauthorized", *kept, challenge, b"Content-Length: 0", b"", b""])
        self.peer.endpoint._udp[False].send(answer, (flow.remote_address, flow.remote_port))

    def datagram_undeliverable(self, hops: Any, flow: Any, error: str) -> None:
        """Nobody cares."""
