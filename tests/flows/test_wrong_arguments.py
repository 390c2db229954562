"""Wrong types are refused in the caller, before anything is sent, and leave the session as it was."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import call_scene, flow
from support.proposals import proposal_scene
from support.text_stream import text_line

from blinkq.sip.events import InvitationReceived
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.lookup import DNSLookup
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream

URI = SIPURI("example.com", user="bob")
ROUTE = Route("192.0.2.2", 5060, "udp")


@flow
async def test_calling() -> None:
    async with call_scene() as s:
        stream = AudioStream(s.account)
        bad: list[tuple[Any, Any, Any]] = [
            ("sip:bob@example.com", [ROUTE], [stream]), (None, [ROUTE], [stream]), (URI, [ROUTE], [stream]),
            (ToHeader(URI), ["192.0.2.2"], [stream]), (ToHeader(URI), None, [stream]), (ToHeader(URI), "192.0.2.2", [stream]),
            (ToHeader(URI), [ROUTE], ["audio"]), (ToHeader(URI), [ROUTE], None), (ToHeader(URI), [ROUTE], "audio"),
        ]  # fmt: skip
        session = Session(s.account)
        for arguments in bad:
            with pytest.raises(TypeError):
                session.connect(*arguments)
            assert session.state is None
        await s.settle(5)
        assert s.session_names == []
        bob = await s.peer(answering=True)
        session.connect(ToHeader(URI), ROUTE, stream)
        await s.until("SIPSessionDidStart")
        assert len(bob.all(InvitationReceived)) == 1


@flow
async def test_being_called() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        wrong: list[Any] = [None, 5, "audio", ["audio"]]
        for streams in wrong:
            with pytest.raises(TypeError):
                session.accept(streams)
        with pytest.raises(TypeError):
            session.reject("486")  # type: ignore[arg-type]
        with pytest.raises(ValueError):
            session.reject(200)
        assert session.state == "incoming"
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")


@flow
async def test_during_a_call() -> None:
    async with proposal_scene() as s:
        session = s.session
        wrong: list[Any] = [None, 5, "text", ["text"]]
        for streams in wrong:
            with pytest.raises(TypeError):
                session.add_streams(streams)
            with pytest.raises(TypeError):
                session.remove_streams(streams)
        assert session.state == "connected"
        s.offers(text_line())
        await s.until("GotProposal")
        for streams in wrong:
            with pytest.raises(TypeError):
                session.accept_proposal(streams)
        with pytest.raises(TypeError):
            session.reject_proposal(None)  # type: ignore[arg-type]
        with pytest.raises(ValueError):
            session.reject_proposal(180)
        assert session.state == "received_proposal"
        session.reject_proposal()
        await s.until("GotRejectProposal")
        wrong_targets: list[Any] = [None, 5, ToHeader(URI)]
        for target in wrong_targets:
            with pytest.raises(TypeError):
                session.transfer(target)
        with pytest.raises(TypeError):
            session.send_message("text/plain", 5)  # type: ignore[arg-type]
        await s.settle(1)
        assert session.state == "connected"


@flow
async def test_looking_up() -> None:
    async with call_scene() as s:
        lookup = DNSLookup()
        with pytest.raises(TypeError):
            lookup.lookup_sip_proxy("sip:bob@example.com", ["udp"])  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            lookup.lookup_sip_proxy(URI, "udp")
        with pytest.raises(ValueError, match="a transport is one of udp, tcp, tls, not 'sctp'"):
            lookup.lookup_sip_proxy(URI, ["sctp"])
        with pytest.raises(TypeError):
            lookup.lookup_sip_proxy(URI, ["udp"], timeout="3")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            lookup.lookup_service("example.com", "stun")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="a service is one of msrprelay, stun"):
            lookup.lookup_service(URI, "time")
        await s.settle(1)
        assert not [name for name in s.recorder.names if name.startswith("DNS")]
