"""TLS once wanted is never given up for something else: sips addresses, accounts that demand it, servers that cannot prove who they are.

The handshake itself, on real sockets, is tested in ``tests/unit/engine/test_engine_tls.py`` and ``test_engine_network.py``.
"""

from __future__ import annotations

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import Route

HERE = "192.0.2.2"
PLAIN = [Route(HERE, 5060, "udp"), Route(HERE, 5060, "tcp")]


def tls_route(name: str = "example.com") -> Route:
    return Route(HERE, 5061, "tls", tls_name=name)


def seen(s: CallScene) -> set[str]:
    """The transports over which INVITEs went."""
    return {packet.transport for packet in s.world.packets if packet.data.startswith(b"INVITE")}


def test_servers_are_verified_unless_told_otherwise() -> None:
    from support.middleware import start_configuration

    from blinkq.sipsimple.configuration import ConfigurationManager
    from blinkq.sipsimple.engine_settings import engine_config
    from blinkq.sipsimple.singleton import Singleton

    Singleton.forget()
    start_configuration()
    try:
        settings = SIPSimpleSettings()
        assert settings.tls.verify_server
        assert settings.sip.transport_list[0] == "tls"
        assert engine_config(settings).sip.tls.verify
    finally:
        ConfigurationManager().stop()
        Singleton.forget()


@flow
async def test_a_sips_address_is_never_called_without_tls() -> None:
    async with call_scene(tls=True) as s:
        await s.peer(answering=True)
        s.call(*PLAIN, uri="sips:bob@example.com")
        assert "TLS" in (await s.until("SIPSessionDidFail")).failure_reason
        assert seen(s) == set()


@flow
async def test_a_sips_address_waits_for_the_route_with_tls() -> None:
    async with call_scene(tls=True) as s:
        bob = await s.peer(answering=True, names={"example.com"})
        s.call(*PLAIN, tls_route(), uri="sips:bob@example.com")
        await s.until("SIPSessionDidStart")
        assert seen(s) == {"tls"}
        (contact,) = bob.all(InvitationReceived)[0].request.contacts
        assert contact.uri.scheme == "sips", "RFC 3261 §8.1.1.8: or the way back may be in the clear"


@flow
async def test_an_account_that_demands_tls_calls_nobody_without() -> None:
    async with call_scene(tls=True, sip__transport="tls") as s:
        await s.peer(answering=True)
        s.call(*PLAIN)
        assert "TLS" in (await s.until("SIPSessionDidFail")).failure_reason
        assert seen(s) == set()


@pytest.mark.parametrize("names", [{"evil.test"}, {"*.com"}, set()], ids=["another", "wildcard", "nobody"])
@flow
async def test_a_server_that_is_somebody_else_is_not_called_in_the_clear_instead(names: set[str]) -> None:
    """Somebody in between answers on TLS with a certificate of his own and hopes that UDP is tried next."""
    async with call_scene(tls=True) as s:
        await s.peer(answering=True, names=names)
        s.call(tls_route(), *PLAIN)
        data = await s.until("SIPSessionDidFail")
        assert "certificate" in data.failure_reason
        assert seen(s) == set()


@flow
async def test_a_server_without_tls_may_be_called_otherwise() -> None:
    """Nothing listens there: that is no attack, and nobody asked for TLS alone."""
    async with call_scene(tls=True) as s:
        bob: Peer = await s.peer(answering=True)
        s.call(tls_route(), *PLAIN)
        await s.until("SIPSessionDidStart")
        assert bob.all(InvitationReceived)
        assert seen(s) == {"udp"}


@pytest.mark.parametrize(("transport", "offered"), [("tls", 2), ("tcp", 0), ("udp", 0)])
@flow
async def test_keys_are_offered_over_tls_signalling_only(transport: str, offered: int) -> None:
    async with call_scene(tls=True, rtp__srtp_encryption="optional") as s:
        bob = await s.peer(answering=True, names={"example.com"})
        s.call(tls_route() if transport == "tls" else Route(HERE, 5060, transport))
        await s.until("SIPSessionDidStart")
        assert len(bob.offer().media[0].get_all("crypto")) == offered


@flow
async def test_keys_made_for_tls_are_not_sent_when_the_next_route_has_none() -> None:
    """The server refuses over TLS with 503: the INVITE goes to the next route, over UDP, and must not carry keys there."""
    async with call_scene(tls=True, rtp__srtp_encryption="optional") as s:
        bob = await s.peer(names={"example.com"})

        def act(event: object) -> None:
            if isinstance(event, InvitationReceived):
                if event.invitation.flow is not None and event.invitation.flow.transport == "tls":
                    bob.do(event.invitation.reject, 503)
                else:
                    bob.do(event.invitation.accept, bob.sdp())

        bob.on_event = act
        s.call(tls_route(), *PLAIN)
        await s.until("SIPSessionDidStart")
        assert seen(s) == {"tls", "udp"}
        clear = [packet.data for packet in s.world.packets if packet.transport == "udp"]
        assert not any(b"a=crypto" in data for data in clear)
