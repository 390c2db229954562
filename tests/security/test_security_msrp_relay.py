"""Whom an account shows its credentials for MSRP: its own relay over TLS, and nobody else whom DNS or a peer may name."""

from __future__ import annotations

import pytest
from support.call_scene import call_scene, flow
from support.msrp_peer import MSRPPeer
from support.msrp_relay import ScriptedRelay

from blinkq.base.logging import redact_msrp
from blinkq.sipsimple.streams import ChatStream

RELAY = "192.0.2.66"


@pytest.mark.parametrize("names", [{"evil.example"}, {"relay.evil.example", "example.com.evil.example"}, {"*.com"}, set()])
def test_dns_cannot_lead_to_somebody_elses_relay(names: set[str]) -> None:
    @flow
    async def scene() -> None:
        async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
            relay = ScriptedRelay(s.world.host(RELAY, names=names), {"alice": "wonderland"})
            await relay.listen()
            s.account.auth.password = "wonderland"
            s.account.save()
            s.dns.records["_msrps._tcp.example.com", "SRV"] = ["1 1 2855 relay.evil.example."]
            s.dns.records["relay.evil.example", "A"] = [RELAY]
            bob = await s.peer()
            s.call(bob, streams=[ChatStream(s.account)])
            assert "certificate" in (await s.until("MediaStreamDidNotInitialize")).reason
            assert relay.requests == []

    scene()


@flow
async def test_a_peers_relay_is_shown_nothing() -> None:
    """The path that a peer names may lead through a relay that asks for digest: it is the peer's, and gets no answer."""
    async with call_scene() as s:
        relay = ScriptedRelay(s.world.host(RELAY, names={RELAY}), {"alice": "wonderland"})
        await relay.listen()
        s.account.auth.password = "wonderland"
        s.account.save()
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        path = f"a=path:msrps://{RELAY}:2855/place9;tcp {bob.uri}".encode()
        offer = bob.sdp(setup="passive").replace(f"a=path:{bob.uri}".encode(), path)
        session, _ = await s.incoming(offer, bob.peer)
        session.accept(list(session.proposed_streams or []))
        await s.settle(5)
        assert relay.auths() == []
        assert not any(request.header("Authorization") for request in relay.requests)
        session.end()
        await s.settle(5)
        bob.stop()


def test_what_traces_show() -> None:
    text = (
        b"MSRP t AUTH\r\nTo-Path: msrps://r.example:2855;tcp\r\nFrom-Path: msrps://a.example:9/secret1;tcp\r\n"
        b'Authorization: Digest username="alice", response="secret2"\r\n-------t$\r\n'
        b"MSRP u 200 OK\r\nTo-Path: msrps://a.example:9/secret3;tcp\r\nFrom-Path: msrps://r.example:2855;tcp\r\n"
        b"Use-Path: msrps://r.example:2855/secret4;tcp msrps://q.example/secret5;tcp\r\n-------u$\r\n"
    )
    shown = redact_msrp(text)
    assert b"secret" not in shown
    assert shown.count(b"[hidden]") == 5
    assert b"msrps://r.example:2855/[hidden];tcp" in shown
